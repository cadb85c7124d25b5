// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// A stream in pieces, as cuts hand it over and restorers take it in.
//
// Nodes come in their order. Groups come in front of what is in them; everything else comes in any order.

/// One piece of a stream. Valid while whoever lends it runs.
///
/// Among the elements of a value each is a `ValueElement`, whose `bytes` begin with a letter for the kind and go on with
/// numbers of 8 bytes, little-endian, and the name of the group, and whose `value` is the listpack of a node, or the name
/// of the group or the consumer:
///
///     m  length, last ID (ms, sequence), first ID, highest deleted ID, entries added
///     n  ID                                       listpack
///     g  last ID, entries read (-1: not known)    group
///     c  seen ms, active ms (-1: never), group    consumer
///     p  ID, delivered ms, deliveries, group      consumer
public enum StreamElement {
    /// What the stream counts.
    case counters(StreamCounters)
    /// A node: the ID from which its listpack counts, and the listpack as RDB files carry it.
    case node(StreamID, listpack: ByteView)
    /// A group without what is in it; `entriesRead` is nil where it is not known.
    case group(name: ByteView, lastID: StreamID, entriesRead: Int64?)
    /// A consumer, its times in Unix ms; `activeMs` is nil where it was never given anything.
    case consumer(name: ByteView, group: ByteView, seenMs: Int64, activeMs: Int64?)
    /// An entry that was delivered to a consumer and not acknowledged.
    case pending(StreamID, consumer: ByteView, group: ByteView, deliveredMs: Int64, deliveries: UInt64)

    /// The piece that an element of a stream is; nil where it is none.
    public init?(_ element: ValueElement) {
        guard element.deadlineMs == nil, element.score == nil, let bytes = element.bytes.view,
            !bytes.isEmpty
        else { return nil }
        var numbers = StreamNumbers(bytes.dropFirst(1))
        switch (bytes[0], element.value?.view) {
        case (UInt8(ascii: "m"), nil):
            guard bytes.count == 65 else { return nil }
            self = .counters(
                StreamCounters(
                    length: numbers.next(), lastID: numbers.id(), firstID: numbers.id(),
                    maxDeletedID: numbers.id(), entriesAdded: numbers.next()))
        case (UInt8(ascii: "n"), let listpack?):
            guard bytes.count == 17 else { return nil }
            self = .node(numbers.id(), listpack: listpack)
        case (UInt8(ascii: "g"), let name?):
            guard bytes.count == 25 else { return nil }
            let (id, read) = (numbers.id(), numbers.signed())
            self = .group(name: name, lastID: id, entriesRead: read < 0 ? nil : read)
        case (UInt8(ascii: "c"), let name?):
            guard bytes.count >= 17 else { return nil }
            let seen = numbers.signed()
            let active = numbers.signed()
            self = .consumer(
                name: name, group: numbers.rest, seenMs: seen, activeMs: active == -1 ? nil : active)
        case (UInt8(ascii: "p"), let name?):
            guard bytes.count >= 33 else { return nil }
            let id = numbers.id()
            let delivered = numbers.signed()
            let deliveries = numbers.next()
            self = .pending(
                id, consumer: name, group: numbers.rest, deliveredMs: delivered, deliveries: deliveries)
        default: return nil
        }
    }

    init(_ part: StreamPart) {
        switch part {
        case .counters(let counters): self = .counters(counters)
        case .node(let id, let listpack): self = .node(id, listpack: listpack)
        case .group(let group):
            self = .group(name: group.name, lastID: group.lastID, entriesRead: group.entriesRead)
        case .consumer(let consumer, let group):
            self = .consumer(
                name: consumer.name, group: group.name, seenMs: consumer.seenMs, activeMs: consumer.activeMs)
        case .pending(let id, let pending, let group):
            self = .pending(
                id, consumer: pending.consumer.name, group: group.name, deliveredMs: pending.deliveredMs,
                deliveries: pending.deliveries)
        }
    }

    /// Lends the piece as an element of a value.
    public func withElement(_ body: (ValueElement) -> Void) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(72)
        let value: ByteView?
        switch self {
        case .counters(let counters):
            bytes.append(UInt8(ascii: "m"))
            bytes.append(littleEndian: counters.length)
            for id in [counters.lastID, counters.firstID, counters.maxDeletedID] { bytes.append(id) }
            bytes.append(littleEndian: counters.entriesAdded)
            value = nil
        case .node(let id, let listpack):
            bytes.append(UInt8(ascii: "n"))
            bytes.append(id)
            value = listpack
        case .group(let name, let lastID, let entriesRead):
            bytes.append(UInt8(ascii: "g"))
            bytes.append(lastID)
            bytes.append(littleEndian: UInt64(bitPattern: entriesRead ?? -1))
            value = name
        case .consumer(let name, let group, let seenMs, let activeMs):
            bytes.append(UInt8(ascii: "c"))
            bytes.append(littleEndian: UInt64(bitPattern: seenMs))
            bytes.append(littleEndian: UInt64(bitPattern: activeMs ?? -1))
            bytes.append(group)
            value = name
        case .pending(let id, let consumer, let group, let deliveredMs, let deliveries):
            bytes.append(UInt8(ascii: "p"))
            bytes.append(id)
            bytes.append(littleEndian: UInt64(bitPattern: deliveredMs))
            bytes.append(littleEndian: deliveries)
            bytes.append(group)
            value = consumer
        }
        bytes.withView { body(ValueElement(.bytes($0), value: value.map { .bytes($0) })) }
    }
}

/// Reads numbers of 8 bytes, as many as there are.
private struct StreamNumbers {
    private(set) var rest: ByteView

    init(_ bytes: ByteView) { rest = bytes }

    mutating func next() -> UInt64 {
        var number: UInt64 = 0
        for index in 0..<8 { number |= UInt64(rest[index]) << UInt64(index * 8) }
        rest = rest.dropFirst(8)
        return number
    }
    mutating func signed() -> Int64 { Int64(bitPattern: next()) }
    mutating func id() -> StreamID {
        let ms = next()
        return StreamID(ms, next())
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ id: StreamID) {
        append(littleEndian: id.ms)
        append(littleEndian: id.sequence)
    }
}

extension StoredBytes {
    /// The bytes, where they are kept as such.
    fileprivate var view: ByteView? {
        switch self {
        case .integer: nil
        case .bytes(let view): view
        case .block(let block): block.view
        }
    }
}
