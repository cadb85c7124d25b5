// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Reads the listpack of a node. Valid until the node's next change.
@frozen public struct StreamEntries {
    static let deleted: Int64 = 1
    static let sameFields: Int64 = 2

    /// Where the listpack lies.
    let at: Address
    /// The ID from which its entries count.
    let base: StreamID
    /// Entries that are there, and deleted ones that still take room.
    let live: Int
    let dead: Int
    /// The master's fields.
    @usableFromInline let fieldCount: Int
    @usableFromInline let names: Address
    /// The first entry, or the end of the listpack.
    let first: Address

    init(_ at: Address, _ base: StreamID) {
        self.at = at
        self.base = base
        var place = at + Listpack.headerBytes
        live = Int(StreamEntries.take(&place))
        dead = Int(StreamEntries.take(&place))
        fieldCount = Int(StreamEntries.take(&place))
        names = place
        StreamEntries.skip(fieldCount + 1, &place)
        first = place
    }

    /// The end of the listpack.
    var end: Address { at + (Int(at.u32(0)) &- 1) }

    /// The number at a place, which goes on behind it.
    @inline(__always) static func take(_ place: inout Address) -> Int64 {
        let byte = place.u8(0)
        if byte < 0x80 {
            place = place + 2
            return Int64(byte)
        }
        let (element, body) = Listpack.decode(place)
        place = place + (body &+ Listpack.backLengthBytes(body))
        guard case .integer(let number) = element else { preconditionFailure("a node that is none") }
        return number
    }

    @usableFromInline @inline(__always) static func skip(_ count: Int, _ place: inout Address) {
        for _ in 0..<count { place = place + Listpack.entryBytes(place) }
    }

    /// The entry that begins at a place; `next` is found when somebody asks for it.
    @inline(__always) func entry(_ start: Address) -> StreamEntry {
        var place = start
        let flags = StreamEntries.take(&place)
        let ms = base.ms &+ UInt64(bitPattern: StreamEntries.take(&place))
        let sequence = base.sequence &+ UInt64(bitPattern: StreamEntries.take(&place))
        let isSame = flags & StreamEntries.sameFields != 0
        let count = isSame ? fieldCount : Int(StreamEntries.take(&place))
        return StreamEntry(
            id: StreamID(ms, sequence), fieldCount: count, isDeleted: flags & StreamEntries.deleted != 0,
            start: start, names: isSame ? names : .null, values: place)
    }

    /// Where the entry in front of a place begins; nil in front of the first.
    @inline(__always) func start(before place: Address) -> Address? {
        guard place.bits > first.bits else { return nil }
        var at = StreamEntries.back(place)
        var reader = at
        let count = StreamEntries.take(&reader)
        for _ in 0..<count { at = StreamEntries.back(at) }
        return at
    }

    @inline(__always) private static func back(_ place: Address) -> Address {
        let last = place.u8(-1)
        // Nearly all bodies have a length of one byte.
        let body = last < 0x80 ? Int(last) : Listpack.backLength(endingAt: place)
        return place + (0 &- body &- Listpack.backLengthBytes(body))
    }

    /// The last entry, deleted or not; nil where there are none.
    var last: StreamEntry? { start(before: end).map { entry($0) } }

    /// Where the first entry begins whose ID is not below this one, deleted or not; the end where there is none.
    func place(of id: StreamID) -> Address {
        let end = end
        guard id > base || id == base, let last = start(before: end) else { return first }
        let lastID = entry(last).id
        if lastID < id { return end }
        // The way from the nearer end is shorter, as far as IDs tell.
        let isNearEnd =
            lastID.ms != base.ms
            ? id.ms &- base.ms > (lastID.ms &- base.ms) / 2
            : id.sequence &- base.sequence > (lastID.sequence &- base.sequence) / 2
        if isNearEnd {
            var found = last
            while let before = start(before: found), entry(before).id >= id { found = before }
            return found
        }
        var place = first
        while case let here = entry(place), here.id < id { place = here.next }
        return place
    }
}

/// An entry of a stream, where it lies. Valid until the stream's next change.
@frozen public struct StreamEntry {
    /// What the entry is known by.
    public let id: StreamID
    /// How many fields it has; names may come twice.
    public let fieldCount: Int
    /// Whether it was deleted, and only its bytes are still there.
    let isDeleted: Bool
    /// Where it begins.
    let start: Address
    /// The master's names, if it has the same; otherwise its own stand in front of its values.
    @usableFromInline let names: Address
    @usableFromInline let values: Address

    /// Visits the fields in their order.
    @inline(__always) public func forEachField(
        _ visit: (_ name: Listpack.Element, _ value: Listpack.Element) -> Void
    ) {
        var (name, value) = (names, values)
        let isSame = !names.isNull
        for _ in 0..<fieldCount {
            if isSame {
                let (text, body) = Listpack.decode(name)
                name = name + (body &+ Listpack.backLengthBytes(body))
                visit(text, StreamEntry.take(&value))
            } else {
                let text = StreamEntry.take(&value)
                visit(text, StreamEntry.take(&value))
            }
        }
    }

    @inline(__always) private static func take(_ place: inout Address) -> Listpack.Element {
        let (element, body) = Listpack.decode(place)
        place = place + (body &+ Listpack.backLengthBytes(body))
        return element
    }

    /// Behind the entry.
    @inline(__always) var next: Address {
        var place = values
        StreamEntries.skip((names.isNull ? fieldCount &* 2 : fieldCount) &+ 1, &place)
        return place
    }
}

extension StreamEntries {
    /// Visits the entries of a node that were not deleted, in their order.
    /// - Parameters:
    ///   - listpack: the node as `StreamElement.node` has it; it must be sound.
    ///   - id: the ID from which it counts.
    public static func forEachLive(in listpack: ByteView, from id: StreamID, _ visit: (StreamEntry) -> Void) {
        let entries = StreamEntries(listpack.start, id)
        var place = entries.first
        while place.bits < entries.end.bits {
            let entry = entries.entry(place)
            if !entry.isDeleted { visit(entry) }
            place = entry.next
        }
    }
}
