// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

/// Entries of streams: adding, ranges, deletion and trims.
@Suite struct StreamTests {
    private let rig = Rig()
    private static let tooSmall =
        "-ERR The ID specified in XADD is equal or smaller than the target stream top item"
    private static let exhausted =
        "-ERR The stream has exhausted the last possible ID, unable to add more items"

    private func add(_ key: String, _ ids: ClosedRange<Int>) {
        for id in ids { rig.run("XADD", key, "\(id)-0", "f", "\(id)") }
    }

    /// IDs are the time, and never go back when the clock does.
    @Test func idsFollowTheClock() {
        let tap = Tap(rig)
        let start = Rig.startMs
        #expect(rig.run("XADD", "s", "*", "a", "1", "b", "2") == "$15 \(start)-0")
        #expect(rig.run("XADD", "s", "*", "a", "1") == "$15 \(start)-1")
        rig.engine.keys.nowMs -= 1000
        #expect(rig.run("XADD", "s", "*", "a", "1") == "$15 \(start)-2")
        rig.engine.keys.nowMs += 1001
        #expect(rig.run("XADD", "s", "*", "a", "1") == "$15 \(start + 1)-0")
        #expect(rig.run("XADD", "s", "\(start + 1)-*", "a", "1") == "$15 \(start + 1)-1")
        #expect(rig.run("XADD", "s", "\(start + 2)-*", "a", "1") == "$15 \(start + 2)-0")
        #expect(rig.run("XADD", "s", "\(start)-*", "a", "1") == Self.tooSmall)
        // Whoever repeats it has another clock.
        let commands = tap.commands
        #expect(commands.first == "XADD s \(start)-0 a 1 b 2")
        #expect(commands.last == "XADD s \(start + 2)-0 a 1")
        #expect(tap.events == Array(repeating: "xadd s", count: 6))
        #expect(rig.mismatch == nil)
    }

    @Test func bothEndsOfTheNumbers() {
        #expect(rig.run("XADD", "s", "0-*", "a", "1") == "$3 0-1")
        #expect(rig.run("XADD", "s", "0-18446744073709551615", "a", "1") == "$22 0-18446744073709551615")
        #expect(rig.run("XADD", "s", "0-*", "a", "1") == Self.tooSmall)
        let last = "18446744073709551615-18446744073709551615"
        #expect(rig.run("XADD", "s", last, "a", "1") == "$41 \(last)")
        for id in ["*", "18446744073709551615-*", last, "1-1"] {
            #expect(rig.run("XADD", "s", id, "a", "1") == Self.exhausted)
        }
        #expect(rig.run("XADD", "t", "0-0", "a", "1").hasSuffix("must be greater than 0-0"))
        #expect(rig.run("EXISTS", "t") == ":0")
        #expect(rig.run("XRANGE", "s", "(0-1", "(\(last)") == "*1 *2 $22 0-18446744073709551615 *2 $1 a $1 1")
        #expect(rig.run("XRANGE", "s", "(\(last)", "+") == "-ERR invalid start ID for the interval")
        #expect(rig.run("XREVRANGE", "s", "(0-0", "-") == "-ERR invalid end ID for the interval")
        rig.engine.keys.checkInvariants()
    }

    @Test func ranges() {
        add("s", 1...300)
        #expect(rig.run("XLEN", "s") == ":300")
        #expect(
            rig.run("XRANGE", "s", "299", "+") == "*2 *2 $5 299-0 *2 $1 f $3 299 *2 $5 300-0 *2 $1 f $3 300")
        #expect(rig.run("XRANGE", "s", "(298-0", "(300-0") == "*1 *2 $5 299-0 *2 $1 f $3 299")
        // Without a sequence it is the last one that is left out, as in Redis.
        #expect(rig.run("XRANGE", "s", "(298", "(299") == "*1 *2 $5 299-0 *2 $1 f $3 299")
        #expect(rig.run("XREVRANGE", "s", "+", "-", "COUNT", "1") == "*1 *2 $5 300-0 *2 $1 f $3 300")
        #expect(rig.run("XREVRANGE", "s", "100-5", "100") == "*1 *2 $5 100-0 *2 $1 f $3 100")
        #expect(rig.run("XRANGE", "s", "150-1", "150-9") == "*0")
        #expect(rig.run("XRANGE", "s", "-", "+", "COUNT", "0") == "*-1")
        #expect(rig.run("XRANGE", "none", "-", "+", "COUNT", "0") == "*0")
        for id in [1, 50, 100, 101, 200, 201, 300] {
            #expect(
                rig.run("XRANGE", "s", "\(id)", "\(id)")
                    == "*1 *2 $\("\(id)".count + 2) \(id)-0 *2 $1 f $\("\(id)".count) \(id)")
        }
        #expect(rig.run("OBJECT", "ENCODING", "s") == "$6 stream" && rig.run("TYPE", "s") == "+stream")
    }

    /// Names of fields that differ from those of the node's first entry are kept as well.
    @Test func fieldsOfAllKinds() {
        rig.run("XADD", "s", "1-0", "a", "1", "b", "2")
        rig.run("XADD", "s", "2-0", "a", "-5", "b", "123456789012")
        rig.run("XADD", "s", "3-0", "a", "x", "c", "y")
        rig.run("XADD", "s", "4-0", "a", "", "a", "", "", "z")
        #expect(
            rig.run("XRANGE", "s", "2", "4")
                == "*3 *2 $3 2-0 *4 $1 a $2 -5 $1 b $12 123456789012 *2 $3 3-0 *4 $1 a $1 x $1 c $1 y "
                + "*2 $3 4-0 *6 $1 a $0  $1 a $0  $0  $1 z")
        #expect(rig.run("XADD", "s", "5-0", "a") == "-ERR wrong number of arguments for 'xadd' command")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func deletion() {
        let tap = Tap(rig)
        add("s", 1...5)
        #expect(rig.run("XDEL", "s", "2", "9", "2") == ":1")
        #expect(rig.run("XDEL", "s", "1", "x").hasPrefix("-ERR Invalid stream ID"))
        #expect(rig.run("XDEL", "s", "1-0") == ":1")
        let info = rig.run("XINFO", "STREAM", "s")
        #expect(
            info.contains("max-deleted-entry-id $3 2-0") && info.contains("recorded-first-entry-id $3 3-0"))
        #expect(info.contains("entries-added :5") && info.contains("length :3"))
        #expect(rig.run("XDEL", "s", "3", "4", "5") == ":3")
        // A stream stays, and knows its last ID.
        #expect(rig.run("EXISTS", "s") == ":1" && rig.run("XLEN", "s") == ":0")
        #expect(rig.run("XADD", "s", "5-0", "a", "1") == Self.tooSmall)
        #expect(tap.events.suffix(3) == ["xdel s", "xdel s", "xdel s"])
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func trims() {
        let tap = Tap(rig)
        add("s", 1...250)
        #expect(rig.run("XTRIM", "s", "MAXLEN", "~", "120") == ":100")
        #expect(tap.commands.last == "XTRIM s MAXLEN = 150")
        #expect(rig.run("XTRIM", "s", "MAXLEN", "120") == ":30")
        #expect(tap.commands.last == "XTRIM s MAXLEN 120")
        #expect(rig.run("XTRIM", "s", "MINID", "~", "240", "LIMIT", "0") == ":70")
        #expect(tap.commands.last == "XTRIM s MINID = 201-0")
        #expect(rig.run("XTRIM", "s", "MINID", "240") == ":39" && rig.run("XLEN", "s") == ":11")
        #expect(rig.run("XTRIM", "s", "MAXLEN", "~", "5") == ":0" && tap.events.last == "xtrim s")
        #expect(rig.run("XADD", "s", "MAXLEN", "=", "3", "251", "f", "v") == "$5 251-0")
        #expect(tap.commands.last == "XADD s MAXLEN = 3 251 f v" && rig.run("XLEN", "s") == ":3")
        #expect(tap.events.suffix(2) == ["xadd s", "xtrim s"])
        #expect(rig.run("XADD", "s", "MAXLEN", "~", "1", "LIMIT", "9", "*", "f", "v").hasSuffix("-0"))
        #expect(tap.commands.last == "XADD s MAXLEN = 4 \(Rig.startMs)-0 f v")
        #expect(rig.run("XTRIM", "s", "MAXLEN", "0") == ":4" && rig.run("EXISTS", "s") == ":1")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    /// What trims everything does so elsewhere as well, whatever the nodes are there.
    @Test func trimsThatLeaveNothing() {
        add("s", 1...20)
        let tap = Tap(rig)
        let last = "18446744073709551615-18446744073709551615"
        #expect(
            rig.run("XTRIM", "s", "MINID", "~", "99") == ":20" && tap.commands == ["XTRIM s MINID = \(last)"])
        #expect(rig.run("XADD", "s", "MINID", "~", "99", "21", "f", "v") == "$4 21-0")
        #expect(tap.commands == ["XADD s MINID = \(last) 21-0 f v"] && rig.run("XLEN", "s") == ":0")
        #expect(rig.run("XADD", "s", "MAXLEN", "~", "0", "22", "f", "v") == "$4 22-0")
        #expect(tap.commands == ["XADD s MAXLEN = 0 22-0 f v"] && rig.run("XLEN", "s") == ":0")
        #expect(rig.mismatch == nil)
    }

    /// No more than a hundred nodes' worth, unless the limit is lifted.
    @Test func trimsAreLimited() {
        rig.run("CONFIG", "SET", "stream-node-max-entries", "2")
        add("s", 1...1000)
        #expect(rig.run("XTRIM", "s", "MAXLEN", "~", "1", "LIMIT", "5") == ":4")
        #expect(rig.run("XTRIM", "s", "MAXLEN", "~", "1") == ":200")
        #expect(rig.run("XTRIM", "s", "MAXLEN", "~", "1", "LIMIT", "0") == ":794")
    }

    @Test func nodesFollowTheirLimits() {
        func nodes(_ key: String) -> String {
            rig.run("XINFO", "STREAM", key).components(after: "radix-tree-keys :")
        }
        rig.run("CONFIG", "SET", "stream-node-max-entries", "10")
        add("s", 1...95)
        #expect(nodes("s") == "10")
        rig.run("CONFIG", "SET", "stream-node-max-entries", "0")
        rig.run("CONFIG", "SET", "stream-node-max-bytes", "100")
        add("t", 1...20)
        #expect(nodes("t") == "3")
        rig.run("CONFIG", "SET", "stream-node-max-bytes", "0")
        add("u", 1...2000)
        #expect(nodes("u") == "1")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func setID() {
        add("s", 1...3)
        #expect(rig.run("XSETID", "s", "2-9").hasSuffix("smaller than the target stream top item"))
        #expect(
            rig.run("XSETID", "s", "9-9", "ENTRIESADDED", "2").hasSuffix(
                "smaller than the target stream length"))
        #expect(rig.run("XSETID", "s", "9-9", "ENTRIESADDED", "20", "MAXDELETEDID", "2-0") == "+OK")
        #expect(rig.run("XADD", "s", "9-9", "a", "1") == Self.tooSmall)
        #expect(rig.run("XSETID", "s", "1-9").hasSuffix("smaller than current max_deleted_entry_id"))
        // Back behind deleted entries whose bytes are still there.
        rig.run("XADD", "s", "20-0", "a", "1")
        rig.run("XDEL", "s", "20-0")
        #expect(rig.run("XSETID", "s", "20-0", "MAXDELETEDID", "3-0") == "+OK")
        #expect(rig.run("XSETID", "s", "4-0") == "+OK")
        #expect(rig.run("XADD", "s", "5-0", "a", "1") == "$3 5-0")
        #expect(rig.run("XRANGE", "s", "4", "+") == "*1 *2 $3 5-0 *2 $1 a $1 1")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func copiesAndMoves() {
        add("s", 1...150)
        rig.run("XGROUP", "CREATE", "s", "g", "0")
        rig.run("XREADGROUP", "GROUP", "g", "c", "COUNT", "120", "STREAMS", "s", ">")
        #expect(rig.run("COPY", "s", "t") == ":1" && rig.run("RENAME", "s", "u") == "+OK")
        rig.run("XDEL", "u", "3")
        rig.run("XACK", "u", "g", "5")
        #expect(rig.run("XLEN", "t") == ":150" && rig.run("XLEN", "u") == ":149")
        #expect(rig.run("XPENDING", "t", "g").hasPrefix("*4 :120 $3 1-0 $5 120-0 *1 *2 $1 c $3 120"))
        #expect(rig.run("XPENDING", "u", "g").hasPrefix("*4 :119 $3 1-0 $5 120-0"))
        rig.engine.keys.checkInvariants()
        #expect(rig.run("MOVE", "t", "1") == ":1" && rig.run("DEL", "u") == ":1")
        let keys = rig.engine.keys
        keys.heap.isShaken = true
        keys.beginDefragmentation()
        while keys.defragmentStep() {}
        keys.heap.isShaken = false
        keys.checkInvariants()
        while keys.reclaimer.slice(keys, max: 10) {}
        keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func describedInFull() {
        rig.run("XADD", "s", "1-0", "a", "1")
        #expect(
            rig.run("XINFO", "STREAM", "s", "FULL")
                == "*18 $6 length :1 $15 radix-tree-keys :1 $16 radix-tree-nodes :2 $17 last-generated-id $3 1-0 "
                + "$20 max-deleted-entry-id $3 0-0 $13 entries-added :1 $23 recorded-first-entry-id $3 1-0 "
                + "$7 entries *1 *2 $3 1-0 *2 $1 a $1 1 $6 groups *0")
        rig.session().setRESP3ForTest(rig)
        #expect(rig.run("XINFO", "STREAM", "s").hasPrefix("%10 $6 length :1"))
        #expect(rig.run("XREAD", "STREAMS", "s", "0") == "%1 $1 s *1 *2 $3 1-0 *2 $1 a $1 1")
        #expect(rig.run("XREAD", "STREAMS", "s", "t", "0", "0") == "%1 $1 s *1 *2 $3 1-0 *2 $1 a $1 1")
        #expect(rig.run("XREAD", "STREAMS", "s", "1") == "_")
    }
}

extension String {
    /// What stands between a text and the next blank.
    fileprivate func components(after text: String) -> String {
        guard let range = firstRange(of: text) else { return "" }
        return String(self[range.upperBound...].prefix { $0 != " " })
    }
}
