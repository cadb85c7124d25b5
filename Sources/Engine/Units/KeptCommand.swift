// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// A command that runs later than it came: its arguments end to end, but for the large ones that came in blocks of
/// their own.
///
/// *Who frees*. Whoever keeps it calls `release` once.
public struct KeptCommand {
    /// Its number in the command table.
    public let index: Int
    private let counts: [Int]
    private let bytes: [UInt8]
    /// Arguments that fill a block, by index. The command holds one reference to each.
    private let blocks: [(index: Int, block: Block)]
    /// Bytes of the arguments as MULTI counts them: with eight for each.
    public let argumentBytes: Int

    /// What a command takes beside its arguments, in bytes.
    private static let ownBytes = 96
    /// Bytes that it takes outside the heap.
    public var outsideBytes: Int { bytes.count + KeptCommand.ownBytes + counts.count * 8 }

    /// Takes a copy of a command's arguments.
    /// - Parameter list: where its large ones are held in blocks.
    public init(_ index: Int, _ args: Arguments, _ list: ArgumentList) {
        var bytes: [UInt8] = []
        var counts: [Int] = []
        var blocks: [(index: Int, block: Block)] = []
        var argumentBytes = 0
        counts.reserveCapacity(args.count)
        for i in 0..<args.count {
            counts.append(args[i].count)
            argumentBytes += args[i].count + 8
            if let block = list.block(i) {
                block.retain()
                blocks.append((i, block))
            } else {
                bytes.append(args[i])
            }
        }
        self.index = index
        self.counts = counts
        self.bytes = bytes
        self.blocks = blocks
        self.argumentBytes = argumentBytes
    }

    /// Lays the arguments into `list`, in place of what is there, for the time of `body`.
    public func withArguments(_ list: ArgumentList, _ body: (Arguments) -> Void) {
        list.reset()
        bytes.withView { all in
            var at = 0
            var nextBlock = 0
            for (i, count) in counts.enumerated() {
                if nextBlock < blocks.count, blocks[nextBlock].index == i {
                    let block = blocks[nextBlock].block
                    block.retain()
                    list.append(block)
                    nextBlock += 1
                } else {
                    list.append(all[at..<(at + count)])
                    at += count
                }
            }
            body(list.arguments)
            list.reset()
        }
    }

    /// Gives up the blocks.
    public func release(_ heap: Heap) {
        for item in blocks { item.block.release(heap) }
    }
}
