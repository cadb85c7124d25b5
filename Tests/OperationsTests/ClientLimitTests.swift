// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

@testable import Engine
@testable import Operations

/// What clients may hold: output limits, `maxmemory-clients`, and the sums behind them.
@Suite struct ClientLimitTests {
    private let text = String(repeating: "x", count: 10_000)

    private func doomed(_ rig: Rig) -> [UInt64] {
        let ids = rig.engine.clients.takeDoomed()
        for id in ids {
            if let session = rig.engine.clients.sessions[id] { rig.engine.disconnected(session) }
        }
        return ids
    }

    // MARK: Output

    @Test func theDirective() {
        let rig = Rig()
        let name = "client-output-buffer-limit"
        func set(_ value: String) -> String { rig.run("CONFIG", "SET", name, value) }
        let wrong = "-ERR CONFIG SET failed (possibly related to argument '\(name)') - "
        #expect(set("normal 1 2") == wrong + "Wrong number of arguments in buffer limit configuration.")
        // No limits at all change none; words are one blank apart.
        #expect(set("") == "+OK")
        for odd in ["\"\"", "normal  0 0 0", " normal 0 0 0"] {
            #expect(set(odd) == wrong + "Wrong number of arguments in buffer limit configuration.")
        }
        #expect(
            set("master 1 2 3") == wrong + "Invalid client class specified in buffer limit configuration.")
        for bad in ["normal 1x 2 3", "normal 1 2mbs 3", "normal 1 2 3s", "normal -1 2 3", "normal 1 2 -3"] {
            #expect(
                set(bad) == wrong
                    + "Error in hard, soft or soft_seconds setting in buffer limit configuration.")
        }
        #expect(set("pubsub 1gb 5k 6 NORMAL 1mb 2 3") == "+OK")
        #expect(
            rig.run("CONFIG", "GET", name).hasSuffix(
                " normal 1048576 2 3 slave 268435456 67108864 60 pubsub 1073741824 5000 6"))
        #expect(rig.engine.limitedClasses == 7)
        #expect(set("replica 0 0 0 normal 0 0 60") == "+OK")
        #expect(rig.engine.limitedClasses == OutputClass.pubsub.rawValue)
    }

    @Test func aReplyBeyondTheLimitIsGivenUp() {
        let rig = Rig()
        rig.run("SET", "a", text)
        rig.run("CONFIG", "SET", "client-output-buffer-limit", "normal 50000 0 0")
        #expect(rig.run(["MGET"] + Array(repeating: "a", count: 4)).count > 40_000)
        #expect(rig.run(as: "b", ["MGET"] + Array(repeating: "a", count: 5)) == "")
        #expect(rig.session("b").isDoomed && doomed(rig) == [2])
        #expect(rig.engine.stats.outputLimitDisconnections == 1)
        #expect(
            rig.host.logged.count == 1 && rig.host.logged[0].hasPrefix("Client id=2 addr=127.0.0.1:5001 ")
                && rig.host.logged[0].hasSuffix(
                    " scheduled to be closed ASAP for overcoming of output buffer limits.")
        )
        #expect(rig.run("PING") == "+PONG")
        #expect(!rig.engine.reply.hasOverflowed && !rig.engine.reply.isMuted)
    }

    /// The commands of one read count together, and those behind the limit are not executed.
    @Test(arguments: [10_000, 20_000])
    func aPipelineIsCutShort(_ size: Int) {
        let rig = Rig()
        rig.run("SET", "a", String(repeating: "x", count: size))
        rig.run("CONFIG", "SET", "client-output-buffer-limit", "normal 100000 0 0")
        var input: [UInt8] = []
        for _ in 0..<50 {
            input += Rig.encode([Array("GET".utf8), Array("a".utf8)])
            input += Rig.encode([Array("INCR".utf8), Array("n".utf8)])
        }
        #expect(rig.feed(as: "b", input).isEmpty)
        #expect(rig.run("GET", "n") == (size == 10_000 ? "$1 9" : "$1 4"))
        #expect(doomed(rig) == [2])
        #expect(rig.mismatch == nil)
    }

    @Test func transactionsRunToTheirEnd() {
        let rig = Rig()
        rig.run("SADD", "s", "a", text, text + "1", text + "2")
        rig.run("CONFIG", "SET", "client-output-buffer-limit", "normal 20000 0 0")
        rig.run(as: "b", "MULTI")
        for words in [["SET", "x", "1"], ["SMEMBERS", "s"], ["SET", "y", "1"], ["SINTER", "s", "s"]] {
            rig.run(as: "b", words)
        }
        #expect(rig.run(as: "b", "EXEC") == "")
        #expect(rig.run("MGET", "x", "y") == "*2 $1 1 $1 1" && doomed(rig) == [2])
        #expect(rig.mismatch == nil)
    }

    /// A limit of a few bytes must not lock everybody out.
    @Test func smallRepliesNeverCount() {
        let rig = Rig()
        rig.run("CONFIG", "SET", "client-output-buffer-limit", "normal 1 0 0")
        #expect(rig.run("CONFIG", "GET", "client-output-buffer-limit").hasPrefix("*2 "))
        #expect(rig.run("ECHO", text).hasPrefix("$10000 "))
    }

    @Test func messagesCount() {
        let rig = Rig()
        rig.session("b").outputClass = .pubsub
        rig.run("CONFIG", "SET", "client-output-buffer-limit", "pubsub 25000 0 0")
        for _ in 0..<2 { rig.engine.push(Array(text.utf8), to: rig.session("b")) }
        // Each is held in a block, which a node of 40 bytes refers to.
        #expect(rig.run("CLIENT", "LIST", "TYPE", "pubsub").contains(" oll=2 omem=20144 "))
        #expect(doomed(rig).isEmpty)
        rig.engine.push(Array(text.utf8), to: rig.session("b"))
        #expect(doomed(rig) == [1] && rig.engine.outbox.bytes == 0)
    }

    /// Small messages lie side by side: a million of them take what their bytes take, and all of it is in the books.
    @Test func smallMessagesTakeTheirBytes() {
        let rig = Rig(withTwin: false)
        let heap = rig.engine.keys.heap
        for name in ["a", "b", "c"] { rig.run(as: name, "SUBSCRIBE", "c") }
        rig.run("CONFIG", "SET", "client-output-buffer-limit", "pubsub 0 0 0")
        let before = heap.usedBytes
        for _ in 0..<20_000 { rig.run("PUBLISH", "c", "m") }
        let bytes = 3 * 20_000 * "*3|$7|message|$1|c|$1|m|".utf8.count + 3 * 20_000 * 7
        #expect(rig.engine.outbox.bytes >= bytes && rig.engine.outbox.bytes < bytes * 21 / 20)
        #expect(heap.usedBytes - before >= rig.engine.outbox.bytes)
        #expect(heap.usedBytes - before < rig.engine.outbox.bytes + 1000)
        // They are held against the limit of memory.
        rig.run("CONFIG", "SET", "maxmemory", "\(before + 1_000_000)")
        #expect(rig.run("SET", "k", "v").hasPrefix("-OOM "))
        for name in ["a", "b", "c"] { rig.pushes(as: name) }
        #expect(rig.run("SET", "k", "v") == "+OK")
    }

    /// The limit is looked at before a message is added: one that is beyond it takes no memory at all.
    @Test func theLimitHoldsAheadOfGrowth() {
        let rig = Rig(withTwin: false)
        rig.run(as: "b", "SUBSCRIBE", "c")
        rig.run("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 0 0")
        let heap = rig.engine.keys.heap
        heap.resetPeak()
        let before = heap.usedBytes
        for _ in 0..<100_000 { rig.run("PUBLISH", "c", "m") }
        heap.notePeak()
        #expect(heap.peakBytes - before < 1_200_000)
        #expect(rig.session("b").isDoomed)
    }

    @Test func theSoftLimitLastsForItsTime() {
        let rig = Rig()
        rig.run("CONFIG", "SET", "client-output-buffer-limit", "normal 0 1000 3")
        let session = rig.session("b")
        rig.engine.noteOutput(session, queued: QueuedOutput(bytes: 1500))
        rig.advance(ms: 3500)
        rig.engine.checkSoftLimits()
        #expect(doomed(rig).isEmpty)
        // It read a little, and begins anew.
        rig.engine.noteOutput(session, queued: QueuedOutput(bytes: 900))
        rig.engine.noteOutput(session, queued: QueuedOutput(bytes: 1500))
        rig.advance(ms: 3999)
        rig.engine.noteOutput(session, queued: QueuedOutput(bytes: 3000))
        rig.engine.checkSoftLimits()
        #expect(doomed(rig).isEmpty)
        rig.advance(ms: 1)
        rig.engine.checkSoftLimits()
        #expect(doomed(rig) == [2] && rig.engine.clients.overSoftLimit.isEmpty)
    }

    @Test func aLowerLimitHoldsAtOnce() {
        let rig = Rig()
        rig.engine.noteOutput(rig.session("b"), queued: QueuedOutput(bytes: 100_000))
        #expect(rig.run("CLIENT", "LIST").contains(" omem=100000 "))
        rig.run("CONFIG", "SET", "client-output-buffer-limit", "normal 90000 0 0")
        #expect(doomed(rig) == [1])
    }

    // MARK: Memory

    /// The sum that is kept equals what CLIENT LIST shows of each, whatever has happened.
    @Test func theSumIsTrue() {
        let rig = Rig(seed: 5)
        var number = 7
        func next(_ below: Int) -> Int {
            number = (number &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407) & Int.max
            return (number >> 20) % below
        }
        for step in 0..<600 {
            let name = "c\(next(12))"
            switch next(11) {
            case 0: rig.run(as: name, "MULTI")
            case 1: rig.run(as: name, "SET", "k\(next(5))", text)
            case 2: rig.run(as: name, "EXEC")
            case 3: rig.run(as: name, "DISCARD")
            case 4: rig.run(as: name, "WATCH", "w\(next(50))")
            case 5: rig.run(as: name, "UNWATCH")
            case 6: rig.run(as: name, "CLIENT", "SETNAME", String(repeating: "n", count: next(30)))
            case 7: rig.leave(name)
            case 8:
                // A torn command, and its rest.
                let bytes = Rig.encode([Array("ECHO".utf8), Array(repeating: 65, count: next(40_000))])
                let cut = next(bytes.count)
                _ = rig.feed(as: name, Array(bytes.prefix(cut)))
                if next(3) == 0 {
                    rig.leave(name)
                } else {
                    _ = rig.feed(as: name, Array(bytes.dropFirst(cut)))
                }
            case 9: rig.engine.noteOutput(rig.session(name), queued: QueuedOutput(bytes: next(3) * 1000))
            default: rig.run(as: name, "RESET")
            }
            guard step % 20 == 0 else { continue }
            let sum = rig.engine.clients.all.reduce(0) { $0 + $1.memoryBytes }
            #expect(rig.engine.clients.memoryBytes == sum)
        }
        #expect(rig.mismatch == nil)
    }

    /// Sends the beginning of a command with an argument of so many bytes.
    private func begin(_ rig: Rig, as name: String, bytes: Int) {
        _ = rig.feed(as: name, Array("*2\r\n$3\r\nGET\r\n$\(bytes)\r\nx".utf8))
    }

    @Test func theLargestGoFirst() {
        let rig = Rig()
        for (name, bytes) in [("b", 300_000), ("c", 100_000), ("d", 200_000), ("e", 400_000)] {
            begin(rig, as: name, bytes: bytes)
        }
        rig.run(as: "keeper", "CLIENT", "NO-EVICT", "ON")
        rig.engine.evictClients()
        #expect(doomed(rig).isEmpty)
        rig.run("CONFIG", "SET", "maxmemory-clients", "320000")
        rig.engine.evictClients()
        #expect(doomed(rig) == [4, 1])
        #expect(rig.engine.stats.evictedClients == 2 && rig.engine.clients.memoryBytes < 320_000)
        #expect(rig.host.logged.count == 2 && rig.host.logged[0].hasPrefix("Evicting client: id=4 "))
        rig.run("CONFIG", "SET", "maxmemory-clients", "1")
        rig.engine.evictClients()
        #expect(doomed(rig).count == 3)
        #expect(rig.engine.clients.count == 1)
        #expect(rig.host.logged.last == "Over client maxmemory after evicting all evictable clients")
        // Whoever can be spared only is not looked for in every turn.
        let lines = rig.host.logged.count
        rig.engine.evictClients()
        #expect(rig.host.logged.count == lines)
        rig.run(as: "keeper", "CLIENT", "NO-EVICT", "OFF")
        rig.advance(ms: 100)
        rig.engine.evictClients()
        #expect(doomed(rig).count == 1)
    }

    @Test func linesShowBuffers() {
        let rig = Rig()
        rig.run("CLIENT", "NO-EVICT", "ON")
        begin(rig, as: "b", bytes: 100_000)
        let line = rig.run("CLIENT", "LIST", "ID", "2")
        // The name of the command, and one byte of its argument; the rest has room already.
        #expect(line.contains(" qbuf=4 "))
        #expect(rig.run("CLIENT", "LIST", "ID", "1").contains(" qbuf=0 qbuf-free=0 argv-mem=13 "))
    }

    @Test func percentOfTheMemoryLimit() {
        let rig = Rig()
        #expect(rig.run("CONFIG", "SET", "maxmemory-clients", "5%") == "+OK")
        #expect(rig.run("CONFIG", "GET", "maxmemory-clients") == "*2 $17 maxmemory-clients $2 5%")
        // Without a limit of memory there is none for clients.
        #expect(rig.engine.clientEviction.bytesMax == Int.max)
    }

    // MARK: Killing

    @Test func killingByIdLooksAtNobodyElse() {
        let rig = Rig()
        for name in ["b", "c", "d"] { _ = rig.session(name) }
        #expect(rig.run("CLIENT", "KILL", "ID", "1", "3", "99", "NOT-ID", "3") == ":1")
        #expect(rig.run("CLIENT", "KILL", "ID", "1", "3") == ":1")
        // Who is to be closed is not closed twice.
        #expect(rig.run("CLIENT", "KILL", "ID", "1", "3") == ":0")
        #expect(doomed(rig).count == 2)
        #expect(rig.run("CLIENT", "KILL", "SKIPME", "no") == ":2")
    }

    @Test func unknownCapabilities() {
        let rig = Rig()
        #expect(
            rig.run("CLIENT", "LIST", "CAPA", "rz")
                == "-ERR Unknown capa found in the provided filter: rz")
    }
}
