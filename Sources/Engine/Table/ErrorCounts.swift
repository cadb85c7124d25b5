// SPDX-License-Identifier: Apache-2.0
import Bytes

/// How often errors of each code were replied (INFO errorstats).
///
/// Scripts and DEBUG ERROR can make codes up, so only so many are told apart: the server's own always, others as far as
/// there is room. The rest is counted together.
public struct ErrorCounts: Sendable {
    /// How many codes are told apart.
    static let codesMax = 128
    static let overflow: ByteString = "ERRORSTATS_OVERFLOW"

    /// Codes that the server itself replies with.
    private static let own: Set<ByteString> = [
        "ASK", "BUSY", "BUSYGROUP", "BUSYKEY", "CROSSSLOT", "CLUSTERDOWN", "DENIED", "ERR", "EXECABORT",
        "INPROG",
        "INVALIDOBJ", "IOERR", "LOADING", "MASTERDOWN", "MISCONF", "MOVED", "NOAUTH", "NOGOODSLAVE",
        "NOGROUP",
        "NOMASTERLINK", "NOPERM", "NOPROTO", "NOREPLICAS", "NOSCRIPT", "NOTBUSY", "NOTREADY", "OOM",
        "READONLY",
        "REDIRECT", "TRYAGAIN", "UNBLOCKED", "UNKILLABLE", "WRONGPASS", "WRONGTYPE",
    ]

    private var counts: [ByteString: Int] = [:]

    public init() {}

    /// Whether no error was counted.
    public var isEmpty: Bool { counts.isEmpty }

    /// Codes and their counts, by code.
    public var sorted: [(code: ByteString, count: Int)] {
        counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Counts an error by its text, which begins with its code.
    mutating func count(_ text: ByteView) {
        let code = ByteString(text[0..<(text.firstIndex(of: UInt8(ascii: " ")) ?? text.count)])
        let isTold =
            counts.count < ErrorCounts.codesMax || counts[code] != nil || ErrorCounts.own.contains(code)
        counts[isTold ? code : ErrorCounts.overflow, default: 0] += 1
    }
}
