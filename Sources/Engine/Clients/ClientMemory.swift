// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

// What connections take together, kept as a sum that changes where something of a session grows or goes: no command has
// to add anything up. When the sum passes `maxmemory-clients`, the largest are closed.

extension Session {
    /// What a connection takes without buffers, in bytes: session, socket, and their places in the tables.
    public static let ownBytes = 832

    /// The memory held for the connection, in bytes, but for messages that are to leave in this turn.
    var memoryBytes: Int {
        outsideBytes + (assembler?.heldBytes ?? 0) + queued.bytes - Int(queued.outsideBytes)
            + (queue?.queuedBytes ?? 0)
    }

    /// The part of that which is neither the heap's nor MULTI's queue, which accounts for itself.
    var outsideBytes: Int {
        Session.ownBytes + name.count + libraryName.count + libraryVersion.count + heldInput.count
            + featureBytes + Int(queued.outsideBytes) + (queue.map { $0.bytes - $0.queuedBytes } ?? 0)
            + (wait?.bytes ?? 0)
    }
}

/// `maxmemory-clients` at work.
struct ClientEviction: Sendable {
    /// The most that all clients may take together, in bytes.
    var bytesMax = Int.max
    /// Everybody who may be closed has been: not before this does it make sense to look again.
    var nextMs: Int64 = 0
    /// How long that is, in ms.
    static let pauseMs: Int64 = 100
    /// Closing clients smaller than this is the last resort.
    static let largeBytesMin = 32 << 10
}

extension Engine {
    /// A session has come to hold more or less memory.
    @inline(never) public func recount(_ session: Session) {
        guard clients.sessions[session.id] != nil else { return }
        clients.recount(session)
        account(session)
    }

    /// Brings the heap's books in step with what a session holds outside the heap.
    func account(_ session: Session) {
        let outside = session.outsideBytes
        keys.heap.account(outside: outside - session.accountedBytes)
        session.accountedBytes = outside
    }

    /// The memory of all clients.
    public var clientBytes: Int { clients.memoryBytes + outbox.bytes }

    /// Closes clients, the largest first, until all of them together take no more than `maxmemory-clients`.
    @inline(__always) public func evictClients() {
        if clientBytes > clientEviction.bytesMax { evictLargest() }
    }

    @inline(never) private func evictLargest() {
        guard keys.nowMs >= clientEviction.nextMs else { return }
        var excess = clientBytes - clientEviction.bytesMax
        for smallest in [ClientEviction.largeBytesMin, 0] {
            let victims = clients.all.filter { $0.isOpenToEviction && $0.countedBytes >= smallest }
            for session in victims.sorted(by: { $0.countedBytes > $1.countedBytes }) {
                guard excess > 0 else { return }
                excess -= session.countedBytes + session.pushes.memoryBytes
                stats.evictedClients += 1
                log(.notice, "Evicting client: ", session)
                clients.kill(session)
            }
        }
        guard excess > 0 else { return }
        host.log(.warning, "Over client maxmemory after evicting all evictable clients")
        clientEviction.nextMs = keys.nowMs + ClientEviction.pauseMs
    }

    /// Takes the limit from the settings.
    func setClientMemoryMax() {
        let text = config.settings.clientMemory
        var bytes = Int(clamping: text.withView(\.unsignedInteger) ?? 0)
        if text.hasSuffix("%"), let share = ByteString(text.bytes.dropLast()).integer {
            let all = keys.eviction.limitBytes
            bytes = all / 100 * share + all % 100 * share / 100
        }
        clientEviction.bytesMax = bytes == 0 ? Int.max : bytes
        clientEviction.nextMs = 0
    }
}

extension Session {
    /// Links of replicas are spared, as are those who asked for it, and who is to be closed anyway.
    fileprivate var isOpenToEviction: Bool { isEvictable && outputClass != .replica && !isDoomed }
}
