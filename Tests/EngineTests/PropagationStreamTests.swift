// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import EngineRig
import Keyspace
import Testing

/// Keeps what one reader gets.
private final class StreamReader: EffectReader {
    var stream: PropagationStream
    private let heap: Heap
    private var chain = ByteChain()

    init(_ rig: Rig, _ reader: UInt8) {
        stream = PropagationStream(for: reader)
        heap = rig.engine.keys.heap
        rig.engine.keys.effects.readers |= reader
        rig.engine.effectReaders.append(self)
    }

    func unitEnded(_ log: EffectLog) { stream.append(log, to: &chain, heap) }

    /// What came since the last look.
    func bytes() -> [UInt8] {
        var bytes: [UInt8] = []
        chain.forEachPiece { bytes.append($0) }
        chain.drop(heap)
        return bytes
    }

    /// The words of what came since the last look; lines of lengths are left out.
    func words() -> String {
        String(decoding: bytes(), as: UTF8.self).split(separator: "\r\n")
            .filter { !$0.hasPrefix("*") && !$0.hasPrefix("$") }.joined(separator: " ")
    }
}

@Suite struct PropagationStreamTests {
    private let rig = Rig(withTwin: false)

    @Test func selectsTheDatabaseOfACommandWhenItChanges() {
        let reader = StreamReader(rig, EffectLog.Reader.aof)
        #expect(reader.stream.database == nil)
        rig.run("SET", "a", "1")
        #expect(
            String(decoding: reader.bytes(), as: UTF8.self)
                == "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n")
        rig.run("SELECT", "12")
        #expect(reader.words() == "", "a SELECT alone changes nothing")
        rig.run("SET", "a", "2")
        #expect(
            String(decoding: reader.bytes(), as: UTF8.self)
                == "*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n2\r\n")
        rig.run("SET", "a", "3")
        #expect(reader.words() == "SET a 3")
        #expect(reader.stream.database == 12)
        reader.stream.forgetDatabase()
        #expect(reader.stream.database == nil)
        rig.run("SET", "a", "4")
        #expect(reader.words() == "SELECT 12 SET a 4")
    }

    @Test func unitsWithoutChangesAreNothing() {
        let reader = StreamReader(rig, EffectLog.Reader.aof)
        rig.run("GET", "a")
        rig.run("DEL", "a")
        rig.run("INCR")
        rig.run("MULTI")
        rig.run("GET", "a")
        rig.run("EXEC")
        #expect(reader.words() == "")
    }

    @Test func transactionsKeepTogether() {
        let reader = StreamReader(rig, EffectLog.Reader.aof)
        rig.run("MULTI")
        rig.run("SET", "a", "1")
        rig.run("SELECT", "1")
        rig.run("SET", "b", "2")
        rig.run("EXEC")
        #expect(reader.words() == "MULTI SELECT 0 SET a 1 SELECT 1 SET b 2 EXEC")
        rig.run("MULTI")
        rig.run("GET", "b")
        rig.run("SET", "c", "3")
        rig.run("EXEC")
        #expect(reader.words() == "SET c 3", "one command needs no frame")
    }

    @Test func everybodyGetsWhatIsMeantForThem() {
        let log = StreamReader(rig, EffectLog.Reader.aof)
        let replicas = StreamReader(rig, EffectLog.Reader.replicas)
        rig.run("SET", "a", "1")
        #expect(log.words() == "SELECT 0 SET a 1")
        #expect(replicas.words() == "SELECT 0 SET a 1")
        replicas.stream.forgetDatabase()
        rig.run("MULTI")
        rig.run("PUBLISH", "news", "x")
        rig.run("SET", "a", "2")
        rig.run("EXEC")
        #expect(log.words() == "SET a 2", "a message is no data")
        #expect(replicas.words() == "MULTI SELECT 0 PUBLISH news x SET a 2 EXEC")
    }

    @Test func keysThatDieAloneNeedNoFrame() {
        rig.run("MSET", "a", "1", "b", "2")
        rig.run("PEXPIRE", "a", "5")
        rig.run("PEXPIRE", "b", "5")
        let reader = StreamReader(rig, EffectLog.Reader.aof)
        rig.advance(ms: 10)
        let words = reader.words()
        #expect(words == "SELECT 0 DEL a DEL b" || words == "SELECT 0 DEL b DEL a")
    }

    @Test func largeArgumentsAreShared() {
        let reader = StreamReader(rig, EffectLog.Reader.aof)
        let value = [UInt8](repeating: 65, count: 100_000)
        let command = Rig.encode([Array("SET".utf8), Array("big".utf8), value])
        #expect(rig.feed(Array(command.prefix(30_000))).isEmpty)
        let used = rig.engine.keys.heap.usedBytes
        #expect(rig.feed(Array(command.dropFirst(30_000))) == Array("+OK\r\n".utf8))
        #expect(rig.engine.keys.heap.usedBytes < used + 50_000, "the value was copied")
        #expect(Array(reader.bytes().suffix(command.count)) == command)
        rig.run("DEL", "big")
        #expect(reader.words() == "DEL big")
    }
}
