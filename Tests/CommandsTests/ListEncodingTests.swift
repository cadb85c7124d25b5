// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

/// When a list is one listpack, and when it is not.
@Suite struct ListEncodingTests {
    private func encoding(_ rig: Rig, _ key: String = "l") -> String {
        String(rig.run("OBJECT", "ENCODING", key).split(separator: " ").last ?? "")
    }

    @Test func limitsOfBytes() {
        let rig = Rig()
        rig.run("RPUSH", "l", String(repeating: "x", count: 4000), String(repeating: "y", count: 4000))
        #expect(encoding(rig) == "listpack")
        rig.run("RPUSH", "l", String(repeating: "z", count: 200))
        #expect(encoding(rig) == "quicklist")
        // It returns at half of the limit.
        rig.run("RPOP", "l")
        #expect(encoding(rig) == "quicklist")
        rig.run("RPOP", "l")
        #expect(encoding(rig) == "listpack")
        rig.run("LSET", "l", "0", String(repeating: "x", count: 9000))
        #expect(encoding(rig) == "quicklist")
        rig.run("LSET", "l", "0", "small")
        #expect(encoding(rig) == "listpack")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func limitsOfElements() {
        let rig = Rig(lines: ["list-max-ziplist-size 10"])
        rig.run(["RPUSH", "l"] + (0..<10).map(String.init))
        #expect(encoding(rig) == "listpack")
        rig.run("LINSERT", "l", "BEFORE", "5", "x")
        #expect(encoding(rig) == "quicklist")
        rig.run("LTRIM", "l", "0", "5")
        #expect(encoding(rig) == "quicklist")
        rig.run("LREM", "l", "0", "0")
        #expect(encoding(rig) == "listpack")
        rig.run("CONFIG", "SET", "list-max-listpack-size", "-5")
        rig.run(["RPUSH", "l"] + (0..<9000).map(String.init))
        #expect(encoding(rig) == "listpack")
        rig.run(["RPUSH", "l"] + (0..<9000).map(String.init))
        rig.run("RPUSH", "l", "1")
        #expect(encoding(rig) == "quicklist" && rig.run("LLEN", "l") == ":18006")
        for size in ["0", "-2147483648", "2147483647", "32768"] {
            rig.run("CONFIG", "SET", "list-max-listpack-size", size)
            rig.run("DEL", "l")
            rig.run(["RPUSH", "l"] + (0..<9000).map(String.init))
            rig.run("RPUSH", "l", "1")
            #expect(rig.run("LLEN", "l") == ":9001", "\(size)")
            rig.engine.keys.checkInvariants()
        }
        #expect(rig.mismatch == nil)
    }

    /// A listpack counts its elements in 16 bits, and so do nodes: many that are empty take no bytes to speak of.
    @Test func manyEmptyElements() {
        for size in ["-1", "-5", "2147483647"] {
            let rig = Rig(withTwin: false, lines: ["list-max-listpack-size \(size)"])
            #expect(rig.run(["RPUSH", "l"] + Array(repeating: "", count: 150_000)) == ":150000")
            #expect(rig.run(["LPUSH", "l"] + Array(repeating: "", count: 150_000)) == ":300000")
            rig.engine.keys.checkInvariants()
            #expect(rig.run("LPOP", "l") == "$0 " && rig.run("LREM", "l", "-100000", "") == ":100000")
            rig.engine.keys.checkInvariants()
            #expect(rig.run("LREM", "l", "0", "") == ":199999" && rig.run("EXISTS", "l") == ":0")
        }
    }

    /// What is cut out of a long list is freed in slices, and is not the list's any more.
    @Test func longListsAreCutAndFreedInSlices() {
        let rig = Rig()
        let keys = rig.engine.keys
        // Room for so many arguments stays.
        rig.run(["EXISTS"] + (0..<1100).map(String.init))
        let start = keys.heap.usedBytes
        for i in 0..<50 { rig.run(["RPUSH", "l"] + (0..<1000).map { "element \(i * 1000 + $0)" }) }
        rig.run("LTRIM", "l", "20000", "20099")
        #expect(keys.reclaimer.pendingElements > 40_000)
        #expect(rig.run("LINDEX", "l", "0") == "$13 element 20000" && encoding(rig) == "listpack")
        while keys.reclaimer.slice(keys, max: 500) {}
        rig.run("DEL", "l")
        #expect(keys.heap.usedBytes < start + 1000)
        keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func shapes() {
        let rig = Rig(lines: ["list-max-listpack-size 100", "list-compress-depth 1"]) {
            $0.debugCommand = "yes"
        }
        rig.run(["RPUSH", "l"] + Array(repeating: "the same", count: 750))
        let shape =
            "ql_nodes:8 ql_avg_node:93.75 ql_listpack_max:100 ql_compressed:1 ql_uncompressed_size:7556"
        #expect(rig.run("DEBUG", "OBJECT", "l").hasSuffix(shape))
        rig.run("LTRIM", "l", "0", "20")
        #expect(!rig.run("DEBUG", "OBJECT", "l").contains("ql_"))
    }

    @Test func nodesOfTheirOwn() {
        let rig = Rig { $0.debugCommand = "yes" }
        #expect(rig.run("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "5b") == "+OK")
        rig.run("RPUSH", "l", String(repeating: "x", count: 9000), "abc", "abcdef", "abcd", "abcdefg")
        #expect(rig.engine.keys.store.plainBytesMin == 5)
        rig.engine.keys.checkInvariants()
        #expect(rig.run("LRANGE", "l", "1", "-1") == "*4 $3 abc $6 abcdef $4 abcd $7 abcdefg")
        #expect(rig.run("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "0") == "+OK")
        #expect(
            rig.run("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "x")
                == "-ERR argument must be a memory value bigger than 1 and smaller than 4gb")
    }
}
