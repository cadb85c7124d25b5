// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Keyspace
import RESP

// Commands that wait. A handler that finds nothing to do yet calls `wait` and returns without a reply: its command is
// kept, the session is held with whatever it sends behind it, and the handler runs again when what it waits for may be
// there, or when its time is over. Those who wait for a key are served behind the unit that made it ready, one after the
// other, each in a unit of its own. A waiting session costs nothing until then.

/// Everybody who waits.
final class Waiters: ChangeListener {
    let lines = KeyLines()
    /// Deadlines of those that have one.
    let wheel: TimingWheel
    /// Sessions that wait.
    fileprivate(set) var count = 0
    /// Where the replies of served sessions are put together.
    fileprivate let reply: Reply
    fileprivate var isServing = false
    private let heap: Heap
    /// A node of the wheel, and behind it the session's id.
    private static let nodeBytes = TimingWheel.nodeBytes + 8

    init(_ keys: Keyspace) {
        heap = keys.heap
        wheel = TimingWheel(heap: keys.heap, nowMs: keys.nowMs)
        reply = Reply(keys.heap)
    }

    func told(_ effect: Effect, _ log: EffectLog, _ engine: Engine) {
        let database = Int(effect.database)
        switch effect.kind {
        case .ready:
            log.bytes.withView { lines.makeReady(KeyLines.Name($0[effect.range], database: database)) }
        case .flush:
            for name in lines.names(inDatabase: database, or: database) { lines.makeReady(name) }
        case .command, .event, .change: break
        }
    }

    func unitEnds(_ engine: Engine) {}

    fileprivate func arm(_ wait: WaitingCommand, _ session: Session) {
        guard let deadlineMs = wait.deadlineMs else { return }
        let node = heap.allocate(Waiters.nodeBytes)
        node.setU64(TimingWheel.nodeBytes, session.id)
        wait.node = node
        wheel.schedule(waiter: node, deadlineMs: deadlineMs)
    }

    fileprivate func disarm(_ wait: WaitingCommand) {
        guard !wait.node.isNull else { return }
        wheel.remove(waiter: wait.node)
        heap.free(wait.node, Waiters.nodeBytes)
        wait.node = .null
    }

    /// The session whose time is over, if there is one.
    fileprivate var dueSession: UInt64? {
        guard case .waiter(let node) = wheel.due else { return nil }
        return node.u64(TimingWheel.nodeBytes)
    }
}

extension Call {
    /// Whether the command may wait. Within a transaction or a script it may not: it then says what it says when its
    /// time is over.
    public var mayWait: Bool { resumption != .none || !engine.isNested }

    /// Keeps the command until one of these keys is made ready or its time is over; its handler is then run again. It
    /// returns without a reply.
    /// - Parameters:
    ///   - places: where the keys stand among the arguments; the same key may stand there twice.
    ///   - type: what the key has to hold; nil: anything.
    ///   - evenIfGone: whether the handler is run as well when a key is gone, or holds something else.
    ///   - deadlineMs: when the time is over, in Unix ms; nil: never.
    public func wait(
        forKeysAt places: Range<Int>, of type: ValueType?, evenIfGone: Bool = false, _ args: Arguments,
        deadlineMs: Int64?
    ) {
        waits = true
        // Who is looked at again and waits on keeps its places.
        guard resumption == .none else { return }
        engine.beginWait(
            .keys, places, KeyWish(type: type, evenIfGone: evenIfGone), args, deadlineMs: deadlineMs, self)
    }

    /// Keeps the command until `Engine.retryWaiting` for this reason, or until its time is over.
    public func wait(for reason: WaitReason, _ args: Arguments, deadlineMs: Int64?) {
        waits = true
        guard resumption == .none else { return }
        let nothing = KeyWish(type: nil, evenIfGone: false)
        engine.beginWait(reason, 0..<0, nothing, args, deadlineMs: deadlineMs, self)
    }
}

extension Engine {
    /// How many sessions wait, and for how many keys.
    public var waitingCounts: (sessions: Int, keys: Int) {
        let ownUnits = openUnit?.session.isWaiting == true ? 1 : 0
        return (waiters.count - ownUnits, waiters.lines.keyCount)
    }
    /// Of how many of these keys the loss is waited for as well.
    public var awaitedLossCount: Int { waiters.lines.lossCount }
    /// When the next waiting session's time is over, in Unix ms (sometimes earlier); nil: nobody's.
    public var nextWaitEndMs: Int64? { waiters.count == 0 ? nil : waiters.wheel.nextEventMs }

    fileprivate func beginWait(
        _ reason: WaitReason, _ places: Range<Int>, _ wish: KeyWish, _ args: Arguments,
        deadlineMs: Int64?, _ call: Call
    ) {
        let session = call.session
        precondition(session.wait == nil, "a session waits once")
        let wait = WaitingCommand(
            reason, KeptCommand(call.commandIndex, args, call.list), deadlineMs: deadlineMs)
        session.wait = wait
        session.stops.insert(.held)
        if waiters.count == 0 {
            listen(waiters)
            keys.tellsReady = true
        }
        waiters.count += 1
        var seen: Set<KeyLines.Name> = []
        for index in places {
            let name = KeyLines.Name(args[index], database: keys.current)
            if places.count > 1, !seen.insert(name).inserted { continue }
            wait.places.append(waiters.lines.enter(session, name, wish))
        }
        waiters.arm(wait, session)
        recount(session)
    }

    /// A session waits no longer, whether it was served or not.
    func endWait(_ session: Session) {
        guard let wait = session.wait else { return }
        for place in wait.places { waiters.lines.leave(place) }
        waiters.disarm(wait)
        wait.command.release(keys.heap)
        session.wait = nil
        waiters.count -= 1
        if waiters.count == 0 {
            unlisten(waiters)
            keys.tellsReady = false
        }
    }

    // MARK: Serving

    /// Serves those who wait for keys that were made ready, until nobody can be served any more.
    @inline(never) func serveWaiters() {
        guard !waiters.isServing, waiters.lines.hasReady else { return }
        waiters.isServing = true
        defer { waiters.isServing = false }
        while let name = waiters.lines.takeReady() {
            serve(lineOf: name)
        }
        // A key may have died when it was looked at.
        closeUnit()
    }

    private func serve(lineOf name: KeyLines.Name) {
        let type = type(of: name)
        var place = waiters.lines.first(name, for: type)
        while let current = place {
            // Whoever is served leaves the line.
            place = current.next
            guard current.wish.isServed(by: type) else { continue }
            retry(current.session, .ready)
            // As soon as there is something else, or nothing, nobody else is served by this key.
            guard self.type(of: name) == type else { return }
        }
    }

    /// The type of a key's value; nil when it is not there.
    private func type(of name: KeyLines.Name) -> ValueType? {
        name.withKey { key in
            let found = keys.peek(key, in: name.database)
            return found.exists ? found.value.type : nil
        }
    }

    /// The keys of two databases have others under their names: whoever waits for one of them is looked at again.
    public func exchanged(_ a: Int, _ b: Int) {
        guard keys.tellsReady else { return }
        for name in waiters.lines.names(inDatabase: a, or: b) {
            name.withKey { keys.tellReady($0, database: name.database) }
        }
    }

    /// Runs the commands of all sessions again that wait for this reason.
    public func retryWaiting(_ reason: WaitReason) {
        for session in clients.inOrder where session.wait?.reason == reason { retry(session, .ready) }
    }

    /// Runs the command of one session again that waits.
    func retryWaiting(_ session: Session) { retry(session, .ready) }

    /// Whether anybody waits.
    public var hasWaiters: Bool { waiters.count > 0 }

    /// Ends the waits whose time is over, as many as the slice allows; to be called in every turn.
    /// - Returns: whether more are over.
    @discardableResult public func endWaits(_ slice: inout Slice) -> Bool {
        let wheel = waiters.wheel
        repeat {
            let units = slice.grant()
            if units == 0 { return true }
            slice.spend(wheel.advance(toMs: keys.nowMs, max: units))
        } while wheel.isBehind
        while let id = waiters.dueSession {
            guard slice.grant(1) > 0 else { return true }
            guard let session = clients.sessions[id] else {
                preconditionFailure("a wait of a session that is gone")
            }
            // It leaves the lines of all its keys.
            slice.spend(1 + (session.wait?.places.count ?? 0) / 8)
            retry(session, .timedOut)
        }
        return false
    }

    /// Ends the wait of a session for keys (CLIENT UNBLOCK).
    /// - Parameter error: what it is told instead of what it says when its time is over.
    /// - Returns: false when it does not wait.
    public func unblock(_ session: Session, error: ByteString?) -> Bool {
        guard let wait = session.wait, wait.reason != .unit, wait.reason != .migration,
            wait.reason != .logPosition || error == nil
        else { return false }
        guard let error else {
            retry(session, .timedOut)
            return true
        }
        let index = wait.command.index
        noteCall(index, 0, session)
        table.rows[index].failed += 1
        serve(session) { _ in count(error: error) }
        endWait(session)
        release(session)
        return true
    }

    /// Runs the command of a waiting session again; it goes on waiting or is answered.
    private func retry(_ session: Session, _ resumption: Resumption) {
        guard let wait = session.wait else { return }
        var waitsOn = false
        serve(session) { call in
            call.resumption = resumption
            call.waits = false
            wait.command.withArguments(call.list) { run(wait.command.index, $0, session, call) }
            waitsOn = call.waits
            call.resumption = .none
        }
        precondition(!(waitsOn && resumption == .timedOut), "a command waits beyond its time")
        guard !waitsOn else { return }
        endWait(session)
        release(session)
    }

    /// Lets a session answer from within somebody else's turn: as a unit of its own, its replies behind everything that
    /// it has been told before.
    private func serve(_ session: Session, _ body: (Call) -> Void) {
        let reply = waiters.reply
        reply.isRESP3 = session.isRESP3
        reply.isMuted = session.replyMode != .on
        let outer = (database: keys.current, origin: keys.effects.origin, touches: keys.touches)
        keys.current = session.database
        keys.effects.origin = session.id
        keys.touches = session.touchesKeys
        let frame = openFrame(session, reply, isUnit: true)
        lastTicks = Clock.ticks()
        body(frame.call)
        closeFrame(frame, restoresSession: false)
        keys.current = outer.database
        keys.touches = outer.touches
        keys.effects.origin = outer.origin
        deliver(reply, to: session)
    }

    /// Sends what was replied to a session that does not run.
    private func deliver(_ reply: Reply, to session: Session) {
        var at = 0
        for item in reply.blocks {
            if item.offset > at { push(reply.written(at..<item.offset).array, to: session) }
            push(item.block, to: session)
            at = item.offset
        }
        if reply.count > at { push(reply.written(from: at).array, to: session) }
        reply.reset()
    }

    /// A session that was answered goes on with what it has sent meanwhile.
    private func release(_ session: Session) {
        session.stops.remove(.held)
        session.stepReplyMode(waiters.reply)
        if !session.heldInput.isEmpty {
            session.stops.insert(.held)
            clients.hold(session)
        }
        recount(session)
    }
}
