// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Engine
import Keyspace
import RESP

// XGROUP: groups and their consumers.

extension Refusal {
    fileprivate static let noStream = Refusal.custom(
        """
        ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM \
        option to create an empty stream automatically.
        """)
}

extension Call {
    /// The refusal of words that a subcommand does not know.
    func unknownForm(of subcommand: ByteView, _ container: String) -> Refusal {
        var text: [UInt8] = []
        text.append("ERR unknown subcommand or wrong number of arguments for '")
        text.append(subcommand.clipped(to: 128))
        text.append("'. Try ")
        text += Array(container.utf8)
        text.append(" HELP.")
        return refusal(ByteString(text))
    }
}

/// The words behind the ID of XGROUP CREATE and SETID.
private struct GroupOptions {
    var makesStream = false
    /// Entries that the group has read; nil where it is not known.
    var entriesRead: Int64?

    init(_ args: Arguments, _ call: Call, mayMakeStream: Bool) throws(Refusal) {
        var index = 5
        while index < args.count {
            if mayMakeStream, args[index].matches("MKSTREAM") {
                makesStream = true
                index += 1
            } else if args[index].matches("ENTRIESREAD"), index + 1 < args.count {
                let count = try args.integer(index + 1)
                guard count >= -1 else {
                    throw .custom("ERR value for ENTRIESREAD must be positive or -1")
                }
                entriesRead = count == -1 ? nil : count
                index += 2
            } else {
                throw call.unknownForm(of: args[1], "XGROUP")
            }
        }
    }
}

extension Found {
    /// The stream at a key, which there must be.
    fileprivate func requireStream() throws(Refusal) {
        try require(.stream)
        guard exists else { throw .noStream }
    }

    /// The group of the stream at a key; both must be there.
    fileprivate func requireGroup(_ args: Arguments, _ call: Call) throws(Refusal) -> StreamGroup {
        try requireStream()
        guard let group = value.stream.group(args[3]) else { throw call.noGroup(args[3], for: args[2]) }
        return group
    }
}

/// XGROUP CREATE key group id | $ [MKSTREAM] [ENTRIESREAD entries-read]
enum XGroupCreate: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let options = try GroupOptions(args, call, mayMakeStream: true)
        let found = keys.locate(args[2])
        try found.require(.stream)
        guard found.exists || options.makesStream else { throw .noStream }
        let id = try args.streamID(4, orLastOf: found)
        var edit = keys.edit(found)
        if !edit.exists { edit.makeStream(keys) }
        guard edit.makeGroup(args[3], lastID: id, entriesRead: options.entriesRead, keys) else {
            edit.abandon(keys)
            throw .custom("BUSYGROUP Consumer Group name already exists")
        }
        edit.commit(.xgroupCreate, changes: 1, isReady: false, keys)
        reply.ok()
    }
}

/// XGROUP SETID key group id | $ [ENTRIESREAD entries-read]
enum XGroupSetID: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let options = try GroupOptions(args, call, mayMakeStream: false)
        let found = keys.locate(args[2])
        let group = try found.requireGroup(args, call)
        // Redis takes the ends of ranges here, and not in CREATE.
        let isEnd = args.isCharacter(4, "-") || args.isCharacter(4, "+")
        let id =
            isEnd ? try args.streamBound(4, isStart: true) : try args.streamID(4, orLastOf: found)
        let edit = keys.edit(found)
        edit.setProgress(of: group, lastID: id, entriesRead: options.entriesRead, keys)
        edit.commit(.xgroupSetID, changes: 1, isReady: false, keys)
        reply.ok()
    }
}

/// XGROUP DESTROY key group
enum XGroupDestroy: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[2])
        try found.requireStream()
        guard let group = found.value.stream.group(args[3]) else { return reply.integer(0) }
        let edit = keys.edit(found)
        edit.removeGroup(group, keys)
        // Those who wait for entries of the group are told that it is gone.
        edit.commit(.xgroupDestroy, changes: 1, isReady: true, keys)
        reply.integer(1)
    }
}

/// XGROUP CREATECONSUMER key group consumer
enum XGroupCreateConsumer: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[2])
        let group = try found.requireGroup(args, call)
        guard group.consumer(args[4]) == nil else { return reply.integer(0) }
        let edit = keys.edit(found)
        _ = edit.makeConsumer(args[4], in: group, keys)
        edit.commit(.xgroupCreateConsumer, changes: 1, isReady: false, keys)
        reply.integer(1)
    }
}

/// XGROUP DELCONSUMER key group consumer
enum XGroupDelConsumer: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[2])
        let group = try found.requireGroup(args, call)
        guard let consumer = group.consumer(args[4]) else { return reply.integer(0) }
        let edit = keys.edit(found)
        let pending = edit.removeConsumer(consumer, of: group, keys)
        edit.commit(.xgroupDelConsumer, changes: 1, isReady: false, keys)
        reply.integer(pending)
    }
}

/// XGROUP HELP
enum XGroupHelp: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.help(
            "XGROUP",
            [
                "CREATE <key> <groupname> <id|$> [MKSTREAM] [ENTRIESREAD <entries-read>]",
                "    Make a group that has been handed everything up to an ID, $ for the last one.",
                "    MKSTREAM makes an empty stream where there is none; ENTRIESREAD says how many",
                "    entries the group has read (for servers).",
                "CREATECONSUMER <key> <groupname> <consumer>",
                "    Make a consumer in a group.",
                "DELCONSUMER <key> <groupname> <consumer>",
                "    Delete a consumer, and what is pending for it.",
                "DESTROY <key> <groupname>",
                "    Delete a group.",
                "SETID <key> <groupname> <id|$> [ENTRIESREAD <entries-read>]",
                "    Set the last ID that a group has been handed.",
            ])
    }
}
