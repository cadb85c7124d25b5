// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import RESP

/// The options of SCAN and its kin: MATCH and COUNT, and the one that each has for itself.
struct ScanOptions {
    /// What a command takes beside MATCH and COUNT.
    enum Special {
        case none
        /// TYPE (SCAN).
        case type
        /// NOVALUES (HSCAN) and NOSCORES (ZSCAN): names alone.
        case noValues, noScores
    }

    /// About how many elements are to be looked at.
    private(set) var count = 10
    private var pattern: Glob?
    /// The type that is wanted, a view of the arguments; nil: any.
    private(set) var type: ByteView?
    /// Names are wanted without what belongs to them.
    private(set) var isBare = false

    /// - Parameter start: the place of the first option, behind the cursor.
    init(_ args: Arguments, from start: Int, _ special: Special) throws(Refusal) {
        var patternIndex: Int?
        var at = start
        while at < args.count {
            if args[at].matches("NOVALUES") {
                guard special == .noValues else {
                    throw .custom("ERR NOVALUES option can only be used in HSCAN")
                }
                isBare = true
                at += 1
                continue
            }
            if args[at].matches("NOSCORES") {
                guard special == .noScores else {
                    throw .custom("ERR NOSCORES option can only be used in ZSCAN")
                }
                isBare = true
                at += 1
                continue
            }
            guard at + 1 < args.count else { throw .syntax }
            if args[at].matches("COUNT") {
                count = try args.integer(at + 1, in: 1...Int64.max, or: .syntax)
            } else if args[at].matches("MATCH") {
                patternIndex = at + 1
            } else if special == .type, args[at].matches("TYPE") {
                type = args[at + 1]
            } else {
                throw .syntax
            }
            at += 2
        }
        pattern = patternIndex.map { Glob(args[$0]) }
    }

    /// Whether the pattern, if there is one, selects a name.
    func selects(_ name: ByteView) -> Bool { pattern?.selects(name) ?? true }
}

extension Reply {
    /// The end of a walk that has found nothing.
    func emptyScan() {
        array(2)
        bulk("0")
        array(0)
    }
}
