// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What stands in a log of commands.
public enum LogItem: Sendable {
    /// A command: how many words it has, where the first two stand in the bytes (the second is empty when there is
    /// none), and where it ends.
    case command(words: Int, name: Range<Int>, second: Range<Int>, end: Int)
    /// A remark, which says nothing of the data; where its line ends, without and with the line break.
    case remark(lineEnd: Int, end: Int)
    /// The mark of a batch, likewise.
    case mark(BatchMark, lineEnd: Int, end: Int)
}

/// What was found at a place of a log.
public enum LogScan: Sendable {
    /// Something that is whole.
    case item(LogItem)
    /// Something that goes on behind the bytes: it has so many at least.
    case needsMore(Int)
    /// Nothing that belongs into a log.
    case bad
}

/// Finds out what stands in a log of commands, without running any of it.
public enum LogScanner {
    /// The longest remark, in bytes.
    private static let remarkBytesMax = 64 << 10
    /// The longest line that holds a number.
    private static let numberBytesMax = 32

    /// What stands at `from`; `view` has bytes there.
    public static func scan(_ view: ByteView, from: Int) -> LogScan {
        switch view[from] {
        case UInt8(ascii: "*"): scanCommand(view, from)
        case UInt8(ascii: "#"): scanRemark(view, from)
        default: .bad
        }
    }

    private static func scanRemark(_ view: ByteView, _ from: Int) -> LogScan {
        let rest = view.dropFirst(from)
        guard let length = rest.firstIndex(of: 10) else {
            return rest.count > remarkBytesMax ? .bad : .needsMore(rest.count + 1)
        }
        let end = from + length + 1
        let lineEnd = length > 0 && rest[length - 1] == 13 ? end - 2 : end - 1
        let line = view[from..<lineEnd]
        if let mark = BatchMark(line: line) { return .item(.mark(mark, lineEnd: lineEnd, end: end)) }
        // A mark that cannot be read is damage, not a remark.
        if line.count >= 4, line[0..<4] == ByteView(BatchMark.prefix)[0..<4] { return .bad }
        return .item(.remark(lineEnd: lineEnd, end: end))
    }

    private static func scanCommand(_ view: ByteView, _ from: Int) -> LogScan {
        var at = from + 1
        let words: Int
        switch number(view, &at, from) {
        case .number(let count): words = count
        case .needsMore(let count): return .needsMore(count)
        case .bad: return .bad
        }
        guard words > 0 else { return .bad }
        var (name, second) = (0..<0, 0..<0)
        for index in 0..<words {
            guard at < view.count else { return .needsMore(at - from + 4) }
            guard view[at] == UInt8(ascii: "$") else { return .bad }
            at += 1
            let length: Int
            switch number(view, &at, from) {
            case .number(let count): length = count
            case .needsMore(let count): return .needsMore(count)
            case .bad: return .bad
            }
            let end = at + length
            guard end + 2 <= view.count else { return .needsMore(end + 2 - from) }
            guard view[end] == 13, view[end + 1] == 10 else { return .bad }
            if index == 0 { name = at..<end } else if index == 1 { second = at..<end }
            at = end + 2
        }
        return .item(.command(words: words, name: name, second: second, end: at))
    }

    private enum Number { case number(Int), needsMore(Int), bad }

    /// A number and its line break.
    @inline(__always)
    private static func number(_ view: ByteView, _ at: inout Int, _ from: Int) -> Number {
        var value = 0
        let begin = at
        while at < view.count {
            let byte = view[at]
            if byte &- 48 <= 9 {
                value = value &* 10 &+ Int(byte &- 48)
                guard value < 1 << 40 else { return .bad }
                at &+= 1
                continue
            }
            guard byte == 13, at > begin else { return .bad }
            guard at &+ 1 < view.count else { break }
            guard view[at &+ 1] == 10 else { return .bad }
            at &+= 2
            return .number(value)
        }
        return at - begin > numberBytesMax ? .bad : .needsMore(view.count - from + 1)
    }
}
