// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Engine

/// Commands with many keys in a keyspace that is worth looking ahead in: what they answer is what they always did.
@Suite struct KeyPlacesTests {
    private let rig = Rig(withTwin: false)

    init() {
        for first in stride(from: 0, to: 20_000, by: 500) {
            rig.run(["MSET"] + (first..<(first + 500)).flatMap { ["key:\($0)", "\($0)"] })
        }
    }

    private func expected(_ numbers: [Int]) -> String {
        "*\(numbers.count) "
            + numbers.map { $0 < 20_000 ? "$\("\($0)".utf8.count) \($0)" : "$-1" }.joined(separator: " ")
    }

    @Test func manyKeysInOneCommand() {
        #expect(rig.engine.keys.isWorthWarming)
        for count in [1, 3, 4, 31, 32, 33, 64, 65, 100, 1000] {
            let numbers = (0..<count).map { $0 * 7919 % 21_000 }
            #expect(rig.run(["MGET"] + numbers.map { "key:\($0)" }) == expected(numbers))
            let there = numbers.count { $0 < 20_000 }
            #expect(rig.run(["EXISTS"] + numbers.map { "key:\($0)" }) == ":\(there)")
            #expect(rig.run(["TOUCH"] + numbers.map { "key:\($0)" }) == ":\(there)")
        }
        // A key that is named twice is gone the second time.
        #expect(rig.run("DEL", "key:1", "key:2", "key:1", "key:3", "key:2", "nosuch") == ":3")
    }

    /// A command that stops in the middle of its keys leaves nothing behind that another's keys could be taken for: they
    /// stand in the same places, and are as long.
    @Test func aWalkThatEndsEarlyIsForgotten() {
        for torn in [false, true] {
            for round in 0..<20 {
                // The first key exists: nothing is looked up behind it, though it was looked for.
                let stopped = ["MSETNX"] + (0..<40).flatMap { ["key:\(10_000 + $0 + round)", "x"] }
                #expect(feed(stopped, torn) == ":0")
                let (first, second) = (
                    "\(torn ? "a" : "b")ew:\(10_000 + round)", "new:\(torn ? 3 : 4)\(1000 + round)"
                )
                #expect(feed(["MSETNX", first, "1", second, "2"], torn) == ":1")
                #expect(rig.run("GET", first) == "$1 1" && rig.run("GET", second) == "$1 2")
            }
        }
        rig.engine.keys.checkInvariants()
    }

    private func feed(_ words: [String], _ torn: Bool) -> String {
        guard torn else { return rig.run(words) }
        let bytes = Array(
            ("*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()).utf8)
        var reply: [UInt8] = []
        for piece in [bytes.prefix(bytes.count / 2), bytes.dropFirst(bytes.count / 2)] {
            reply += rig.feed(Array(piece))
        }
        return String(decoding: reply.dropLast(2), as: UTF8.self)
    }
}
