// SPDX-License-Identifier: Apache-2.0
import Bytes

/// All connected sessions by id, and those that are to be closed.
public final class ClientRegistry {
    /// The connected sessions by their ids.
    public private(set) var sessions: [UInt64: Session] = [:]
    /// The same in no order, for walks.
    public private(set) var all: [Session] = []
    private var nextID: UInt64 = 1
    /// Sessions killed by others; the rim closes them at the end of the turn.
    public private(set) var doomed: [UInt64] = []
    /// Whether there are such.
    public var hasDoomed: Bool { !doomed.isEmpty }

    /// Sessions that were held, in the order in which they were; some may have gone since.
    private var holding: [Session] = []
    /// How many sessions are held.
    public private(set) var heldCount = 0

    /// Memory of all sessions together, as last counted.
    public private(set) var memoryBytes = 0
    /// Sessions with more output waiting than their soft limit, or that had it lately.
    private(set) var overSoftLimit: [UInt64: Session] = [:]

    /// How many sessions are connected.
    public var count: Int { sessions.count }

    /// A new session with the next id.
    public func connect(address: ByteString, localAddress: ByteString, nowMs: Int64) -> Session {
        let session = Session(id: nextID, address: address, localAddress: localAddress, nowMs: nowMs)
        nextID += 1
        sessions[session.id] = session
        session.place = all.count
        all.append(session)
        recount(session)
        return session
    }

    /// Takes a session out whose connection is gone; does nothing when it is out already.
    public func disconnect(_ session: Session) {
        guard sessions.removeValue(forKey: session.id) != nil else { return }
        let last = all.removeLast()
        if last !== session {
            all[session.place] = last
            last.place = session.place
        }
        memoryBytes -= session.countedBytes
        session.countedBytes = 0
        overSoftLimit[session.id] = nil
    }

    /// Sessions in the order they connected.
    public var inOrder: [Session] { all.sorted { $0.id < $1.id } }

    // MARK: Held

    func hold(_ session: Session) {
        holding.append(session)
        heldCount += 1
    }

    /// A session is held no longer, or gone. Its place in the line is left until many are empty.
    func unhold() {
        heldCount -= 1
        if holding.count > 2 * heldCount + 64 { holding.removeAll { !$0.isHeld } }
    }

    /// The held sessions, to be resumed one by one; they are forgotten here.
    public func takeHeld() -> [Session] {
        defer { holding = [] }
        return holding.filter(\.isHeld)
    }

    /// Those of `takeHeld` whose turn has not come; they go to the front of the line.
    public func putBack(_ sessions: ArraySlice<Session>) { holding = sessions + holding }

    // MARK: Closing

    /// Marks a session to be closed by the rim.
    public func kill(_ session: Session) {
        guard !session.isDoomed else { return }
        session.stops.insert([.closing, .doomed])
        doomed.append(session.id)
    }

    /// The sessions to close, which are forgotten here.
    public func takeDoomed() -> [UInt64] {
        defer { doomed.removeAll() }
        return doomed
    }

    // MARK: Memory

    func recount(_ session: Session) {
        guard session.place < all.count, all[session.place] === session else { return }
        let bytes = session.memoryBytes
        memoryBytes += bytes - session.countedBytes
        session.countedBytes = bytes
    }

    func noteOverSoftLimit(_ session: Session) { overSoftLimit[session.id] = session }
    func forgetThoseBelowSoftLimit() {
        overSoftLimit = overSoftLimit.filter { $0.value.overSoftLimitMs > 0 && !$0.value.isDoomed }
    }
}
