// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// MULTI's queue and WATCH's tickets of one session.
final class Transaction: CommandQueue {
    /// A queued command: its arguments end to end, but for the large ones that came in blocks of their own.
    struct Queued {
        let commandIndex: Int
        let counts: [Int]
        let bytes: [UInt8]
        /// Arguments that fill a block, by index. The queue holds one reference to each.
        let blocks: [(index: Int, block: Block)]
    }

    /// What a watched key takes beside its name: its ticket here and its version in the keyspace.
    private static let ticketBytes = 144

    private let keys: Keyspace
    private(set) var queue: [Queued] = []
    private(set) var tickets: [WatchVersions.Name: WatchVersions.Ticket] = [:]
    /// Bytes that the tickets take.
    private(set) var watchBytes = 0
    /// Watched keys that were dead already and only hidden: that they are is no change.
    private var deadBefore: Swift.Set<WatchVersions.Name> = []
    /// A command could not be queued: EXEC will refuse.
    var isSpoiled = false
    /// Flags of all queued commands together, for the refusals of EXEC.
    private(set) var flags: CommandFlags = []
    /// Bytes that the queue holds.
    private(set) var queuedBytes = 0
    /// The part of them that lies outside the heap, with what the queue itself takes.
    private var outsideBytes = 0
    /// What a queued command takes beside its arguments, in bytes.
    private static let ownBytes = 96

    init(_ keys: Keyspace) { self.keys = keys }

    deinit {
        forgetQueue()
        unwatch()
    }

    // MARK: Queue

    var count: Int { queue.count }
    var bytes: Int { queuedBytes + watchBytes }

    func spoil() { isSpoiled = true }

    func enqueue(_ index: Int, _ args: Arguments, _ session: Session, _ call: Call) {
        var bytes: [UInt8] = []
        var counts: [Int] = []
        var blocks: [(index: Int, block: Block)] = []
        counts.reserveCapacity(args.count)
        for i in 0..<args.count {
            counts.append(args[i].count)
            queuedBytes += args[i].count + 8
            if let block = call.block(i) {
                block.retain()
                blocks.append((i, block))
            } else {
                bytes.append(args[i])
            }
        }
        let taken = bytes.count + Transaction.ownBytes + counts.count * 8
        keys.heap.account(outside: taken)
        outsideBytes += taken
        queue.append(Queued(commandIndex: index, counts: counts, bytes: bytes, blocks: blocks))
        flags.formUnion(call.engine.table.flags(index))
        call.reply.simple("QUEUED")
    }

    /// Lays the arguments of a queued command into `list`, in place of what is there, for the time of `body`.
    func withArguments(of index: Int, _ list: ArgumentList, _ body: (Int, Arguments) -> Void) {
        let queued = queue[index]
        list.reset()
        queued.bytes.withView { all in
            var at = 0
            var nextBlock = 0
            for (i, count) in queued.counts.enumerated() {
                if nextBlock < queued.blocks.count, queued.blocks[nextBlock].index == i {
                    let block = queued.blocks[nextBlock].block
                    block.retain()
                    list.append(block)
                    nextBlock += 1
                } else {
                    list.append(all[at..<(at + count)])
                    at += count
                }
            }
            body(queued.commandIndex, list.arguments)
            list.reset()
        }
    }

    /// Empties the queue; the transaction may begin anew.
    func forgetQueue() {
        for queued in queue {
            for item in queued.blocks { item.block.release(keys.heap) }
        }
        keys.heap.account(outside: -outsideBytes)
        outsideBytes = 0
        queue = []
        flags = []
        queuedBytes = 0
        isSpoiled = false
    }

    // MARK: Watches

    /// Begins to watch a key of the current database; a key that is watched already keeps its older ticket.
    func watch(_ key: ByteView) {
        // A dead key is deleted now, so that its deletion is no change later.
        _ = keys.peek(key)
        let name = WatchVersions.Name(key, database: keys.current)
        guard tickets[name] == nil else { return }
        tickets[name] = keys.watch(name)
        watchBytes += key.count + Transaction.ticketBytes
        if keys.deadKeys == .hidden, keys.isDue(key, in: keys.current) { deadBefore.insert(name) }
    }

    func unwatch() {
        for ticket in tickets.values { keys.unwatch(ticket) }
        tickets = [:]
        watchBytes = 0
        deadBefore = []
    }

    /// Whether no watched key has changed. A key that died since is deleted here, which is a change.
    func watchesHold() -> Bool {
        for (name, ticket) in tickets {
            var hasDied = false
            name.withKey { key in
                _ = keys.peek(key, in: name.database)
                hasDied = keys.deadKeys == .hidden && keys.isDue(key, in: name.database)
            }
            if !keys.watches.isCurrent(ticket) || (hasDied && !deadBefore.contains(name)) { return false }
        }
        return true
    }
}
