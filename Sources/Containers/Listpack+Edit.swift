// SPDX-License-Identifier: Apache-2.0
import Bytes

// Edits of a listpack. Each is one splice: room is opened or closed, the header follows, the new entry is
// written.
//
// The bytes of a new element must not lie inside the edited list, which may move before they are copied.

extension Listpack {
    // MARK: Adding

    /// Adds `element` behind the last entry.
    public mutating func append(_ element: Element, _ heap: Heap) {
        splice(endPosition.offset, removing: 0, entries: 0, adding: element, heap)
    }
    /// Adds `text` behind the last entry.
    public mutating func append(_ text: ByteView, _ heap: Heap) { append(Element(text), heap) }

    /// Adds `element` in front of the first entry.
    public mutating func prepend(_ element: Element, _ heap: Heap) {
        splice(Listpack.headerBytes, removing: 0, entries: 0, adding: element, heap)
    }
    /// Adds `text` in front of the first entry.
    public mutating func prepend(_ text: ByteView, _ heap: Heap) { prepend(Element(text), heap) }

    /// Adds `element` in front of the entry at `position`.
    /// - Returns: the position of the new entry.
    @discardableResult
    public mutating func insert(_ element: Element, before position: Position, _ heap: Heap) -> Position {
        _ = address(position)
        splice(position.offset, removing: 0, entries: 0, adding: element, heap)
        return position
    }
    /// Adds `text` in front of the entry at `position`.
    @discardableResult
    public mutating func insert(_ text: ByteView, before position: Position, _ heap: Heap) -> Position {
        insert(Element(text), before: position, heap)
    }

    /// Adds `element` behind the entry at `position`.
    /// - Returns: the position of the new entry.
    @discardableResult
    public mutating func insert(_ element: Element, after position: Position, _ heap: Heap) -> Position {
        let offset = position.offset + Listpack.entryBytes(address(position))
        splice(offset, removing: 0, entries: 0, adding: element, heap)
        return Position(offset)
    }
    /// Adds `text` behind the entry at `position`.
    @discardableResult
    public mutating func insert(_ text: ByteView, after position: Position, _ heap: Heap) -> Position {
        insert(Element(text), after: position, heap)
    }

    /// Puts `element` in place of the entry at `position`, which stays its position.
    public mutating func replace(_ position: Position, with element: Element, _ heap: Heap) {
        let oldBytes = Listpack.entryBytes(address(position))
        splice(position.offset, removing: oldBytes, entries: 1, adding: element, heap)
    }
    /// Puts `text` in place of the entry at `position`.
    public mutating func replace(_ position: Position, with text: ByteView, _ heap: Heap) {
        replace(position, with: Element(text), heap)
    }

    // MARK: Deleting

    /// Deletes the entry at `position`.
    /// - Returns: the position of the entry behind it, or nil.
    @discardableResult
    public mutating func delete(_ position: Position, _ heap: Heap) -> Position? {
        let oldBytes = Listpack.entryBytes(address(position))
        splice(position.offset, removing: oldBytes, entries: 1, adding: nil, heap)
        return at.u8(position.offset) == Listpack.end ? nil : position
    }

    /// Deletes up to `limit` entries from `position` on.
    /// - Returns: how many were deleted, and the position of the entry behind them, or nil.
    @discardableResult
    public mutating func delete(
        from position: Position, limit: Int, _ heap: Heap
    ) -> (deleted: Int, next: Position?) {
        guard limit > 0 else { return (0, position) }
        var entry = address(position)
        var deleted = 0
        repeat {
            entry = entry + Listpack.entryBytes(entry)
            deleted += 1
        } while deleted < limit && entry.u8(0) != Listpack.end
        splice(position.offset, removing: entry - at - position.offset, entries: deleted, adding: nil, heap)
        return (deleted, at.u8(position.offset) == Listpack.end ? nil : position)
    }

    /// Deletes up to `limit` entries from `index` on, which counts from the end if negative.
    /// - Returns: how many were deleted; 0 if there is no such index.
    @discardableResult
    public mutating func delete(index: Int, limit: Int, _ heap: Heap) -> Int {
        guard limit > 0, let position = seek(index) else { return 0 }
        return delete(from: position, limit: limit, heap).deleted
    }

    /// Deletes the entries that hold `text`, the first ones or the last ones, up to `limit`: in one pass, however many.
    /// - Returns: how many were deleted.
    public mutating func remove(equalTo text: ByteView, limit: Int, backward: Bool, _ heap: Heap) -> Int {
        guard limit > 0, var match = find(text) else { return 0 }
        if backward {
            // The last ones are those behind all that are too many.
            var matches = 1
            var next = self.next(match).flatMap { find(text, from: $0) }
            while let here = next {
                matches += 1
                next = self.next(here).flatMap { find(text, from: $0) }
            }
            for _ in 0..<max(0, matches - limit) {
                guard let following = self.next(match).flatMap({ find(text, from: $0) }) else { break }
                match = following
            }
        }
        var (removed, write, read) = (0, match.offset, match.offset)
        var hit: Position? = match
        while removed < limit, let here = hit {
            let kept = here.offset - read
            if kept > 0, write < read { (at + write).move(from: at + read, count: kept) }
            write += kept
            read = here.offset + Listpack.entryBytes(address(here))
            removed += 1
            hit = at.u8(read) == Listpack.end ? nil : find(text, from: Position(read))
        }
        splice(write, removing: read - write, entries: removed, adding: nil, heap)
        return removed
    }

    /// Visits entries from `position` on, backwards if asked for, until the visitor wants no more.
    /// - Returns: false when it wanted no more.
    @discardableResult
    public func forEach(from position: Position?, backward: Bool = false, _ visit: (Element) -> Bool) -> Bool
    {
        guard let position else { return true }
        if backward {
            var next: Position? = position
            while let here = next {
                if !visit(self[here]) { return false }
                next = previous(here)
            }
            return true
        }
        var entry = address(position)
        repeat {
            let (element, bodyBytes) = Listpack.decode(entry)
            if !visit(element) { return false }
            entry = entry + (bodyBytes + Listpack.backLengthBytes(bodyBytes))
        } while entry.u8(0) != Listpack.end
        return true
    }

    // MARK: The one edit

    /// What lies around a list in the same piece of memory, in bytes, and moves with it.
    struct Frame {
        let before: Int
        let behind: Int
        static var none: Frame { Frame(before: 0, behind: 0) }
    }

    /// Puts `element`, or nothing, in place of `removed` bytes that held so many `entries`.
    mutating func splice(
        _ offset: Int, removing removed: Int, entries: Int, adding element: Element?,
        within frame: Frame = .none,
        _ heap: Heap
    ) {
        let oldBytes = byteCount
        let element = element.map(Listpack.canonical)
        var body = 0
        var added = 0
        if let element {
            body = Listpack.bodyBytes(of: element)
            added = body + Listpack.backLengthBytes(body)
            if case .bytes(let view) = element {
                precondition(
                    view.start.bits &- at.bits >= UInt(oldBytes) || view.isEmpty,
                    "an element of the edited list")
            }
        }
        precondition(added <= Listpack.bytesMax - (oldBytes - removed), "listpack too large")
        let whole = heap.splice(
            at + -frame.before, frame.before + oldBytes + frame.behind, at: frame.before + offset,
            removing: removed, adding: added)
        self = Listpack(at: whole + frame.before)
        at.setU32(0, UInt32(oldBytes - removed + added))
        let stored = Int(at.u16(4))
        if stored != Listpack.countUnknown {
            let newCount = stored - entries + (element == nil ? 0 : 1)
            // A count of 65535 says unknown from here on, by its own value.
            at.setU16(4, UInt16(newCount))
        }
        if let element { Listpack.write(element, body: body, at: at + offset) }
    }

    /// Integers are stored as integers, also when they come as bytes.
    @inline(__always) static func canonical(_ element: Element) -> Element {
        if case .bytes(let view) = element { Element(view) } else { element }
    }
}
