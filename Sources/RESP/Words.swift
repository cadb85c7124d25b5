// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Splits a line into words as Valkey does for inline commands and configuration files: blanks, tabs and line ends
/// separate; `"…"` takes `\n \r \t \b \a \xHH` escapes; `'…'` takes `\'`. A word may have several quoted parts (Redis
/// wants a separator behind each). Nil when a quote is unbalanced.
public func splitWords(_ line: [UInt8]) -> [ByteString]? {
    var words: [ByteString] = []
    var at = 0
    while true {
        while at < line.count, isSpace(line[at]) { at += 1 }
        guard at < line.count else { return words }
        guard let word = nextWord(line, &at) else { return nil }
        words.append(ByteString(word))
    }
}

/// What ends a word.
private func isSeparator(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 13 }

/// What may stand between words. Vertical tabs and form feeds are more than separators: within a word they are part of
/// it, as in Redis.
private func isSpace(_ byte: UInt8) -> Bool { isSeparator(byte) || byte == 11 || byte == 12 }

private func nextWord(_ line: [UInt8], _ at: inout Int) -> [UInt8]? {
    var word: [UInt8] = []
    while at < line.count, !isSeparator(line[at]) {
        let byte = line[at]
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
            at += 1
            guard quoted(line, &at, byte, &word) else { return nil }
            continue
        }
        word.append(byte)
        at += 1
    }
    return word
}

private func quoted(_ line: [UInt8], _ at: inout Int, _ quote: UInt8, _ word: inout [UInt8]) -> Bool {
    while at < line.count {
        let byte = line[at]
        if byte == quote {
            at += 1
            return true
        }
        if byte == UInt8(ascii: "\\"), at + 1 < line.count {
            if quote == UInt8(ascii: "\"") {
                word.append(escape(line, &at))
                continue
            }
            if line[at + 1] == quote {
                word.append(quote)
                at += 2
                continue
            }
        }
        word.append(byte)
        at += 1
    }
    return false
}

private func escape(_ line: [UInt8], _ at: inout Int) -> UInt8 {
    if line[at + 1] == UInt8(ascii: "x"), at + 3 < line.count, let high = hexDigit(line[at + 2]),
        let low = hexDigit(line[at + 3])
    {
        at += 4
        return high << 4 | low
    }
    let byte = line[at + 1]
    at += 2
    switch byte {
    case UInt8(ascii: "n"): return 10
    case UInt8(ascii: "r"): return 13
    case UInt8(ascii: "t"): return 9
    case UInt8(ascii: "b"): return 8
    case UInt8(ascii: "a"): return 7
    default: return byte
    }
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
}

/// A word in double quotes, as `splitWords` reads it back: bytes that cannot be printed as `\xHH`.
public func quoted(_ word: ByteString) -> ByteString {
    var out: [UInt8] = [34]
    for byte in word.bytes {
        switch byte {
        case 34, 92: out += [92, byte]
        case 10: out += Array("\\n".utf8)
        case 13: out += Array("\\r".utf8)
        case 9: out += Array("\\t".utf8)
        case 7: out += Array("\\a".utf8)
        case 8: out += Array("\\b".utf8)
        case 32...126: out.append(byte)
        default:
            let digits = String(byte, radix: 16)
            out += Array((digits.utf8.count < 2 ? "\\x0" : "\\x").utf8) + Array(digits.utf8)
        }
    }
    return ByteString(out + [34])
}

/// A word as it is, or in quotes where it would not be read back as one word otherwise.
public func quotedIfNeeded(_ word: ByteString) -> ByteString {
    let isPlain =
        !word.isEmpty && word.bytes.allSatisfy { $0 > 32 && $0 < 127 && $0 != 34 && $0 != 39 && $0 != 92 }
    return isPlain ? word : quoted(word)
}
