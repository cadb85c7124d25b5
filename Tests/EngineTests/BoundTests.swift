// SPDX-License-Identifier: Apache-2.0
// What bounds the memory and the time that clients can take, and who may connect at all.
import Bytes
import EngineRig
import Testing

@testable import Engine
@testable import Keyspace
@testable import Operations

@Suite struct BoundTests {
    // MARK: Names

    @Test(arguments: ["sinterstore", "SINTERSTORE", "SinterStore"]) func namesInAnyCase(_ name: String) {
        #expect(Rig(withTwin: false).run(name, "a", "b") == ":0")
    }

    /// Names that differ only in bit 5 of what is no letter.
    @Test(arguments: [["DEBUG\u{0}"], ["CLIENT", "NO\u{D}TOUCH", "ON"], ["CLIENT", "NO\u{D}EVICT", "ON"]])
    func strangersToTheFold(_ words: [String]) {
        #expect(Rig(withTwin: false).run(words).hasPrefix("-ERR unknown"))
    }

    /// A name too long for the two words that are compared first.
    @Test func longNames() {
        let table = CommandTable([
            Family(commands: [Command("abcdefghXXXstuvwxyz", arity: 1, [], .string, Ping.self)], docs: [])
        ])
        let find = { (name: String) in Array(name.utf8).withView { table.find($0) } }
        #expect(find("abcdefghxxxstuvwxyz") == 0)
        #expect(find("ABCDEFGHXXXSTUVWXYZ") == 0)
        #expect(find("abcdefghxyxstuvwxyz") == -1)
    }

    // MARK: Lengths

    /// Lengths are kept in 32 bits, whatever the directive says.
    @Test func stringsBeyondFourGigabytes() {
        let rig = Rig(withTwin: false)
        #expect(rig.run("CONFIG", "SET", "proto-max-bulk-len", "9223372036854775807") == "+OK")
        #expect(rig.run("CONFIG", "GET", "proto-max-bulk-len").hasSuffix("9223372036854775807"))
        let refusal = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"
        for offset in ["4294967295", "9223372036854775806", "9223372036854775807"] {
            #expect(rig.run("SETRANGE", "a", offset, "x") == refusal, "\(offset)")
        }
        for length in ["4294967296", "9223372036854775807"] {
            let answer = rig.feed(as: length, Array("*1\r\n$\(length)\r\n".utf8))
            #expect(answer == Array("-ERR Protocol error: invalid bulk length\r\n".utf8), "\(length)")
        }
    }

    /// What waits in MULTI's queue counts like an unfinished command.
    @Test func queueOfMulti() {
        let rig = Rig(withTwin: false) { $0.queryBufferBytesMax = 1 << 20 }
        rig.run("MULTI")
        let value = String(repeating: "v", count: 10_000)
        for _ in 0..<100 { #expect(rig.run("SET", "a", value) == "+QUEUED") }
        #expect(!rig.session().isClosing)
        for _ in 0..<5 where !rig.session().isClosing { rig.run("SET", "a", value) }
        #expect(rig.session().isClosing)
        #expect(rig.engine.stats.queryLimitDisconnections == 1)
        #expect(rig.run(as: "other", "EXISTS", "a") == ":0")
    }

    // MARK: Tables

    /// Segments that empty under an open cut merge afterwards.
    @Test func segmentsAfterACut() {
        let rig = Rig(withTwin: false) { $0.debugCommand = "yes" }
        let keys = rig.engine.keys
        rig.run("DEBUG", "POPULATE", "20000")
        rig.run("DEBUG", "CUT")
        for i in 0..<20_000 where i % 100 != 0 { rig.run("DEL", "key:\(i)") }
        while keys.walkCuts(max: 1000) {}
        #expect(keys.segmentCount(of: 0) > 50)
        for _ in 0..<100 { keys.tidy(max: 4) }
        #expect(keys.segmentCount(of: 0) <= 4)
        keys.checkInvariants()
        #expect(rig.run("EXISTS", "key:0", "key:100", "key:19900") == ":3")
        #expect(rig.run("DBSIZE") == ":200")
    }

    // MARK: Time

    /// The clock is set back: nothing is due early, nothing is due for ever, and deletion goes on when time comes.
    @Test func clockSetBack() {
        let rig = Rig(withTwin: false)
        let keys = rig.engine.keys
        rig.run("SET", "early", "1", "PX", "5000")
        rig.advance(ms: 3_600_000 - 1)
        #expect(rig.run("DBSIZE") == ":0")
        rig.run("SET", "kept", "1", "PX", "1000")
        keys.nowMs -= 1_800_000
        #expect(!keys.expireSlice(max: 100))
        rig.run("SET", "new", "1", "PX", "1000")
        #expect(!keys.expireSlice(max: 100))
        #expect(keys.nextExpiryMs.map { $0 > keys.nowMs } == true)
        #expect(rig.run("DBSIZE") == ":2")
        rig.advance(ms: 1000)
        #expect(rig.run("DBSIZE") == ":1")
        rig.advance(ms: 1_800_000)
        #expect(rig.run("DBSIZE") == ":0")
    }

    // MARK: Connecting

    @Test func protectedMode() {
        let local = ["127.0.0.1:5", "127.9.0.1:5", "[::1]:5", "/tmp/s:0"]
        let others = ["10.0.0.1:5", "[fe80::1]:5", "[::]:5", "128.0.0.1:5", "1.127.0.1:5"]
        let rig = Rig(withTwin: false)
        func admits(_ address: String) -> Bool { rig.engine.denial(of: ByteString(address)) == nil }
        #expect(local.allSatisfy(admits))
        #expect(!others.contains(where: admits))
        rig.run("CONFIG", "SET", "requirepass", "secret")
        #expect(others.allSatisfy(admits))
        rig.run("CONFIG", "SET", "requirepass", "")
        #expect(!others.contains(where: admits))
        rig.run("CONFIG", "SET", "protected-mode", "no")
        #expect(others.allSatisfy(admits))
    }
}
