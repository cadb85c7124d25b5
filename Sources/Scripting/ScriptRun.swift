// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// What a script may do beside reading.
struct ScriptFlags: OptionSet {
    let rawValue: UInt8
    /// It declares its flags; otherwise it may do what any script could before there were flags.
    static let declared = ScriptFlags(rawValue: 1)
    static let noWrites = ScriptFlags(rawValue: 2)
    static let allowOOM = ScriptFlags(rawValue: 4)
    static let allowStale = ScriptFlags(rawValue: 8)
    static let noCluster = ScriptFlags(rawValue: 16)
    static let allowCrossSlotKeys = ScriptFlags(rawValue: 32)

    /// The names that a shebang line gives them.
    static let names: [(ScriptFlags, StaticString)] = [
        (.noWrites, "no-writes"), (.allowOOM, "allow-oom"), (.allowStale, "allow-stale"),
        (.noCluster, "no-cluster"), (.allowCrossSlotKeys, "allow-cross-slot-keys"),
    ]
}

/// A script that runs: the commands that it calls, each in the frame of the script.
final class ScriptRun {
    /// How long a script may run that has written nothing, in microseconds.
    private static let readingUsMax = 5_000_000.0

    private let engine: Engine
    private let session: Session
    private let frame: Frame
    /// Where the replies of its commands are written, and where large ones are laid out in one piece.
    private let reply: Reply
    private let flat: Reply
    private let isReadOnly: Bool
    private let commits: Int
    private let startTicks = Clock.ticks()
    /// Commands that need memory are refused until the script has written.
    private let isShortOfMemory: Bool

    init(
        _ engine: Engine, _ session: Session, _ reply: Reply, _ flat: Reply, _ flags: ScriptFlags,
        isReadOnly: Bool
    ) {
        self.engine = engine
        self.session = session
        self.reply = reply
        self.flat = flat
        self.isReadOnly = isReadOnly
        frame = engine.openFrame(session, reply)
        commits = Int(truncatingIfNeeded: engine.keys.commits)
        isShortOfMemory = !flags.contains(.allowOOM) && engine.refusals.contains(.denyoom)
    }

    /// Ends it; the session is as it was.
    func close() {
        engine.closeFrame(frame, restoresSession: true)
        reply.reset()
        flat.reset()
    }

    /// The arguments of the command that it calls.
    var list: ArgumentList { frame.call.list }

    private var hasWritten: Bool { Int(truncatingIfNeeded: engine.keys.commits) != commits }

    /// Whether it has had its time. What has written is not stopped half-way.
    var mustEnd: Bool {
        !hasWritten && Double(Clock.ticks() &- startTicks) > ScriptRun.readingUsMax * engine.ticksPerUs
    }

    func log(_ level: Int32, _ text: ByteView) {
        let levels: [LogLevel] = [.debug, .verbose, .notice, .warning]
        engine.host.log(levels[Int(level) & 3], ByteString(text))
    }

    /// The number of the command in `list`; nil when there is none.
    private var commandIndex: Int? {
        let args = list.arguments
        guard args.count > 0 else { return nil }
        let index = engine.table.find(args[0])
        guard index >= 0 else { return nil }
        guard args.count > 1, !engine.table.subcommands(index).isEmpty else { return index }
        let sub = engine.table.find(args[1], container: Int32(truncatingIfNeeded: index))
        return sub >= 0 ? sub : nil
    }

    /// Whether `list` holds a command.
    var isCommand: Bool { commandIndex != nil }

    /// Runs the command in `list`: its reply in protocol form, valid until the next.
    func call(isRESP3: Bool) -> ByteView {
        reply.reset()
        reply.isMuted = false
        reply.isRESP3 = isRESP3
        guard let index = commandIndex else { return refuse("ERR Unknown Redis command called from script") }
        let args = list.arguments
        guard engine.table.accepts(args.count, index) else {
            return refuse("ERR Wrong number of args calling Redis command from script")
        }
        if let text = refusal(index, engine.table.flags(index)) {
            reply.error(text)
        } else {
            engine.perform(index, args, session, frame.call)
        }
        return whole
    }

    private func refuse(_ text: StaticString) -> ByteView {
        reply.error(text)
        return reply.written(from: 0)
    }

    /// Why the script may not run a command now.
    private func refusal(_ index: Int, _ flags: CommandFlags) -> ByteString? {
        if flags.contains(.noscript) { return "ERR This Redis command is not allowed from script" }
        if isReadOnly, !flags.isDisjoint(with: [.write, .mayReplicate]) {
            return "ERR Write commands are not allowed from read-only scripts."
        }
        var looked = flags
        // A script that has begun to write goes on: half of its work would be worse than a little more memory.
        if !isShortOfMemory || hasWritten { looked.remove(.denyoom) }
        looked.subtract([.any, .notSubscribed])
        guard !looked.isDisjoint(with: engine.refusals.union(session.refusals)) else { return nil }
        return engine.refusalText(looked, index, session)
    }

    /// The reply in one piece.
    private var whole: ByteView {
        if reply.blocks.isEmpty { return reply.written(from: 0) }
        flat.reset()
        var from = 0
        for item in reply.blocks {
            flat.raw(reply.written(from..<item.offset))
            flat.raw(item.block.view)
            from = item.offset
        }
        flat.raw(reply.written(from: from))
        return flat.written(from: 0)
    }
}
