// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Engine
import Keyspace
import RESP

/// The commands on streams.
public enum Streams {
    /// The rows of the command table.
    public static let commands: [Command] = entries + reads + [groups] + claims + [info]

    private static let updates = "idx1+range(0,1,0)[RW update]"
    private static let deletes = "idx1+range(0,1,0)[RW delete]"
    private static let readsFrom = "idx1+range(0,1,0)[RO access]"
    private static let isRandom = "nondeterministic_output"

    private static let entries: [Command] = [
        Command(
            "XADD", arity: -5, [.write, .denyoom, .fast], .stream,
            keys: updates + " UPDATE instead of INSERT because of the optional trimming feature",
            tips: isRandom, XAdd.self),
        Command("XLEN", arity: 2, [.readonly, .fast], .stream, keys: "idx1+range(0,1,0)[RO]", XLen.self),
        Command("XRANGE", arity: -4, [.readonly], .stream, keys: readsFrom, XRange.self),
        Command("XREVRANGE", arity: -4, [.readonly], .stream, keys: readsFrom, XRevRange.self),
        Command("XDEL", arity: -3, [.write, .fast], .stream, keys: deletes, XDel.self),
        Command("XTRIM", arity: -4, [.write], .stream, keys: deletes, tips: isRandom, XTrim.self),
        Command("XSETID", arity: -3, [.write, .denyoom, .fast], .stream, keys: updates, XSetID.self),
    ]

    private static let reads: [Command] = [
        Command(
            "XREAD", arity: -4, [.readonly, .blocking, .movableKeys], .stream,
            keys: "kw:STREAMS@1+range(-1,1,2)[RO access]", XRead.self),
        Command(
            "XREADGROUP", arity: -7, [.write, .blocking, .movableKeys], .stream,
            keys: "kw:STREAMS@4+range(-1,1,2)[RO access]", XReadGroup.self),
    ]

    private static let groups = Command(
        container: "XGROUP", arity: -2, .stream,
        [
            Command(
                "CREATE", arity: -5, [.write, .denyoom], .stream, keys: "idx2+range(0,1,0)[RW insert]",
                XGroupCreate.self),
            Command(
                "SETID", arity: -5, [.write], .stream, keys: "idx2+range(0,1,0)[RW update]",
                XGroupSetID.self),
            Command(
                "DESTROY", arity: 4, [.write], .stream, keys: "idx2+range(0,1,0)[RW delete]",
                XGroupDestroy.self),
            Command(
                "CREATECONSUMER", arity: 5, [.write, .denyoom], .stream,
                keys: "idx2+range(0,1,0)[RW insert]", XGroupCreateConsumer.self),
            Command(
                "DELCONSUMER", arity: 5, [.write], .stream, keys: "idx2+range(0,1,0)[RW delete]",
                XGroupDelConsumer.self),
            Command("HELP", arity: 2, [.loading, .stale], .stream, XGroupHelp.self),
        ])

    private static let claims: [Command] = [
        Command("XACK", arity: -4, [.write, .fast], .stream, keys: updates, XAck.self),
        Command("XPENDING", arity: -3, [.readonly], .stream, keys: readsFrom, tips: isRandom, XPending.self),
        Command(
            "XCLAIM", arity: -6, [.write, .fast], .stream, keys: updates, tips: isRandom, XClaim.self),
        Command(
            "XAUTOCLAIM", arity: -6, [.write, .fast], .stream, keys: deletes, tips: isRandom,
            XAutoClaim.self),
    ]

    private static let info = Command(
        container: "XINFO", arity: -2, .stream,
        [
            Command(
                "STREAM", arity: -3, [.readonly], .stream, keys: "idx2+range(0,1,0)[RO access]",
                XInfoStream.self),
            Command(
                "GROUPS", arity: 3, [.readonly], .stream, keys: "idx2+range(0,1,0)[RO access]",
                XInfoGroups.self),
            Command(
                "CONSUMERS", arity: 4, [.readonly], .stream, keys: "idx2+range(0,1,0)[RO access]",
                tips: isRandom, XInfoConsumers.self),
            Command("HELP", arity: 2, [.loading, .stale], .stream, XInfoHelp.self),
        ])
}

/// What happens to streams.
extension Event {
    static var xadd: Event { Event("xadd", EventClass.stream) }
    static var xdel: Event { Event("xdel", EventClass.stream) }
    static var xtrim: Event { Event("xtrim", EventClass.stream) }
    static var xsetid: Event { Event("xsetid", EventClass.stream) }
    static var xgroupCreate: Event { Event("xgroup-create", EventClass.stream) }
    static var xgroupSetID: Event { Event("xgroup-setid", EventClass.stream) }
    static var xgroupDestroy: Event { Event("xgroup-destroy", EventClass.stream) }
    static var xgroupCreateConsumer: Event { Event("xgroup-createconsumer", EventClass.stream) }
    static var xgroupDelConsumer: Event { Event("xgroup-delconsumer", EventClass.stream) }
}

extension Call {
    /// The refusal of a group that is not there, or its key.
    /// - Parameter place: where it was named, with a blank in front.
    func noGroup(_ key: ByteView, _ group: ByteView, _ place: StaticString = "") -> Refusal {
        var text: [UInt8] = []
        text.append("NOGROUP No such key '")
        text.append(key)
        text.append("' or consumer group '")
        text.append(group)
        text.append("'")
        text.append(place)
        return refusal(ByteString(text))
    }

    /// The refusal of a group that is not there, where the key is.
    func noGroup(_ group: ByteView, for key: ByteView) -> Refusal {
        var text: [UInt8] = []
        text.append("NOGROUP No such consumer group '")
        text.append(group)
        text.append("' for key name '")
        text.append(key)
        text.append("'")
        return refusal(ByteString(text))
    }
}

extension Reply {
    /// An ID, as its text.
    @inline(__always) func bulk(_ id: StreamID) { id.withText { bulk($0) } }

    /// A name or a value out of a stream.
    @inline(__always) func bulk(_ element: Listpack.Element) {
        switch element {
        case .integer(let number): bulk(number)
        case .bytes(let view): bulk(view)
        }
    }

    /// An entry: its ID, and its fields and values in turn.
    func entry(_ entry: StreamEntry) {
        array(2)
        bulk(entry.id)
        array(entry.fieldCount * 2)
        entry.forEachField { name, value in
            bulk(name)
            bulk(value)
        }
    }

    /// The entries from one ID to another as an array, as many as `count` at most.
    func entries(
        of stream: StreamLog, from: StreamID, to: StreamID, count: Int = .max, reversed: Bool = false
    ) {
        let mark = deferred()
        var answered = 0
        func visit(_ item: StreamEntry) -> Bool {
            entry(item)
            answered &+= 1
            return answered < count
        }
        if reversed {
            stream.forEachReversed(from: from, to: to, visit)
        } else {
            stream.forEach(from: from, to: to, visit)
        }
        setArray(mark, answered)
    }
}
