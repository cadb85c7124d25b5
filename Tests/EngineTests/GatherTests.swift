// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Engine

/// Commands of several sessions that look for their keys together.
@Suite struct GatherTests {
    private func rig(seed: UInt64 = 1) -> Rig {
        let rig = Rig(seed: seed)
        rig.engine.keys.warmedCountMin = -1
        return rig
    }

    private func encoded(_ words: String...) -> [UInt8] { Rig.encode(words.map { Array($0.utf8) }) }

    private func text(_ replies: [[UInt8]]) -> [String] {
        replies.map { String(decoding: $0, as: UTF8.self).replacing("\r\n", with: " ") }
    }

    /// Input is gathered until there is enough of it, and not at all in a database that the caches hold.
    @Test func whatIsGathered() {
        let rig = rig()
        let engine = rig.engine
        encoded("GET", "a").withView { input in
            for number in 0..<Gathered.inputsMax {
                #expect(!engine.hasGatheredEnough)
                #expect(engine.gather(input, from: rig.session("s\(number)")))
            }
            #expect(engine.hasGatheredEnough && engine.gatheredCount == Gathered.inputsMax)
            engine.endGathered()
            rig.run(as: "other", "SELECT", "1")
            #expect(engine.gather(input, from: rig.session()))
            #expect(!engine.gather(input, from: rig.session("other")), "of another database")
            engine.endGathered()
            engine.keys.warmedCountMin = 16384
            #expect(!engine.gather(input, from: rig.session()))
        }
        [UInt8](repeating: 42, count: Gathered.bytesMax + 1).withView {
            engine.keys.warmedCountMin = -1
            #expect(!engine.gather($0, from: rig.session()))
        }
    }

    /// Commands with many keys fill the hints soon; what is beyond runs without.
    @Test func manyKeys() {
        let rig = rig()
        let words = ["MSET"] + (0..<40).flatMap { ["k\($0)", "\($0)"] }
        let input = Rig.encode(words.map { Array($0.utf8) })
        #expect(input.count <= Gathered.bytesMax * 2)
        let small = Rig.encode((["MGET"] + (0..<30).map { "k\($0)" }).map { Array($0.utf8) })
        _ = rig.feed(input)
        let replies = rig.feedTogether((0..<6).map { ("s\($0)", small) })
        #expect(Set(text(replies)).count == 1 && text(replies)[0].hasSuffix("$2 29 "))
    }

    /// Each sees what those before it have done, and a session that is closed, held or paused by one before it runs
    /// nothing of what was parsed for it.
    @Test func inTheirOrder() {
        let rig = rig()
        #expect(
            text(
                rig.feedTogether([
                    ("a", encoded("SET", "k", "1")), ("b", encoded("INCR", "k") + encoded("GET", "k")),
                    ("c", encoded("GET", "k")), ("a", encoded("DEL", "k")), ("c", encoded("GET", "k")),
                ])) == ["+OK ", ":2 $1 2 ", "$1 2 ", ":1 ", "$-1 "])
        let id = rig.session("c").id
        #expect(
            text(
                rig.feedTogether([
                    ("a", encoded("CLIENT", "KILL", "ID", "\(id)")), ("c", encoded("SET", "killed", "1")),
                    ("b", encoded("GET", "killed")),
                ])) == [":1 ", "", "$-1 "])
        #expect(
            text(
                rig.feedTogether([
                    ("a", encoded("CLIENT", "PAUSE", "100000", "WRITE")),
                    ("b", encoded("GET", "x") + encoded("SET", "x", "1") + encoded("GET", "x")),
                    ("d", encoded("GET", "x")), ("a", encoded("CLIENT", "UNPAUSE")),
                ])) == ["+OK ", "$-1 ", "$-1 ", "+OK "])
        #expect(rig.resumeHeld() == ["b": "+OK $1 1"])
        #expect(rig.mismatch == nil)
    }

    /// Torn, inline and malformed input goes to the assembler at its place.
    @Test func whatIsNoWholeCommand() {
        let rig = rig()
        let command = encoded("SET", "torn", "value")
        #expect(
            text(
                rig.feedTogether([
                    ("a", encoded("PING") + Array(command.prefix(20))), ("b", Array("GET torn\r\n".utf8)),
                    ("a", Array(command.dropFirst(20)) + encoded("GET", "torn")),
                    ("b", encoded("GET", "torn")),
                    ("c", Array("*1\r\n%4\r\n".utf8)), ("c", encoded("PING")), ("d", encoded("NOPE")),
                    ("d", encoded("GET")),
                ])) == [
                    "+PONG ", "$-1 ", "+OK $5 value ", "$5 value ",
                    "-ERR Protocol error: expected '$', got '%' ", "",
                    "-ERR unknown command 'NOPE', with args beginning with:  ",
                    "-ERR wrong number of arguments for 'get' command ",
                ])
        #expect(rig.mismatch == nil)
    }

    /// What follows a torn command belongs to it, even where it looks like a command: the value of one client's SET must
    /// never run.
    @Test func theMiddleOfACommandIsNoCommand() {
        let rig = rig()
        let inner = encoded("SET", "smuggled", "1")
        let outer = encoded("SET", "v", String(decoding: inner, as: UTF8.self))
        let begin = outer.count - inner.count - 2
        #expect(
            text(
                rig.feedTogether([
                    ("a", Array(outer[..<begin])), ("b", encoded("PING")),
                    ("a", inner), ("b", encoded("PING")), ("a", [13, 10] + encoded("EXISTS", "smuggled")),
                ])) == ["", "+PONG ", "", "+PONG ", "+OK :0 "])
        #expect(rig.mismatch == nil)
    }

    /// Whatever many sessions send together is answered as if it came one by one.
    @Test func answersAreThoseOfOneByOne() {
        let seed = UInt64.random(in: 0..<1_000_000)
        print("seed of GatherTests.answersAreThoseOfOneByOne: \(seed)")
        var random = SeededRandom(seed: seed)
        let (together, alone) = (rig(seed: 5), rig(seed: 5))
        together.comparesEvery = 100
        alone.comparesEvery = .max
        let keys = (0..<8).map { "k\($0)" }
        func command() -> [UInt8] {
            let (key, other) = (keys[random.below(8)], keys[random.below(8)])
            switch random.below(16) {
            case 0: return encoded("DEL", key, other)
            case 1: return encoded("MGET", key, other, key)
            case 2: return encoded("INCR", key)
            case 3: return encoded("MULTI")
            case 4, 5: return encoded("EXEC")
            case 6: return encoded("SELECT", "\(random.below(2))")
            case 7: return Array("INCR \(key)\r\n".utf8)
            case 8: return encoded("CLIENT", "REPLY", ["ON", "SKIP"][random.below(2)])
            case 9: return encoded("HELLO", "\(2 + random.below(2))")
            case 10: return encoded("RENAME", key, other)
            case 11: return encoded("WATCH", key)
            case 12: return encoded("GET", key)
            case 13:
                return encoded("SET", key, String(decoding: encoded("SET", other, "smuggled"), as: UTF8.self))
            default: return encoded("SET", key, "\(random.below(1000))")
            }
        }
        // What is left of a session's last command, once it was torn.
        var rests: [Int: [UInt8]] = [:]
        for _ in 0..<700 {
            let inputs = (0..<(1 + random.below(40))).map { _ in
                let number = random.below(12)
                var bytes = rests.removeValue(forKey: number) ?? []
                for _ in 0..<(1 + random.below(random.below(4) == 0 ? 20 : 2)) { bytes += command() }
                if random.below(10) == 0 {
                    // Best where the rest begins like a command.
                    let starts = bytes.indices.filter { bytes[$0] == UInt8(ascii: "*") && $0 > 0 }
                    let cut = starts.isEmpty ? random.below(bytes.count) : starts[random.below(starts.count)]
                    rests[number] = Array(bytes[cut...])
                    bytes.removeSubrange(cut...)
                }
                return (name: "s\(number)", bytes: bytes)
            }
            let expected = inputs.map { alone.feed(as: $0.name, $0.bytes) }
            guard text(together.feedTogether(inputs)) == text(expected) else {
                Issue.record("the answers differ: \(text(inputs.map(\.bytes)))")
                return
            }
        }
        together.compareNow()
        #expect(together.mismatch == nil)
        #expect(together.engine.stats.commands == alone.engine.stats.commands)
    }
}
