// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Containers
@testable import Keyspace

/// Keeps the blocks that it is shown, as a codec does that writes them later.
private final class BlockKeeper: CutSink {
    let heap: Heap
    private(set) var blocks: [Block] = []
    private(set) var keys: [String] = []
    let store = MemorySpool()
    var spool: (any CutSpool)? { store }

    init(_ heap: Heap) { self.heap = heap }
    deinit { for block in blocks { block.release(heap) } }

    func key(_ head: CutKey, packed: ByteView) { keys.append(ByteString(head.key).description) }
    func beginKey(_ head: CutKey) { keys.append(ByteString(head.key).description) }
    func element(_ element: ValueElement) {
        for part in [element.bytes, element.value] {
            guard case .block(let block) = part else { continue }
            block.retain()
            blocks.append(block)
        }
    }
    func endKey() {}
}

@Suite struct CutBlockTests {
    private static let large = 8 << 20

    private func setBlock(_ key: StaticString, _ fill: UInt8, _ keys: Keyspace) -> Block {
        let block = Block.createZeroed(keys.heap, count: CutBlockTests.large, capacity: CutBlockTests.large)
        block.bytes.setU8(0, fill)
        var edit = keys.edit(keys.locate(ByteView(key)))
        edit.setText(block.view, adopting: block, keys)
        edit.commit(Event("set", EventClass.string), keys)
        block.release(keys.heap)
        return block
    }

    /// A key that waits in the interlude keeps its deadline, whatever number it is: the largest is not "none".
    @Test func everyDeadlineSurvivesTheInterlude() {
        let rig = HashRig(EncodingLimits(hashListpackEntries: 0))
        let keys = rig.keys
        let deadlines: [Int64?] = [nil, Int64.max, Int64.max - 3, 1 << 40, -5, Int64.min]
        func set(_ index: Int, _ text: StaticString, _ deadline: Int64?) {
            var edit = keys.edit(Array("k\(index)".utf8).withView { keys.locate($0) })
            edit.setText(ByteView(text), adopting: nil, keys)
            edit.setDeadline(deadline, keys)
            edit.commit(Event("set", EventClass.string), keys)
        }
        rig.set("h", (0..<2000).map { ("f\($0)", "v") })
        for index in 0..<400 { set(index, "before", deadlines[index % deadlines.count]) }
        let sink = CollectingSink(databases: 4)
        #expect(keys.cut(sink) != nil)
        while keys.cuts[0]?.isInKey == false { _ = keys.walkCuts(max: 1) }
        for index in 0..<400 { set(index, "after", nil) }
        while keys.walkCuts(max: 100) {}
        #expect(sink.faults.isEmpty)
        for index in 0..<400 {
            let key = sink.databases[0][Array("k\(index)".utf8)]
            #expect(
                key
                    == PlainKey(
                        value: .string(Array("before".utf8)), deadline: deadlines[index % deadlines.count]))
        }
    }

    /// A large string is handed over as its block: by the walker, for a neighbour's sake, and out of the interlude.
    @Test func largeStringsAreShared() {
        let rig = HashRig(EncodingLimits(hashListpackEntries: 0))
        let keys = rig.keys
        let block = setBlock("string", 1, keys)
        rig.set("h", (0..<2000).map { ("f\($0)", "v") })
        let sink = BlockKeeper(keys.heap)
        let lane = keys.cut(sink)
        #expect(lane != nil)
        // The walker is in the middle of the hash.
        while !sink.keys.contains("h") { _ = keys.walkCuts(max: 10) }
        let before = keys.heap.usedBytes
        let isWaiting = sink.blocks.isEmpty
        var edit = keys.edit(keys.locate(ByteView("string")))
        edit.append(ByteView("x"), keys)
        edit.commit(Event("append", EventClass.string), keys)
        // The writer has split off a copy; nobody else has made one.
        #expect(keys.heap.usedBytes - before < 2 * CutBlockTests.large)
        while keys.walkCuts(max: 100) {}
        #expect(sink.blocks == [block] && block.count == CutBlockTests.large && block.bytes.u8(0) == 1)
        #expect(isWaiting || sink.blocks.count == 1)
        #expect(keys.string(keys.peek(ByteView("string")).value).count == CutBlockTests.large + 1)
    }

    /// A field's value of 16 KB and more is a block: the one it was received into, shared by copies and cuts.
    @Test func largeFieldsAreShared() {
        let rig = HashRig()
        let keys = rig.keys
        let block = Block.createZeroed(keys.heap, count: 20_000, capacity: 20_000)
        var edit = keys.edit(keys.locate(ByteView("h")))
        edit.setField(ByteView("small"), ByteView("v"), keys)
        edit.setField(ByteView("large"), block.view, adopting: block, keys)
        edit.commit(Event("hset", EventClass.hash), keys)
        block.release(keys.heap)
        func value(_ key: StaticString) -> Block? {
            guard case .block(let block) = rig.view(key).field(ByteView("large")).value else { return nil }
            return block
        }
        #expect(value("h") == block && !block.isShared)
        var target = keys.edit(keys.peek(ByteView("copy")))
        target.put(keys.copy(keys.peek(ByteView("h"))), keys)
        target.commit(Event("copy_to", EventClass.generic), keys)
        #expect(value("copy") == block && block.isShared)
        let sink = BlockKeeper(keys.heap)
        #expect(keys.cut(sink) != nil)
        rig.set("h", [("large", "gone")])
        keys.delete(keys.peek(ByteView("copy")))
        while keys.walkCuts(max: 100) {}
        #expect(sink.blocks == [block, block])
        #expect(rig.get("h", "large") == "gone")
        keys.checkInvariants()
    }

    /// Pre-images beyond what a cut may keep in memory go to the sink's spool, and come back from there in order.
    @Test func preImagesGoToTheSpool() {
        let rig = HashRig(EncodingLimits(hashListpackEntries: 0))
        let keys = rig.keys
        keys.cutBytesMax = 100_000
        for key in ["a", "b"] as [StaticString] {
            rig.set(key, (0..<5000).map { ("field:\($0)", String(repeating: "v", count: 100)) })
        }
        let sink = CollectingSink(databases: 4)
        #expect(keys.cut(sink) != nil)
        // Everything changes before the walker has moved.
        for key in ["a", "b"] as [StaticString] {
            rig.set(key, (0..<5000).map { ("field:\($0)", "w") })
        }
        #expect(sink.store.bytesTotal > 500_000)
        #expect(keys.cuts[0].map { $0.waitingBytes <= 100_000 } == true)
        while keys.walkCuts(max: 500) {}
        #expect(sink.faults.isEmpty)
        for key in ["a", "b"] {
            guard case .hash(let fields) = sink.databases[0][Array(key.utf8)]?.value else {
                #expect(Bool(false), "the hash is missing")
                continue
            }
            #expect(fields.count == 5000 && fields.values.allSatisfy { $0.value.count == 100 })
        }
    }
}
