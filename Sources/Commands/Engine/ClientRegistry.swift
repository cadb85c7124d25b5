// SPDX-License-Identifier: Apache-2.0

/// All connected sessions by id, and those that are to be closed.
public final class ClientRegistry {
    public private(set) var sessions: [UInt64: Session] = [:]
    private var nextID: UInt64 = 1
    /// Sessions killed by others; the rim closes them at the end of the turn.
    public private(set) var doomed: [UInt64] = []

    /// Sessions that are held, in the order in which they were.
    public private(set) var held: [Session] = []

    public var count: Int { sessions.count }

    /// A new session with the next id.
    public func connect(address: String, localAddress: String, nowMs: Int64) -> Session {
        let session = Session(id: nextID, address: address, localAddress: localAddress, nowMs: nowMs)
        nextID += 1
        sessions[session.id] = session
        return session
    }

    public func disconnect(_ session: Session) {
        sessions[session.id] = nil
        if session.isHeld { held.removeAll { $0 === session } }
    }

    func hold(_ session: Session) { held.append(session) }

    /// The held sessions, to be resumed one by one; they are forgotten here.
    public func takeHeld() -> [Session] {
        defer { held = [] }
        return held
    }

    /// Sessions in the order they connected.
    public var inOrder: [Session] { sessions.values.sorted { $0.id < $1.id } }

    /// Marks a session to be closed by the rim.
    public func kill(_ session: Session) {
        session.isClosing = true
        doomed.append(session.id)
    }

    /// The sessions to close, which are forgotten here.
    public func takeDoomed() -> [UInt64] {
        defer { doomed.removeAll() }
        return doomed
    }
}
