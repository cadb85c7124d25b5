// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Keyspace
import Testing

@testable import Engine
@testable import Messaging

@Suite struct KeyspaceEventTests {
    /// A rig with a listener to everything that `letters` let through.
    private func rig(_ letters: String, _ patterns: String...) -> Rig {
        let rig = Rig()
        rig.run("CONFIG", "SET", "notify-keyspace-events", letters)
        rig.run(as: "ear", ["PSUBSCRIBE"] + (patterns.isEmpty ? ["__key*__:*"] : patterns))
        return rig
    }

    /// What was heard, as `channel=message`.
    private func heard(_ rig: Rig) -> [String] {
        let words = rig.pushes(as: "ear").split(separator: " ").filter {
            !$0.hasPrefix("$") && !$0.hasPrefix("*")
        }
        return stride(from: 0, to: words.count, by: 4).map { "\(words[$0 + 2])=\(words[$0 + 3])" }
    }

    @Test func bothKindsOfChannels() {
        let rig = rig("KEA")
        rig.run("SET", "a", "1", "EX", "10")
        #expect(
            heard(rig) == [
                "__keyspace@0__:a=set", "__keyevent@0__:set=a", "__keyspace@0__:a=expire",
                "__keyevent@0__:expire=a",
            ])
        rig.run("SELECT", "3")
        rig.run("SET", "b", "1")
        #expect(heard(rig) == ["__keyspace@3__:b=set", "__keyevent@3__:set=b"])
        #expect(rig.mismatch == nil)
    }

    @Test func classesAreChosen() {
        let rig = rig("Es")
        rig.run("SET", "a", "1")
        rig.run("SADD", "s", "x")
        rig.run("DEL", "s")
        #expect(heard(rig) == ["__keyevent@0__:sadd=s"])
        rig.run("CONFIG", "SET", "notify-keyspace-events", "Kg")
        rig.run("SADD", "s", "x")
        rig.run("DEL", "s")
        #expect(heard(rig) == ["__keyspace@0__:s=del"])
        // Without K or E nothing is sent, and nothing costs anything.
        rig.run("CONFIG", "SET", "notify-keyspace-events", "A")
        rig.run("SET", "a", "1")
        #expect(heard(rig) == [])
        #expect(rig.engine.keys.effects.eventMask == 0)
    }

    @Test func lettersAreShownInOneOrder() {
        let rig = Rig()
        func shown(_ letters: String) -> String {
            rig.run("CONFIG", "SET", "notify-keyspace-events", letters)
            return rig.run("CONFIG", "GET", "notify-keyspace-events").split(separator: " ").dropFirst(4)
                .joined()
        }
        #expect(shown("KEA") == "AKE")
        #expect(shown("Kg$") == "g$K")
        #expect(shown("xEg") == "gxE")
        #expect(shown("KEmn") == "nKEm")
        #expect(shown("dtezxhsl$gKE") == "AKE")
        #expect(shown("KEAnm") == "AnKEm")
        #expect(shown("") == "")
        #expect(
            rig.run("CONFIG", "SET", "notify-keyspace-events", "KEq")
                == "-ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - "
                + "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
    }

    @Test func missedAndNewKeysOnlyWhenAskedFor() {
        let rig = rig("EA")
        rig.run("GET", "none")
        rig.run("SET", "a", "1")
        #expect(heard(rig) == ["__keyevent@0__:set=a"])
        rig.run("CONFIG", "SET", "notify-keyspace-events", "Emn")
        rig.run("GET", "none")
        rig.run("SET", "b", "1")
        rig.run("SET", "b", "2")
        #expect(heard(rig) == ["__keyevent@0__:keymiss=none", "__keyevent@0__:new=b"])
        rig.run("OBJECT", "ENCODING", "none")
        #expect(heard(rig) == [])
        // The new key comes first, as in Redis, which makes it before it deletes the old one.
        rig.run("CONFIG", "SET", "notify-keyspace-events", "EAn")
        rig.run("RENAME", "b", "c")
        #expect(
            heard(rig) == [
                "__keyevent@0__:new=c", "__keyevent@0__:rename_from=b", "__keyevent@0__:rename_to=c",
            ])
    }

    @Test func expiryIsHeardWhenItHappens() {
        let rig = rig("Ex")
        rig.run("SET", "a", "1", "PX", "10")
        rig.advance(ms: 20)
        #expect(heard(rig) == ["__keyevent@0__:expired=a"])
    }

    /// The listener's own changes reach it behind the reply, and what was published meanwhile keeps its place.
    @Test func orderWithinATransaction() {
        let rig = Rig()
        rig.run("CONFIG", "SET", "notify-keyspace-events", "E$")
        rig.run("HELLO", "3")
        rig.run("SUBSCRIBE", "__keyevent@0__:set", "x")
        rig.run("MULTI")
        rig.run("SET", "a", "1")
        rig.run("PUBLISH", "x", "y")
        rig.run("SET", "b", "1")
        #expect(
            rig.run("EXEC")
                == "*3 +OK :1 +OK >3 $7 message $18 __keyevent@0__:set $1 a >3 $7 message $1 x $1 y"
                + " >3 $7 message $18 __keyevent@0__:set $1 b")
    }

    /// Command by command, as Redis says them.
    @Test(arguments: [
        ("SET a 1", "set a"),
        ("SET a 1 EX 10", "set a|expire a"),
        ("SET a 1 KEEPTTL", "set a"),
        ("SETEX a 10 1", "set a|expire a"),
        ("PSETEX a 10 1", "set a|expire a"),
        ("SETNX a 1", "set a"),
        ("SETNX str 1", ""),
        ("GETSET a 1", "set a"),
        ("MSET a 1 b 2", "set a|set b"),
        ("MSETNX a 1 b 2", "set a|set b"),
        ("GETDEL str", "del str"),
        ("GETEX str EX 10", "expire str"),
        ("GETEX str", ""),
        ("GETEX timed PERSIST", "persist timed"),
        ("GETEX str EXAT 1", "del str"),
        ("APPEND str x", "append str"),
        ("APPEND a x", "append a"),
        ("SETRANGE str 1 x", "setrange str"),
        ("SETRANGE str 1 ", ""),
        ("INCR n", "incrby n"),
        ("DECRBY n 2", "incrby n"),
        ("INCRBYFLOAT n 1.5", "incrbyfloat n"),
        ("DEL str n none", "del str|del n"),
        ("UNLINK str", "del str"),
        ("EXPIRE str 10", "expire str"),
        ("PEXPIREAT str 99999999999999", "expire str"),
        ("EXPIRE str -1", "del str"),
        ("EXPIRE none 10", ""),
        ("PERSIST timed", "persist timed"),
        ("PERSIST str", ""),
        ("RENAME str moved", "rename_from str|rename_to moved"),
        ("RENAME str n", "rename_from str|rename_to n"),
        ("RENAMENX str moved", "rename_from str|rename_to moved"),
        ("MOVE str 1", "move_from str|move_to str @1"),
        ("COPY str copied", "copy_to copied"),
        ("COPY str n REPLACE", "copy_to n"),
        ("COPY str copied DB 2", "copy_to copied @2"),
        ("TOUCH str", ""),
        ("FLUSHDB", ""),
        ("FLUSHALL", ""),
        ("SWAPDB 0 1", ""),
        ("SADD t x y", "sadd t"),
        ("SADD set m1", ""),
        ("SREM set m1", "srem set"),
        ("SREM set m1 m2 m3", "srem set|del set"),
        ("SREM set none", ""),
        ("SPOP set", "spop set"),
        ("SPOP set 2", "spop set"),
        ("SPOP set 3", "spop set|del set"),
        ("SPOP set 0", ""),
        ("SMOVE set u m1", "srem set|sadd u"),
        ("SMOVE one u m", "srem one|del one|sadd u"),
        ("SMOVE set set m1", ""),
        ("SINTERSTORE d set set", "sinterstore d"),
        ("SINTERSTORE set set one", "del set"),
        ("SINTERSTORE d set none", ""),
        ("SUNIONSTORE d set one", "sunionstore d"),
        ("SDIFFSTORE d set one", "sdiffstore d"),
    ])
    func everyCommandSaysWhatItDid(_ line: String, _ events: String) {
        let rig = Rig()
        rig.run("MSET", "str", "hello", "n", "10")
        rig.run("SET", "timed", "x", "EX", "100")
        rig.run("SADD", "set", "m1", "m2", "m3")
        rig.run("SADD", "one", "m")
        let tap = Tap(rig)
        rig.run(line.split(separator: " ", omittingEmptySubsequences: false).map(String.init))
        #expect(tap.events == events.split(separator: "|").map(String.init))
        #expect(rig.mismatch == nil)
    }
}
