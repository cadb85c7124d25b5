// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// MULTI's queue and WATCH's tickets of one session.
final class Transaction: CommandQueue {
    /// What a watched key takes beside its name: its ticket here and its version in the keyspace.
    private static let ticketBytes = 144

    private let keys: Keyspace
    private(set) var queue: [KeptCommand] = []
    private(set) var tickets: [WatchVersions.Name: WatchVersions.Ticket] = [:]
    /// Bytes that the tickets take.
    private(set) var watchBytes = 0
    /// Watched keys that were dead already and only hidden: that they are is no change.
    private var deadBefore: Set<WatchVersions.Name> = []
    /// A command could not be queued: EXEC will refuse.
    var isSpoiled = false
    /// Flags of all queued commands together, for the refusals of EXEC.
    private(set) var flags: CommandFlags = []
    /// Bytes that the queue holds.
    private(set) var queuedBytes = 0
    /// The part of them that lies outside the heap, with what the queue itself takes.
    private var outsideBytes = 0

    init(_ keys: Keyspace) { self.keys = keys }

    deinit {
        forgetQueue()
        unwatch()
    }

    // MARK: Queue

    var bytes: Int { queuedBytes + watchBytes }

    func spoil() { isSpoiled = true }

    func enqueue(_ index: Int, _ args: Arguments, _ session: Session, _ call: Call) {
        let command = KeptCommand(index, args, call.list)
        keys.heap.account(outside: command.outsideBytes)
        outsideBytes += command.outsideBytes
        queuedBytes += command.argumentBytes
        queue.append(command)
        flags.formUnion(call.engine.table.flags(index))
        call.reply.simple("QUEUED")
    }

    /// Empties the queue; the transaction may begin anew.
    func forgetQueue() {
        for command in queue { command.release(keys.heap) }
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
