// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// What is run: a script or a function.
struct ScriptSubject {
    /// What errors call it: a script's digest, or the name of a function.
    let name: [UInt8]
    /// Where it is compiled, and its number there.
    let interpreter: Interpreter
    let number: Int32
    let flags: ScriptFlags
    let isFunction: Bool
}

/// A script that runs: the commands that it calls, each in the frame of the script.
final class ScriptRun: Continuation {
    private unowned let part: ScriptPart
    private let engine: Engine
    private let session: Session
    private let frame: Frame
    let subject: ScriptSubject
    /// Where the replies of its commands are written, and where large ones are laid out in one piece.
    private let reply: Reply
    private let flat: Reply
    private let isReadOnly: Bool
    private let commits: Int
    /// Commands that need memory are refused until the script has written.
    private let isShortOfMemory: Bool
    /// Another command has called it and gets its reply.
    private let isNested: Bool
    /// The command that its caller called.
    private let commandIndex: Int
    /// When it began, in Unix ms.
    let startMs: Int64
    /// How long it has run so far, in ticks of `Clock`.
    private(set) var spentTicks: UInt64 = 0
    /// The command that it was called with, once it has stopped in the middle.
    private(set) var words: [[UInt8]] = []

    init(_ part: ScriptPart, _ subject: ScriptSubject, _ call: Call, isReadOnly: Bool) {
        self.part = part
        self.subject = subject
        engine = call.engine
        session = call.session
        isNested = engine.isNested
        commandIndex = call.commandIndex
        (reply, flat) = part.replies
        self.isReadOnly = isReadOnly || subject.flags.contains(.noWrites)
        startMs = engine.keys.nowMs
        frame = engine.openFrame(session, reply)
        commits = Int(truncatingIfNeeded: engine.keys.commits)
        isShortOfMemory = !subject.flags.contains(.allowOOM) && engine.refusals.contains(.denyoom)
    }

    /// Begins to run it.
    /// - Returns: whether it has ended.
    func begin(_ args: Arguments, keyCount: Int, isRESP3: Bool) -> Bool {
        let before = Clock.ticks()
        part.isRunning = true
        defer {
            part.isRunning = false
            spentTicks &+= Clock.ticks() &- before
        }
        return subject.name.withView {
            subject.interpreter.run(
                subject.number, $0, args, keyCount: keyCount, isFunction: subject.isFunction,
                isRESP3: isRESP3, self, part.slice)
        }
    }

    /// It has stopped in the middle: what it was called with is kept.
    func keep(_ command: Arguments) {
        words = (0..<command.count).map { command[$0].array }
        engine.keys.heap.account(outside: keptBytes)
    }

    private var keptBytes: Int { words.reduce(0) { $0 + $1.count + 32 } }

    func goOn(_ engine: Engine) -> Bool {
        let before = Clock.ticks()
        part.isRunning = true
        let hasEnded = subject.interpreter.goOn(part.slice)
        part.isRunning = false
        spentTicks &+= Clock.ticks() &- before
        guard hasEnded else { return false }
        close()
        part.ended(self)
        if isNested {
            part.answer(self)
            engine.countCall(commandIndex, ticks: spentTicks, session)
        }
        return true
    }

    /// Ends it; the session is as it was.
    func close() {
        engine.keys.heap.account(outside: -keptBytes)
        engine.closeFrame(frame, restoresSession: true)
        reply.reset()
        flat.reset()
    }

    /// The arguments of the command that it calls.
    var list: ArgumentList { frame.call.list }

    /// Whether it has changed anything.
    var hasWritten: Bool { Int(truncatingIfNeeded: engine.keys.commits) != commits }

    func log(_ level: Int32, _ text: ByteView) {
        let levels: [LogLevel] = [.debug, .verbose, .notice, .warning]
        engine.host.log(levels[Int(level) & 3], ByteString(text))
    }

    /// The number of the command in `list`; nil when there is none.
    private var calledIndex: Int? {
        let args = list.arguments
        guard args.count > 0 else { return nil }
        let index = engine.table.find(args[0])
        guard index >= 0 else { return nil }
        guard args.count > 1, !engine.table.subcommands(index).isEmpty else { return index }
        let sub = engine.table.find(args[1], container: Int32(truncatingIfNeeded: index))
        return sub >= 0 ? sub : nil
    }

    /// Whether `list` holds a command.
    var isCommand: Bool { calledIndex != nil }

    /// Runs the command in `list`: its reply in protocol form, valid until the next, and whether an error in it was
    /// counted.
    func call(isRESP3: Bool) -> (reply: ByteView, isCounted: Bool) {
        reply.reset()
        reply.isMuted = false
        reply.isRESP3 = isRESP3
        guard let index = calledIndex else {
            return refuse("ERR Unknown Redis command called from script")
        }
        let args = list.arguments
        guard engine.table.accepts(args.count, index) else {
            return refuse("ERR Wrong number of args calling Redis command from script")
        }
        if let text = refusal(index, engine.table.flags(index)) {
            reply.error(text)
            return (whole, false)
        }
        engine.perform(index, args, session, frame.call)
        return (whole, true)
    }

    private func refuse(_ text: StaticString) -> (reply: ByteView, isCounted: Bool) {
        reply.error(text)
        return (reply.written(from: 0), false)
    }

    /// Why the script may not run a command now.
    private func refusal(_ index: Int, _ flags: CommandFlags) -> ByteString? {
        if flags.contains(.noscript), !part.allowsAll {
            return "ERR This Redis command is not allowed from script"
        }
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
        flat.raw(contentsOf: reply)
        return flat.written(from: 0)
    }
}
