// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// The stream's row in the list of types.
enum StreamOperations: ValueOperations {
    static let limits = [
        EncodingLimit("stream-node-max-bytes", \.streamNodeBytes, isBytes: true),
        EncodingLimit("stream-node-max-entries", \.streamNodeEntries),
    ]

    /// A stream without entries may still have groups, and knows its last ID.
    static let outlivesElements = true

    static func encodingName(_ value: Value) -> StaticString { "stream" }
    static func bytes(_ value: Value) -> Int { value.stream.bytes }
    static func count(_ value: Value) -> Int { value.stream.length }

    static func free(_ value: Value, _ keys: Keyspace) {
        keys.discard(StreamPieces(stream: value.stream))
    }

    static func detach(_ entry: Address, _ keys: Keyspace) {
        let value = Value(entry)
        entry.setAddress(value.payloadOffset, value.stream.copy(keys.store).root)
    }

    /// The pieces of the stream, each as a `StreamElement`.
    static func forEachElement(_ value: Value, _ keys: Keyspace, _ visit: (ValueElement) -> Void) {
        value.stream.forEachPart { StreamElement($0).withElement(visit) }
    }

    static func large(_ value: Value) -> (any LargeCollection)? { StreamPieces(stream: value.stream) }

    static func digest<Digest: ValueDigest>(_ value: Value, _ keys: Keyspace, into digest: inout Digest) {
        value.stream.forEach(from: .zero, to: .max) { entry in
            // A dot stands between the two parts there.
            var id = entry.id.withText { $0.array }
            if let dash = id.firstIndex(of: UInt8(ascii: "-")) { id[dash] = UInt8(ascii: ".") }
            id.withView { digest.mix($0) }
            entry.forEachField { name, value in
                name.withText { digest.mix($0) }
                value.withText { digest.mix($0) }
            }
            return true
        }
    }

    static func builder(expecting count: Int, _ keys: Keyspace) -> any ValueBuilder { StreamBuilder(keys) }

    static func settle(_ value: Value, _ mover: Mover, _ store: Store) {
        value.entry.setAddress(value.payloadOffset, value.stream.settledRoot(mover).root)
    }

    /// A position among pending entries has this bit, the number of the group above it and the rank below.
    private static let isInGroups: UInt64 = 1 << 63
    private static let rankBits: UInt64 = 40

    static func settleElements(_ value: Value, from position: UInt64, _ mover: Mover, _ store: Store)
        -> UInt64?
    {
        let stream = value.stream
        if position & isInGroups == 0 {
            return stream.defragment(from: position, mover) ?? isInGroups
        }
        let number = (position & ~isInGroups) >> rankBits
        guard let group = stream.group(number: Int(number)) else { return nil }
        let rank = position & (1 << rankBits - 1)
        if let next = stream.defragment(group, from: rank, mover, store), next < 1 << rankBits {
            return isInGroups | number << rankBits | next
        }
        return isInGroups | (number + 1) << rankBits
    }

    static func checkInvariants(_ value: Value, _ keys: Keyspace) {
        value.stream.checkInvariants(keys.store)
    }
}

extension Value {
    /// The stream that the value is. Valid until the key's next edit; the caller has looked at the type.
    @inlinable public var stream: StreamLog { StreamLog(root: collection) }
}

/// A stream as a collection that is walked and freed in slices. It keeps its nodes for cuts by itself before they change;
/// units of its groups are named by `StreamGroupUnit`.
struct StreamPieces: LargeCollection {
    let stream: StreamLog

    var identity: UInt64 { stream.identity }
    /// Its pieces, not its entries.
    var count: Int { stream.pieceCount }
    var bytes: Int { stream.bytes }
    var lanes: UInt8 { stream.lanes }

    func join(_ lane: Int, _ keys: Keyspace) { stream.join(lane, keys.store) }
    func leave(_ lane: Int, _ keys: Keyspace) { stream.leave(lane, keys.store) }
    func preserve(_ unit: UInt64, _ lane: Int, _ keys: Keyspace, _ visit: (ValueElement) -> Void) {}

    func walk(
        from position: UInt64, _ lane: Int, max: Int, _ keys: Keyspace, _ visit: (ValueElement) -> Void
    ) -> UInt64? {
        stream.walkUnits(from: position, lane, keys.store, max: max) { StreamElement($0).withElement(visit) }
    }

    func detach() {}

    func free(max: Int, _ keys: Keyspace) -> (freed: Int, isGone: Bool) {
        let freed = stream.drain(max: max, keys.store)
        guard stream.pieceCount == 1 else { return (freed, false) }
        stream.destroy(keys.store)
        return (freed + 1, true)
    }
}

/// A unit of a stream's group, on its way to the cuts that do not have it yet.
struct StreamGroupUnit: LargeCollection {
    let stream: StreamLog
    let group: StreamGroup
    let unit: StreamUnit

    private var pieces: StreamPieces { StreamPieces(stream: stream) }
    var identity: UInt64 { stream.identity }
    var count: Int { pieces.count }
    var bytes: Int { stream.bytes }
    var lanes: UInt8 { stream.lanes }

    func join(_ lane: Int, _ keys: Keyspace) { pieces.join(lane, keys) }
    func leave(_ lane: Int, _ keys: Keyspace) { pieces.leave(lane, keys) }
    func preserve(_ unit: UInt64, _ lane: Int, _ keys: Keyspace, _ visit: (ValueElement) -> Void) {
        stream.preserve(self.unit, of: group, lane: lane, keys.store) { StreamElement($0).withElement(visit) }
    }
    func walk(
        from position: UInt64, _ lane: Int, max: Int, _ keys: Keyspace, _ visit: (ValueElement) -> Void
    ) -> UInt64? {
        pieces.walk(from: position, lane, max: max, keys, visit)
    }
    func detach() {}
    func free(max: Int, _ keys: Keyspace) -> (freed: Int, isGone: Bool) { pieces.free(max: max, keys) }
}

/// Nodes that were cut out of a stream, freed in slices.
final class StreamNodesRest: Reclaimable {
    private var rest: StreamRest

    init(_ rest: StreamRest) { self.rest = rest }

    var count: Int { rest.count }
    var bytes: Int { rest.bytes }

    func free(max: Int, _ keys: Keyspace) -> (freed: Int, isGone: Bool) {
        let freed = rest.free(max: max, keys.store)
        return (freed, rest.count == 0)
    }
}

/// A group that no stream has any more, freed in slices.
final class StreamGroupRest: Reclaimable {
    private var group: StreamFormerGroup
    private var isGone = false

    init(_ group: StreamFormerGroup) { self.group = group }

    var count: Int { isGone ? 0 : group.count }
    var bytes: Int { group.bytes }

    func free(max: Int, _ keys: Keyspace) -> (freed: Int, isGone: Bool) {
        let (freed, isGone) = group.free(max: max, keys.store)
        self.isGone = isGone
        return (freed, isGone)
    }
}
