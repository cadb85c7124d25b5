// SPDX-License-Identifier: Apache-2.0
import Bytes

// Adding entries. The bytes of a new entry must not lie inside the stream.

extension StreamLog {
    /// What entries and nodes are kept below, in bytes.
    private static var bytesMax: Int { Listpack.safeBytesMax }

    /// Adds an entry behind all others; its ID is above the last one.
    /// - Parameters:
    ///   - fieldCount: how many fields it has, one at least.
    ///   - part: the texts of names and values in turn, by their number from 0.
    /// - Returns: false where the entry is too large for any stream.
    public func append(
        _ id: StreamID, fieldCount: Int, _ limits: StreamNodeLimits, _ store: Store,
        _ part: (Int) -> ByteView
    ) -> Bool {
        precondition(id > lastID && fieldCount > 0, "an entry that does not come last, or of no fields")
        var text = 0
        for index in 0..<(fieldCount &* 2) { text &+= part(index).count }
        // Each element may take some bytes more, and names may come twice in a node's first entry.
        guard text < StreamLog.bytesMax, text + fieldCount * 2 * 11 < Listpack.bytesMax / 4 else {
            return false
        }
        if let cursor = tree.last, case let node = StreamNode(at: cursor.entry),
            takes(node, text, limits)
        {
            preserve(node, store)
            add(id, fieldCount, to: node, store, part)
        } else {
            begin(id, fieldCount, store, part)
        }
        root.setStreamID(StreamField.lastID, id)
        if length == 0 { root.setStreamID(StreamField.firstID, id) }
        addLength(1)
        root.setU64(StreamField.entriesAdded, entriesAdded &+ 1)
        return true
    }

    /// Whether the last node takes another entry, of so many bytes of text.
    private func takes(_ node: StreamNode, _ text: Int, _ limits: StreamNodeLimits) -> Bool {
        if node.isClosed { return false }
        let max = limits.bytes == 0 || limits.bytes > StreamLog.bytesMax ? StreamLog.bytesMax : limits.bytes
        if node.listpack.byteCount + text >= max { return false }
        guard limits.entries > 0 else { return true }
        var place = node.listpack.at + Listpack.headerBytes
        let live = StreamEntries.take(&place)
        return live + StreamEntries.take(&place) < Int64(limits.entries)
    }

    /// Begins a node with an entry.
    private func begin(
        _ id: StreamID, _ fieldCount: Int, _ store: Store, _ part: (Int) -> ByteView
    ) {
        if let last = tree.last, case let node = StreamNode(at: last.entry),
            node.room > node.listpack.byteCount
        {
            trimRoom(node, store)
        }
        var bytes = Listpack.emptyBytes + 6 * 2
        bytes += Listpack.room(of: .integer(Int64(fieldCount)))
        bytes += Listpack.room(of: .integer(Int64(fieldCount + 3)))
        for index in 0..<(fieldCount * 2) { bytes += Listpack.room(of: Listpack.Element(part(index))) }
        let at = store.heap.allocate(bytes)
        var place = at + Listpack.headerBytes
        Listpack.put(.integer(1), &place)
        Listpack.put(.integer(0), &place)
        Listpack.put(.integer(Int64(fieldCount)), &place)
        for index in 0..<fieldCount { Listpack.put(Listpack.Element(part(index &* 2)), &place) }
        Listpack.put(.integer(0), &place)
        Listpack.put(.integer(StreamEntries.sameFields), &place)
        Listpack.put(.integer(0), &place)
        Listpack.put(.integer(0), &place)
        for index in 0..<fieldCount { Listpack.put(Listpack.Element(part(index &* 2 &+ 1)), &place) }
        Listpack.put(.integer(Int64(fieldCount + 3)), &place)
        place.setU8(0, Listpack.end)
        assert(place + 1 - at == bytes, "a node of another size")
        at.setU32(0, UInt32(bytes))
        at.setU16(4, UInt16(min(fieldCount * 2 + 8, Listpack.countUnknown)))
        let node = newNode(id, Listpack(at: at), room: bytes, store)
        tree.insert(id: id.ms, id.sequence, node.at, store)
        chain.insert(node.at, behind: chain.last)
    }

    /// Adds an entry to a node.
    private func add(
        _ id: StreamID, _ fieldCount: Int, to node: StreamNode, _ store: Store, _ part: (Int) -> ByteView
    ) {
        let entries = node.entries
        let isSame = entries.hasFields(fieldCount, part)
        let ms = Listpack.Element.integer(Int64(bitPattern: id.ms &- entries.base.ms))
        let sequence = Listpack.Element.integer(Int64(bitPattern: id.sequence &- entries.base.sequence))
        let count = isSame ? fieldCount : fieldCount * 2 + 1
        let elements = Listpack.Element.integer(Int64(count + 3))
        var bytes = 2 + Listpack.room(of: ms) + Listpack.room(of: sequence) + Listpack.room(of: elements)
        if !isSame { bytes += Listpack.room(of: .integer(Int64(fieldCount))) }
        let step = isSame ? 2 : 1
        var index = isSame ? 1 : 0
        while index < fieldCount &* 2 {
            bytes &+= Listpack.room(of: Listpack.Element(part(index)))
            index &+= step
        }
        var place = open(node, bytes: bytes, elements: count + 4, store)
        Listpack.put(.integer(isSame ? StreamEntries.sameFields : 0), &place)
        Listpack.put(ms, &place)
        Listpack.put(sequence, &place)
        if !isSame { Listpack.put(.integer(Int64(fieldCount)), &place) }
        index = isSame ? 1 : 0
        while index < fieldCount &* 2 {
            Listpack.put(Listpack.Element(part(index)), &place)
            index &+= step
        }
        Listpack.put(elements, &place)
        assert(place.u8(0) == Listpack.end, "an entry of another size")
        setCounts(node, live: entries.live + 1, dead: entries.dead, store)
    }

    /// Makes room for elements at the end of a node.
    /// - Returns: where they are to be written.
    private func open(_ node: StreamNode, bytes: Int, elements: Int, _ store: Store) -> Address {
        let listpack = node.listpack
        let old = listpack.byteCount
        let new = old + bytes
        if new > node.room { grow(node, to: new, store) }
        let at = node.listpack.at
        at.setU32(0, UInt32(new))
        let stored = Int(at.u16(4))
        at.setU16(4, UInt16(min(stored + elements, Listpack.countUnknown)))
        at.setU8(new - 1, Listpack.end)
        return at + (old - 1)
    }

    /// Room for a quarter more than is needed, in larger nodes.
    private func grow(_ node: StreamNode, to needed: Int, _ store: Store) {
        let (old, oldRoom) = (node.listpack, node.room)
        let room = Heap.roundedBytes(needed > 128 ? needed + needed / 4 : needed)
        addBytes(room - Heap.roundedBytes(oldRoom))
        if oldRoom > Heap.slabBytesMax {
            return node.set(Listpack(at: store.heap.resizeLarge(old.at, room)), room: room)
        }
        let at = store.heap.allocate(room)
        at.copy(from: old.at, count: old.byteCount)
        store.heap.free(old.at, oldRoom)
        node.set(Listpack(at: at), room: room)
    }

    /// Writes how many entries of a node are there, and how many are deleted.
    func setCounts(_ node: StreamNode, live: Int, dead: Int, _ store: Store) {
        let at = node.listpack.at + Listpack.headerBytes
        if live < 128, dead < 128, at.u8(0) < 128, at.u8(2) < 128 {
            at.setU8(0, UInt8(live))
            at.setU8(2, UInt8(dead))
            return
        }
        edit(node, store) { listpack in
            guard let first = listpack.first else { preconditionFailure("an empty node") }
            listpack.replace(first, with: .integer(Int64(live)), store.heap)
            guard let second = listpack.next(first) else { preconditionFailure("half a node") }
            listpack.replace(second, with: .integer(Int64(dead)), store.heap)
        }
    }

    /// Takes over a node as an RDB file or a cut has it: entries in their order behind all that is there, in the form that
    /// `validate` has accepted. Counters stay as they are: `restoreCounters` sets them in the end.
    public func adopt(node listpack: ByteView, _ id: StreamID, _ store: Store) {
        precondition(tree.last.map { StreamID($0.id.high, $0.id.low) < id } ?? true, "nodes out of order")
        let copy = Listpack.copy(of: listpack, store.heap)
        let node = newNode(id, copy, room: copy.byteCount, store)
        tree.insert(id: id.ms, id.sequence, node.at, store)
        chain.insert(node.at, behind: chain.last)
    }

    /// Sets the counters that XSETID sets. The last ID is not below that of any entry that is there.
    /// - Parameters:
    ///   - entriesAdded: nil leaves it as it is.
    ///   - maxDeletedID: 0-0 leaves it as it is.
    public func setCounters(
        lastID: StreamID, entriesAdded: UInt64?, maxDeletedID: StreamID, _ store: Store
    ) {
        root.setStreamID(StreamField.lastID, lastID)
        if let entriesAdded { root.setU64(StreamField.entriesAdded, entriesAdded) }
        if maxDeletedID != .zero { root.setStreamID(StreamField.maxDeletedID, maxDeletedID) }
        closeLast(store)
    }

    /// Sees to it that what is added next comes behind everything that is still in the nodes.
    private func closeLast(_ store: Store) {
        while let cursor = tree.last, case let node = StreamNode(at: cursor.entry),
            let last = node.entries.last, last.id > lastID
        {
            if node.entries.live > 0 { return node.isClosed = true }
            tree.remove(id: node.id.ms, node.id.sequence, store)
            var rest = StreamRest()
            retire(node, to: &rest, store)
            rest.free(max: .max, store)
        }
    }

    /// Sets all counters to what they were where the nodes come from.
    public func restoreCounters(_ counters: StreamCounters, _ store: Store) {
        root.setU64(StreamField.length, counters.length)
        root.setStreamID(StreamField.firstID, counters.firstID)
        root.setStreamID(StreamField.maxDeletedID, counters.maxDeletedID)
        setCounters(
            lastID: counters.lastID, entriesAdded: counters.entriesAdded, maxDeletedID: .zero, store)
    }
}

extension StreamEntries {
    /// Whether the master has exactly these fields.
    @inline(__always) func hasFields(_ count: Int, _ part: (Int) -> ByteView) -> Bool {
        guard count == fieldCount else { return false }
        var place = names
        for index in 0..<count {
            let (name, body) = Listpack.decode(place)
            guard name.equals(part(index &* 2)) else { return false }
            place = place + (body &+ Listpack.backLengthBytes(body))
        }
        return true
    }
}

extension Listpack {
    /// What an element takes in a listpack, in bytes.
    @inline(__always) static func room(of element: Element) -> Int {
        let body = bodyBytes(of: element)
        return body &+ backLengthBytes(body)
    }

    /// Writes an element at a place, which goes on behind it.
    @inline(__always) static func put(_ element: Element, _ place: inout Address) {
        if case .integer(let number) = element, number >= 0, number < 128 {
            place.setU16(0, UInt16(truncatingIfNeeded: number) | 1 << 8)
            place = place + 2
            return
        }
        let body = bodyBytes(of: element)
        write(element, body: body, at: place)
        place = place + (body &+ backLengthBytes(body))
    }
}
