// SPDX-License-Identifier: Apache-2.0
import Bytes
import RESP
import Testing

/// Replies that grow conspicuous end the patience of whoever runs commands.
@Suite struct ReplyAlertTests {
    private let heap = Heap()

    @Test func patienceEndsWithTheBytes() {
        let reply = Reply(heap)
        #expect(reply.patience == .max)
        reply.watch(patience: 700, bytesMin: 1000)
        reply.bulk([UInt8](repeating: 1, count: 500))
        #expect(reply.patience == 700)
        reply.bulk([UInt8](repeating: 1, count: 500))
        #expect(reply.patience == 0)
        reply.lookAway()
        #expect(reply.patience == 0)
        reply.reset()
        #expect(reply.patience == 700)
        reply.lookClosely()
        #expect(reply.patience == 0)
        reply.lookAway()
        #expect(reply.patience == 700)
    }

    @Test func blocksCount() {
        let reply = Reply(heap)
        reply.watch(patience: 9, bytesMin: 60_000)
        let block = Block.create(heap, capacity: 40_000)
        block.count = 40_000
        reply.simple("A")
        let start = reply.count
        reply.bulk(block)
        #expect(reply.patience == 9 && reply.byteCount(from: start) == 40_010)
        reply.bulk([UInt8](repeating: 1, count: 21_000))
        #expect(reply.patience == 0 && reply.byteCount(from: start) == 61_020)
        block.release(heap)
    }

    /// The bytes may be more than the buffer holds, or none.
    @Test func anyBound() {
        let reply = Reply(heap)
        reply.watch(patience: 9, bytesMin: 10 << 20)
        let megabyte = [UInt8](repeating: 1, count: 1 << 20)
        for _ in 0..<9 { reply.raw(megabyte) }
        #expect(reply.patience == 9)
        reply.raw(megabyte)
        #expect(reply.patience == 0)
        reply.reset()
        reply.watch(patience: 9, bytesMin: 0)
        #expect(reply.patience == 0)
        reply.reset()
        #expect(reply.patience == 0)
        reply.watch(patience: 9, bytesMin: .max)
        reply.raw(megabyte)
        #expect(reply.patience == 9)
    }
}

extension Reply {
    fileprivate func raw(_ bytes: [UInt8]) { bytes.withView { raw($0) } }
}
