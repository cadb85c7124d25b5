// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

/// What the commands on hashes refuse, word for word as Redis 8.0.6 does.
@Suite struct HashRefusalTests {
    /// A reply, and below it the commands that get it: `h` is a hash of a, b and c, `s` a string, nothing else exists.
    static let table = """
        -ERR Mandatory argument FIELDS is missing or not at the right position
        HEXPIRE h 10 NX XX FIELDS 1 a
        HEXPIRE h 10 GT LT FIELDS 1 a
        HEXPIRE h 10 FOO FIELDS 1 b
        HEXPIRE h 10 FOO BAR 1 b
        HEXPIRE nokey 10 FOO 0 b
        HTTL h FOO 1 a
        HTTL h a FIELDS 1
        HPERSIST h FOO 1 a
        HPERSIST nokey FOO 1 a
        HGETEX h FOO 1 a
        HGETEX h EX 10 PX 10 FIELDS 1 a
        HGETEX h EX 10 EX 10 FIELDS 1 a
        HGETEX h EX 10 PERSIST FIELDS 1 a
        HGETEX h PERSIST EX 10 FIELDS 1 a
        HGETEX h PERSIST PERSIST FIELDS 1 a
        HGETEX h PERSIST 1 FIELDS 1 a
        HGETEX h KEEPTTL FIELDS 1 a
        HGETEX h NX FIELDS 1 a
        HGETEX h EX 10 a FIELDS 1
        HGETDEL h FOO 1 a
        HGETEX h a b EX
        HGETEX h a b c d
        HEXPIRE h 10 NX XX FIELDS
        HEXPIRE h 10 NX XX 1 FIELDS
        -ERR Number of fields must be a positive integer
        HTTL h FIELDS 0 a
        HTTL h FIELDS x a
        HTTL h FIELDS 9223372036854775808 a
        HTTL h FIELDS -1 a
        HPERSIST h FIELDS 0 a
        HPERSIST h FIELDS x a
        HPERSIST nokey FIELDS 0 a
        HGETEX h FIELDS 0 a
        HGETEX h FIELDS x a
        HGETEX h FIELDS -1 a
        HGETEX h FIELDS 9223372036854775808 a
        HGETDEL h FIELDS 0 a
        HGETDEL h FIELDS x a
        HGETDEL h FIELDS -1 a
        HGETDEL h FIELDS 9223372036854775808 a
        HGETEX h PERSIST FIELDS a
        -ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified
        HSETEX h EX 10 PX 10 FIELDS 1 a b
        HSETEX h EX 10 EX 10 FIELDS 1 a b
        HSETEX h KEEPTTL EX 10 FIELDS 1 a b
        HSETEX h KEEPTTL KEEPTTL FIELDS 1 a b
        HSETEX h EX 10 EX 10 FIELDS 0 b
        HSETEX h EX 1 KEEPTTL FIELDS
        HSETEX h KEEPTTL FNX EX x FIELDS 1
        -ERR Only one of FXX or FNX arguments can be specified
        HSETEX h FNX FXX FIELDS 1 a b
        HSETEX h FNX FNX FIELDS 1 a b
        HSETEX h FXX FNX FIELDS 1 a b
        HSETEX h FNX FNX FNX EX
        HSETEX h EX 10 FNX FXX FIELDS 1 a
        -ERR Parameter `numFields` should be greater than 0
        HEXPIRE h 10 FIELDS x b
        HEXPIRE h 10 FIELDS -1 b
        HEXPIRE h 10 FIELDS 0 b
        HEXPIRE h 10 FIELDS 9223372036854775808 b
        HEXPIRE h 10 NX FIELDS b
        HEXPIRE nokey 10 FIELDS 0 b
        HEXPIRE h 10 FIELDS FIELDS 1
        -ERR The `numfields` parameter must match the number of arguments
        HEXPIRE h 10 FIELDS 1 b NX
        HEXPIRE h 10 FIELDS 9223372036854775807 b
        HEXPIRE h 10 FIELDS 4294967297 b
        HEXPIRE h 10 FIELDS 2147483648 b
        HEXPIRE h 10 FIELDS 1 b c
        HEXPIRE h 10 FIELDS 2 b
        HEXPIRE h 10 NX FIELDS 2 b
        HEXPIRE h 10 NX FIELDS 1
        HEXPIRE nokey 10 FIELDS 3 b
        HTTL h FIELDS 2 a
        HTTL h FIELDS 1 a b
        HTTL h FIELDS 9223372036854775807 a
        HPERSIST h FIELDS 2 a
        HPERSIST h FIELDS 1 a b
        HPERSIST h FIELDS 9223372036854775807 a
        HPERSIST nokey FIELDS 3 a
        HGETEX h FIELDS 2 a
        HGETEX h FIELDS 1 a b
        HGETEX h FIELDS 9223372036854775807 a
        HGETEX h EX 10 FIELDS 2 a
        HGETEX h EX 10 FIELDS 1 a b
        HGETEX h FIELDS 1 a EX 10
        HGETDEL h FIELDS 2 a
        HGETDEL h FIELDS 1 a b
        HGETDEL h FIELDS 9223372036854775807 a
        HGETEX h EX 1 FIELDS 1
        HGETEX h PERSIST FIELDS 1
        -ERR increment or decrement would overflow
        HINCRBY h a 9223372036854775807
        -ERR invalid cursor
        HSCAN h x
        HSCAN h -1
        HSCAN h 18446744073709551616
        HSCAN n x
        HSCAN s x
        -ERR invalid expire time in 'hexpire' command
        HEXPIRE nokey 99999999999999999 FIELDS 1 b
        HEXPIRE h 281474976710 FIELDS 1 b
        HEXPIRE h 70368744177 FIELDS 1 b
        HEXPIRE h 99999999999999999 FOO 1 a
        HEXPIRE h 99999999999999 FOO 1 a
        -ERR invalid expire time in 'hexpireat' command
        HEXPIREAT h 70368744178 FIELDS 1 b
        HEXPIREAT h 281474976711 FIELDS 1 b
        HEXPIREAT h 9223372036854775807 FIELDS 1 b
        HEXPIREAT h 9223372036854775 FIELDS 1 b
        -ERR invalid expire time in 'hgetex' command
        HGETEX h EX 9223372036854775807 FIELDS 1 a
        HGETEX h EX 70368744177664 FIELDS 1 a
        HGETEX h PX 70368744177664 FIELDS 1 a
        HGETEX h PXAT 70368744177664 FIELDS 1 a
        HGETEX h PXAT 281474976710656 FIELDS 1 a
        HGETEX h EXAT 70368744178 FIELDS 1 a
        HGETEX h EXAT 281474976711 FIELDS 1 a
        HGETEX h PXAT 9223372036854775807 FIELDS 1 a
        HGETEX h EX 99999999999999999 FOO 1 a
        -ERR invalid expire time in 'hpexpire' command
        HPEXPIRE h 9223372036854775807 FIELDS 1 b
        -ERR invalid expire time in 'hpexpireat' command
        HPEXPIREAT h 70368744177664 FIELDS 1 b
        HPEXPIREAT h 70368744177665 FIELDS 1 b
        HPEXPIREAT h 281474976710655 FIELDS 1 b
        HPEXPIREAT h 281474976710656 FIELDS 1 b
        HPEXPIREAT h 9223372036854775807 FIELDS 1 b
        -ERR invalid expire time in 'hsetex' command
        HSETEX h EX 9223372036854775807 FIELDS 1 a b
        HSETEX h PXAT 70368744177664 FIELDS 1 a b
        HSETEX h PXAT 281474976710656 FIELDS 1 a b
        HSETEX h PXAT 9223372036854775807 FIELDS 1 a b
        HSETEX h EXAT 9223372036854775 FIELDS 1 a b
        HSETEX h EX 70368744177 FIELDS 1 a b
        HSETEX h EXAT 70368744178 FIELDS 1 a b
        -ERR invalid expire time, must be >= 0
        HEXPIRE h -1 FOO 0 b
        HEXPIRE h -1 FIELDS 0 b
        HEXPIRE nokey -1 FIELDS 1 b
        HEXPIREAT h -9223372036854775808 FIELDS 1 b
        HPEXPIRE h -9223372036854775808 FIELDS 1 b
        HGETEX h EX -1 FIELDS 1 a
        HGETEX h EX -1 FOO 0 a
        HGETEX nokey EX -1 FIELDS 1 a
        HSETEX h EX -1 FIELDS 1 a b
        HGETEX h EX -1 1
        HSETEX h EX -9223372036854775808 FIELDS 1 a b
        -ERR invalid number of fields
        HSETEX h FIELDS 0 a b
        HSETEX h FIELDS x a b
        HSETEX h FIELDS -1 a b
        HSETEX h FIELDS 9223372036854775807 a b
        HSETEX h FIELDS 4611686018427387905 a b
        HSETEX h FIELDS 9223372036854775808 a b
        HSETEX h FIELDS FIELDS a b
        HSETEX s FIELDS 0 a b
        HSETEX h FIELDS 2147483648 a b
        HSETEX h FIELDS 4611686018427387903 a b
        -ERR syntax error
        HRANDFIELD h 1 FOO
        HRANDFIELD h 1 WITHVALUES FOO
        HRANDFIELD s 1 FOO
        HRANDFIELD n 1 FOO
        HSCAN h 0 COUNT 0
        HSCAN h 0 COUNT -1
        HSCAN h 0 COUNT
        HSCAN h 0 MATCH
        HSCAN h 0 TYPE hash
        HSCAN h 0 FOO
        HSCAN h 0 NOVALUES FOO
        -ERR unknown argument: FOO
        HSETEX h FOO 1 a b
        HSETEX h FOO FIELDS 1 a b
        HSETEX s FOO FIELDS 1 a b
        -ERR unknown argument: PERSIST
        HSETEX h PERSIST FIELDS 1 a b
        -ERR unknown argument: a
        HSETEX h EX 10 a b c
        HSETEX h a b c d
        HSETEX h a b c FIELDS
        -ERR value is NaN or Infinity
        HINCRBYFLOAT h a inf
        HINCRBYFLOAT h a -inf
        HINCRBYFLOAT h a infinity
        HINCRBYFLOAT n a inf
        -ERR value is not a valid float
        HINCRBYFLOAT h a x
        HINCRBYFLOAT s a x
        HINCRBYFLOAT h a nan
        HINCRBYFLOAT h em x
        -ERR value is not an integer or out of range
        HEXPIRE h x FIELDS 1 b
        HEXPIRE h x FIELDS 0 b
        HEXPIRE h x FOO 0 b
        HEXPIRE nokey x FIELDS 1 b
        HGETEX h EX FIELDS 1 a
        HGETEX h EX x FIELDS 1 a
        HGETEX h EX x FIELDS 0 a
        HGETEX nokey EX x FIELDS 1 a
        HSETEX h EX FIELDS 1 a b
        HSETEX h EX x FIELDS 1 a b
        HSETEX h EX x FNX FXX FIELDS 0 b
        HSETEX s EX x FIELDS 1 a b
        HRANDFIELD h x
        HRANDFIELD h x WITHVALUES
        HRANDFIELD h WITHVALUES
        HRANDFIELD s x
        HRANDFIELD n x
        HSCAN h 0 COUNT x
        HSCAN h 0 COUNT 9223372036854775808
        HINCRBY h a x
        HINCRBY s a x
        HINCRBY h em x
        HGETEX h EX x 1
        -ERR value is out of range
        HRANDFIELD h -9223372036854775807 WITHVALUES
        HRANDFIELD h -4611686018427387904 WITHVALUES
        HRANDFIELD h 9223372036854775807 WITHVALUES
        HRANDFIELD h 4611686018427387904 WITHVALUES
        -ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
        HRANDFIELD h -9223372036854775808
        HRANDFIELD n -9223372036854775808
        -ERR wrong number of arguments for 'hexpire' command
        HEXPIRE h 10 FIELDS 1
        -ERR wrong number of arguments for 'hget' command
        HGET h
        -ERR wrong number of arguments for 'hgetdel' command
        HGETDEL h FIELDS 1
        HGETDEL h FIELDS
        -ERR wrong number of arguments for 'hgetex' command
        HGETEX h EX
        HGETEX h EX 1
        HGETEX h EX 1 FIELDS
        HGETEX n EX 1 FIELDS
        -ERR wrong number of arguments for 'hlen' command
        HLEN h x
        -ERR wrong number of arguments for 'hmset' command
        HMSET h a 1 b
        -ERR wrong number of arguments for 'hpersist' command
        HPERSIST h FIELDS 1
        -ERR wrong number of arguments for 'hset' command
        HSET h a
        HSET h a 1 b
        HSET s
        HSET s a 1 b
        -ERR wrong number of arguments for 'hsetex' command
        HSETEX h FIELDS 1 a
        HSETEX h FIELDS 1 a b c
        HSETEX h FIELDS 1 a b c d
        HSETEX h FIELDS 2 a b c
        HSETEX h FIELDS 2 a b
        HSETEX h FIELDS 1 a b EX 10
        HSETEX h EX 10 FIELDS 1
        HSETEX h EX 10 FIELDS 1 a
        HSETEX h FNX FIELDS a b
        HSETEX h EX 10 FIELDS 1 a b NX
        HSETEX h FIELDS 2147483647 a b
        HSETEX h FIELDS 1073741824 a b
        HSETEX h KEEPTTL FNX FIELDS 1
        HSETEX h KEEPTTL FNX FIELDS x
        -ERR wrong number of arguments for 'httl' command
        HTTL h FIELDS 1
        -WRONGTYPE Operation against a key holding the wrong kind of value
        HEXPIRE s 10 FIELDS 1 b
        HEXPIRE s x FIELDS 1 b
        HEXPIRE s -1 FIELDS 1 b
        HEXPIRE s 10 FIELDS 0 b
        HEXPIRE s 10 FOO 0 b
        HEXPIRE s 10 FIELDS 3 b
        HTTL s FIELDS 0 a
        HTTL s FIELDS 1 a
        HPERSIST s FIELDS 0 a
        HPERSIST s FIELDS 1 a
        HGETEX s FIELDS 1 a
        HGETEX s FIELDS 0 a
        HGETEX s EX x FIELDS 1 a
        HGETEX s FOO x FIELDS 1 a
        HGETDEL s FIELDS 1 a
        HGETDEL s FIELDS 0 a
        HGETDEL s FOO 1 a
        HSETEX s FIELDS 1 a b
        HSETEX s FXX FIELDS 1 a b
        HSET s a 1
        HRANDFIELD s
        HSCAN s 0
        HSCAN s 0 FOO
        HINCRBY s a 1
        HINCRBYFLOAT s a 1
        HSETNX s a 1
        HEXISTS s a
        HLEN s
        HKEYS s
        HVALS s
        HGETALL s
        HMGET s a
        HGET s a
        HDEL s a
        HSTRLEN s a
        HGETEX s EX 1 1
        HGETEX s EX 1 FIELDS
        """

    @Test func refusalsAreThoseOfRedis() {
        let rig = Rig { $0.debugCommand = "yes" }
        rig.run("HSET", "h", "a", "1", "b", "2", "c", "3")
        rig.run("SET", "s", "x")
        let before = rig.run("DEBUG", "DIGEST")
        #expect(before.count == 41)
        var want = ""
        var count = 0
        for line in HashRefusalTests.table.split(separator: "\n").map(String.init) {
            if line.hasPrefix("-") {
                want = line
                continue
            }
            count += 1
            #expect(rig.run(line.split(separator: " ").map(String.init)) == want, "\(line)")
            #expect(rig.run("DEBUG", "DIGEST") == before, "\(line) changed something")
        }
        #expect(count > 250)
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    /// Options that Valkey takes and Redis does not, and what cannot be meant even so.
    @Test func optionsOfValkey() {
        let rig = Rig()
        rig.run("HSET", "h", "a", "1", "b", "2")
        #expect(rig.run("HEXPIRE", "h", "10", "XX", "GT", "FIELDS", "1", "a") == "*1 :0")
        #expect(rig.run("HEXPIRE", "h", "10", "NX", "NX", "FIELDS", "1", "a") == "*1 :1")
        #expect(rig.run("HEXPIRE", "h", "20", "GT", "XX", "FIELDS", "2", "a", "b") == "*2 :1 :0")
        #expect(rig.run("HEXPIRE", "h", "15", "XX", "LT", "FIELDS", "2", "a", "b") == "*2 :1 :0")
        #expect(rig.run("HSETEX", "h", "NX", "FIELDS", "1", "c", "3") == ":0")
        #expect(rig.run("HSETEX", "n", "XX", "FIELDS", "1", "c", "3") == ":0")
        #expect(rig.run("HSETEX", "n", "NX", "XX", "FIELDS", "1", "c", "3") == "-ERR syntax error")
        #expect(rig.run("HSETEX", "n", "NX", "NX", "FIELDS", "1", "c", "3") == "-ERR syntax error")
        let arity = "-ERR wrong number of arguments for 'hsetex' command"
        #expect(rig.run("HSETEX", "n", "NX", "FNX", "EX", "10") == arity)
        #expect(
            rig.run("HSETEX", "n", "NX", "FNX", "FXX", "EX")
                == "-ERR Only one of FXX or FNX arguments can be specified")
        #expect(rig.run("HSETEX", "n", "NX", "FNX", "10", "EX") == "-ERR unknown argument: 10")
        #expect(rig.run("HSETEX", "n", "XX", "FNX", "EX", "10", "PX").hasPrefix("-ERR Only one of EX"))
        #expect(rig.run("HSETEX", "n", "FNX", "XX", "FXX") == arity)
        #expect(rig.run("EXISTS", "n") == ":0")
        #expect(rig.run("HSETEX", "n", "NX", "FNX", "PX", "99", "FIELDS", "2", "a", "1", "b", "2") == ":1")
        #expect(rig.run("HSETEX", "n", "XX", "FXX", "FIELDS", "2", "a", "1", "c", "2") == ":0")
        #expect(rig.run("HSETEX", "n", "FXX", "XX", "FIELDS", "2", "a", "1", "b", "2") == ":1")
        #expect(rig.run("HSETEX", "n", "XX", "FNX", "FIELDS", "1", "b", "2") == ":0")
        #expect(rig.run("HLEN", "n") == ":2")
        #expect(rig.mismatch == nil)
    }
}
