// SPDX-License-Identifier: Apache-2.0
// Where commands take globs: what they make of an empty name, and of patterns that used to cost the product of lengths.
import EngineRig
import Testing

@testable import Commands
@testable import Engine

@Suite struct PatternTests {
    /// An empty name is chosen by a lone star and by the empty pattern, and by no other.
    @Test(arguments: [("*", true), ("", true), ("**", false), ("***", false), ("?", false), ("[^a]", false)])
    func theEmptyName(pattern: String, isChosen: Bool) {
        let rig = Rig()
        rig.run("SET", "", "1")
        rig.run("SADD", "set", "")
        rig.run("HSET", "hash", "", "1")
        let others = pattern == "" ? 0 : pattern == "?" || pattern == "[^a]" ? 0 : 2
        let expected = others + (isChosen ? 1 : 0)
        #expect(rig.run("KEYS", pattern).hasPrefix("*\(expected)"))
        #expect(rig.run("SCAN", "0", "MATCH", pattern, "COUNT", "100").hasPrefix("*2 $1 0 *\(expected)"))
        #expect(
            rig.run("SSCAN", "set", "0", "MATCH", pattern).hasPrefix("*2 $1 0 *\(isChosen ? 1 : 0)"))
        #expect(
            rig.run("HSCAN", "hash", "0", "MATCH", pattern).hasPrefix("*2 $1 0 *\(isChosen ? 2 : 0)"))
    }

    /// Channels have no such exception.
    @Test func theEmptyChannel() {
        let rig = Rig()
        rig.run(as: "listener", "PSUBSCRIBE", "*", "**")
        #expect(rig.run("PUBLISH", "", "nothing") == ":0")
        #expect(rig.run("PUBLISH", "a", "message") == ":2")
        rig.run(as: "listener", "PSUBSCRIBE", "")
        rig.run(as: "other", "SUBSCRIBE", "")
        #expect(rig.run("PUBLISH", "", "message") == ":2")
        #expect(rig.run("PUBSUB", "CHANNELS") == "*1 $0 ")
        #expect(rig.run("PUBSUB", "CHANNELS", "") == "*1 $0 ")
        #expect(rig.run("PUBSUB", "CHANNELS", "*") == "*0")
    }

    /// What a pattern is made into belongs to the memory of its subscriber, and is given back with it.
    @Test func patternsAreInTheBooks() {
        let rig = Rig()
        rig.run("PING")
        let before = rig.session().featureBytes
        let pattern = (0..<1000).map { "[\(Character(UnicodeScalar(UInt8(97 + $0 % 26))))\($0 % 10)]" }
            .joined()
        rig.run("PSUBSCRIBE", pattern)
        #expect(rig.session().featureBytes > before + pattern.utf8.count + 4 * 1000)
        rig.run("PUNSUBSCRIBE", pattern)
        #expect(rig.session().featureBytes == before)
    }

    @Test func everyCommandTakesClasses() {
        let rig = Rig()
        let letters = String(repeating: "abcdefgh", count: 1000)
        rig.run("SET", String(repeating: "a", count: 60_000), "1")
        rig.run("SADD", "set", String(repeating: "a", count: 60_000))
        for pattern in ["*[\(letters)]z", "*\(String(repeating: "[\(letters.prefix(2))]", count: 2000))z*"] {
            #expect(rig.run("KEYS", pattern) == "*0")
            #expect(rig.run("SCAN", "0", "MATCH", pattern) == "*2 $1 0 *0")
            #expect(rig.run("SSCAN", "set", "0", "MATCH", pattern) == "*2 $1 0 *0")
        }
        #expect(rig.run("KEYS", "*[\(letters)]a").hasPrefix("*1"))
        #expect(rig.run("CONFIG", "GET", "[\(letters)]ind").hasPrefix("*2 $4 bind"))
        #expect(
            rig.run("COMMAND", "LIST", "FILTERBY", "PATTERN", "[\(letters.uppercased())]ET") == "*1 $3 get")
    }
}
