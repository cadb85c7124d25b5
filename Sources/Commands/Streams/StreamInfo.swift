// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Engine
import Keyspace
import RESP

// XINFO: what a stream is made of.

extension Found {
    /// The stream at a key, which there must be.
    fileprivate func stream() throws(Refusal) -> StreamLog {
        guard exists else { throw .noSuchKey }
        try require(.stream)
        return value.stream
    }
}

/// XINFO STREAM key [FULL [COUNT count]]
enum XInfoStream: Handler {
    private static let defaultCount = 10

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        var count: Int?
        if args.count > 3 {
            guard args[3].matches("FULL"), args.count == 4 || args.count == 6 else {
                throw call.unknownForm(of: args[1], "XINFO")
            }
            count = defaultCount
            if args.count == 6 {
                guard args[4].matches("COUNT") else { throw call.unknownForm(of: args[1], "XINFO") }
                let value = try args.integer(5)
                count = value < 0 ? defaultCount : value == 0 ? .max : Int(value)
            }
        }
        let stream = try keys.read(args[2]).stream()
        reply.map(count == nil ? 10 : 9)
        reply.bulk("length")
        reply.integer(stream.length)
        reply.bulk("radix-tree-keys")
        reply.integer(stream.nodeCount)
        reply.bulk("radix-tree-nodes")
        reply.integer(stream.radixNodeCount)
        reply.bulk("last-generated-id")
        reply.bulk(stream.lastID)
        reply.bulk("max-deleted-entry-id")
        reply.bulk(stream.maxDeletedID)
        reply.bulk("entries-added")
        reply.integer(Int64(bitPattern: stream.entriesAdded))
        reply.bulk("recorded-first-entry-id")
        reply.bulk(stream.firstID)
        guard let count else {
            reply.bulk("groups")
            reply.integer(stream.groupCount)
            reply.bulk("first-entry")
            reply.edge(of: stream, last: false)
            reply.bulk("last-entry")
            return reply.edge(of: stream, last: true)
        }
        reply.bulk("entries")
        reply.entries(of: stream, from: .zero, to: .max, count: count)
        reply.bulk("groups")
        reply.array(stream.groupCount)
        let counters = stream.counters
        stream.forEachGroup { reply.describe($0, counters, count) }
    }
}

extension Reply {
    fileprivate func edge(of stream: StreamLog, last: Bool) {
        if let edge = stream.edge(last: last) { entry(edge) } else { null() }
    }

    /// A number, or null where it is not known.
    fileprivate func known(_ number: Int64?) {
        if let number { integer(number) } else { null() }
    }

    /// A group with all that is in it.
    fileprivate func describe(_ group: StreamGroup, _ counters: StreamCounters, _ count: Int) {
        map(7)
        bulk("name")
        bulk(group.name)
        bulk("last-delivered-id")
        bulk(group.lastID)
        bulk("entries-read")
        known(group.entriesRead)
        bulk("lag")
        known(counters.lag(of: group))
        pending(group.pendingCount, atMost: count, namesConsumers: true) {
            group.forEachPending(from: .zero, $0)
        }
        bulk("consumers")
        array(group.consumerCount)
        group.forEachConsumer { describe($0, count) }
    }

    /// How many entries are pending, and the first of them.
    private func pending(
        _ total: Int, atMost count: Int, namesConsumers: Bool,
        _ forEach: ((StreamID, StreamPending) -> Bool) -> Void
    ) {
        bulk("pel-count")
        integer(total)
        bulk("pending")
        array(min(count, total))
        var left = count
        forEach { id, pending in
            guard left > 0 else { return false }
            left -= 1
            array(namesConsumers ? 4 : 3)
            bulk(id)
            if namesConsumers { bulk(pending.consumer.name) }
            integer(pending.deliveredMs)
            integer(Int64(clamping: pending.deliveries))
            return true
        }
    }

    private func describe(_ consumer: StreamConsumer, _ count: Int) {
        map(5)
        bulk("name")
        bulk(consumer.name)
        bulk("seen-time")
        integer(consumer.seenMs)
        bulk("active-time")
        integer(consumer.activeMs ?? -1)
        pending(consumer.pendingCount, atMost: count, namesConsumers: false) {
            consumer.forEachPending(from: .zero, $0)
        }
    }
}

/// XINFO GROUPS key
enum XInfoGroups: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let stream = try keys.read(args[2]).stream()
        let counters = stream.counters
        reply.array(stream.groupCount)
        stream.forEachGroup { group in
            reply.map(6)
            reply.bulk("name")
            reply.bulk(group.name)
            reply.bulk("consumers")
            reply.integer(group.consumerCount)
            reply.bulk("pending")
            reply.integer(group.pendingCount)
            reply.bulk("last-delivered-id")
            reply.bulk(group.lastID)
            reply.bulk("entries-read")
            reply.known(group.entriesRead)
            reply.bulk("lag")
            reply.known(counters.lag(of: group))
        }
    }
}

/// XINFO CONSUMERS key group
enum XInfoConsumers: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let stream = try keys.read(args[2]).stream()
        guard let group = stream.group(args[3]) else { throw call.noGroup(args[3], for: args[2]) }
        reply.array(group.consumerCount)
        group.forEachConsumer { consumer in
            reply.map(4)
            reply.bulk("name")
            reply.bulk(consumer.name)
            reply.bulk("pending")
            reply.integer(consumer.pendingCount)
            reply.bulk("idle")
            reply.integer(max(0, keys.nowMs &- consumer.seenMs))
            reply.bulk("inactive")
            reply.integer(consumer.activeMs.map { max(0, keys.nowMs &- $0) } ?? -1)
        }
    }
}

/// XINFO HELP
enum XInfoHelp: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.help(
            "XINFO",
            [
                "CONSUMERS <key> <groupname>",
                "    The consumers of a group.",
                "GROUPS <key>",
                "    The groups of a stream.",
                "STREAM <key> [FULL [COUNT <count>]]",
                "    The stream itself, or all of it: entries, groups, consumers and what is pending.",
            ])
    }
}
