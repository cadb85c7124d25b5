// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Operations
import Testing

@testable import Commands

@Suite struct SortedSetTests {
    private static let wrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value"
    private let rig = Rig()

    /// Limits under which every sorted set is a tree, or none.
    private func keepPacked(_ packed: Bool) {
        rig.run("CONFIG", "SET", "zset-max-listpack-entries", packed ? "128" : "0")
    }

    @Test(arguments: [true, false]) func members(packed: Bool) {
        keepPacked(packed)
        #expect(rig.run("ZADD", "z", "1", "a", "2.5", "b", "-inf", "c") == ":3")
        #expect(rig.encodingName("z") == (packed ? "listpack" : "skiplist"))
        #expect(rig.run("ZADD", "z", "CH", "1", "a", "3", "b", "0", "d") == ":2")
        #expect(rig.run("ZCARD", "z") == ":4" && rig.run("TYPE", "z") == "+zset")
        #expect(rig.run("ZSCORE", "z", "c") == "$4 -inf" && rig.run("ZSCORE", "z", "x") == "$-1")
        #expect(rig.run("ZMSCORE", "z", "b", "x", "d") == "*3 $1 3 $-1 $1 0")
        #expect(rig.run("ZRANK", "z", "b") == ":3" && rig.run("ZREVRANK", "z", "b") == ":0")
        #expect(rig.run("ZRANK", "z", "b", "WITHSCORE") == "*2 :3 $1 3")
        #expect(rig.run("ZRANK", "z", "x", "WITHSCORE") == "*-1" && rig.run("ZRANK", "z", "x") == "$-1")
        #expect(rig.run("ZRANGE", "z", "0", "-1") == "*4 $1 c $1 d $1 a $1 b")
        #expect(rig.run("ZINCRBY", "z", "0.5", "a") == "$3 1.5")
        #expect(rig.run("ZINCRBY", "z", "2", "new") == "$1 2")
        #expect(rig.run("ZREM", "z", "a", "x", "new") == ":2")
        #expect(rig.run("ZREM", "z", "b", "c", "d") == ":3" && rig.run("EXISTS", "z") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test(arguments: [true, false]) func addOptions(packed: Bool) {
        keepPacked(packed)
        rig.run("ZADD", "z", "5", "a")
        #expect(rig.run("ZADD", "z", "NX", "7", "a", "8", "b") == ":1")
        #expect(rig.run("ZADD", "z", "XX", "CH", "6", "a", "9", "c") == ":1")
        #expect(rig.run("ZADD", "z", "GT", "CH", "5", "a", "9", "b", "1", "d") == ":2")
        #expect(rig.run("ZADD", "z", "LT", "CH", "5", "a", "10", "b") == ":1")
        #expect(rig.run("ZRANGE", "z", "0", "-1", "WITHSCORES") == "*6 $1 d $1 1 $1 a $1 5 $1 b $1 9")
        #expect(rig.run("ZADD", "z", "INCR", "2", "a") == "$1 7")
        #expect(rig.run("ZADD", "z", "GT", "INCR", "-2", "a") == "$-1")
        #expect(rig.run("ZADD", "z", "NX", "INCR", "2", "a") == "$-1")
        #expect(rig.run("ZADD", "none", "XX", "INCR", "2", "a") == "$-1")
        #expect(rig.run("ZADD", "none", "XX", "2", "a") == ":0" && rig.run("EXISTS", "none") == ":0")
        rig.run("ZADD", "z", "inf", "i")
        let noNumber = "-ERR resulting score is not a number (NaN)"
        #expect(rig.run("ZADD", "z", "INCR", "-inf", "i") == noNumber)
        #expect(rig.run("ZINCRBY", "z", "-inf", "i") == noNumber)
        #expect(rig.mismatch == nil)
    }

    @Test(arguments: [
        ("ZADD z NX XX 1 a", "-ERR XX and NX options at the same time are not compatible"),
        ("ZADD z GT LT 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible"),
        ("ZADD z NX GT 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible"),
        ("ZADD z INCR 1 a 2 b", "-ERR INCR option supports a single increment-element pair"),
        ("ZADD z NX 1", "-ERR syntax error"), ("ZADD z 1 a 2", "-ERR syntax error"),
        ("ZADD z FOO 1 a", "-ERR syntax error"), ("ZADD z 1 a x b", "-ERR value is not a valid float"),
        ("ZADD z nan a", "-ERR value is not a valid float"),
        ("ZADD z 1e400 a", "-ERR value is not a valid float"),
        ("ZADD str x a", "-ERR value is not a valid float"), ("ZADD str 1 a", wrongType),
        ("ZINCRBY str 1 a", wrongType), ("ZINCRBY z x a", "-ERR value is not a valid float"),
        ("ZREM str a", wrongType), ("ZCARD str", wrongType), ("ZSCORE str a", wrongType),
        ("ZMSCORE str a", wrongType), ("ZRANK str a", wrongType), ("ZRANK str a FOO", "-ERR syntax error"),
        ("ZRANK z a WITHSCORE x", "-ERR wrong number of arguments for 'zrank' command"),
        (
            "ZRANGE z 0 -1 LIMIT 0 1",
            "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
        ),
        (
            "ZRANGE z - + BYLEX WITHSCORES",
            "-ERR syntax error, WITHSCORES not supported in combination with BYLEX"
        ),
        ("ZRANGE z 0 -1 BYSCORE BYLEX", "-ERR syntax error"), ("ZRANGE z 0 -1 REV REV", "-ERR syntax error"),
        ("ZRANGE z x 1", "-ERR value is not an integer or out of range"),
        ("ZRANGE z 0 9223372036854775808", "-ERR value is not an integer or out of range"),
        ("ZRANGE z (x 1 BYSCORE", "-ERR min or max is not a float"),
        ("ZRANGE z a + BYLEX", "-ERR min or max not valid string range item"),
        ("ZRANGE str 0 1", wrongType), ("ZREVRANGE z 0 -1 REV", "-ERR syntax error"),
        ("ZRANGEBYSCORE z nan 1", "-ERR min or max is not a float"),
        ("ZRANGEBYSCORE z 1 2 LIMIT 1", "-ERR syntax error"),
        ("ZRANGEBYSCORE z 1 2 LIMIT x 1", "-ERR value is not an integer or out of range"),
        ("ZRANGEBYSCORE z 1 2 REV", "-ERR syntax error"),
        ("ZRANGESTORE d z 0 -1 WITHSCORES", "-ERR syntax error"),
        ("ZRANGESTORE d str 0 -1", wrongType), ("ZCOUNT z ( 0x1", "-ERR min or max is not a float"),
        ("ZCOUNT str 1 2", wrongType), ("ZLEXCOUNT z -a +", "-ERR min or max not valid string range item"),
        ("ZLEXCOUNT str - +", wrongType),
        ("ZREMRANGEBYRANK z x 1", "-ERR value is not an integer or out of range"),
        ("ZREMRANGEBYRANK str 0 1", wrongType),
        ("ZREMRANGEBYSCORE str x 1", "-ERR min or max is not a float"),
        ("ZREMRANGEBYLEX z x [a", "-ERR min or max not valid string range item"),
        ("ZUNION 0 z", "-ERR at least 1 input key is needed for 'zunion' command"),
        ("ZINTERSTORE d -1 z", "-ERR at least 1 input key is needed for 'zinterstore' command"),
        ("ZUNION x z", "-ERR value is not an integer or out of range"), ("ZUNION 2 z", "-ERR syntax error"),
        ("ZUNION 9223372036854775807 z", "-ERR syntax error"), ("ZUNION 2 z str", wrongType),
        ("ZUNION 2 z z WEIGHTS 1", "-ERR syntax error"),
        ("ZUNION 2 z z WEIGHTS 1 nan", "-ERR weight value is not a float"),
        ("ZUNION 1 z AGGREGATE AVG", "-ERR syntax error"),
        ("ZUNIONSTORE d 1 z WITHSCORES", "-ERR syntax error"),
        ("ZDIFF 1 z WEIGHTS 1", "-ERR syntax error"), ("ZDIFF 1 z AGGREGATE MIN", "-ERR syntax error"),
        ("ZINTERCARD 1 z LIMIT -1", "-ERR LIMIT can't be negative"),
        ("ZINTERCARD 1 z LIMIT", "-ERR syntax error"),
        ("ZPOPMIN z x", "-ERR value is out of range, must be positive"),
        ("ZPOPMIN z -1", "-ERR value is out of range, must be positive"),
        ("ZPOPMIN z 1 1", "-ERR syntax error"),
        ("ZPOPMAX str", wrongType), ("ZMPOP 0 z MIN", "-ERR numkeys should be greater than 0"),
        ("ZMPOP 1 z AVG", "-ERR syntax error"), ("ZMPOP 2 z MIN", "-ERR syntax error"),
        ("ZMPOP 1 z MIN COUNT 0", "-ERR count should be greater than 0"),
        ("ZMPOP 1 z MIN COUNT 1 COUNT 1", "-ERR syntax error"), ("ZMPOP 2 none str MAX", wrongType),
        ("BZPOPMIN z x", "-ERR timeout is not a float or out of range"),
        ("BZPOPMIN z -1", "-ERR timeout is negative"),
        ("BZPOPMIN z inf", "-ERR timeout is out of range"), ("BZPOPMIN none str 0", wrongType),
        ("BZPOPMIN z 9223372036854775", "-ERR timeout is out of range"),
        ("BZMPOP x 0 z MIN", "-ERR numkeys should be greater than 0"),
        ("BZMPOP x 1 z MIN", "-ERR timeout is not a float or out of range"),
        ("BZMPOP x 1 z FOO", "-ERR syntax error"),
        ("ZRANDMEMBER z 2 FOO", "-ERR syntax error"),
        ("ZRANDMEMBER z x", "-ERR value is not an integer or out of range"),
        (
            "ZRANDMEMBER z -9223372036854775808",
            "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"
        ),
        ("ZRANDMEMBER z 4611686018427387904 WITHSCORES", "-ERR value is out of range"),
        ("ZRANDMEMBER z -9223372036854775807", "-ERR value is out of range"),
        ("ZSCAN z x", "-ERR invalid cursor"), ("ZSCAN z 0 COUNT 0", "-ERR syntax error"),
        ("ZSCAN z 0 NOVALUES", "-ERR NOVALUES option can only be used in HSCAN"),
        ("SCAN 0 NOSCORES", "-ERR NOSCORES option can only be used in ZSCAN"),
    ]) func refusals(command: String, answer: String) {
        rig.run("ZADD", "z", "1", "a", "2", "b")
        rig.run("SET", "str", "x")
        let before = rig.run("DEBUG", "DIGEST")
        #expect(rig.run(command.split(separator: " ").map(String.init)) == answer)
        #expect(rig.run("DEBUG", "DIGEST") == before && rig.mismatch == nil)
    }

    @Test(arguments: [true, false]) func ranges(packed: Bool) {
        keepPacked(packed)
        rig.run("ZADD", "z", "1", "a", "2", "b", "3", "c", "4", "d")
        func range(_ words: String) -> String {
            rig.run(words.split(separator: " ").map(String.init)).split(separator: " ").filter {
                !"*$".contains($0.first ?? "x")
            }
            .joined(separator: " ")
        }
        #expect(range("ZRANGE z 1 2") == "b c" && range("ZRANGE z -2 -1") == "c d")
        #expect(range("ZRANGE z 0 -1 REV WITHSCORES") == "d 4 c 3 b 2 a 1")
        #expect(range("ZRANGE z 0 0 REV") == "d" && range("ZREVRANGE z 1 2") == "c b")
        #expect(range("ZRANGE z -9223372036854775808 9223372036854775807") == "a b c d")
        #expect(range("ZRANGE z 9223372036854775807 -9223372036854775808 REV") == "")
        #expect(range("ZRANGE z (1 3 BYSCORE") == "b c" && range("ZRANGE z 3 (1 BYSCORE REV") == "c b")
        #expect(range("ZRANGEBYSCORE z -inf +inf LIMIT 1 2") == "b c")
        #expect(range("ZREVRANGEBYSCORE z +inf -inf LIMIT 1 2") == "c b")
        #expect(range("ZRANGEBYSCORE z 1 4 LIMIT 9223372036854775807 9223372036854775807") == "")
        #expect(range("ZRANGEBYSCORE z 1 4 LIMIT 2 -9223372036854775808") == "c d")
        // Redis's packed sets have nothing at a negative offset, its larger ones count from the end.
        #expect(range("ZRANGEBYSCORE z 2 4 LIMIT -1 5") == (packed ? "" : "d"))
        #expect(range("ZREVRANGEBYSCORE z 4 2 LIMIT -2 1") == (packed ? "" : "c"))
        #expect(range("ZRANGEBYSCORE z 1 4 LIMIT -9223372036854775808 5") == "")
        #expect(range("ZRANGEBYSCORE z 2 2") == "b" && range("ZRANGEBYSCORE z (2 2") == "")
        #expect(rig.run("ZCOUNT", "z", "(1", "inf") == ":3" && rig.run("ZCOUNT", "z", "3", "1") == ":0")
        rig.run("ZADD", "l", "0", "a", "0", "ab", "0", "b", "0", "", "0", "c")
        #expect(rig.run("ZLEXCOUNT", "l", "-", "+") == ":5" && rig.run("ZLEXCOUNT", "l", "+", "-") == ":0")
        #expect(range("ZRANGEBYLEX l [a (b") == "a ab" && range("ZRANGEBYLEX l (a + LIMIT 1 1") == "b")
        #expect(range("ZREVRANGEBYLEX l (c [ab") == "b ab" && range("ZRANGE l + (a BYLEX REV") == "c b ab")
        #expect(rig.run("ZRANGEBYLEX", "l", "-", "[a") == "*2 $0  $1 a")
        #expect(rig.run("ZRANGESTORE", "d", "z", "(1", "+inf", "BYSCORE", "LIMIT", "0", "2") == ":2")
        #expect(range("ZRANGE d 0 -1 WITHSCORES") == "b 2 c 3")
        #expect(rig.run("ZRANGESTORE", "d", "z", "10", "20") == ":0" && rig.run("EXISTS", "d") == ":0")
        #expect(rig.run("ZREMRANGEBYRANK", "z", "-1", "-1") == ":1" && range("ZRANGE z 0 -1") == "a b c")
        #expect(rig.run("ZREMRANGEBYSCORE", "z", "(1", "2") == ":1" && range("ZRANGE z 0 -1") == "a c")
        #expect(rig.run("ZREMRANGEBYLEX", "l", "[a", "(b") == ":2" && rig.run("ZCARD", "l") == ":3")
        #expect(rig.run("ZREMRANGEBYSCORE", "z", "-inf", "inf") == ":2" && rig.run("EXISTS", "z") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test(arguments: [true, false]) func combinations(packed: Bool) {
        keepPacked(packed)
        rig.run("ZADD", "a", "1", "x", "2", "y", "3", "z")
        rig.run("ZADD", "b", "10", "y", "inf", "z", "5", "w")
        rig.run("SADD", "s", "x", "v")
        #expect(
            rig.run("ZUNION", "2", "a", "s", "WITHSCORES") == "*8 $1 v $1 1 $1 x $1 2 $1 y $1 2 $1 z $1 3")
        #expect(rig.run("ZINTER", "2", "a", "b", "WITHSCORES") == "*4 $1 y $2 12 $1 z $3 inf")
        #expect(
            rig.run("ZINTER", "2", "a", "b", "AGGREGATE", "MIN", "WITHSCORES") == "*4 $1 y $1 2 $1 z $1 3")
        #expect(
            rig.run("ZUNION", "2", "b", "b", "WEIGHTS", "1", "-1", "WITHSCORES")
                == "*6 $1 w $1 0 $1 y $1 0 $1 z $1 0")
        #expect(rig.run("ZUNION", "1", "s", "WEIGHTS", "2.5", "WITHSCORES") == "*4 $1 v $3 2.5 $1 x $3 2.5")
        #expect(rig.run("ZDIFF", "3", "a", "b", "none", "WITHSCORES") == "*2 $1 x $1 1")
        #expect(rig.run("ZDIFF", "2", "none", "a") == "*0" && rig.run("ZINTER", "2", "a", "none") == "*0")
        #expect(rig.run("ZINTERCARD", "2", "a", "b") == ":2")
        #expect(rig.run("ZINTERCARD", "2", "a", "b", "LIMIT", "1") == ":1")
        #expect(rig.run("ZUNIONSTORE", "a", "2", "a", "b", "AGGREGATE", "MAX") == ":4")
        #expect(rig.run("ZMSCORE", "a", "w", "x", "y", "z") == "*4 $1 5 $1 1 $2 10 $3 inf")
        #expect(rig.run("ZINTERSTORE", "s", "2", "a", "s") == ":1" && rig.run("TYPE", "s") == "+zset")
        #expect(rig.run("ZDIFFSTORE", "s", "2", "s", "a") == ":0" && rig.run("EXISTS", "s") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test(arguments: [true, false]) func pops(packed: Bool) {
        keepPacked(packed)
        rig.run("ZADD", "z", "1", "a", "2", "b", "3", "c", "4", "d", "5", "e")
        #expect(rig.run("ZPOPMIN", "z") == "*2 $1 a $1 1" && rig.run("ZPOPMAX", "z", "1") == "*2 $1 e $1 5")
        #expect(rig.run("ZPOPMIN", "z", "0") == "*0" && rig.run("ZPOPMIN", "none", "5") == "*0")
        let tap = Tap(rig)
        #expect(
            rig.run("ZMPOP", "2", "none", "z", "MAX", "COUNT", "2") == "*2 $1 z *2 *2 $1 d $1 4 *2 $1 c $1 3")
        #expect(tap.commands == ["ZPOPMAX z 2"] && tap.events == ["zpopmax z"])
        #expect(rig.run("ZMPOP", "1", "none", "MIN") == "*-1" && tap.commands.isEmpty)
        #expect(rig.run("BZPOPMIN", "none", "z", "0") == "*3 $1 z $1 b $1 2")
        #expect(tap.commands == ["ZPOPMIN z"] && tap.events == ["zpopmin z", "del z"])
        rig.run("ZADD", "z", "1", "a", "2", "b")
        #expect(
            rig.run("BZMPOP", "0", "1", "z", "MIN", "COUNT", "10") == "*2 $1 z *2 *2 $1 a $1 1 *2 $1 b $1 2")
        #expect(rig.mismatch == nil)
    }

    @Test func repliesOfRESP3() {
        rig.run("ZADD", "z", "1", "a", "2.5", "b", "inf", "c")
        rig.session().setRESP3ForTest(rig)
        #expect(rig.run("ZSCORE", "z", "b") == ",2.5" && rig.run("ZMSCORE", "z", "b", "x") == "*2 ,2.5 _")
        #expect(rig.run("ZRANGE", "z", "0", "1", "WITHSCORES") == "*2 *2 $1 a ,1 *2 $1 b ,2.5")
        #expect(
            rig.run("ZRANK", "z", "c", "WITHSCORE") == "*2 :2 ,inf"
                && rig.run("ZRANK", "z", "x", "WITHSCORE") == "_")
        #expect(
            rig.run("ZADD", "z", "INCR", "1", "a") == ",2"
                && rig.run("ZADD", "z", "NX", "INCR", "1", "a") == "_")
        #expect(rig.run("ZUNION", "1", "z", "WITHSCORES") == "*3 *2 $1 a ,2 *2 $1 b ,2.5 *2 $1 c ,inf")
        #expect(rig.run("ZRANDMEMBER", "z", "5", "WITHSCORES") == "*3 *2 $1 c ,inf *2 $1 b ,2.5 *2 $1 a ,2")
        #expect(rig.run("ZSCAN", "z", "0") == "*2 $1 0 *6 $1 a $1 2 $1 b $3 2.5 $1 c $3 inf")
        #expect(rig.run("ZPOPMIN", "z") == "*2 $1 a ,2" && rig.run("ZPOPMIN", "z", "1") == "*1 *2 $1 b ,2.5")
        #expect(rig.run("ZMPOP", "1", "none", "MIN") == "_")
        #expect(rig.run("BZPOPMAX", "z", "0") == "*3 $1 z $1 c ,inf")
        #expect(rig.mismatch == nil)
    }

    /// Which texts come out for scores; both real servers answer so.
    @Test(arguments: [true, false]) func scoreTexts(packed: Bool) {
        keepPacked(packed)
        let scores = [
            ("1e20", "1e+20"), ("1e-7", "1e-7"), ("3.0", "3"), ("9007199254740993", "9007199254740992"),
            ("1e17", "100000000000000000"), ("123456789.123456789", "1.2345678912345679e+8"),
            ("5e22", "49999999999999996000000"), ("-1e22", "-1e+22"),
            ("6.120529073258552", "6.1205290732585524"),
            ("76550688120529.88", "76550688120529.87"), ("0x1p3", "8"), ("-0", packed ? "0" : "-0"),
        ]
        for (text, printed) in scores {
            rig.run("ZADD", "z", text, "m")
            #expect(rig.run("ZSCORE", "z", "m") == "$\(printed.count) \(printed)", "\(text)")
            rig.run("DEL", "z")
        }
        #expect(rig.mismatch == nil)
    }

    @Test func encodings() {
        rig.run("CONFIG", "SET", "zset-max-ziplist-entries", "3")
        rig.run("ZADD", "z", "1", "a", "2", "b", "3", "c")
        #expect(rig.encodingName("z") == "listpack")
        rig.run("COPY", "z", "y")
        rig.run("ZADD", "z", "4", "d")
        #expect(rig.encodingName("z") == "skiplist" && rig.encodingName("y") == "listpack")
        rig.run("ZREM", "z", "d", "c")
        #expect(rig.encodingName("z") == "skiplist")
        rig.run("ZUNIONSTORE", "u", "1", "z")
        #expect(rig.encodingName("u") == "listpack")
        rig.run("ZADD", "many", "1", "a", "1", "a", "1", "a", "1", "a")
        #expect(rig.encodingName("many") == "skiplist")
        rig.run("ZADD", "y", "9", String(repeating: "x", count: 65))
        #expect(rig.encodingName("y") == "skiplist" && rig.run("ZCARD", "y") == ":4")
        rig.run("RENAME", "y", "w")
        rig.run("MOVE", "w", "1")
        rig.run("COPY", "z", "w", "DB", "1", "REPLACE")
        // A tree and a listpack of the same members are the same data.
        rig.run("ZADD", "packed", "1", "a", "2", "b")
        #expect(rig.encodingName("packed") == "listpack" && digest("z") == digest("packed"))
        #expect(rig.mismatch == nil)
        rig.engine.keys.checkInvariants()
    }

    private func digest(_ key: String) -> [UInt8] {
        let keys = rig.engine.keys
        return Array(key.utf8).withView { name in
            var digest = Digest()
            keys.peek(name).value.mix(into: &digest, keys)
            return digest.bytes
        }
    }

    @Test func scans() {
        rig.run(["ZADD", "z"] + (0..<1000).flatMap { ["\($0)", "m\($0)"] })
        var cursor = "0"
        var seen: [String: String] = [:]
        repeat {
            let reply = rig.run("ZSCAN", "z", cursor, "COUNT", "50", "MATCH", "m*5").split(
                separator: " ", maxSplits: 3)
            cursor = String(reply[2])
            for (member, score) in pairs(String(reply[3])) { seen[member] = score }
        } while cursor != "0"
        #expect(seen.count == 100 && seen.allSatisfy { $0.key == "m\($0.value)" })
        #expect(rig.run("ZSCAN", "none", "0", "COUNT", "x") == "*2 $1 0 *0")
        rig.run("ZADD", "y", "1", "a", "2", "b")
        #expect(rig.run("ZSCAN", "y", "0", "NOSCORES") == "*2 $1 0 *2 $1 a $1 b")
    }

    @Test func eventsAndPropagation() {
        let tap = Tap(rig)
        rig.run("ZADD", "z", "1", "a", "2", "b", "3", "c")
        rig.run("ZADD", "z", "1", "a")
        rig.run("ZADD", "z", "INCR", "1", "a")
        rig.run("ZINCRBY", "z", "1", "b")
        rig.run("ZREM", "z", "x")
        rig.run("ZREM", "z", "c")
        #expect(tap.commands == ["ZADD z 1 a 2 b 3 c", "ZADD z INCR 1 a", "ZINCRBY z 1 b", "ZREM z c"])
        #expect(tap.events == ["zadd z", "zincr z", "zincr z", "zrem z"])
        rig.run("ZUNIONSTORE", "d", "1", "z")
        rig.run("ZRANGESTORE", "d", "z", "0", "0")
        rig.run("ZINTERSTORE", "d", "2", "z", "none")
        rig.run("ZDIFFSTORE", "d", "1", "z")
        rig.run("ZREMRANGEBYSCORE", "d", "5", "6")
        rig.run("ZREMRANGEBYRANK", "d", "0", "-1")
        #expect(
            tap.events == [
                "zunionstore d", "zrangestore d", "del d", "zdiffstore d", "zremrangebyrank d", "del d",
            ])
        #expect(
            tap.commands == [
                "ZUNIONSTORE d 1 z", "ZRANGESTORE d z 0 0", "ZINTERSTORE d 2 z none", "ZDIFFSTORE d 1 z",
                "ZREMRANGEBYRANK d 0 -1",
            ])
        #expect(rig.mismatch == nil)
    }

    /// A source of another type is told before a wrong option.
    @Test(arguments: [
        "ZUNION 2 a b BOGUS", "ZINTER 1 a WITHSCORES BOGUS", "ZDIFF 1 a BOGUS", "ZUNIONSTORE d 1 a WEIGHTS x",
        "ZINTERSTORE d 1 a AGGREGATE x", "ZDIFFSTORE d 1 a BOGUS", "ZINTERCARD 1 a LIMIT -1",
    ])
    func typesComeBeforeOptions(_ line: String) {
        let rig = Rig()
        let words = line.split(separator: " ").map(String.init)
        #expect(rig.run(words).hasPrefix("-ERR "))
        rig.run("RPUSH", "a", "x")
        #expect(rig.run(words) == SetTests.wrongType)
    }

    /// Digests of scores with a fraction, as Redis 8.0.6 and Valkey 9.1.2 have them.
    @Test func digestOfAFraction() {
        let rig = Rig { $0.debugCommand = "yes" }
        rig.run("ZADD", "z", "0.1", "a")
        #expect(rig.run("DEBUG", "DIGEST-VALUE", "z").contains("6605f56364a85f2c14bc54c5b4318ac4616eb60a"))
    }
}
