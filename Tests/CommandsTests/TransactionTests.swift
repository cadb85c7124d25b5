// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Commands
@testable import Engine

@Suite struct TransactionTests {
    private static let aborted = "-EXECABORT Transaction discarded because of previous errors."

    @Test func queueAndRun() {
        let rig = Rig()
        let tap = Tap(rig)
        #expect(rig.run("MULTI") == "+OK")
        #expect(rig.run("SET", "a", "1") == "+QUEUED")
        #expect(rig.run("INCR", "a") == "+QUEUED")
        #expect(rig.run("SADD", "s", "x", "y") == "+QUEUED")
        #expect(rig.run("GET", "a") == "+QUEUED")
        #expect(rig.run(as: "other", "GET", "a") == "$-1")
        #expect(tap.commands == [])
        #expect(rig.run("EXEC") == "*4 +OK :2 :2 $1 2")
        #expect(tap.commands == ["SET a 1", "INCR a", "SADD s x y"])
        #expect(rig.run("GET", "a") == "$1 2")
        #expect(rig.run("MULTI") == "+OK")
        #expect(rig.run("EXEC") == "*0")
        #expect(rig.mismatch == nil)
    }

    @Test func errorsInside() {
        let rig = Rig()
        rig.run("SET", "a", "text")
        rig.run("MULTI")
        rig.run("INCR", "a")
        rig.run("SADD", "a", "x")
        rig.run("SET", "b", "2")
        let reply = rig.run("EXEC")
        #expect(
            reply
                == "*3 -ERR value is not an integer or out of range \(SetTests.wrongType) +OK")
        #expect(rig.run("GET", "b") == "$1 2")
        #expect(rig.mismatch == nil)
    }

    @Test func misuse() {
        let rig = Rig()
        rig.run("SET", "a", "1")
        #expect(rig.run("EXEC") == "-ERR EXEC without MULTI")
        #expect(rig.run("DISCARD") == "-ERR DISCARD without MULTI")
        #expect(rig.run("MULTI") == "+OK")
        #expect(rig.run("SET", "a", "1") == "+QUEUED")
        // Either of the two spoils the transaction.
        for words in [["MULTI"], ["WATCH", "a"]] {
            #expect(
                rig.run(words) == "-ERR Command '\(words[0].lowercased())' not allowed inside a transaction")
            #expect(rig.run("EXEC") == TransactionTests.aborted)
            #expect(rig.run("MULTI") == "+OK")
        }
        rig.run("SET", "a", "2")
        #expect(rig.run("DISCARD") == "+OK")
        #expect(rig.run("GET", "a") == "$1 1")
        #expect(rig.run("DISCARD") == "-ERR DISCARD without MULTI")
        let arity =
            "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command"
        #expect(rig.run("EXEC", "x") == arity)
        rig.run("MULTI")
        rig.run("SET", "a", "3")
        #expect(rig.run("EXEC", "x") == arity)
        #expect(rig.run("EXEC") == "-ERR EXEC without MULTI")
        #expect(rig.run("GET", "a") == "$1 1")
        #expect(rig.mismatch == nil)
    }

    /// EXEC refused for what its session is: the text says so behind the code of EXEC.
    @Test func execItselfIsRefused() {
        let prefix = "-EXECABORT Transaction discarded because of: "
        let rig = Rig()
        rig.run("SUBSCRIBE", "a")
        #expect(
            rig.run("EXEC") == prefix
                + "Can't execute 'exec': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
        )
        #expect(rig.run("MULTI").hasPrefix("-ERR Can't execute 'multi': only "))
        #expect(rig.engine.errorCounts.sorted.map(\.code) == ["ERR", "EXECABORT"])
        let closed = Rig { $0.password = "secret" }
        for words in [["EXEC"], ["EXEC", "a"]] {
            #expect(closed.run(words) == prefix + "NOAUTH Authentication required.")
        }
        #expect(closed.run("MULTI") == "-NOAUTH Authentication required.")
    }

    @Test func spoiledQueue() {
        let rig = Rig()
        for bad in [["NOSUCH"], ["GET"], ["OBJECT", "NOSUCH", "a"], ["GET", "a", "b"]] {
            rig.run("MULTI")
            #expect(rig.run("SET", "a", "1") == "+QUEUED")
            #expect(rig.run(bad).hasPrefix("-ERR "))
            #expect(rig.run("SET", "b", "1") == "+QUEUED")
            #expect(rig.run("EXEC") == TransactionTests.aborted)
        }
        #expect(rig.run("EXISTS", "a", "b") == ":0")
        // The next transaction starts clean.
        rig.run("MULTI")
        rig.run("SET", "a", "1")
        #expect(rig.run("EXEC") == "*1 +OK")
        #expect(rig.mismatch == nil)
    }

    @Test func refusedForMemory() {
        let rig = Rig()
        let oom = "OOM command not allowed when used memory > 'maxmemory'."
        rig.run("CONFIG", "SET", "maxmemory", "1")
        #expect(rig.run("SET", "a", "1") == "-" + oom)
        rig.run("MULTI")
        #expect(rig.run("SET", "a", "1") == "-" + oom)
        // What needs no memory is queued.
        #expect(rig.run("GET", "a") == "+QUEUED")
        rig.run(as: "other", "CONFIG", "SET", "maxmemory", "0")
        #expect(rig.run("EXEC") == TransactionTests.aborted)
        // Memory runs out between the queueing and EXEC.
        rig.run("MULTI")
        rig.run("SET", "a", "1")
        rig.run(as: "other", "CONFIG", "SET", "maxmemory", "1")
        #expect(rig.run("EXEC") == "-EXECABORT Transaction discarded because of: " + oom)
        #expect(rig.run("EXEC") == "-ERR EXEC without MULTI")
        rig.run(as: "other", "CONFIG", "SET", "maxmemory", "0")
        rig.run("MULTI")
        rig.run("GET", "a")
        rig.run(as: "other", "CONFIG", "SET", "maxmemory", "1")
        #expect(rig.run("EXEC") == "*1 $-1")
        rig.run("MULTI")
        #expect(rig.run("DISCARD") == "+OK")
        #expect(rig.mismatch == nil)
    }

    @Test func watchedKeys() {
        let rig = Rig()
        rig.run("SET", "a", "1")
        #expect(rig.run("WATCH", "a", "b", "a") == "+OK")
        rig.run("MULTI")
        rig.run("SET", "c", "1")
        #expect(rig.run("EXEC") == "*1 +OK")
        // The watches ended with EXEC.
        rig.run(as: "other", "SET", "a", "2")
        rig.run("MULTI")
        #expect(rig.run("EXEC") == "*0")
        for change in [
            ["SET", "a", "2"], ["DEL", "a"], ["SADD", "b", "x"], ["PEXPIRE", "a", "100"], ["FLUSHALL"],
        ] {
            rig.run("SET", "a", "1")
            rig.run("WATCH", "a", "b")
            rig.run(as: "other", change)
            rig.run("MULTI")
            rig.run("SET", "c", "2")
            #expect(rig.run("EXEC") == "*-1", "\(change)")
            rig.run("DEL", "b")
        }
        rig.session().setRESP3ForTest(rig)
        rig.run("WATCH", "z")
        rig.run("SET", "z", "1")
        rig.run("MULTI")
        #expect(rig.run("EXEC") == "_")
        #expect(rig.engine.keys.watches.keyCount == 0)
        #expect(rig.mismatch == nil)
    }

    @Test func watchesEnd() {
        let rig = Rig()
        for end in [["UNWATCH"], ["DISCARD"]] {
            rig.run("WATCH", "a")
            rig.run(as: "other", "INCR", "a")
            if end == ["DISCARD"] { rig.run("MULTI") }
            #expect(rig.run(end) == "+OK")
            #expect(rig.engine.keys.watches.keyCount == 0)
            rig.run("MULTI")
            #expect(rig.run("EXEC") == "*0")
        }
        // UNWATCH in a transaction comes too late to help it.
        rig.run("WATCH", "a")
        rig.run("INCR", "a")
        rig.run("MULTI")
        #expect(rig.run("UNWATCH") == "+QUEUED")
        #expect(rig.run("EXEC") == "*-1")
        rig.run(as: "third", "WATCH", "a", "b")
        rig.engine.disconnected(rig.session("third"))
        #expect(rig.engine.keys.watches.keyCount == 0)
        #expect(rig.mismatch == nil)
    }

    @Test func watchedKeysThatDie() {
        let rig = Rig()
        rig.run("SET", "a", "1", "PX", "10")
        rig.run("WATCH", "a")
        rig.engine.keys.nowMs += 20
        rig.run("MULTI")
        rig.run("SET", "c", "1")
        #expect(rig.run("EXEC") == "*-1")
        // A key that was dead before the watch began is no change.
        rig.run("SET", "a", "1", "PX", "10")
        rig.engine.keys.nowMs += 20
        rig.run("WATCH", "a")
        rig.run("MULTI")
        rig.run("SET", "c", "1")
        #expect(rig.run("EXEC") == "*1 +OK")
        // The background may be the one to delete it.
        rig.run("SET", "a", "1", "PX", "10")
        rig.run("WATCH", "a")
        rig.advance(ms: 20)
        rig.run("MULTI")
        #expect(rig.run("EXEC") == "*-1")
        #expect(rig.mismatch == nil)
    }

    @Test func watchesKnowTheirDatabase() {
        let rig = Rig()
        rig.run("WATCH", "a")
        rig.run(as: "other", "SELECT", "1")
        rig.run(as: "other", "SET", "a", "1")
        rig.run("MULTI")
        #expect(rig.run("EXEC") == "*0")
        rig.run("WATCH", "a")
        #expect(rig.run(as: "other", "SWAPDB", "0", "1") == "+OK")
        rig.run("MULTI")
        #expect(rig.run("EXEC") == "*-1")
        #expect(rig.mismatch == nil)
    }

    @Test func exchangedDatabasesWithDeadKeys() {
        // A dead key that comes in is as good as none, so nothing changes; likewise one that goes for another.
        for deadHere in [false, true] {
            let rig = Rig()
            rig.engine.keys.expiresActively = false
            if deadHere { rig.run("SET", "k", "1", "PX", "10") }
            rig.run("SELECT", "1")
            rig.run("SET", "k", "2", "PX", "10")
            rig.run("SELECT", "0")
            rig.engine.keys.nowMs += 20
            rig.run("WATCH", "k")
            #expect(rig.run(as: "other", "SWAPDB", "0", "1") == "+OK")
            rig.run("MULTI")
            rig.run("PING")
            #expect(rig.run("EXEC") == "*1 +PONG")
            #expect(rig.mismatch == nil)
        }
        // A key that died while it was watched is a change, wherever it is found.
        let rig = Rig()
        rig.engine.keys.expiresActively = false
        rig.run("SET", "k", "1", "PX", "10")
        rig.run("WATCH", "k")
        rig.engine.keys.nowMs += 20
        rig.run(as: "other", "SWAPDB", "0", "1")
        rig.run("MULTI")
        #expect(rig.run("EXEC") == "*-1")
        // So is a live one that comes in.
        rig.run("WATCH", "k")
        rig.run(as: "other", "SELECT", "1")
        rig.run(as: "other", "SET", "k", "1")
        rig.run(as: "other", "SWAPDB", "1", "0")
        rig.run("MULTI")
        #expect(rig.run("EXEC") == "*-1")
        #expect(rig.mismatch == nil)
        rig.engine.keys.checkInvariants()
    }

    @Test func effectsOfAUnitAreOneTransaction() {
        let rig = Rig()
        let shape = ShapeReader(rig)
        rig.run("MULTI")
        rig.run("SET", "a", "1")
        rig.run("SELECT", "3")
        rig.run("SADD", "s", "x", "y", "z")
        rig.run("SPOP", "s")
        rig.run("SELECT", "0")
        rig.run("GET", "a")
        rig.run("SADD", "a", "wrong")
        #expect(rig.run("EXEC").hasPrefix("*7 +OK +OK :3 $1 "))
        #expect(shape.units == [[0, 3, 3]])
        #expect(shape.wrapped == [true])
        #expect(rig.run("DBSIZE") == ":1")
        // One effect needs no wrapping, whether from EXEC or not.
        rig.run("MULTI")
        rig.run("GET", "a")
        rig.run("SET", "a", "2")
        rig.run("EXEC")
        rig.run("SET", "a", "3")
        #expect(shape.units.dropFirst() == [[0], [0]])
        #expect(shape.wrapped.dropFirst() == [false, false])
        // A dead key's DEL and the command that met it belong together.
        rig.run("SET", "v", "1", "PX", "10")
        rig.engine.keys.nowMs += 20
        rig.run("SADD", "v", "x")
        #expect(shape.units.last == [0, 0])
        #expect(shape.wrapped.last == true)
        // Reads alone leave nothing.
        let count = shape.units.count
        rig.run("MULTI")
        rig.run("GET", "a")
        rig.run("EXEC")
        #expect(shape.units.count == count)
        #expect(rig.mismatch == nil)
    }

    /// Keys that die under one command have nothing to do with each other; a write that met them has.
    @Test func expiriesAloneAreNoTransaction() {
        let rig = Rig()
        let shape = ShapeReader(rig)
        for command in [["SCAN", "0"], ["RANDOMKEY"], ["MGET", "a", "b"], ["SET", "a", "1"]] {
            rig.run("MSET", "a", "1", "b", "2")
            rig.run("PEXPIRE", "a", "5")
            rig.run("PEXPIRE", "b", "5")
            rig.engine.keys.nowMs += 5
            rig.run(command)
            #expect(shape.units.last == [0, 0])
            #expect(shape.wrapped.last == (command[0] == "SET"))
            rig.advance(ms: 1)
            #expect(rig.run("DBSIZE") == (command[0] == "SET" ? ":1" : ":0"))
        }
        #expect(rig.mismatch == nil)
    }

    @Test func cutBackForgetsCommands() {
        let heap = Heap()
        let log = EffectLog(heap)
        log.readers = EffectLog.Reader.aof
        log.command("DEL", ByteView("a"), database: 0)
        let mark = log.mark
        #expect(!log.isTransaction(for: EffectLog.Reader.aof))
        log.command("DEL", ByteView("b"), database: 0)
        #expect(log.isTransaction(for: EffectLog.Reader.aof))
        log.cutBack(to: mark)
        #expect(!log.isTransaction(for: EffectLog.Reader.aof))
        #expect(log.commandCount == 1)
        log.clear()
        #expect(log.commandCount == 0)
    }

    @Test func largeArgumentsWait() {
        let rig = Rig()
        let value = [UInt8](repeating: 65, count: 100_000)
        rig.run("MULTI")
        #expect(rig.raw([Array("SET".utf8), Array("big".utf8), value]) == Array("+QUEUED\r\n".utf8))
        // Torn, so that the argument comes in a block of its own.
        let bytes = Rig.encode([Array("APPEND".utf8), Array("big".utf8), value])
        #expect(rig.feed(Array(bytes.prefix(30_000))).isEmpty)
        #expect(rig.feed(Array(bytes.dropFirst(30_000))) == Array("+QUEUED\r\n".utf8))
        let used = rig.engine.keys.heap.usedBytes
        #expect(rig.run("EXEC") == "*2 +OK :200000")
        #expect(rig.run("STRLEN", "big") == ":200000")
        #expect(rig.run("DEL", "big") == ":1")
        #expect(rig.engine.keys.heap.usedBytes < used)
        // A queue that is given up gives its blocks back.
        let before = rig.engine.keys.heap.usedBytes
        rig.run("MULTI")
        #expect(rig.feed(Array(bytes.prefix(30_000))).isEmpty)
        #expect(rig.feed(Array(bytes.dropFirst(30_000))) == Array("+QUEUED\r\n".utf8))
        #expect(rig.run("DISCARD") == "+OK")
        #expect(rig.engine.keys.heap.usedBytes <= before)
        #expect(rig.mismatch == nil)
    }

    @Test func twoSessionsInMulti() {
        let rig = Rig()
        rig.run("MULTI")
        rig.run(as: "other", "MULTI")
        rig.run("INCR", "n")
        rig.run(as: "other", "INCR", "n")
        #expect(rig.run(as: "other", "EXEC") == "*1 :1")
        #expect(rig.run("EXEC") == "*1 :2")
        #expect(rig.mismatch == nil)
    }
}

/// Keeps the databases of the commands of each unit, and whether the unit is to be wrapped.
private final class ShapeReader: EffectReader {
    private(set) var units: [[Int32]] = []
    private(set) var wrapped: [Bool] = []

    init(_ rig: Rig) { rig.engine.effectReaders.append(self) }

    func unitEnded(_ log: EffectLog) {
        units.append(log.effects.filter { $0.kind == .command }.map(\.database))
        wrapped.append(log.isTransaction(for: EffectLog.Reader.twin))
    }
}
