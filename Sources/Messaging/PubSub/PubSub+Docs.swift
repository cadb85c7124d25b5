// SPDX-License-Identifier: Apache-2.0
import Engine

extension PubSubCommands {
    /// The commands of channels with their documentation and their directive.
    public static let family = Family(commands: commands, docs: docs, parameters: parameters)

    /// The directives that concern messages.
    public static let parameters: [Parameter] = [
        Parameter("notify-keyspace-events", .eventClasses, .word(\.keyspaceEvents))
    ]

    /// What COMMAND DOCS tells of each command.
    public static let docs: [CommandDoc] = [
        CommandDoc(
            "SUBSCRIBE", "Listens to channels.", since: "2.0.0", "O(N), N channels", "channel..."),
        CommandDoc(
            "UNSUBSCRIBE", "Listens to channels no longer; to all of them if none is named.", since: "2.0.0",
            "O(N), N channels", "[channel...]"),
        CommandDoc(
            "PSUBSCRIBE", "Listens to the channels that match patterns.", since: "2.0.0", "O(N), N patterns",
            "pattern..."),
        CommandDoc(
            "PUNSUBSCRIBE", "Listens to patterns no longer; to all of them if none is named.", since: "2.0.0",
            "O(N), N patterns", "[pattern...]"),
        CommandDoc(
            "SSUBSCRIBE", "Listens to shard channels.", since: "7.0.0", "O(N), N channels",
            "shardchannel..."),
        CommandDoc(
            "SUNSUBSCRIBE", "Listens to shard channels no longer; to all of them if none is named.",
            since: "7.0.0", "O(N), N channels", "[shardchannel...]"),
        CommandDoc(
            "PUBLISH", "Sends a message to a channel.", since: "2.0.0",
            "O(N+M), N receivers and M patterns in all", "channel message"),
        CommandDoc(
            "SPUBLISH", "Sends a message to a shard channel.", since: "7.0.0", "O(N), N receivers",
            "shardchannel message"),
        CommandDoc("PUBSUB", "Tells who listens to what.", since: "2.8.0", "By subcommand"),
        CommandDoc(
            "PUBSUB|CHANNELS", "The channels with subscribers.", since: "2.8.0", "O(N), N channels",
            "[pattern]"),
        CommandDoc(
            "PUBSUB|NUMSUB", "How many subscribers channels have.", since: "2.8.0", "O(N), N channels named",
            "[channel...]"),
        CommandDoc("PUBSUB|NUMPAT", "How many patterns have subscribers.", since: "2.8.0", "O(1)"),
        CommandDoc(
            "PUBSUB|SHARDCHANNELS", "The shard channels with subscribers.", since: "7.0.0",
            "O(N), N channels", "[pattern]"),
        CommandDoc(
            "PUBSUB|SHARDNUMSUB", "How many subscribers shard channels have.", since: "7.0.0",
            "O(N), N channels named", "[shardchannel...]"),
        CommandDoc("PUBSUB|HELP", "The subcommands and what they do.", since: "6.2.0", "O(1)"),
    ]
}
