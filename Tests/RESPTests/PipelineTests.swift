// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Testing

@testable import Engine
@testable import RESP

/// The same bytes give the same replies, however they are torn.
@Suite struct PipelineTests {
    /// Every kind of command a client may send, one after the other.
    static func mixedPipeline(bigBytes: Int) -> [UInt8] {
        var out: [UInt8] = []
        func command(_ words: [UInt8]...) { out += Rig.encode(words) }
        func text(_ line: String) { out += Array(line.utf8) }
        let binary = (0...255).map { UInt8($0) }
        let big = (0..<bigBytes).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        command(Array("SET".utf8), Array("a".utf8), Array("hello".utf8))
        text("PING\r\n")
        command(Array("GET".utf8), Array("a".utf8))
        text("*0\r\n")
        text("\r\n   \r\n\n")
        text("*-1\r\n")
        text("  echo   \"a b\\n\\x41\\\"\"  \n")
        text("echo 'it\\'s'\r\n")
        text("ping \"\"\r\n")
        command(Array("SET".utf8), binary, binary)
        command(Array("GET".utf8), binary)
        command(Array("ECHO".utf8), [])
        command(Array("SET".utf8), Array("big".utf8), big)
        command(Array("nonsense".utf8), Array("x\r\ny".utf8), [0, 255])
        command(Array("GET".utf8))
        command(Array("GET".utf8), Array("big".utf8))
        text("SET inline value\r\nGET inline\r\n")
        command(Array("SET".utf8), Array("edge".utf8), [UInt8](repeating: 120, count: 16383))
        command(Array("GET".utf8), Array("edge".utf8))
        text("*1\r\n$4\r\nPING\r\n")
        command(Array("SELECT".utf8), Array("3".utf8))
        command(Array("GET".utf8), Array("a".utf8))
        return out
    }

    private func replies(_ pieces: [[UInt8]]) -> [UInt8] {
        let rig = Rig(withTwin: false)
        return pieces.flatMap { rig.feed($0) }
    }

    @Test func wholePipeline() {
        let all = replies([Self.mixedPipeline(bigBytes: 16384)])
        let text = String(decoding: all, as: UTF8.self)
        #expect(
            text.hasPrefix(
                "+OK\r\n+PONG\r\n$5\r\nhello\r\n$6\r\na b\nA\"\r\n$4\r\nit's\r\n$0\r\n\r\n+OK\r\n$256\r\n"))
        #expect(text.hasSuffix("+PONG\r\n+OK\r\n$-1\r\n"))
    }

    @Test func tornAtEachPosition() {
        // Short arguments only around the tears: the big ones are torn at every 97th byte.
        let input = Self.mixedPipeline(bigBytes: 16384)
        let whole = replies([input])
        let body = input.count - 900
        for at in 1..<input.count where at < 900 || at > body || at % 97 == 0 {
            let isSame = replies([Array(input[..<at]), Array(input[at...])]) == whole
            #expect(isSame, "torn at \(at)")
        }
    }

    @Test func byteByByte() {
        let input = Self.mixedPipeline(bigBytes: 20000)
        let isSame = replies(input.map { [$0] }) == replies([input])
        #expect(isSame)
    }

    @Test(arguments: [2, 3, 5, 7, 100, 1000, 4096, 16384, 65536]) func inEqualPieces(count: Int) {
        let input = Self.mixedPipeline(bigBytes: 70000)
        let pieces = stride(from: 0, to: input.count, by: count).map {
            Array(input[$0..<min($0 + count, input.count)])
        }
        let isSame = replies(pieces) == replies([input])
        #expect(isSame)
    }

    @Test func inRandomPieces() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("inRandomPieces: seed \(seed)")
        var random = SeededRandom(seed: seed)
        let input = Self.mixedPipeline(bigBytes: 40000)
        let whole = replies([input])
        for _ in 0..<50 {
            var pieces: [[UInt8]] = []
            var at = 0
            while at < input.count {
                let step = min(input.count - at, 1 + random.below(1 << random.below(16)))
                pieces.append(Array(input[at..<(at + step)]))
                at += step
            }
            let isSame = replies(pieces) == whole
            #expect(isSame)
        }
    }

    /// Each session's torn command waits by itself.
    @Test func sessionsTearIndependently() {
        let rig = Rig(withTwin: false)
        let words = (0..<4).map { Rig.encode([Array("ECHO".utf8), Array("session \($0)".utf8)]) }
        var out = [[UInt8]](repeating: [], count: 4)
        for i in 0..<(words.map(\.count).max() ?? 0) {
            for (n, word) in words.enumerated() where i < word.count {
                out[n] += rig.feed(as: "\(n)", [word[i]])
            }
        }
        for n in 0..<4 { #expect(out[n] == Array("$9\r\nsession \(n)\r\n".utf8)) }
    }

    // MARK: Size

    @Test func aMillionArguments() {
        let rig = Rig(withTwin: false)
        var input = Array("*1000001\r\n$4\r\nPING\r\n".utf8)
        for i in 0..<1_000_000 { input += Array(i % 2 == 0 ? "$1\r\nx\r\n".utf8 : "$0\r\n\r\n".utf8) }
        let error = Array("-ERR wrong number of arguments for 'ping' command\r\n".utf8)
        #expect(rig.feed(input) == error)
        // In pieces as a socket brings them, and the last thousand bytes one by one.
        var out: [UInt8] = []
        var at = 0
        while at < input.count {
            let step = at > input.count - 1000 ? 1 : min(16384, input.count - 1000 - at + 1)
            out += rig.feed(Array(input[at..<(at + step)]))
            at += step
        }
        #expect(out == error)
        #expect(rig.run("PING") == "+PONG")
    }

    @Test func manyLargeArguments() {
        let rig = Rig(withTwin: false)
        let before = rig.engine.keys.heap.usedBytes
        let big = [UInt8](repeating: 7, count: 16384)
        let input = Rig.encode([Array("NOSUCH".utf8)] + Array(repeating: big, count: 500))
        var out: [UInt8] = []
        for at in stride(from: 0, to: input.count, by: 5000) {
            out += rig.feed(Array(input[at..<min(at + 5000, input.count)]))
        }
        #expect(String(decoding: out, as: UTF8.self).hasPrefix("-ERR unknown command 'NOSUCH', with args"))
        #expect(
            rig.engine.keys.heap.usedBytes < before + (1 << 20), "blocks of a refused command stay behind")
    }

    @Test func queryBufferLimitCloses() {
        let rig = Rig(withTwin: false) { $0.queryBufferBytesMax = 100_000 }
        let piece = [UInt8](repeating: 7, count: 60000)
        _ = rig.feed(Array("*3\r\n$3\r\nSET\r\n$60000\r\n".utf8) + piece + Array("\r\n".utf8))
        #expect(!rig.session().isClosing)
        _ = rig.feed(Array("$60000\r\n".utf8) + piece)
        #expect(rig.session().isClosing)
    }

    // MARK: Straight into the block

    @Test func directTarget() throws {
        let rig = Rig(withTwin: false)
        let session = rig.session()
        let value = (0..<50000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        #expect(rig.feed(Array("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$50000\r\n".utf8) + value[..<1000]) == [])
        var at = 1000
        while let target = session.assembler?.directTarget {
            #expect(target.count == 50000 - at)
            let step = min(target.count, 7001)
            Array(value[at..<(at + step)]).withView { target.at.copy(from: $0) }
            rig.engine.receivedDirect(step, from: session)
            at += step
        }
        // The rest is too short to be worth a read of its own.
        #expect(50000 - at < Block.adoptBytesMin)
        #expect(rig.feed(Array(value[at...]) + [13]) == [])
        #expect(rig.feed([10]) == Array("+OK\r\n".utf8))
        let isSame =
            rig.raw([Array("GET".utf8), Array("k".utf8)]) == Array("$50000\r\n".utf8) + value + [13, 10]
        #expect(isSame)
    }

    @Test func directTargetToTheLastByte() {
        let rig = Rig(withTwin: false)
        let session = rig.session()
        let value = [UInt8](repeating: 65, count: 16384)
        _ = rig.feed(Array("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$16384\r\n".utf8))
        guard let target = session.assembler?.directTarget else {
            Issue.record("no target for a large argument")
            return
        }
        #expect(target.count == 16384)
        value.withView { target.at.copy(from: $0) }
        rig.engine.receivedDirect(16384, from: session)
        #expect(session.assembler?.directTarget == nil)
        #expect(rig.feed(Array("\r\n*1\r\n$4\r\nPING\r\n".utf8)) == Array("+OK\r\n+PONG\r\n".utf8))
        // The block that was received into is the value: no copy was made.
        #expect(session.assembler == nil)
        let isSame =
            rig.raw([Array("GET".utf8), Array("k".utf8)]) == Array("$16384\r\n".utf8) + value + [13, 10]
        #expect(isSame)
    }

    @Test func smallArgumentsHaveNoDirectTarget() {
        let rig = Rig(withTwin: false)
        _ = rig.feed(Array("*2\r\n$4\r\nECHO\r\n$16383\r\nabc".utf8))
        #expect(rig.session().assembler?.directTarget == nil)
        #expect((rig.session().assembler?.heldBytes ?? 0) >= 7)
    }
}
