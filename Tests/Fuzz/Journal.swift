// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The last inputs, in a file that is mapped into memory: what was written is there even if the process dies in the
/// next instruction.
///
/// Two halves are filled in turn, each with its length in front, so that at least half the room holds whole records.
final class Journal {
    static let halfBytes = 1 << 19
    private let base: UnsafeMutableRawPointer
    private var half = 0
    private var used = 0

    init?(_ path: String) {
        let descriptor = open(path, O_RDWR)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(Journal.halfBytes * 2)) == 0,
            let memory = mmap(
                nil, Journal.halfBytes * 2, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            memory != MAP_FAILED
        else { return nil }
        base = memory
    }

    /// Notes an input before it is run.
    func note(_ title: String, _ bytes: [UInt8]) {
        let line = Array("\(title): \(Journal.printable(bytes))\n".utf8).prefix(Journal.halfBytes / 4)
        if used + line.count + 16 > Journal.halfBytes {
            half ^= 1
            used = 0
        }
        let start = base + half * Journal.halfBytes
        line.withUnsafeBytes { (start + 16 + used).copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        used += line.count
        start.storeBytes(of: UInt64(used), as: UInt64.self)
        base.storeBytes(of: UInt64(half), toByteOffset: 8, as: UInt64.self)
    }

    /// The bytes as one line of text, long runs cut.
    static func printable(_ bytes: [UInt8]) -> String {
        var text = ""
        for byte in bytes.prefix(2000) {
            switch byte {
            case 13: text += "\\r"
            case 10: text += "\\n"
            case 92: text += "\\\\"
            case 32..<127: text.unicodeScalars.append(UnicodeScalar(byte))
            default: text += String(format: "\\x%02x", byte)
            }
        }
        return bytes.count > 2000 ? text + "… (\(bytes.count) bytes)" : text
    }

    /// The last `count` inputs that a journal holds, oldest first.
    static func tail(_ path: String, _ count: Int) -> [String] {
        guard let data = FileManager.default.contents(atPath: path), data.count == halfBytes * 2 else {
            return []
        }
        func number(_ at: Int) -> Int { (0..<8).reduce(0) { $0 | Int(data[at + $1]) << ($1 * 8) } }
        let current = number(8)
        var lines: [Substring] = []
        for half in [current ^ 1, current] {
            let start = half * halfBytes
            let end = start + 16 + min(number(start), halfBytes - 16)
            lines += String(decoding: data[(start + 16)..<end], as: UTF8.self).split(separator: "\n")
        }
        return lines.suffix(count).map(String.init)
    }
}
