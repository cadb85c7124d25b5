// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Keyspace
import Testing

@testable import Commands
@testable import Engine

@Suite struct SortTests {
    private let rig = Rig()

    private func sort(_ line: String) -> String {
        rig.words(rig.run(["SORT"] + line.split(separator: " ").map(String.init)))
    }

    @Test func numbers() {
        rig.run("RPUSH", "l", "10", "9", "2", "-3.5", "1e2", "2")
        #expect(sort("l") == "-3.5 2 2 9 10 1e2" && sort("l DESC") == "1e2 10 9 2 2 -3.5")
        #expect(sort("l LIMIT 1 2") == "2 2" && sort("l DESC LIMIT 0 1") == "1e2")
        #expect(sort("l LIMIT -5 2") == "-3.5 2" && sort("l LIMIT 4 -1") == "10 1e2")
        #expect(sort("l LIMIT 9 3") == "" && sort("l LIMIT 0 0") == "")
        #expect(sort("l LIMIT 9223372036854775807 9223372036854775807") == "")
        #expect(sort("l LIMIT -9223372036854775808 9223372036854775807") == "-3.5 2 2 9 10 1e2")
        #expect(sort("l ASC ALPHA") == "-3.5 10 1e2 2 2 9" && sort("none") == "")
        rig.run("SADD", "s", "5", "3", "4")
        #expect(sort("s") == "3 4 5" && sort("s DESC ALPHA") == "5 4 3")
        #expect(rig.run("SORT_RO", "s", "LIMIT", "0", "1") == "*1 $1 3")
    }

    @Test(arguments: ["inf", "-inf", "+5", "1e400", "1e-400", "", "5."])
    func textsThatAreNumbers(_ text: String) {
        rig.run("RPUSH", "l", text, "3")
        #expect(rig.run("SORT", "l").hasPrefix("*2"), "\(text)")
    }

    @Test(arguments: ["a", " 1", "1 ", "0x10", "nan", "1.5b", "--1", "1e", "infinit"])
    func textsThatAreNone(_ text: String) {
        rig.run("RPUSH", "l", text, "3")
        #expect(rig.run("SORT", "l") == "-ERR One or more scores can't be converted into double")
        #expect(rig.run("SORT", "l", "BY", "nosort").hasPrefix("*2"))
    }

    @Test func refusals() {
        rig.run("SET", "s", "x")
        rig.run("HSET", "h", "f", "1")
        let wrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value"
        #expect(rig.run("SORT", "s") == wrongType && rig.run("SORT", "h", "BY", "x") == wrongType)
        for line in ["l LIMIT 1", "l STORE", "l BY", "l GET", "l UP"] {
            #expect(
                rig.run(["SORT"] + line.split(separator: " ").map(String.init)) == "-ERR syntax error",
                "\(line)")
        }
        #expect(rig.run("SORT_RO", "l", "STORE", "x") == "-ERR syntax error")
        #expect(rig.run("SORT", "l", "LIMIT", "x", "1") == "-ERR value is not an integer or out of range")
    }

    @Test func patterns() {
        rig.run("RPUSH", "l", "1", "2", "3", "4")
        rig.run("MSET", "w1", "30", "w2", "10", "w3", "20", "n1", "one", "n3", "three")
        #expect(sort("l BY w*") == "4 2 3 1" && sort("l BY w* DESC") == "1 3 2 4")
        #expect(
            rig.run("SORT", "l", "BY", "w*", "GET", "#", "GET", "n*", "LIMIT", "2", "2")
                == "*4 $1 3 $5 three $1 1 $3 one")
        #expect(rig.run("SORT", "l", "GET", "n*") == "*4 $3 one $-1 $5 three $-1")
        #expect(rig.run("SORT", "l", "GET", "n1", "LIMIT", "0", "1") == "*1 $-1")
        rig.run("HSET", "h1-x", "f", "3", "->", "9")
        rig.run("HSET", "h2-x", "f", "1")
        #expect(sort("l BY h*-x->f") == "3 4 2 1")
        #expect(rig.run("SORT", "l", "BY", "h*-x->f", "GET", "h*-x->f") == "*4 $-1 $-1 $1 1 $1 3")
        // A hash is no string, nor a string a hash; an arrow without a field is part of the name.
        #expect(rig.run("SORT", "l", "GET", "h*-x", "GET", "n*->f", "LIMIT", "0", "1") == "*2 $-1 $-1")
        rig.run("SET", "v1->", "arrow")
        #expect(rig.run("SORT", "l", "GET", "v*->", "LIMIT", "0", "1") == "*1 $5 arrow")
        #expect(rig.run("SORT", "l", "BY", "n*") == "-ERR One or more scores can't be converted into double")
        #expect(sort("l BY n* ALPHA") == "2 4 1 3" && rig.mismatch == nil)
    }

    @Test func nothingToSort() {
        rig.run("RPUSH", "l", "3", "1", "2", "4")
        #expect(sort("l BY nosort") == "3 1 2 4" && sort("l BY nosort DESC") == "4 2 1 3")
        #expect(sort("l BY nosort LIMIT 1 2") == "1 2" && sort("l BY nosort DESC LIMIT 1 2") == "2 1")
        rig.run("SADD", "s", "c", "a", "b")
        #expect(rig.run("SORT", "s", "BY", "nosort", "STORE", "d") == ":3" && rig.list("d") == "a b c")
        #expect(rig.run("SORT", "s", "BY", "nosort").hasPrefix("*3 "))
    }

    /// Fields and keys that have died are not met, and are deleted when they are.
    @Test func deadOnes() {
        rig.run("RPUSH", "l", "1", "2")
        rig.run("SET", "w1", "5", "PX", "10")
        rig.run("SET", "w2", "1")
        rig.run("HSET", "h1", "f", "x")
        rig.run("HPEXPIRE", "h1", "10", "FIELDS", "1", "f")
        rig.sleepWithoutExpiry(ms: 20)
        #expect(sort("l BY w*") == "1 2" && rig.run("SORT", "l", "GET", "h*->f") == "*2 $-1 $-1")
        #expect(rig.run("EXISTS", "w1", "h1") == ":0" && rig.mismatch == nil)
    }

    @Test func storing() {
        rig.run("RPUSH", "l", "3", "1", "2")
        rig.run("SET", "d", "x", "EX", "100")
        let tap = Tap(rig)
        #expect(rig.run("SORT", "l", "STORE", "d") == ":3" && rig.list("d") == "1 2 3")
        #expect(rig.run("TTL", "d") == ":-1" && rig.run("OBJECT", "ENCODING", "d") == "$8 listpack")
        #expect(rig.run("SORT", "d", "DESC", "GET", "x*", "STORE", "d") == ":3")
        #expect(rig.run("LRANGE", "d", "0", "-1") == "*3 $0  $0  $0 ")
        #expect(rig.run("SORT", "none", "STORE", "d") == ":0" && rig.run("EXISTS", "d") == ":0")
        #expect(rig.run("SORT", "none", "STORE", "d") == ":0")
        #expect(
            tap.commands == ["SORT l STORE d", "SORT d DESC GET x* STORE d", "SORT none STORE d"])
        #expect(tap.events == ["sortstore d", "sortstore d", "del d"] && rig.mismatch == nil)
        rig.run(["RPUSH", "big"] + (0..<5000).map { "\(5000 - $0)" })
        #expect(rig.run("SORT", "big", "STORE", "d") == ":5000")
        #expect(
            rig.run("OBJECT", "ENCODING", "d") == "$9 quicklist" && rig.run("LINDEX", "d", "77") == "$2 78")
        rig.engine.keys.checkInvariants()
    }

    @Test func largeElements() {
        let large = String(repeating: "x", count: 30_000)
        rig.run("RPUSH", "l", large + "b", "y", large + "a")
        rig.run("SET", "w" + large + "a", large)
        #expect(rig.run("SORT", "l", "ALPHA") == "*3 $30001 \(large)a $30001 \(large)b $1 y")
        #expect(rig.run("SORT", "l", "ALPHA", "GET", "w*", "LIMIT", "0", "1") == "*1 $30000 \(large)")
        #expect(rig.run("SORT", "l", "ALPHA", "STORE", "d") == ":3" && rig.mismatch == nil)
    }

    @Test func manyElements() {
        let seed: UInt64 = 20_261_127
        print("seed of SortTests.manyElements: \(seed)")
        var random = SmallRandom(seed: seed)
        let numbers = (0..<2000).map { _ in Int(random.next() % 500) - 250 }
        rig.run(["RPUSH", "l"] + numbers.map(String.init))
        let sorted = numbers.sorted()
        #expect(sort("l") == sorted.map(String.init).joined(separator: " "))
        #expect(
            sort("l DESC LIMIT 100 50")
                == sorted.reversed()[100..<150].map(String.init).joined(separator: " "))
        #expect(sort("l ALPHA") == numbers.map(String.init).sorted().joined(separator: " "))
    }

    /// Any generator will do.
    private struct SmallRandom {
        var state: UInt64
        init(seed: UInt64) { state = seed }
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }

    @Test func keysOfACall() {
        #expect(
            rig.run("COMMAND", "GETKEYS", "SORT", "k", "BY", "store", "GET", "x", "STORE", "d")
                == "*2 $1 k $1 d")
        #expect(rig.run("COMMAND", "GETKEYS", "SORT", "k", "STORE", "a", "STORE", "b") == "*2 $1 k $1 b")
        #expect(rig.run("COMMAND", "GETKEYS", "SORT_RO", "k", "STORE", "a") == "*1 $1 k")
    }
}
