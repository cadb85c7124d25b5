// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import EngineRig
import Testing

@testable import Engine
@testable import Messaging

@Suite struct TrackingTests {
    /// A rig whose client `t` speaks RESP3 and tracks.
    private func rig(_ options: String...) -> Rig {
        let rig = Rig()
        rig.run(as: "t", "HELLO", "3")
        #expect(rig.run(as: "t", ["CLIENT", "TRACKING", "ON"] + options) == "+OK")
        return rig
    }

    @Test func whatWasReadIsToldOnce() {
        let rig = rig()
        rig.run("MSET", "a", "1", "b", "2")
        #expect(rig.run(as: "t", "MGET", "a", "b", "c") == "*3 $1 1 $1 2 _")
        rig.run("SET", "a", "2")
        #expect(rig.pushes(as: "t") == ">2 $10 invalidate *1 $1 a")
        rig.run("SET", "a", "3")
        #expect(rig.pushes(as: "t") == "")
        rig.run("SET", "c", "3")
        #expect(rig.pushes(as: "t") == ">2 $10 invalidate *1 $1 c")
        #expect(rig.run("INFO", "stats").contains("tracking_total_keys:1 tracking_total_items:1 "))
        #expect(rig.run("INFO", "clients").contains("tracking_clients:1 "))
        #expect(rig.mismatch == nil)
    }

    @Test func writesAreNoReads() {
        let rig = rig()
        rig.run(as: "t", "SET", "a", "1")
        rig.run(as: "t", "GETSET", "a", "2")
        rig.run("SET", "a", "3")
        #expect(rig.pushes(as: "t") == "")
        #expect(rig.run(as: "t", "GETEX", "a") == "$1 3")
        rig.run("SET", "a", "4")
        #expect(rig.pushes(as: "t") == "")
    }

    @Test func ownChangesFollowTheReply() {
        let rig = rig()
        rig.run(as: "t", "GET", "a")
        #expect(rig.run(as: "t", "SET", "a", "1") == "+OK >2 $10 invalidate *1 $1 a")
        rig.run(as: "t", "GET", "a")
        rig.run(as: "t", "MULTI")
        rig.run(as: "t", "INCR", "a")
        rig.run(as: "t", "GET", "a")
        #expect(rig.run(as: "t", "EXEC") == "*2 :2 $1 2 >2 $10 invalidate *1 $1 a")
        // What was read behind the change is tracked on.
        rig.run("SET", "a", "9")
        #expect(rig.pushes(as: "t") == ">2 $10 invalidate *1 $1 a")
    }

    @Test func noLoopSparesOwnChanges() {
        let rig = rig("NOLOOP")
        rig.run(as: "t", "GET", "a")
        #expect(rig.run(as: "t", "SET", "a", "1") == "+OK")
        rig.run(as: "t", "GET", "a")
        rig.run("SET", "a", "2")
        #expect(rig.pushes(as: "t") == ">2 $10 invalidate *1 $1 a")
    }

    @Test func everyWayAKeyChanges() {
        let rig = rig()
        func told(_ words: String...) -> String {
            rig.run(as: "t", "MGET", "a", "b")
            rig.run(words)
            return rig.pushes(as: "t")
        }
        let a = ">2 $10 invalidate *1 $1 a"
        let b = ">2 $10 invalidate *1 $1 b"
        #expect(told("SET", "a", "1") == a)
        #expect(told("APPEND", "a", "2") == a)
        #expect(told("EXPIRE", "a", "100") == a)
        #expect(told("PERSIST", "a") == a)
        #expect(told("RENAME", "a", "b") == a + " " + b)
        rig.run("SET", "a", "1")
        #expect(told("RENAME", "a", "b") == a + " " + b)
        #expect(told("COPY", "b", "a") == a)
        #expect(told("DEL", "b") == b)
        #expect(told("MOVE", "a", "1") == a)
        #expect(told("SADD", "a", "x") == a)
        #expect(told("SADD", "a", "x") == "")
        #expect(told("SPOP", "a") == a)
        #expect(told("SET", "a", "1", "PX", "5") == a)
        rig.run(as: "t", "GET", "a")
        rig.advance(ms: 10)
        #expect(rig.pushes(as: "t") == a)
    }

    /// A key that is found dead: the deletion is the server's own.
    @Test func expiryWithinACommand() {
        let rig = rig()
        rig.engine.keys.expiresActively = false
        rig.run("SET", "a", "1", "PX", "5")
        rig.run(as: "t", "GET", "a")
        rig.engine.keys.nowMs += 10
        #expect(rig.run(as: "t", "GET", "a") == "_ >2 $10 invalidate *1 $1 a")
        // The miss was read after that.
        rig.run("SET", "a", "1")
        #expect(rig.pushes(as: "t") == ">2 $10 invalidate *1 $1 a")
    }

    @Test func flushesTellEverybody() {
        let rig = rig()
        rig.run(as: "u", "HELLO", "3")
        rig.run(as: "u", "CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "x", "NOLOOP")
        rig.run(as: "t", "GET", "a")
        rig.run("FLUSHALL")
        #expect(rig.pushes(as: "t") == ">2 $10 invalidate _")
        #expect(rig.pushes(as: "u") == ">2 $10 invalidate _")
        #expect(rig.run("INFO", "stats").contains("tracking_total_keys:0 "))
        #expect(rig.run(as: "u", "FLUSHDB") == "+OK >2 $10 invalidate _")
        rig.run("SWAPDB", "0", "1")
        rig.pushes(as: "t")
        #expect(rig.pushes(as: "t") == "")
    }

    @Test func optIn() {
        let rig = rig("OPTIN")
        func tracks(_ words: [String]...) -> Bool {
            for line in words { rig.run(as: "t", line) }
            rig.run("SET", "a", "1")
            return rig.pushes(as: "t") != ""
        }
        #expect(!tracks(["GET", "a"]))
        #expect(tracks(["CLIENT", "CACHING", "YES"], ["GET", "a"]))
        #expect(!tracks(["CLIENT", "CACHING", "YES"], ["PING"], ["GET", "a"]))
        #expect(tracks(["CLIENT", "CACHING", "YES"], ["CLIENT", "ID"], ["GET", "a"]))
        #expect(!tracks(["CLIENT", "CACHING", "YES"], ["NOSUCH"], ["GET", "a"]))
        #expect(!tracks(["CLIENT", "CACHING", "YES"], ["GET"], ["GET", "a"]))
        #expect(tracks(["CLIENT", "CACHING", "YES"], ["MULTI"], ["PING"], ["GET", "a"], ["EXEC"]))
        #expect(!tracks(["GET", "a"]))
        #expect(tracks(["MULTI"], ["CLIENT", "CACHING", "YES"], ["PING"], ["GET", "a"], ["EXEC"]))
        #expect(!tracks(["GET", "a"]))
        #expect(
            rig.run(as: "t", "CLIENT", "CACHING", "NO")
                == "-ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
    }

    @Test func optOut() {
        let rig = rig("OPTOUT")
        rig.run(as: "t", "CLIENT", "CACHING", "NO")
        rig.run(as: "t", "GET", "a")
        rig.run("SET", "a", "1")
        #expect(rig.pushes(as: "t") == "")
        rig.run(as: "t", "GET", "a")
        rig.run("SET", "a", "1")
        #expect(rig.pushes(as: "t") == ">2 $10 invalidate *1 $1 a")
        #expect(
            rig.run(as: "t", "CLIENT", "CACHING", "YES")
                == "-ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
        #expect(rig.run(as: "t", "CLIENT", "CACHING", "MAYBE") == "-ERR syntax error")
    }

    // MARK: Broadcasting

    @Test func broadcastsByPrefix() {
        let rig = rig("BCAST", "PREFIX", "user:", "PREFIX", "item:")
        rig.run("MULTI")
        rig.run("SET", "user:2", "x")
        rig.run("SET", "user:1", "x")
        rig.run("SET", "item:1", "x")
        rig.run("SET", "user:1", "y")
        rig.run("SET", "other", "y")
        rig.run("EXEC")
        #expect(
            rig.pushes(as: "t")
                == ">2 $10 invalidate *1 $6 item:1 >2 $10 invalidate *2 $6 user:1 $6 user:2")
        #expect(rig.run("INFO", "stats").contains("tracking_total_prefixes:2 "))
        #expect(rig.run(as: "t", "SET", "user:1", "z") == "+OK >2 $10 invalidate *1 $6 user:1")
        #expect(rig.run("CLIENT", "LIST").contains(" flags=tB "))
        #expect(rig.run(as: "t", "CLIENT", "TRACKING", "OFF") == "+OK")
        rig.run("SET", "user:1", "y")
        #expect(rig.pushes(as: "t") == "")
        #expect(rig.run("INFO", "stats").contains("tracking_total_prefixes:0 "))
    }

    @Test func broadcastsWithoutPrefixTellAll() {
        let rig = rig("BCAST", "NOLOOP")
        rig.run("SET", "a", "1")
        #expect(rig.pushes(as: "t") == ">2 $10 invalidate *1 $1 a")
        #expect(rig.run(as: "t", "SET", "a", "2") == "+OK")
    }

    // MARK: Redirection

    @Test func redirectionToASubscriber() {
        let rig = Rig()
        rig.run(as: "r", "SUBSCRIBE", "__redis__:invalidate")
        let id = rig.session("r").id
        #expect(rig.run("CLIENT", "TRACKING", "ON", "REDIRECT", "\(id)") == "+OK")
        #expect(rig.run("CLIENT", "GETREDIR") == ":\(id)")
        rig.run("GET", "a")
        rig.run(as: "w", "SET", "a", "1")
        #expect(rig.pushes(as: "r") == "*3 $7 message $20 __redis__:invalidate *1 $1 a")
        rig.run(as: "w", "FLUSHALL")
        #expect(rig.pushes(as: "r") == "*3 $7 message $20 __redis__:invalidate $-1")
        #expect(rig.run("CLIENT", "LIST", "ID", "\(rig.session().id)").contains(" redir=\(id) "))
        rig.run(as: "r", "UNSUBSCRIBE")
        rig.run("GET", "a")
        rig.run(as: "w", "SET", "a", "1")
        #expect(rig.pushes(as: "r") == "")
    }

    @Test func aLostRedirectionIsTold() {
        let rig = Rig()
        rig.run("HELLO", "3")
        let id = rig.session("r").id
        rig.run("CLIENT", "TRACKING", "ON", "REDIRECT", "\(id)")
        rig.run("GET", "a")
        rig.engine.disconnected(rig.session("r"))
        rig.run(as: "w", "SET", "a", "1")
        #expect(rig.pushes() == ">2 $21 tracking-redir-broken :\(id)")
        #expect(rig.run("CLIENT", "INFO").contains(" flags=tR "))
        #expect(
            rig.run("CLIENT", "TRACKINGINFO")
                == "%3 $5 flags ~2 $2 on $15 broken_redirect $8 redirect :\(id) $8 prefixes *0")
        rig.run("CLIENT", "TRACKING", "ON")
        #expect(rig.run("CLIENT", "TRACKINGINFO") == "%3 $5 flags ~1 $2 on $8 redirect :0 $8 prefixes *0")
    }

    // MARK: Settings

    @Test func errors() {
        let rig = Rig()
        func tracking(_ words: String...) -> String { rig.run(["CLIENT", "TRACKING"] + words) }
        #expect(tracking("MAYBE") == "-ERR syntax error")
        #expect(tracking("ON", "NONSENSE") == "-ERR syntax error")
        #expect(tracking("ON", "REDIRECT") == "-ERR syntax error")
        #expect(tracking("ON", "REDIRECT", "x") == "-ERR value is not an integer or out of range")
        #expect(tracking("ON", "REDIRECT", "99") == "-ERR The client ID you want redirect to does not exist")
        #expect(
            tracking("ON", "REDIRECT", "1", "REDIRECT", "1")
                == "-ERR A client can only redirect to a single other client")
        #expect(tracking("ON", "PREFIX", "a") == "-ERR PREFIX option requires BCAST mode to be enabled")
        #expect(tracking("ON", "BCAST", "OPTIN") == "-ERR OPTIN and OPTOUT are not compatible with BCAST")
        #expect(tracking("ON", "OPTOUT", "OPTIN") == "-ERR You can't specify both OPTIN mode and OPTOUT mode")
        #expect(
            tracking("ON", "BCAST", "PREFIX", "a", "PREFIX", "ab")
                == "-ERR Prefix 'a' overlaps with another provided prefix 'ab'. "
                + "Prefixes for a single client must not overlap.")
        #expect(tracking("ON", "OPTIN") == "+OK")
        let modes =
            " before disabling tracking for this client, and then re-enabling it with a different mode."
        #expect(tracking("ON", "OPTOUT") == "-ERR You can't switch OPTIN/OPTOUT mode" + modes)
        #expect(tracking("ON", "BCAST") == "-ERR You can't switch BCAST mode on/off" + modes)
        #expect(tracking("OFF") == "+OK")
        #expect(tracking("ON", "BCAST", "PREFIX", "foo") == "+OK")
        #expect(
            tracking("ON", "BCAST", "PREFIX", "fo")
                == "-ERR Prefix 'fo' overlaps with an existing prefix 'foo'. "
                + "Prefixes for a single client must not overlap.")
        #expect(tracking("ON", "BCAST", "PREFIX", "bar") == "+OK")
        #expect(
            rig.run("CLIENT", "TRACKINGINFO")
                == "*6 $5 flags *2 $2 on $5 bcast $8 redirect :0 $8 prefixes *2 $3 bar $3 foo")
        rig.run("RESET")
        #expect(rig.run("CLIENT", "TRACKINGINFO") == "*6 $5 flags *1 $3 off $8 redirect :-1 $8 prefixes *0")
        #expect(rig.run("CLIENT", "GETREDIR") == ":-1")
        #expect(
            rig.run("CLIENT", "CACHING", "YES")
                == "-ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT "
                + "mode enabled")
        #expect(rig.run("INFO", "clients").contains("tracking_clients:0 "))
    }

    @Test func nobodyTracksAndNothingIsRecorded() {
        let rig = rig()
        rig.run(as: "t", "GET", "a")
        #expect(rig.engine.keys.listeners == .tracking)
        rig.engine.disconnected(rig.session("t"))
        #expect(rig.engine.keys.listeners.isEmpty)
        while rig.engine.tracking.hasWork { rig.engine.tracking.slice(rig.engine, max: 2000) }
        #expect(rig.engine.tracking.keyCount == 0 && rig.engine.tracking.itemCount == 0)
        #expect(rig.run("SET", "a", "1") == "+OK")
    }

    @Test func tooManyKeysAreGivenUp() {
        let rig = rig()
        rig.run("CONFIG", "SET", "tracking-table-max-keys", "100")
        for i in 0..<1000 { rig.run(as: "t", "GET", "key:\(i)") }
        #expect(rig.engine.tracking.keyCount == 1000)
        var slices = 0
        while rig.engine.tracking.hasWork {
            rig.engine.tracking.slice(rig.engine, max: 2000)
            slices += 1
        }
        #expect(slices > 1 && rig.engine.tracking.keyCount == 100)
        #expect(rig.pushes(as: "t").split(separator: ">").count == 900)
        rig.engine.checkInvariants()
    }

    /// The table against a dictionary of sets.
    @Test func theTableKeepsItsBooks() {
        let store = Store(key: HashKey(seed: 3))
        var random = SeededRandom(seed: 5)
        let start = store.heap.usedBytes
        do {
            let table = TrackingTable(store)
            var model: [String: Set<UInt64>] = [:]
            for step in 0..<20_000 {
                let long = random.below(20) == 0
                let key = "k\(random.below(400))" + (long ? String(repeating: "x", count: 200) : "")
                if random.below(10) == 0 {
                    let ids = Array(key.utf8).withView { table.take($0) }
                    #expect(ids == model.removeValue(forKey: key)?.sorted() ?? [])
                } else {
                    let id = UInt64(random.below(30))
                    Array(key.utf8).withView { table.remember($0, id) }
                    model[key, default: []].insert(id)
                }
                if step % 2000 == 0 { table.checkInvariants() }
            }
            #expect(table.keyCount == model.count)
            #expect(table.itemCount == model.values.reduce(0) { $0 + $1.count })
            if let key = table.randomKey(&random) {
                #expect(model[String(decoding: key, as: UTF8.self)] != nil)
            }
            table.checkInvariants()
        }
        #expect(store.heap.usedBytes == start)
    }

    /// A client may name very many prefixes: whether any two overlap is found in one pass over them in their order.
    @Test func veryManyPrefixes() {
        let rig = Rig(withTwin: false)
        let prefixes = (0..<20_000).flatMap { ["PREFIX", "prefix-\($0)-"] }
        #expect(rig.run(["CLIENT", "TRACKING", "ON", "BCAST"] + prefixes) == "+OK")
        #expect(
            rig.run("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "new", "PREFIX", "prefix-77-x")
                == "-ERR Prefix 'prefix-77-x' overlaps with an existing prefix 'prefix-77-'. "
                + "Prefixes for a single client must not overlap.")
        rig.run("CLIENT", "TRACKING", "OFF")
        #expect(
            rig.run(["CLIENT", "TRACKING", "ON", "BCAST"] + prefixes + ["PREFIX", "prefix-5"])
                == "-ERR Prefix 'prefix-5-' overlaps with another provided prefix 'prefix-5'. "
                + "Prefixes for a single client must not overlap.")
        #expect(
            rig.run("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a", "PREFIX", "b", "PREFIX", "b")
                .hasPrefix(
                    "-ERR Prefix 'b' overlaps with another provided prefix 'b'."))
        #expect(
            rig.run("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "b", "PREFIX", "ac", "PREFIX", "ab")
                == "+OK")
    }
}
