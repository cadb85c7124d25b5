// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Keyspace
import Testing

@testable import Commands
@testable import Engine

extension Rig {
    /// The elements of a list, blanks between them.
    func list(_ key: String) -> String { words(run("LRANGE", key, "0", "-1")) }

    /// The texts of an array of bulk strings, blanks between them.
    func words(_ reply: String) -> String {
        reply.split(separator: " ").filter { !$0.hasPrefix("$") && !$0.hasPrefix("*") }
            .joined(separator: " ")
    }
}

/// The commands on one list, whichever way it is kept.
@Suite struct ListTests {
    /// A rig whose lists of more than three elements are quicklists of nodes of three.
    private func smallNodes() -> Rig {
        Rig(lines: ["list-max-listpack-size 3", "list-compress-depth 1"])
    }

    @Test func pushesAndPops() {
        for rig in [Rig(), smallNodes()] {
            #expect(rig.run("RPUSH", "l", "c", "d") == ":2")
            #expect(rig.run("LPUSH", "l", "b", "a") == ":4")
            #expect(rig.run("RPUSHX", "l", "e") == ":5" && rig.run("LPUSHX", "l", "0") == ":6")
            #expect(rig.run("RPUSHX", "m", "e") == ":0" && rig.run("LPUSHX", "m", "e") == ":0")
            #expect(rig.list("l") == "0 a b c d e")
            #expect(rig.run("LPOP", "l") == "$1 0" && rig.run("RPOP", "l") == "$1 e")
            #expect(rig.run("LPOP", "l", "2") == "*2 $1 a $1 b")
            #expect(rig.run("RPOP", "l", "9") == "*2 $1 d $1 c")
            #expect(rig.run("EXISTS", "l") == ":0")
            #expect(rig.run("LPOP", "l") == "$-1" && rig.run("LPOP", "l", "1") == "*-1")
            rig.run("RPUSH", "l", "a")
            #expect(rig.run("LPOP", "l", "0") == "*0" && rig.run("LLEN", "l") == ":1")
            #expect(rig.run("LPOP", "l") == "$1 a" && rig.run("LLEN", "l") == ":0")
            #expect(rig.mismatch == nil)
        }
    }

    @Test func refusals() {
        let rig = Rig()
        rig.run("RPUSH", "l", "a")
        rig.run("SET", "s", "x")
        let wrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value"
        for line in [
            "LPUSH s a", "RPUSHX s a", "LPOP s", "LPOP s 1", "LLEN s", "LRANGE s 0 1", "LINDEX s 0",
            "LPOS s a", "LSET s 0 a", "LINSERT s BEFORE a b", "LREM s 0 a", "LTRIM s 0 1",
            "LMOVE s l LEFT LEFT", "LMOVE l s LEFT LEFT", "RPOPLPUSH l s", "LMPOP 1 s LEFT", "BLPOP s 0",
            "BLMOVE s l LEFT LEFT 0", "BLMPOP 0 1 s LEFT",
        ] {
            #expect(rig.run(line.split(separator: " ").map(String.init)) == wrongType, "\(line)")
        }
        let positive = "-ERR value is out of range, must be positive"
        #expect(rig.run("LPOP", "l", "-1") == positive && rig.run("RPOP", "l", "x") == positive)
        #expect(rig.run("LPOP", "l", "1", "2") == "-ERR wrong number of arguments for 'lpop' command")
        #expect(rig.run("LSET", "m", "0", "a") == "-ERR no such key")
        #expect(rig.run("LSET", "l", "1", "a") == "-ERR index out of range")
        #expect(rig.run("LSET", "l", "-2", "a") == "-ERR index out of range")
        let notInteger = "-ERR value is not an integer or out of range"
        #expect(rig.run("LSET", "l", "x", "a") == notInteger && rig.run("LINDEX", "l", "x") == notInteger)
        #expect(rig.run("LINDEX", "m", "x") == "$-1" && rig.run("LRANGE", "m", "x", "0") == notInteger)
        #expect(rig.run("LINSERT", "l", "ON", "a", "b") == "-ERR syntax error")
        #expect(rig.run("LMOVE", "l", "m", "UP", "LEFT") == "-ERR syntax error")
        #expect(rig.run("LMPOP", "0", "l", "LEFT") == "-ERR numkeys should be greater than 0")
        #expect(rig.run("LMPOP", "x", "l", "LEFT") == "-ERR numkeys should be greater than 0")
        #expect(rig.run("LMPOP", "2", "l", "LEFT") == "-ERR syntax error")
        #expect(rig.run("LMPOP", "9223372036854775807", "l", "LEFT") == "-ERR syntax error")
        #expect(rig.run("LMPOP", "1", "l", "LEFT", "COUNT", "0") == "-ERR count should be greater than 0")
        #expect(rig.run("LMPOP", "1", "l", "LEFT", "COUNT") == "-ERR syntax error")
        #expect(rig.run("LMPOP", "1", "l", "LEFT", "COUNT", "1", "COUNT", "1") == "-ERR syntax error")
        #expect(rig.list("l") == "a" && rig.mismatch == nil)
    }

    @Test func reading() {
        for rig in [Rig(), smallNodes()] {
            rig.run("RPUSH", "l", "a", "b", "c", "12", "-5", "", "g")
            #expect(rig.run("LRANGE", "l", "1", "3") == "*3 $1 b $1 c $2 12")
            #expect(rig.run("LRANGE", "l", "-2", "100") == "*2 $0  $1 g")
            #expect(rig.run("LRANGE", "l", "3", "2") == "*0" && rig.run("LRANGE", "l", "7", "9") == "*0")
            #expect(rig.run("LRANGE", "m", "0", "-1") == "*0")
            let (least, most) = ("-9223372036854775808", "9223372036854775807")
            #expect(rig.run("LRANGE", "l", least, most).hasPrefix("*7 "))
            #expect(rig.run("LRANGE", "l", most, least) == "*0")
            #expect(
                rig.run("LRANGE", "l", least, least) == "*0" && rig.run("LRANGE", "l", most, most) == "*0")
            #expect(rig.run("LINDEX", "l", "4") == "$2 -5" && rig.run("LINDEX", "l", "-7") == "$1 a")
            #expect(rig.run("LINDEX", "l", least) == "$-1" && rig.run("LINDEX", "l", most) == "$-1")
        }
    }

    @Test func positions() {
        for rig in [Rig(), smallNodes()] {
            rig.run("RPUSH", "l", "a", "b", "c", "d", "1", "2", "3", "4", "3", "3", "c")
            #expect(rig.run("LPOS", "l", "c") == ":2" && rig.run("LPOS", "l", "x") == "$-1")
            #expect(rig.run("LPOS", "l", "c", "RANK", "2") == ":10")
            #expect(rig.run("LPOS", "l", "c", "RANK", "-1") == ":10")
            #expect(rig.run("LPOS", "l", "3", "RANK", "-3") == ":6")
            #expect(rig.run("LPOS", "l", "3", "COUNT", "0") == "*3 :6 :8 :9")
            #expect(rig.run("LPOS", "l", "3", "COUNT", "2", "RANK", "-1") == "*2 :9 :8")
            #expect(rig.run("LPOS", "l", "c", "COUNT", "0", "MAXLEN", "10") == "*1 :2")
            #expect(rig.run("LPOS", "l", "c", "COUNT", "0", "MAXLEN", "2") == "*0")
            #expect(rig.run("LPOS", "l", "c", "RANK", "-9223372036854775807") == "$-1")
            #expect(rig.run("LPOS", "m", "c", "COUNT", "1") == "*0" && rig.run("LPOS", "m", "c") == "$-1")
            #expect(rig.run("LPOS", "l", "c", "RANK", "0").hasPrefix("-ERR RANK can't be zero: use 1"))
            #expect(rig.run("LPOS", "l", "c", "COUNT", "-1") == "-ERR COUNT can't be negative")
            #expect(rig.run("LPOS", "l", "c", "MAXLEN", "-1") == "-ERR MAXLEN can't be negative")
            #expect(
                rig.run("LPOS", "l", "c", "RANK", "-9223372036854775808")
                    == "-ERR value is out of range, value must between -9223372036854775807 and "
                    + "9223372036854775807")
            #expect(rig.run("LPOS", "l", "c", "COUNT") == "-ERR syntax error")
        }
    }

    @Test func changes() {
        for rig in [Rig(), smallNodes()] {
            rig.run("RPUSH", "l", "a", "b", "a", "c", "a", "d")
            #expect(rig.run("LSET", "l", "1", "B") == "+OK" && rig.run("LSET", "l", "-1", "77") == "+OK")
            #expect(rig.list("l") == "a B a c a 77")
            #expect(rig.run("LINSERT", "l", "before", "c", "x") == ":7")
            #expect(rig.run("LINSERT", "l", "AFTER", "77", "y") == ":8")
            #expect(rig.run("LINSERT", "l", "AFTER", "none", "y") == ":-1")
            #expect(rig.run("LINSERT", "m", "AFTER", "none", "y") == ":0")
            #expect(rig.list("l") == "a B a x c a 77 y")
            #expect(rig.run("LREM", "l", "-2", "a") == ":2" && rig.list("l") == "a B x c 77 y")
            #expect(rig.run("LREM", "l", "0", "none") == ":0" && rig.run("LREM", "m", "0", "a") == ":0")
            #expect(rig.run("LREM", "l", "5", "77") == ":1")
            #expect(rig.run("LTRIM", "l", "1", "-2") == "+OK" && rig.list("l") == "B x c")
            #expect(rig.run("LTRIM", "l", "5", "1") == "+OK" && rig.run("EXISTS", "l") == ":0")
            #expect(rig.run("LTRIM", "m", "0", "1") == "+OK")
            #expect(rig.mismatch == nil)
        }
    }

    @Test func moves() {
        for rig in [Rig(), smallNodes()] {
            rig.run("RPUSH", "a", "1", "2", "3", "4")
            #expect(rig.run("LMOVE", "a", "b", "LEFT", "RIGHT") == "$1 1")
            #expect(rig.run("LMOVE", "a", "b", "right", "left") == "$1 4")
            #expect(rig.run("RPOPLPUSH", "a", "b") == "$1 3")
            #expect(rig.list("a") == "2" && rig.list("b") == "3 4 1")
            #expect(rig.run("LMOVE", "b", "b", "LEFT", "RIGHT") == "$1 3" && rig.list("b") == "4 1 3")
            #expect(rig.run("LMOVE", "a", "a", "LEFT", "LEFT") == "$1 2" && rig.list("a") == "2")
            #expect(rig.run("LMOVE", "a", "b", "LEFT", "LEFT") == "$1 2" && rig.run("EXISTS", "a") == ":0")
            #expect(rig.run("LMOVE", "a", "b", "LEFT", "LEFT") == "$-1")
            #expect(rig.run("LMPOP", "2", "a", "b", "RIGHT", "COUNT", "2") == "*2 $1 b *2 $1 3 $1 1")
            #expect(rig.run("LMPOP", "1", "b", "left") == "*2 $1 b *1 $1 2")
            #expect(rig.run("LMPOP", "1", "b", "LEFT", "COUNT", "99") == "*2 $1 b *1 $1 4")
            #expect(rig.run("LMPOP", "1", "b", "LEFT") == "*-1" && rig.mismatch == nil)
        }
    }

    @Test func nothingInRESP3() {
        let rig = Rig()
        rig.session().setRESP3ForTest(rig)
        #expect(rig.run("LPOP", "m") == "_" && rig.run("LPOP", "m", "1") == "_")
        #expect(rig.run("LMPOP", "1", "m", "LEFT") == "_" && rig.run("RPOPLPUSH", "m", "n") == "_")
        #expect(rig.run("LPOS", "m", "x") == "_" && rig.run("LINDEX", "m", "0") == "_")
    }

    /// Elements that come in blocks of their own are shared, not copied.
    @Test func largeElements() {
        let rig = Rig()
        let large = [UInt8](repeating: 65, count: 100_000)
        let name = Array("l".utf8)
        let start = rig.engine.keys.heap.usedBytes
        _ = rig.raw([Array("RPUSH".utf8), name, large, Array("x".utf8), large])
        #expect(rig.run("LLEN", "l") == ":3" && rig.run("OBJECT", "ENCODING", "l") == "$9 quicklist")
        #expect(rig.run("LMOVE", "l", "l", "LEFT", "RIGHT").hasPrefix("$100000 AAA"))
        #expect(rig.run("LMOVE", "l", "m", "RIGHT", "LEFT").hasPrefix("$100000 AAA"))
        #expect(rig.raw([Array("LPOS".utf8), name, large]) == Array(":1\r\n".utf8))
        #expect(rig.run("COPY", "l", "n") == ":1")
        #expect(rig.raw([Array("LREM".utf8), name, Array("0".utf8), large]) == Array(":1\r\n".utf8))
        #expect(rig.run("OBJECT", "ENCODING", "l") == "$8 listpack")
        rig.engine.keys.checkInvariants()
        rig.run("DEL", "l", "m", "n")
        #expect(rig.engine.keys.heap.usedBytes <= start + 1000 && rig.mismatch == nil)
    }

    @Test func effects() {
        let rig = Rig()
        let tap = Tap(rig)
        let expected: [(String, [String], [String])] = [
            ("RPUSH l a b c", ["RPUSH l a b c"], ["rpush l"]),
            ("LPUSHX l d", ["LPUSHX l d"], ["lpush l"]),
            ("LPUSHX m d", [], []),
            ("LPOP l", ["LPOP l"], ["lpop l"]),
            ("LPOP l 0", [], []),
            ("RPOP l 2", ["RPOP l 2"], ["rpop l"]),
            ("LSET l 0 x", ["LSET l 0 x"], ["lset l"]),
            ("LINSERT l AFTER x y", ["LINSERT l AFTER x y"], ["linsert l"]),
            ("LINSERT l AFTER z y", [], []),
            ("LREM l 0 none", [], []),
            ("LREM l 0 y", ["LREM l 0 y"], ["lrem l"]),
            ("LTRIM l 0 -1", [], ["ltrim l"]),
            ("LMOVE l m LEFT RIGHT", ["LMOVE l m LEFT RIGHT"], ["rpush m", "lpop l", "del l"]),
            ("RPOPLPUSH m m", ["RPOPLPUSH m m"], ["lpush m", "rpop m"]),
            ("LTRIM m 1 0", ["LTRIM m 1 0"], ["ltrim m", "del m"]),
            ("RPUSH l a b c", ["RPUSH l a b c"], ["rpush l"]),
            ("LMPOP 2 m l RIGHT COUNT 2", ["RPOP l 2"], ["rpop l"]),
            ("BLPOP m l 0", ["LPOP l"], ["lpop l", "del l"]),
            ("RPUSH l a b c", ["RPUSH l a b c"], ["rpush l"]),
            ("BLMPOP 0 1 l LEFT COUNT 9", ["LPOP l 3"], ["lpop l", "del l"]),
            ("RPUSH l a b", ["RPUSH l a b"], ["rpush l"]),
            ("BRPOPLPUSH l m 0", ["RPOPLPUSH l m"], ["lpush m", "rpop l"]),
            ("BLMOVE l m LEFT LEFT 0", ["LMOVE l m LEFT LEFT"], ["lpush m", "lpop l", "del l"]),
        ]
        for (line, commands, events) in expected {
            rig.run(line.split(separator: " ").map(String.init))
            #expect(tap.commands == commands, "\(line)")
            #expect(tap.events == events, "\(line)")
        }
        #expect(rig.mismatch == nil)
    }

    /// One change is counted for an element that moves, and one for each that comes or goes.
    @Test func changesAreCounted() {
        let rig = Rig()
        func dirty(_ words: String...) -> Int {
            let before = rig.engine.keys.stats.dirty
            rig.run(words)
            return rig.engine.keys.stats.dirty - before
        }
        #expect(dirty("RPUSH", "l", "a", "b", "c", "d", "e", "f") == 6)
        #expect(
            dirty("LMOVE", "l", "m", "LEFT", "LEFT") == 1 && dirty("LMOVE", "l", "l", "LEFT", "LEFT") == 1)
        #expect(dirty("LPOP", "l", "2") == 2 && dirty("LTRIM", "l", "1", "1") == 2)
        #expect(dirty("LTRIM", "l", "0", "-1") == 0)
    }
}
