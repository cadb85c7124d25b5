// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands of publish and subscribe.
public enum PubSubCommands {
    private static let subscribing: CommandFlags = [.pubsub, .noscript, .loading, .stale, .whileSubscribed]
    private static let publishing: CommandFlags = [.pubsub, .loading, .stale, .fast, .mayReplicate]
    private static let asking: CommandFlags = [.pubsub, .loading, .stale]
    private static let shards = "idx1+range(-1,1,0)[not_key]"

    /// The rows of the command table.
    public static let commands: [Command] = [
        Command("SUBSCRIBE", arity: -2, subscribing, .pubsub, Subscribe.self),
        Command("UNSUBSCRIBE", arity: -1, subscribing, .pubsub, Unsubscribe.self),
        Command("PSUBSCRIBE", arity: -2, subscribing, .pubsub, PSubscribe.self),
        Command("PUNSUBSCRIBE", arity: -1, subscribing, .pubsub, PUnsubscribe.self),
        Command("SSUBSCRIBE", arity: -2, subscribing, .pubsub, keys: shards, SSubscribe.self),
        Command("SUNSUBSCRIBE", arity: -1, subscribing, .pubsub, keys: shards, SUnsubscribe.self),
        Command("PUBLISH", arity: 3, publishing, .pubsub, Publish.self),
        Command("SPUBLISH", arity: 3, publishing, .pubsub, keys: "idx1+range(0,1,0)[not_key]", SPublish.self),
        Command(
            container: "PUBSUB", arity: -2, .pubsub,
            [
                Command("CHANNELS", arity: -2, asking, .pubsub, PubSubChannels.self),
                Command("NUMSUB", arity: -2, asking, .pubsub, PubSubNumSub.self),
                Command("NUMPAT", arity: 2, asking, .pubsub, PubSubNumPat.self),
                Command("SHARDCHANNELS", arity: -2, asking, .pubsub, PubSubShardChannels.self),
                Command("SHARDNUMSUB", arity: -2, asking, .pubsub, PubSubShardNumSub.self),
                Command("HELP", arity: 2, [.loading, .stale], .pubsub, PubSubHelp.self),
            ]),
    ]
}

// MARK: Subscribing

/// SUBSCRIBE channel [channel …]
enum Subscribe: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.subscribe(args, .channel, "subscribe", reply)
    }
}

/// PSUBSCRIBE pattern [pattern …]
enum PSubscribe: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.subscribe(args, .pattern, "psubscribe", reply)
    }
}

/// SSUBSCRIBE shardchannel [shardchannel …]
enum SSubscribe: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        // The other two were allowed in transactions before anybody saw what that does to replies.
        guard !call.engine.isNested else {
            throw .custom("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client")
        }
        call.subscribe(args, .shard, "ssubscribe", reply)
    }
}

/// UNSUBSCRIBE [channel …]
enum Unsubscribe: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.unsubscribe(args, .channel, "unsubscribe", reply)
    }
}

/// PUNSUBSCRIBE [pattern …]
enum PUnsubscribe: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.unsubscribe(args, .pattern, "punsubscribe", reply)
    }
}

/// SUNSUBSCRIBE [shardchannel …]
enum SUnsubscribe: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.unsubscribe(args, .shard, "sunsubscribe", reply)
    }
}

extension Call {
    fileprivate func subscribe(_ args: Arguments, _ kind: PubSub.Kind, _ word: StaticString, _ reply: Reply) {
        for i in 1..<args.count {
            engine.pubsub.subscribe(session, args[i], kind)
            confirm(word, args[i], kind, reply)
        }
        engine.recountFeatures(session)
    }

    fileprivate func unsubscribe(_ args: Arguments, _ kind: PubSub.Kind, _ word: StaticString, _ reply: Reply)
    {
        if args.count > 1 {
            for i in 1..<args.count {
                engine.pubsub.unsubscribe(session, args[i], kind)
                confirm(word, args[i], kind, reply)
            }
        } else {
            let channels = session.subscriptions?.channels(kind) ?? []
            for channel in channels {
                engine.pubsub.unsubscribe(session, channel, kind)
                channel.name.withView { confirm(word, $0, kind, reply) }
            }
            if channels.isEmpty { confirm(word, nil, kind, reply) }
        }
        engine.recountFeatures(session)
    }

    /// Tells the session how many subscriptions it has now. Like any message, this is sent though replies are off.
    private func confirm(_ word: StaticString, _ name: ByteView?, _ kind: PubSub.Kind, _ reply: Reply) {
        let wasMuted = reply.isMuted
        reply.isMuted = false
        reply.push(3)
        reply.bulk(word)
        if let name { reply.bulk(name) } else { reply.null() }
        let subscriptions = session.subscriptions
        reply.integer((kind == .shard ? subscriptions?.count(.shard) : subscriptions?.globalCount) ?? 0)
        reply.isMuted = wasMuted
    }
}

// MARK: Publishing

/// PUBLISH channel message
enum Publish: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        // What the commands before it in a transaction have done was first.
        call.engine.tellChanges()
        reply.integer(call.engine.pubsub.publish(args[1], args[2], call.engine))
        call.propagateToReplicas(args)
    }
}

/// SPUBLISH shardchannel message
enum SPublish: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.engine.tellChanges()
        reply.integer(call.engine.pubsub.publish(toShard: args[1], args[2], call.engine))
        call.propagateToReplicas(args)
    }
}

// MARK: Asking

/// PUBSUB CHANNELS [pattern]
enum PubSubChannels: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try call.listChannels(args, .channel, reply)
    }
}

/// PUBSUB SHARDCHANNELS [pattern]
enum PubSubShardChannels: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try call.listChannels(args, .shard, reply)
    }
}

/// PUBSUB NUMSUB [channel …]
enum PubSubNumSub: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.countReceivers(args, .channel, reply)
    }
}

/// PUBSUB SHARDNUMSUB [shardchannel …]
enum PubSubShardNumSub: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.countReceivers(args, .shard, reply)
    }
}

/// PUBSUB NUMPAT
enum PubSubNumPat: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.integer(call.engine.pubsub.count(.pattern))
    }
}

extension Call {
    fileprivate func listChannels(
        _ args: Arguments, _ kind: PubSub.Kind, _ reply: Reply
    ) throws(Refusal) {
        guard args.count <= 3 else {
            throw refusal(
                "ERR unknown subcommand or wrong number of arguments for '\(args[1])'. Try PUBSUB HELP.")
        }
        var channels = engine.pubsub.channels(kind)
        if args.count == 3 {
            let pattern = Glob(args[2])
            channels.removeAll { !$0.name.withView { pattern.matches($0) } }
        }
        reply.array(channels.count)
        for channel in channels { reply.bulk(channel.name) }
    }

    fileprivate func countReceivers(_ args: Arguments, _ kind: PubSub.Kind, _ reply: Reply) {
        reply.array((args.count - 2) * 2)
        for i in 2..<args.count {
            reply.bulk(args[i])
            reply.integer(engine.pubsub.find(args[i], kind)?.receivers.count ?? 0)
        }
    }
}

/// PUBSUB HELP
enum PubSubHelp: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.help(
            "PUBSUB",
            [
                "CHANNELS [<pattern>]",
                "    The channels that somebody is subscribed to (default: all).",
                "NUMPAT",
                "    How many patterns somebody is subscribed to.",
                "NUMSUB [<channel> ...]",
                "    How many clients are subscribed to each channel, not counting patterns.",
                "SHARDCHANNELS [<pattern>]",
                "    The shard channels that somebody is subscribed to (default: all).",
                "SHARDNUMSUB [<shardchannel> ...]",
                "    How many clients are subscribed to each shard channel.",
            ])
    }
}
