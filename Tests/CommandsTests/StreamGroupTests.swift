// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

/// Groups of consumers: what is handed out, acknowledged, claimed and counted.
@Suite struct StreamGroupTests {
    private let rig = Rig()
    private let now = Rig.startMs

    private func add(_ ids: ClosedRange<Int>) {
        for id in ids { rig.run("XADD", "s", "\(id)-0", "f", "\(id)") }
    }

    @Test func deliveryAndAcknowledgement() {
        add(1...3)
        #expect(rig.run("XGROUP", "CREATE", "s", "g", "0") == "+OK")
        let tap = Tap(rig)
        #expect(
            rig.run("XREADGROUP", "GROUP", "g", "c", "COUNT", "2", "STREAMS", "s", ">")
                == "*1 *2 $1 s *2 *2 $3 1-0 *2 $1 f $1 1 *2 $3 2-0 *2 $1 f $1 2")
        #expect(
            tap.commands == [
                "XCLAIM s g c 0 1-0 TIME \(now) RETRYCOUNT 1 FORCE JUSTID LASTID 1-0",
                "XCLAIM s g c 0 2-0 TIME \(now) RETRYCOUNT 1 FORCE JUSTID LASTID 2-0",
                "XGROUP SETID s g 2-0 ENTRIESREAD 2",
            ])
        #expect(tap.events == ["xgroup-createconsumer s"])
        #expect(rig.run("XPENDING", "s", "g") == "*4 :2 $3 1-0 $3 2-0 *1 *2 $1 c $1 2")
        #expect(rig.run("XACK", "s", "g", "1", "9", "1") == ":1" && tap.commands.last == "XACK s g 1 9 1")
        // The consumer's own, and one that is no longer in the stream.
        rig.run("XDEL", "s", "2")
        #expect(
            rig.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", "0") == "*1 *2 $1 s *1 *2 $3 2-0 *-1")
        #expect(rig.run("XREADGROUP", "GROUP", "g", "d", "STREAMS", "s", "0") == "*1 *2 $1 s *0")
        #expect(rig.run("XREADGROUP", "GROUP", "g", "c", "NOACK", "STREAMS", "s", ">").hasSuffix("$1 f $1 3"))
        #expect(tap.commands.last?.hasPrefix("XGROUP SETID s g 3-0 ENTRIESREAD") == true)
        #expect(rig.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">") == "*-1")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    /// What a consumer reads once more was delivered once more.
    @Test func historyCountsAsDelivery() {
        add(1...2)
        rig.run("XGROUP", "CREATE", "s", "g", "0")
        rig.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")
        rig.advance(ms: 50)
        rig.run("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "s", "0")
        rig.advance(ms: 5)
        #expect(
            rig.run("XPENDING", "s", "g", "-", "+", "10")
                == "*2 *4 $3 1-0 $1 c :5 :2 *4 $3 2-0 $1 c :55 :1")
        #expect(rig.run("XPENDING", "s", "g", "IDLE", "6", "-", "+", "10", "c") == "*1 *4 $3 2-0 $1 c :55 :1")
        #expect(rig.run("XPENDING", "s", "g", "(1-0", "+", "10", "d") == "*0")
        #expect(rig.run("XPENDING", "s", "g", "(1-0", "+", "10") == "*1 *4 $3 2-0 $1 c :55 :1")
    }

    @Test func claims() {
        add(1...3)
        rig.run("XGROUP", "CREATE", "s", "g", "0")
        rig.run("XREADGROUP", "GROUP", "g", "c", "COUNT", "2", "STREAMS", "s", ">")
        rig.advance(ms: 100)
        let tap = Tap(rig)
        #expect(rig.run("XCLAIM", "s", "g", "d", "200", "1") == "*0" && tap.commands == [])
        #expect(rig.run("XCLAIM", "s", "g", "d", "50", "1") == "*1 *2 $3 1-0 *2 $1 f $1 1")
        #expect(
            tap.commands.last == "XCLAIM s g d 0 1-0 TIME \(now + 100) RETRYCOUNT 2 FORCE JUSTID LASTID 2-0")
        #expect(
            rig.run("XCLAIM", "s", "g", "d", "0", "1", "2", "JUSTID", "IDLE", "7", "RETRYCOUNT", "9")
                == "*2 $3 1-0 $3 2-0")
        #expect(
            rig.run("XPENDING", "s", "g", "-", "+", "9") == "*2 *4 $3 1-0 $1 d :7 :9 *4 $3 2-0 $1 d :7 :9")
        #expect(rig.run("XCLAIM", "s", "g", "e", "0", "3") == "*0")
        #expect(
            rig.run("XCLAIM", "s", "g", "e", "0", "3", "FORCE", "LASTID", "3-5")
                == "*1 *2 $3 3-0 *2 $1 f $1 3")
        #expect(rig.run("XINFO", "GROUPS", "s").contains("last-delivered-id $3 3-5"))
        #expect(
            rig.run("XCLAIM", "s", "g", "e", "0", "1", "LASTID", "4-0", "TIME", "99999999999999")
                == "*1 *2 $3 1-0 *2 $1 f $1 1")
        #expect(rig.run("XCLAIM", "s", "g", "e", "0", "7", "LASTID", "5-0") == "*0")
        #expect(tap.commands.last?.hasPrefix("XGROUP SETID s g 5-0 ENTRIESREAD") == true)
        // What is no longer in the stream is pending for nobody.
        rig.run("XDEL", "s", "2")
        #expect(rig.run("XCLAIM", "s", "g", "e", "0", "2") == "*0")
        #expect(rig.run("XPENDING", "s", "g").hasPrefix("*4 :2 $3 1-0 $3 3-0"))
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func claimsOfWhatIsOld() {
        add(1...6)
        rig.run("XGROUP", "CREATE", "s", "g", "0")
        rig.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")
        rig.advance(ms: 100)
        rig.run("XDEL", "s", "2")
        #expect(
            rig.run("XAUTOCLAIM", "s", "g", "d", "50", "-", "COUNT", "2")
                == "*3 $3 3-0 *1 *2 $3 1-0 *2 $1 f $1 1 *1 $3 2-0")
        #expect(
            rig.run("XAUTOCLAIM", "s", "g", "d", "50", "3", "COUNT", "2", "JUSTID")
                == "*3 $3 5-0 *2 $3 3-0 $3 4-0 *0")
        #expect(rig.run("XAUTOCLAIM", "s", "g", "d", "500", "5") == "*3 $3 0-0 *0 *0")
        #expect(
            rig.run("XPENDING", "s", "g", "-", "+", "9", "d")
                == "*3 *4 $3 1-0 $1 d :0 :2 *4 $3 3-0 $1 d :0 :1 *4 $3 4-0 $1 d :0 :1")
        #expect(rig.run("XGROUP", "DELCONSUMER", "s", "g", "d") == ":3")
        #expect(rig.run("XPENDING", "s", "g").hasPrefix("*4 :2 $3 5-0 $3 6-0"))
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func groupsComeAndGo() {
        let tap = Tap(rig)
        #expect(rig.run("XGROUP", "CREATE", "s", "g", "$").hasPrefix("-ERR The XGROUP subcommand requires"))
        #expect(rig.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM", "ENTRIESREAD", "3") == "+OK")
        #expect(rig.run("XGROUP", "CREATE", "s", "g", "0") == "-BUSYGROUP Consumer Group name already exists")
        #expect(rig.run("XGROUP", "CREATECONSUMER", "s", "g", "c") == ":1")
        #expect(rig.run("XGROUP", "CREATECONSUMER", "s", "g", "c") == ":0")
        #expect(
            rig.run("XGROUP", "SETID", "s", "h", "0")
                == "-NOGROUP No such consumer group 'h' for key name 's'")
        #expect(rig.run("XGROUP", "SETID", "s", "g", "7", "ENTRIESREAD", "5") == "+OK")
        for name in ["b", "", "aa", "a", String(repeating: "n", count: 300)] {
            rig.run("XGROUP", "CREATE", "s", name, "0")
        }
        let names = rig.run("XINFO", "GROUPS", "s").split(separator: "$4 name ").dropFirst().map {
            $0.split(separator: " ", omittingEmptySubsequences: false)[1].prefix(3)
        }
        #expect(names == ["", "a", "aa", "b", "g", "nnn"])
        #expect(rig.run("XGROUP", "DELCONSUMER", "s", "g", "c") == ":0")
        #expect(rig.run("XGROUP", "DELCONSUMER", "s", "g", "c") == ":0")
        #expect(
            rig.run("XGROUP", "DESTROY", "s", "g") == ":1" && rig.run("XGROUP", "DESTROY", "s", "g") == ":0")
        #expect(
            tap.events.filter { $0 != "xgroup-create s" } == [
                "xgroup-createconsumer s", "xgroup-setid s", "xgroup-delconsumer s", "xgroup-destroy s",
            ])
        #expect(
            rig.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">").hasPrefix(
                "-NOGROUP No such key 's' or"))
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    /// Entries read and lag where they are known, and where holes make them unknown.
    @Test func lag() {
        func lag() -> String {
            let fields = rig.run("XINFO", "GROUPS", "s").split(separator: " ")
            let at = fields.firstIndex(of: "entries-read")!
            return "\(fields[at + 1]) \(fields[at + 4])"
        }
        add(1...5)
        rig.run("XGROUP", "CREATE", "s", "g", "0")
        #expect(lag() == "$-1 :5")
        rig.run("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "s", ">")
        #expect(lag() == ":1 :4")
        rig.run("XTRIM", "s", "MAXLEN", "1")
        #expect(lag() == ":1 :1")
        rig.run("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "s", ">")
        #expect(lag() == ":5 :0")
        add(6...9)
        #expect(lag() == ":5 :4")
        rig.run("XDEL", "s", "7")
        #expect(lag() == ":5 $-1")
        rig.run("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "s", ">")
        #expect(lag() == "$-1 $-1")
        rig.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")
        #expect(lag() == ":9 :0")
    }

    /// The highest ID there is means new entries, as `>` does.
    @Test func theHighestIDMeansNewEntries() {
        let highest = "18446744073709551615-18446744073709551615"
        rig.run("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM")
        #expect(rig.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", highest) == "*-1")
        add(1...1)
        #expect(rig.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", highest).contains("1-0"))
    }
}
