// SPDX-License-Identifier: Apache-2.0
import Bytes

// Search in a listpack, and the few verbs of a set that lives in one.

extension Listpack {
    /// Two entries side by side: the name and the value of a field.
    @frozen public struct Pair {
        /// How many pairs come before it.
        public let index: Int
        /// Where the pair's two entries stand.
        public let name: Position
        public let value: Position
    }

    /// The first entry that holds `text`, or nil.
    ///
    /// Text and integer entries are compared as text without writing any: an integer entry can only equal
    /// text that is a canonical integer, which is parsed once.
    /// - Parameters:
    ///   - start: where to begin; the first entry if nil.
    ///   - skip: how many entries to pass over after each one compared (1 finds fields among pairs).
    public func find(_ text: ByteView, from start: Position? = nil, skip: Int = 0) -> Position? {
        precondition(skip >= 0, "negative skip")
        return search(text, from: start.map(address) ?? at + Listpack.headerBytes, skip: skip)?.position
    }

    /// Where `text` stands, and how many entries were compared before.
    @inline(__always) private func search(
        _ text: ByteView, from start: Address, skip: Int
    ) -> (position: Position, compared: Int)? {
        let number = text.integer
        let tail = Listpack.tail(text)
        var entry = start
        var toSkip = 0
        var compared = 0
        while entry.u8(0) != Listpack.end {
            let bodyBytes: Int
            if toSkip > 0 {
                toSkip -= 1
                bodyBytes = Listpack.bodyBytes(entry)
            } else {
                toSkip = skip
                let decoded = Listpack.decode(entry)
                bodyBytes = decoded.bodyBytes
                let equal =
                    switch decoded.element {
                    case .integer(let value): value == number
                    case .bytes(let view):
                        view.count == text.count && Listpack.tail(view) == tail && view == text
                    }
                if equal { return (Position(entry - at), compared) }
                compared += 1
            }
            entry = entry + (bodyBytes + Listpack.backLengthBytes(bodyBytes))
        }
        return nil
    }

    /// The last bytes of `text` as a number, at most eight. Members of a set are often of one length and
    /// differ in their ends, so comparing these saves most calls of memcmp.
    @inline(__always) private static func tail(_ text: ByteView) -> UInt64 {
        let end = text.start + text.count
        if text.count >= 8 { return end.u64(-8) }
        if text.count >= 4 { return UInt64(end.u32(-4)) }
        return text.isEmpty ? 0 : UInt64(end.u8(-1))
    }

    /// The first entry that holds the text of `number`, or nil.
    public func find(_ number: Int64) -> Position? {
        var text = DecimalText(number)
        return text.withView { find($0) }
    }

    // MARK: Pairs

    /// The pair whose first entry holds `name`, in a list of pairs.
    public func findPair(_ name: ByteView) -> Pair? {
        guard let (position, index) = search(name, from: at + Listpack.headerBytes, skip: 1) else {
            return nil
        }
        return pair(index, at: position)
    }

    /// The first pair of a list of pairs, or nil.
    public var firstPair: Pair? { first.map { pair(0, at: $0) } }

    /// The pair behind another, or nil.
    public func nextPair(_ current: Pair) -> Pair? {
        next(current.value).map { pair(current.index + 1, at: $0) }
    }

    /// The pair in front of another, or nil.
    public func previousPair(_ current: Pair) -> Pair? {
        guard let value = previous(current.name), let name = previous(value) else { return nil }
        return Pair(index: current.index - 1, name: name, value: value)
    }

    /// The last pair of a list of pairs, or nil.
    public var lastPair: Pair? {
        guard let value = last, let name = previous(value) else { return nil }
        return Pair(index: count / 2 - 1, name: name, value: value)
    }

    /// The pair with this index, which there must be.
    public func seekPair(_ index: Int) -> Pair {
        guard let position = seek(index * 2) else { preconditionFailure("a pair that is not there") }
        return pair(index, at: position)
    }

    private func pair(_ index: Int, at name: Position) -> Pair {
        guard let value = next(name) else { preconditionFailure("half a pair") }
        return Pair(index: index, name: name, value: value)
    }

    // MARK: Sets

    /// Whether the set holds `member`.
    public func contains(_ member: ByteView) -> Bool { find(member) != nil }

    /// Adds `member` unless the set holds it.
    /// - Returns: whether it is new.
    public mutating func addMember(_ member: ByteView, _ heap: Heap) -> Bool {
        if find(member) != nil { return false }
        append(member, heap)
        return true
    }

    /// Takes `member` out of the set.
    /// - Returns: whether the set held it.
    public mutating func removeMember(_ member: ByteView, _ heap: Heap) -> Bool {
        guard let position = find(member) else { return false }
        delete(position, heap)
        return true
    }
}
