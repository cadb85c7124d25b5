// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// How much output may wait for a client of one class; 0 is no limit.
struct OutputLimit: Equatable, Sendable {
    var hardBytes = 0
    var softBytes = 0
    /// For so long there may be more than `softBytes`.
    var softSeconds = 0

    var isSet: Bool { hardBytes > 0 || softBytes > 0 }
}

/// The limits of `client-output-buffer-limit`.
struct OutputLimits: Equatable, Sendable {
    var normal = OutputLimit()
    var replica = OutputLimit()
    var pubsub = OutputLimit()

    /// The replies of one read never count below this: a limit of a few bytes would close everybody.
    static let freeBytes = 16 << 10

    init() {}

    /// Reads the directive's value in the form that CONFIG GET shows: `class hard soft seconds …`.
    init(_ text: ByteString) {
        let fields = text.words()
        for at in stride(from: 0, to: fields.count - 3, by: 4) {
            let limit = OutputLimit(
                hardBytes: OutputLimits.bytes(fields[at + 1]), softBytes: OutputLimits.bytes(fields[at + 2]),
                softSeconds: fields[at + 3].integer ?? 0)
            switch fields[at] {
            case "slave": replica = limit
            case "pubsub": pubsub = limit
            default: normal = limit
            }
        }
    }

    private static func bytes(_ text: ByteString) -> Int {
        Int(clamping: text.withView(\.unsignedInteger) ?? 0)
    }

    subscript(_ kind: OutputClass) -> OutputLimit {
        switch kind {
        case .normal: normal
        case .replica: replica
        case .pubsub: pubsub
        }
    }

    /// The classes with a limit, by their bits.
    var classes: UInt8 {
        [OutputClass.normal, .replica, .pubsub].reduce(0) { self[$1].isSet ? $0 | $1.rawValue : $0 }
    }
}

extension Engine {
    /// Executes the commands of a session whose output is limited: a reply that grows beyond is given up while it is
    /// written, and the session closed. A transaction still runs to its end.
    @inline(never) func consumeLimited(_ input: ByteView, _ session: Session) {
        let hard = outputLimits[session.outputClass].hardBytes
        if hard > 0 { reply.limit(to: max(hard - session.waitingOutputBytes, OutputLimits.freeBytes)) }
        consume(input, session)
        guard hard > 0, reply.endLimit() else { return }
        exceedOutputLimit(session)
    }

    /// Executes commands within the limit of the session's class, if it has one.
    func consumeWithin(_ input: ByteView, _ session: Session) {
        let isLimited = limitedClasses & session.outputClass.rawValue != 0
        if isLimited { consumeLimited(input, session) } else { consume(input, session) }
    }

    /// Takes note of how much output the rim holds for a session, and closes it if that is too much.
    @inline(never) public func noteOutput(_ session: Session, queued: QueuedOutput) {
        if queued.bytes == 0, session.queued.bytes == 0 { return }
        session.queued = queued
        recount(session)
        checkOutput(session)
    }

    /// Holds the output that waits for a session against the limits of its class.
    func checkOutput(_ session: Session) { _ = hasRoom(session, for: 0) }

    /// Whether the limits of its class let a session's output grow by so many bytes. If not it is closed, and nothing is
    /// to be added.
    @inline(never) func hasRoom(_ session: Session, for bytes: Int) -> Bool {
        guard !session.isDoomed else { return false }
        let limit = outputLimits[session.outputClass]
        let waiting = session.waitingOutputBytes + bytes
        if limit.hardBytes > 0, waiting >= limit.hardBytes {
            exceedOutputLimit(session)
            return false
        }
        guard limit.softBytes > 0, waiting >= limit.softBytes else {
            session.overSoftLimitMs = 0
            return true
        }
        if session.overSoftLimitMs == 0 {
            session.overSoftLimitMs = max(1, keys.nowMs)
            clients.noteOverSoftLimit(session)
        } else if (keys.nowMs - session.overSoftLimitMs) / 1000 > limit.softSeconds {
            exceedOutputLimit(session)
            return false
        }
        return true
    }

    /// Closes those who have been over their soft limit for too long; to be called now and then.
    public func checkSoftLimits() {
        guard !clients.overSoftLimit.isEmpty else { return }
        for session in clients.overSoftLimit.values { checkOutput(session) }
        clients.forgetThoseBelowSoftLimit()
    }

    /// Closes a session for whom more output waits than may.
    public func exceedOutputLimit(_ session: Session) {
        stats.outputLimitDisconnections += 1
        log(
            .warning, "Client ", session,
            " scheduled to be closed ASAP for overcoming of output buffer limits.")
        clients.kill(session)
    }
}

/// What the rim holds for a connection because its socket has not taken it.
public struct QueuedOutput: Sendable {
    /// What it takes, in bytes.
    public var bytes = 0
    /// The part of that which lies outside the heap.
    public var outsideBytes: UInt32 = 0
    /// In how many pieces it lies, at most as many as fit.
    public var pieces: UInt32 = 0

    /// Output of so many bytes in so many pieces; numbers beyond 32 bits count as the largest that fits.
    public init(bytes: Int = 0, outsideBytes: Int = 0, pieces: Int = 0) {
        self.bytes = bytes
        self.outsideBytes = UInt32(clamping: outsideBytes)
        self.pieces = UInt32(clamping: pieces)
    }
}

extension Session {
    /// Memory of output that the client has not taken yet, but for the replies of the present turn.
    public var waitingOutputBytes: Int { queued.bytes + pushes.memoryBytes }
}
