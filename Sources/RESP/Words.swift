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
