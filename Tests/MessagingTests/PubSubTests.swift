// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Keyspace
import Testing

@testable import Engine
@testable import Messaging

@Suite struct PubSubTests {
    @Test func messagesReachSubscribers() {
        let rig = Rig()
        #expect(
            rig.run(as: "a", "SUBSCRIBE", "news", "more")
                == "*3 $9 subscribe $4 news :1 *3 $9 subscribe $4 more :2")
        #expect(rig.run("PUBLISH", "news", "hello") == ":1")
        #expect(rig.pushes(as: "a") == "*3 $7 message $4 news $5 hello")
        #expect(rig.run("PUBLISH", "other", "x") == ":0")
        #expect(rig.run(as: "a", "UNSUBSCRIBE", "news") == "*3 $11 unsubscribe $4 news :1")
        #expect(rig.run("PUBLISH", "news", "hello") == ":0")
        #expect(rig.pushes(as: "a") == "")
        #expect(rig.mismatch == nil)
    }

    @Test func patternsAndChannelsCountEach() {
        let rig = Rig()
        rig.run(as: "a", "SUBSCRIBE", "ab")
        #expect(
            rig.run(as: "a", "PSUBSCRIBE", "a*", "?b")
                == "*3 $10 psubscribe $2 a* :2 *3 $10 psubscribe $2 ?b :3")
        rig.run(as: "b", "HELLO", "3")
        #expect(rig.run(as: "b", "PSUBSCRIBE", "a*") == ">3 $10 psubscribe $2 a* :1")
        #expect(rig.run("PUBLISH", "ab", "x") == ":4")
        #expect(
            rig.pushes(as: "a")
                == "*3 $7 message $2 ab $1 x *4 $8 pmessage $2 a* $2 ab $1 x *4 $8 pmessage $2 ?b $2 ab $1 x")
        #expect(rig.pushes(as: "b") == ">4 $8 pmessage $2 a* $2 ab $1 x")
        #expect(rig.run("PUBSUB", "NUMPAT") == ":2")
        #expect(
            rig.run(as: "a", "PUNSUBSCRIBE", "a*", "none")
                == "*3 $12 punsubscribe $2 a* :2 *3 $12 punsubscribe $4 none :2")
        #expect(rig.run("PUBSUB", "NUMPAT") == ":2")
        rig.leave("b")
        #expect(rig.run("PUBSUB", "NUMPAT") == ":1")
    }

    @Test func aSecondSubscriptionChangesNothing() {
        let rig = Rig()
        #expect(rig.run(as: "a", "SUBSCRIBE", "x", "x") == "*3 $9 subscribe $1 x :1 *3 $9 subscribe $1 x :1")
        #expect(rig.run("PUBSUB", "NUMSUB", "x", "y", "x") == "*6 $1 x :1 $1 y :0 $1 x :1")
        #expect(rig.run("PUBLISH", "x", "1") == ":1")
        #expect(
            rig.run(as: "a", "UNSUBSCRIBE", "x", "x")
                == "*3 $11 unsubscribe $1 x :0 *3 $11 unsubscribe $1 x :0")
        #expect(rig.run("PUBSUB", "NUMSUB", "x") == "*2 $1 x :0")
        #expect(rig.run("PUBSUB", "NUMSUB") == "*0")
    }

    @Test func leavingNothing() {
        let rig = Rig()
        #expect(rig.run("UNSUBSCRIBE") == "*3 $11 unsubscribe $-1 :0")
        #expect(rig.run("PUNSUBSCRIBE") == "*3 $12 punsubscribe $-1 :0")
        #expect(rig.run("SUNSUBSCRIBE") == "*3 $12 sunsubscribe $-1 :0")
        #expect(rig.run("UNSUBSCRIBE", "a") == "*3 $11 unsubscribe $1 a :0")
        rig.run("HELLO", "3")
        #expect(rig.run("UNSUBSCRIBE") == ">3 $11 unsubscribe _ :0")
    }

    @Test func leavingAll() {
        let rig = Rig()
        rig.run("SUBSCRIBE", "c", "a", "b")
        rig.run("PSUBSCRIBE", "p*")
        #expect(
            rig.run("UNSUBSCRIBE")
                == "*3 $11 unsubscribe $1 c :3 *3 $11 unsubscribe $1 a :2 *3 $11 unsubscribe $1 b :1")
        #expect(rig.run("UNSUBSCRIBE") == "*3 $11 unsubscribe $-1 :1")
        #expect(rig.run("PUNSUBSCRIBE") == "*3 $12 punsubscribe $2 p* :0")
        #expect(rig.run("GET", "a") == "$-1")
    }

    @Test func shardChannelsAreApart() {
        let rig = Rig()
        #expect(rig.run(as: "a", "SSUBSCRIBE", "x") == "*3 $10 ssubscribe $1 x :1")
        #expect(rig.run(as: "a", "SUBSCRIBE", "x") == "*3 $9 subscribe $1 x :1")
        #expect(rig.run("SPUBLISH", "x", "1") == ":1")
        #expect(rig.run("PUBLISH", "x", "2") == ":1")
        #expect(rig.pushes(as: "a") == "*3 $8 smessage $1 x $1 1 *3 $7 message $1 x $1 2")
        #expect(rig.run("PUBSUB", "SHARDCHANNELS") == "*1 $1 x")
        #expect(rig.run("PUBSUB", "SHARDCHANNELS", "y*") == "*0")
        #expect(rig.run("PUBSUB", "SHARDNUMSUB", "x", "y") == "*4 $1 x :1 $1 y :0")
        #expect(rig.run(as: "a", "UNSUBSCRIBE") == "*3 $11 unsubscribe $1 x :0")
        #expect(rig.run(as: "a", "SUNSUBSCRIBE") == "*3 $12 sunsubscribe $1 x :0")
        #expect(rig.run("SPUBLISH", "x", "1") == ":0")
    }

    @Test func askingForChannels() {
        let rig = Rig()
        #expect(rig.run("PUBSUB", "CHANNELS") == "*0")
        rig.run(as: "a", "SUBSCRIBE", "x1", "x2", "y")
        rig.run(as: "b", "SUBSCRIBE", "x1")
        rig.run(as: "a", "PSUBSCRIBE", "p*")
        #expect(rig.run("PUBSUB", "CHANNELS") == "*3 $2 x1 $2 x2 $1 y")
        #expect(rig.run("PUBSUB", "CHANNELS", "x?") == "*2 $2 x1 $2 x2")
        #expect(
            rig.run("PUBSUB", "CHANNELS", "a", "b")
                == "-ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP.")
        rig.run("HELLO", "3")
        #expect(rig.run("PUBSUB", "NUMSUB", "x1") == "*2 $2 x1 :2")
    }

    // MARK: What subscribers may do

    @Test func subscribersOfTheOldProtocolMayDoLittle() {
        let rig = Rig()
        rig.run("SUBSCRIBE", "x")
        let refusal =
            ": only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
        #expect(rig.run("GET", "a") == "-ERR Can't execute 'get'" + refusal)
        #expect(rig.run("CLIENT", "LIST") == "-ERR Can't execute 'client|list'" + refusal)
        #expect(rig.run("HELLO", "3") == "-ERR Can't execute 'hello'" + refusal)
        #expect(rig.run("MULTI") == "-ERR Can't execute 'multi'" + refusal)
        #expect(rig.run("PING") == "*2 $4 pong $0 ")
        #expect(rig.run("PING", "hi") == "*2 $4 pong $2 hi")
        #expect(rig.run("SSUBSCRIBE", "s") == "*3 $10 ssubscribe $1 s :1")
        rig.run("UNSUBSCRIBE")
        #expect(rig.run("GET", "a") == "-ERR Can't execute 'get'" + refusal)
        rig.run("SUNSUBSCRIBE")
        #expect(rig.run("GET", "a") == "$-1")
        #expect(rig.run("PING") == "+PONG")
    }

    @Test func theNewProtocolBindsNobody() {
        let rig = Rig()
        rig.run("HELLO", "3")
        #expect(rig.run("SUBSCRIBE", "x") == ">3 $9 subscribe $1 x :1")
        #expect(rig.run("GET", "a") == "_")
        #expect(rig.run("PING") == "+PONG")
        // Its own message follows the reply.
        #expect(rig.run("PUBLISH", "x", "1") == ":1 >3 $7 message $1 x $1 1")
        rig.run("HELLO", "2")
        #expect(rig.run("GET", "a").hasPrefix("-ERR Can't execute 'get'"))
        #expect(rig.run("RESET") == "+RESET")
        #expect(rig.run("GET", "a") == "$-1")
        #expect(rig.run("PUBSUB", "CHANNELS") == "*0")
    }

    @Test func transactions() {
        let rig = Rig()
        rig.run("MULTI")
        #expect(rig.run("SUBSCRIBE", "x") == "+QUEUED")
        #expect(rig.run("GET", "a") == "+QUEUED")
        #expect(rig.run("PING") == "+QUEUED")
        #expect(rig.run("EXEC") == "*3 *3 $9 subscribe $1 x :1 $-1 *2 $4 pong $0 ")
        rig.run("RESET")
        rig.run("MULTI")
        rig.run("SSUBSCRIBE", "x")
        #expect(rig.run("EXEC") == "*1 -ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client")
        rig.run("HELLO", "3")
        rig.run("SUBSCRIBE", "x")
        rig.run("MULTI")
        rig.run("PUBLISH", "x", "1")
        rig.run("UNSUBSCRIBE", "x")
        rig.run("PUBLISH", "x", "2")
        #expect(rig.run("EXEC") == "*3 :1 >3 $11 unsubscribe $1 x :0 :0 >3 $7 message $1 x $1 1")
    }

    @Test func messagesComeThoughRepliesAreOff() {
        let rig = Rig()
        rig.run("HELLO", "3")
        rig.run("CLIENT", "REPLY", "OFF")
        #expect(rig.run("SUBSCRIBE", "x") == ">3 $9 subscribe $1 x :1")
        #expect(rig.run("PUBLISH", "x", "1") == ">3 $7 message $1 x $1 1")
        #expect(rig.run("UNSUBSCRIBE") == ">3 $11 unsubscribe $1 x :0")
    }

    // MARK: Around it

    @Test func listsAndCounters() {
        let rig = Rig()
        rig.run(as: "a", "SUBSCRIBE", "x", "y")
        rig.run(as: "a", "PSUBSCRIBE", "p*")
        rig.run(as: "a", "SSUBSCRIBE", "s", "t", "u")
        let line = rig.run("CLIENT", "LIST", "TYPE", "pubsub")
        #expect(line.contains(" flags=P "))
        #expect(line.contains(" sub=2 psub=1 ssub=3 "))
        #expect(!rig.run("CLIENT", "LIST", "TYPE", "normal").contains(" sub=2 "))
        #expect(rig.session("a").outputClass == .pubsub && rig.session().outputClass == .normal)
        let info = rig.run("INFO")
        for field in ["pubsub_clients:1", "pubsub_channels:2", "pubsub_patterns:1", "pubsubshard_channels:3"]
        {
            #expect(info.contains(field + " "), "\(field)")
        }
        #expect(rig.run("CLIENT", "KILL", "TYPE", "pubsub") == ":1")
    }

    @Test func whoLeavesHearsNothing() {
        let rig = Rig()
        for name in ["a", "b", "c"] { rig.run(as: name, "SUBSCRIBE", "x", "own:" + name) }
        rig.engine.disconnected(rig.session("a"))
        #expect(rig.run("PUBLISH", "x", "1") == ":2")
        #expect(
            rig.run("PUBSUB", "CHANNELS") == "*3 $1 x $5 own:c $5 own:b"
                || rig.run("PUBSUB", "NUMSUB", "own:a") == "*2 $5 own:a :0")
        #expect(rig.pushes(as: "b") == "*3 $7 message $1 x $1 1")
        #expect(rig.pushes(as: "c") == "*3 $7 message $1 x $1 1")
        #expect(rig.run("INFO", "clients").contains("pubsub_clients:2 "))
    }

    /// One block for all receivers of one protocol.
    @Test func oneMessageForAll() {
        let rig = Rig()
        let heap = rig.engine.keys.heap
        rig.run("PING")
        for i in 0..<50 { rig.run(as: "\(i)", "SUBSCRIBE", "x") }
        let before = heap.usedBytes
        #expect(rig.run("PUBLISH", "x", String(repeating: "m", count: 10_000)) == ":50")
        #expect(heap.usedBytes - before < 20_000)
        for i in 0..<50 { #expect(rig.pushes(as: "\(i)").count > 10_000) }
        #expect(heap.usedBytes == before)
    }

    /// Messages go to replicas, not to the log of commands.
    @Test func messagesArePropagatedToReplicas() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("PUBLISH", "x", "1")
        rig.run("SPUBLISH", "y", "2")
        #expect(tap.commands == ["PUBLISH x 1", "SPUBLISH y 2"])
        let targets = Targets()
        rig.engine.keys.effects.readers = EffectLog.Reader.aof | EffectLog.Reader.twin
        rig.engine.effectReaders.append(targets)
        rig.run("PUBLISH", "x", "1")
        rig.run("SET", "a", "1")
        #expect(targets.seen == [EffectLog.Reader.twin, EffectLog.Reader.aof | EffectLog.Reader.twin])
        #expect(rig.mismatch == nil)
    }

    private final class Targets: EffectReader {
        var seen: [UInt8] = []
        func unitEnded(_ log: EffectLog) {
            seen += log.effects.filter { $0.kind == .command }.map(\.targets)
        }
    }

    @Test func wrongCalls() {
        let rig = Rig()
        for name in ["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "PUBLISH", "SPUBLISH"] {
            #expect(rig.run(name) == "-ERR wrong number of arguments for '\(name.lowercased())' command")
        }
        #expect(
            rig.run("PUBSUB", "NUMPAT", "x") == "-ERR wrong number of arguments for 'pubsub|numpat' command")
        #expect(rig.run("PUBSUB", "NONE") == "-ERR unknown subcommand 'NONE'. Try PUBSUB HELP.")
        #expect(rig.run("PUBSUB", "HELP").hasPrefix("*13 +PUBSUB <subcommand>"))
        #expect(
            rig.run("COMMAND", "GETKEYS", "SPUBLISH", "a", "b") == "-ERR The command has no key arguments")
    }
}
