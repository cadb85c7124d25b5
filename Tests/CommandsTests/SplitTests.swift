// SPDX-License-Identifier: Apache-2.0
// The parser and the dispatcher must not care how the network cuts a pipeline.

import EngineRig
import TestSupport
import Testing

@Suite struct SplitTests {
    /// Broken requests behind a good one: what is answered before the connection closes.
    private static let broken = [
        "*1\r\n!4\r\nPING\r\n", "*1\r\n$-5\r\n", "*1\r\n$x\r\n", "*2\r\n$3\r\nGET\r\n$536870913\r\n",
        "*x\r\n",
        "*2147483648\r\n", "*99999999999999999999\r\n", "SET a \"unbalanced\r\n",
    ]

    /// The replies of a new engine to the bytes in these parts.
    private func replies(_ bytes: [UInt8], cutAt cuts: [Int]) -> [UInt8] {
        let rig = Rig(withTwin: false)
        let edges = [0] + cuts + [bytes.count]
        return zip(edges, edges.dropFirst()).flatMap { rig.feed(Array(bytes[$0..<$1])) }
    }

    @Test func aPipelineSplitAtEachByte() throws {
        let bytes = MixedPipeline().bytes
        let whole = replies(bytes, cutAt: [])
        #expect(whole.count > 100)
        for cut in 1..<bytes.count {
            try #require(replies(bytes, cutAt: [cut]) == whole, "split at byte \(cut)")
        }
    }

    /// The room that a command of very many arguments took is given back, from EXEC as well.
    @Test func aLongCommandLeavesNoRoomBehind() {
        let rig = Rig(withTwin: false)
        // What runs the commands of a transaction is made once and kept.
        rig.run("MULTI")
        rig.run("EXEC")
        let before = rig.engine.keys.heap.usedBytes
        let bytes = Rig.encode([Array("EXISTS".utf8)] + [[UInt8]](repeating: [107], count: 100_000))
        func send() -> [UInt8] {
            rig.feed(Array(bytes.prefix(1000))) + rig.feed(Array(bytes.dropFirst(1000)))
        }
        #expect(send() == Array(":0\r\n".utf8))
        #expect(rig.engine.keys.heap.usedBytes <= before)
        rig.run("MULTI")
        #expect(send() == Array("+QUEUED\r\n".utf8))
        #expect(rig.run("EXEC") == "*1 :0")
        #expect(rig.engine.keys.heap.usedBytes <= before)
    }

    @Test func byteByByte() {
        let bytes = MixedPipeline().bytes
        #expect(replies(bytes, cutAt: Array(1..<bytes.count)) == replies(bytes, cutAt: []))
    }

    @Test func splitAtRandomPlaces() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        let bytes = MixedPipeline().bytes
        let whole = replies(bytes, cutAt: [])
        for round in 0..<500 {
            let cuts = Set(
                (0..<Int.random(in: 1...12, using: &random)).map { _ in
                    Int.random(in: 1..<bytes.count, using: &random)
                }
            ).sorted()
            try #require(replies(bytes, cutAt: cuts) == whole, "seed \(seed), round \(round), cuts \(cuts)")
        }
    }

    @Test(arguments: broken)
    func aBrokenRequestSplitAtEachByte(_ request: String) throws {
        let bytes = Array(("PING\r\n" + request).utf8)
        let whole = replies(bytes, cutAt: [])
        #expect(String(decoding: whole, as: UTF8.self).hasPrefix("+PONG\r\n-ERR Protocol error"))
        for cut in 1..<bytes.count {
            try #require(replies(bytes, cutAt: [cut]) == whole, "split at byte \(cut)")
        }
    }
}

/// SplitMix64: small, and the same everywhere for the same seed.
private struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
