// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// The list's row in the list of types.
enum ListOperations: ValueOperations {
    static let limits = [
        EncodingLimit(
            "list-max-listpack-size", \.listListpackSize, aliases: ["list-max-ziplist-size"],
            range: Int(Int32.min)...Int(Int32.max)),
        EncodingLimit("list-compress-depth", \.listCompressDepth, range: 0...Int(Int32.max)),
    ]

    static func encodingName(_ value: Value) -> StaticString {
        value.encoding == Encoding.listpack ? "listpack" : "quicklist"
    }

    static func shape(_ value: Value) -> String {
        guard value.encoding == Encoding.quicklist else { return "" }
        let list = Quicklist(root: value.collection)
        let hundredths = list.count * 100 / max(1, list.nodeCount)
        let average = "\(hundredths / 100).\(hundredths % 100 / 10)\(hundredths % 10)"
        return " ql_nodes:\(list.nodeCount) ql_avg_node:\(average) ql_listpack_max:\(list.fill) "
            + "ql_compressed:\(list.compressDepth > 0 ? 1 : 0) ql_uncompressed_size:\(list.uncompressedBytes)"
    }

    static func bytes(_ value: Value) -> Int {
        value.encoding == Encoding.listpack
            ? Heap.roundedBytes(Listpack(at: value.collection).byteCount)
            : Quicklist(root: value.collection).bytes
    }

    static func count(_ value: Value) -> Int {
        value.encoding == Encoding.listpack
            ? Listpack(at: value.collection).count : Quicklist(root: value.collection).count
    }

    static func free(_ value: Value, _ keys: Keyspace) {
        if value.encoding == Encoding.listpack { return Listpack(at: value.collection).free(keys.heap) }
        keys.discard(ListNodes(list: Quicklist(root: value.collection)))
    }

    static func detach(_ entry: Address, _ keys: Keyspace) {
        let value = Value(entry)
        let at =
            value.encoding == Encoding.listpack
            ? Listpack(at: value.collection).copy(keys.heap).at
            : Quicklist(root: value.collection).copy(keys.store).root
        entry.setAddress(value.payloadOffset, at)
    }

    static func forEachElement(_ value: Value, _ keys: Keyspace, _ visit: (ValueElement) -> Void) {
        ListView(value, keys).forEach { visit(ValueElement($0)) }
    }

    static func packed(_ value: Value) -> ByteView? {
        value.encoding == Encoding.listpack ? Listpack(at: value.collection).bytes : nil
    }

    static func validate(packed: ByteView, encoding: UInt8) -> Bool {
        encoding == Encoding.listpack && Listpack.validate(packed, deep: true)
    }

    static func forEachElement(packed: ByteView, encoding: UInt8, _ visit: (ValueElement) -> Void) {
        let listpack = Listpack(at: packed.start)
        listpack.forEach(from: listpack.first) { element in
            visit(ValueElement(StoredBytes(element)))
            return true
        }
    }

    static func large(_ value: Value) -> (any LargeCollection)? {
        value.encoding == Encoding.listpack ? nil : ListNodes(list: Quicklist(root: value.collection))
    }

    static func table(_ value: Value) -> Table? { nil }

    static func digest<Digest: ValueDigest>(_ value: Value, _ keys: Keyspace, into digest: inout Digest) {
        ListView(value, keys).forEach { element in element.withText { digest.mix($0) } }
    }

    static func builder(expecting count: Int, _ keys: Keyspace) -> any ValueBuilder { ListBuilder(keys) }

    static func settle(_ value: Value, _ mover: Mover, _ store: Store) {
        let at =
            value.encoding == Encoding.listpack
            ? Listpack(at: value.collection).settled(mover).at
            : Quicklist(root: value.collection).settledRoot(mover).root
        value.entry.setAddress(value.payloadOffset, at)
    }

    static func settleElements(_ value: Value, from position: UInt64, _ mover: Mover, _ store: Store)
        -> UInt64?
    {
        guard value.encoding == Encoding.quicklist else { return nil }
        return Quicklist(root: value.collection).defragment(from: position, mover)
    }

    static func checkInvariants(_ value: Value, _ keys: Keyspace) {
        if value.encoding == Encoding.listpack {
            Listpack(at: value.collection).checkInvariants()
        } else {
            Quicklist(root: value.collection).checkInvariants(keys.store)
        }
    }
}

/// A list of several nodes as a collection that is walked and freed in slices. It keeps its nodes for cuts by itself
/// before they change.
struct ListNodes: LargeCollection {
    let list: Quicklist

    var identity: UInt64 { list.identity }
    var count: Int { list.count }
    var bytes: Int { list.bytes }
    var lanes: UInt8 { list.lanes }

    func join(_ lane: Int, _ keys: Keyspace) { list.join(lane) }
    func leave(_ lane: Int, _ keys: Keyspace) { list.leave(lane, keys.store) }
    func preserve(_ unit: UInt64, _ lane: Int, _ keys: Keyspace, _ visit: (ValueElement) -> Void) {}

    func walk(
        from position: UInt64, _ lane: Int, max: Int, _ keys: Keyspace, _ visit: (ValueElement) -> Void
    ) -> UInt64? {
        list.walkUnits(from: position, lane, keys.store, max: max) { piece in
            piece.forEach { visit(ValueElement(StoredBytes($0))) }
        }
    }

    func detach() {}

    func free(max: Int, _ keys: Keyspace) -> (freed: Int, isGone: Bool) {
        let freed = list.drain(max: max, keys.store)
        guard list.count == 0 else { return (freed, false) }
        list.destroy(keys.store)
        return (freed, true)
    }
}

/// What was cut out of a list and is freed in slices.
final class ListRest: Reclaimable {
    private var rest: QuicklistRest

    init(_ rest: QuicklistRest) { self.rest = rest }

    var count: Int { rest.count }
    var bytes: Int { rest.bytes }

    func free(max: Int, _ keys: Keyspace) -> (freed: Int, isGone: Bool) {
        let freed = rest.free(max: max, keys.store)
        return (freed, rest.count == 0)
    }
}

extension StoredBytes {
    init(_ element: QuicklistElement) {
        switch element {
        case .packed(let element): self.init(element)
        case .block(let block): self = .block(block)
        }
    }
}
