// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// Counters of the engine that INFO shows.
public struct EngineStats: Sendable {
    /// Commands run, and connections accepted.
    public var commands = 0
    public var connections = 0
    /// Connections closed at once because there were too many clients.
    public var rejectedConnections = 0
    /// Bytes received from clients, and sent to them.
    public var inputBytes = 0
    public var outputBytes = 0
    /// Error replies.
    public var errors = 0
    /// How often sockets were read from, and written to.
    public var reads = 0
    public var writes = 0
    /// INFO's `unexpected_error_replies`; nothing raises it.
    public var unexpectedErrors = 0
    /// Failed attempts to authenticate.
    public var deniedLogins = 0
    /// Clients disconnected because too much output waited for them, or a command of theirs grew too large.
    public var outputLimitDisconnections = 0
    public var queryLimitDisconnections = 0
    /// Clients closed because all of them together took too much memory.
    public var evictedClients = 0
}

/// What scripts take, for INFO; the feature that runs them keeps it current.
public struct ScriptUsage: Sendable {
    /// Bytes of the interpreter.
    public var interpreterBytes = 0
    /// Bytes of the texts of kept scripts.
    public var textBytes = 0
    /// Scripts kept.
    public var count = 0
    /// Scripts that gave way to others.
    public var evicted = 0
    /// Bytes of the interpreter of functions.
    public var functionInterpreterBytes = 0
    /// Bytes of the texts of libraries.
    public var libraryTextBytes = 0
    /// Functions, and the libraries that they are in.
    public var functionCount = 0
    public var libraryCount = 0

    public init() {}
}

/// The synchronous machine without I/O: sessions and bytes in, replies and effects out.
public final class Engine {
    /// The databases and all that is stored in them.
    public let keys: Keyspace
    /// Where replies of the running session's commands are written.
    public let reply: Reply
    /// The commands, laid out for the dispatcher, with their statistics.
    public let table: CommandTable
    /// The directives and their values.
    public let config: Config
    /// The connected sessions.
    public let clients = ClientRegistry()
    /// What keeps commands waiting.
    public internal(set) var pauses = Pauses()
    /// How much output may wait for a client, by class.
    var outputLimits = OutputLimits()
    /// The classes that have such a limit, by the bits of `OutputClass`.
    public var limitedClasses: UInt8 = 0
    /// Client eviction: its limit, and how it went.
    var clientEviction = ClientEviction()
    /// Counters of INFO.
    public var stats = EngineStats()
    /// How fast some of those counters rise.
    public internal(set) var rates = Rates()
    /// Error replies by their codes.
    public internal(set) var errorCounts = ErrorCounts()
    /// Commands with any of these flags are refused; kept current by the rims.
    public var refusals: CommandFlags = []
    /// Who is told of each command; see `observe`.
    public internal(set) var observers: [any CommandObserver] = []
    /// Messages for other sessions than the one that is being answered.
    public let outbox: Outbox
    /// Who reads the effects at the end of each unit, in this order.
    public var effectReaders: [any EffectReader] = []
    /// Who hears of changes and events; see `listen`.
    var changeListeners: [any ChangeListener] = []
    /// Who waits for keys and other things.
    let waiters: Waiters
    /// What the features keep.
    private var parts = FeatureParts([])
    /// Why commands may be refused, in the order in which it is asked.
    let rules: [GateRule]
    /// The sections of INFO.
    public let info: InfoSections
    /// The families of commands that the features brought.
    public let families: [Family]
    /// The process and machine around the engine, or what stands in for them in tests.
    public let host: any Host
    /// Ticks per microsecond of `Clock.ticks`, for the statistics.
    public let ticksPerUs: Double
    /// Whether what a command does in the background is bounded by time, as in a server, or by count alone, so that a run
    /// repeats exactly.
    public var slicesAreTimed = false
    /// When the engine was made, in Unix ms.
    public let startedMs: Int64
    /// 40 random hexadecimal digits, new at each start (INFO's `run_id`).
    public let runID: [UInt8]
    /// Names the history of the data for replicas.
    public private(set) var replicationID: [UInt8] = []
    /// Bytes of the heap in use once the engine stood, before any key.
    public private(set) var startupBytes = 0
    private var theCall: Call!
    /// Calls of commands that were called by commands, by their depth. They are kept for the next.
    var nestedCalls: [Call] = []
    /// How many commands have called the one that runs.
    public internal(set) var depth = 0
    /// How many of their frames belong to the unit that runs.
    var innerFrames = 0
    /// The unit that spans turns, if one does.
    var openUnit: OpenUnit?
    /// Where errors are written: the reply of the innermost command that runs.
    var target: Reply
    /// Commands parsed ahead, and their arguments.
    let ahead = FixedArray(repeating: AheadCommand(), count: Engine.aheadMax)
    let aheadList: ArgumentList
    /// What several sessions have sent and none of which has run yet.
    let gathered: Gathered
    /// How the last command began.
    var memo = CommandMemo()
    /// When the last command ended, in ticks of `Clock`.
    var lastTicks: UInt64 = 0
    /// Who looks more closely at commands that took long or are large.
    public weak var examiner: (any CommandExaminer)?
    /// Requests of so many bytes are looked at.
    public var requestBytesNoted = Int.max
    /// Whether calls are sorted by duration.
    public var tracksLatency = true
    /// What the clock showed behind a long command inside another one, which ends with the time it began with.
    var timeAfterUnitUs: Int64?
    /// Who keeps libraries of functions, where anybody does.
    public weak var libraryKeeper: (any LibraryKeeper)?
    /// What scripts take.
    public var scripts = ScriptUsage()
    /// What the turns of the loop have cost.
    public var loop = LoopStatistics()
    #if DEBUG
        /// A command that was called by another one has answered for each of its channels.
        private var hasAnsweredForChannels = false
    #endif
    /// How far the log of commands has come.
    public var logProgress = LogProgress()
    /// The data is being loaded; see `setLoading`.
    public internal(set) var isLoading = false
    /// How often it is logged that somebody speaks HTTP.
    var repelLog = RateLimit(everyMs: 60_000)

    /// - Parameter features: what the server consists of, in the order in which they are asked and told.
    public init(
        keys: Keyspace, config: Config, features: [Feature], host: any Host, ticksPerUs: Double = 1000
    ) {
        self.keys = keys
        self.config = config
        families = features.flatMap(\.families)
        info = InfoSections(features.flatMap(\.info))
        rules = GateRule.ordered(features)
        self.host = host
        self.ticksPerUs = ticksPerUs
        reply = Reply(keys.heap)
        target = reply
        aheadList = ArgumentList(keys.heap)
        gathered = Gathered(keys.heap)
        outbox = Outbox(keys.heap)
        waiters = Waiters(keys)
        table = CommandTable(families, callNames: config.commandNames)
        startedMs = keys.nowMs
        runID = Engine.hexDigits(40, &keys.random)
        var other = SeededRandom(seed: runID.reduce(0) { $0 &* 31 &+ UInt64($1) })
        replicationID = Engine.hexDigits(40, &other)
        theCall = Call(self, session: Session(id: 0), reply)
        parts = FeatureParts(features.compactMap { $0.makePart?(self) })
        config.apply(to: self)
        startupBytes = keys.heap.usedBytes
    }

    private static func hexDigits(_ count: Int, _ random: inout SeededRandom) -> [UInt8] {
        (0..<count).map { _ in Array("0123456789abcdef".utf8)[random.below(16)] }
    }

    /// Replicas of this history can no longer go on where they are (DEBUG CHANGE-REPL-ID).
    public func changeReplicationID() { replicationID = Engine.hexDigits(40, &keys.random) }

    /// The engine and its call refer to each other: cut the knot at the end of a life.
    public func close() {
        theCall = nil
        nestedCalls = []
    }

    @inline(__always) var call: Call { theCall }
    /// The call of the innermost command that runs.
    public var running: Call { depth == 0 ? theCall : nestedCalls[depth - 1] }

    /// What a feature keeps for this engine.
    public func part<Part: FeaturePart>(_ type: Part.Type) -> Part { parts.find(type) }
    /// All of that, in the order of the features.
    public var allParts: [any FeaturePart] { parts.all }

    // MARK: Input

    /// Executes the commands in `input`, which came from `session`, as far as they are complete. Replies are appended
    /// to `reply`; the caller sends what was added.
    public func receive(_ input: ByteView, from session: Session) {
        noteInput(input.count, session)
        if session.isHeld { return keepHeld(input, session) }
        if limitedClasses & session.outputClass.rawValue != 0 { return consumeLimited(input, session) }
        consume(input, session)
    }

    /// Counts what a session has sent.
    @inline(__always) func noteInput(_ bytes: Int, _ session: Session) {
        session.inputBytes += bytes
        stats.inputBytes += bytes
        session.lastActiveMs = keys.nowMs
    }

    /// Executes the commands in `input` until none is left or the session has to stop.
    @inline(__always) func consume(_ input: ByteView, _ session: Session) {
        let call = self.call
        enter(session, call)
        if input.count >= requestBytesNoted { reply.lookClosely() }
        goOn(input, from: 0, session, call)
        if input.count >= requestBytesNoted { reply.lookAway() }
    }

    /// Executes the commands of the running session from a position on.
    @inline(__always) func goOn(_ input: ByteView, from begin: Int, _ session: Session, _ call: Call) {
        var position = begin
        while position < input.count, session.stops.isEmpty {
            if session.assembler == nil, executeBatch(input, &position, session, call) { continue }
            assemble(input, &position, session, call)
        }
        if position < input.count, session.isHeld { keepHeld(input.dropFirst(position), session) }
        reply.isMuted = false
        keys.effects.origin = 0
    }

    func enter(_ session: Session, _ call: Call) {
        call.session = session
        keys.current = session.database
        keys.effects.origin = session.id
        keys.touches = session.touchesKeys
        reply.isRESP3 = session.isRESP3
        reply.isMuted = session.replyMode != .on
        lastTicks = Clock.ticks()
    }

    @inline(never)
    private func assemble(_ input: ByteView, _ position: inout Int, _ session: Session, _ call: Call) {
        let list = call.list
        let begin = position
        let assembler = session.assembler ?? CommandAssembler(keys.heap)
        session.assembler = assembler
        switch assembler.feed(input, &position, list, session.limits) {
        case .needsMore:
            checkQueryBuffer(session)
        case .nothing:
            session.assembler = nil
        case .command:
            if list.arguments.requestBytes >= requestBytesNoted { reply.lookClosely() }
            execute(list.arguments, table.find(list.arguments[0]), session, call)
            // A walk over keys that ended early has left hints, and other keys will stand in their places.
            keys.forgetHints()
            list.reset()
            // A command that came whole is bounded by the receive buffer; this one may have had millions of arguments.
            list.trim()
            session.assembler = nil
            recount(session)
            if reply.isMuted { session.stepReplyMode(reply) }
            reply.lookAway()
        case .broken(let text):
            list.reset()
            session.assembler = nil
            reply.error("ERR Protocol error: \(text)")
            session.isClosing = true
            logProtocolError(text, session, input.dropFirst(begin))
        }
    }

    /// Closes a session that has sent too much of what is not executed yet: an unfinished command, or MULTI's queue.
    func checkQueryBuffer(_ session: Session) {
        recount(session)
        let waiting = session.queryBufferBytes + (session.queue?.queuedBytes ?? 0)
        guard waiting > config.settings.queryBufferBytesMax else { return }
        session.isClosing = true
        stats.queryLimitDisconnections += 1
        log(.warning, "Closing client that reached max query buffer length: ", session)
    }

    /// A large argument of a torn command was received straight into its block.
    public func receivedDirect(_ count: Int, from session: Session) {
        noteInput(count, session)
        session.assembler?.received(count)
    }

    // MARK: Dispatch

    /// Executes the command of number `index` (-1: none of that name).
    @inline(__always)
    func execute(_ args: Arguments, _ index: Int, _ session: Session, _ call: Call) {
        guard index >= 0 else { return unknownCommand(args, session) }
        if table.rows[index].subCount != 0, args.count > 1 {
            return executeSubcommand(of: index, args, session, call)
        }
        admit(index, args, session, call)
    }

    @inline(never)
    private func executeSubcommand(of container: Int, _ args: Arguments, _ session: Session, _ call: Call) {
        let index = table.find(args[1], container: Int32(truncatingIfNeeded: container))
        guard index >= 0 else { return unknownSubcommand(args, session) }
        admit(index, args, session, call)
    }

    /// Checks whether the command may run now, and runs it.
    @inline(__always)
    private func admit(_ index: Int, _ args: Arguments, _ session: Session, _ call: Call) {
        let row = table.rows[index]
        let arity = Int(row.arity)
        guard arity > 0 ? args.count == arity : args.count >= 0 &- arity else {
            return wrongArity(index, session)
        }
        if !row.flags.isDisjoint(with: refusals.union(session.refusals)) {
            if gate(index, args, session, call) { return }
        }
        session.lastCommand = index
        run(index, row.handler, args, session, call, reply)
        closeUnit()
    }

    /// Runs a command by its number; its reply goes where the call's does.
    func run(_ index: Int, _ args: Arguments, _ session: Session, _ call: Call) {
        run(index, table.rows[index].handler, args, session, call, call.reply)
    }

    /// Runs one command; errors become its reply.
    @inline(__always)
    private func run(
        _ index: Int, _ handler: any Handler.Type, _ args: Arguments, _ session: Session, _ call: Call,
        _ reply: Reply
    ) {
        call.commandIndex = index
        call.propagation = .verbatim
        call.waits = false
        let commits = keys.commits
        let replyStart = reply.count
        do throws(Refusal) {
            try handler.run(call, args, keys, reply)
        } catch {
            failed(error, index, call)
        }
        #if DEBUG
            checkReply(from: replyStart, index, call, reply)
        #endif
        if keys.commits != commits || call.propagation == .always { propagate(args, call) }
        let now = Clock.ticks()
        let spent = now &- lastTicks
        lastTicks = now
        // Who waits is counted when it is answered, without the time it has waited.
        if call.waits { return }
        noteCall(index, spent, session)
        if spent >= reply.patience { examine(index, args, spent, session, replyStart: replyStart) }
    }

    #if DEBUG
        /// A command has one reply, and its handler knows how long that is. Those that a subscriber may call answer once
        /// for each channel, and so does whoever calls them.
        private func checkReply(from start: Int, _ index: Int, _ call: Call, _ reply: Reply) {
            let isForChannels = table.flags(index).contains(.whileSubscribed)
            defer {
                call.isUnanswered = false
                hasAnsweredForChannels = depth > 0 && (isForChannels || hasAnsweredForChannels)
            }
            guard !reply.isMuted, !reply.hasOverflowed, !call.waits, start <= reply.count,
                !isForChannels, !hasAnsweredForChannels
            else { return }
            let count = reply.valueCount(from: start)
            precondition(
                count == (call.isUnanswered ? 0 : 1),
                "\(table.fullName(index)) has \(count.map(String.init) ?? "torn") replies")
        }
    #endif

    /// A session's connection is gone.
    public func disconnected(_ session: Session) {
        for part in allParts { part.disconnected(session, self) }
        session.assembler = nil
        unhold(session)
        outbox.forget(session)
        clients.disconnect(session)
        keys.heap.account(outside: -session.accountedBytes)
        session.accountedBytes = 0
        // Should anybody still hold it, nothing of it runs or is told to it any more.
        session.stops.insert([.closing, .doomed])
    }

    @inline(__always)
    private func propagate(_ args: Arguments, _ call: Call) {
        guard keys.effects.isWanted, call.propagation != .handled else { return }
        let effects = keys.effects
        effects.begin(args.count, database: keys.current)
        for i in 0..<args.count { effects.append(args[i], call.block(i)) }
        effects.end()
    }

    // MARK: Errors

    /// Replies with an error and counts it by its code.
    public func count(error text: ByteString) { text.withView { count(error: $0) } }

    func count(error text: ByteView) {
        target.error(text)
        stats.errors += 1
        errorCounts.count(text)
    }

    @inline(never) private func failed(_ refusal: Refusal, _ index: Int, _ call: Call) {
        table.rows[index].failed += 1
        if let text = refusal.text { return count(error: ByteView(text)) }
        switch refusal {
        case .wrongArity: count(error: "ERR wrong number of arguments for '\(table.fullName(index))' command")
        case .invalidExpire: count(error: "ERR invalid expire time in '\(table.fullName(index))' command")
        default: count(error: call.refusalText)
        }
    }

    /// A command was refused before it ran: the transaction it was meant for fails.
    func spoil(_ session: Session) {
        if session.isInMulti {
            session.queue?.spoil()
        } else {
            for part in allParts { part.refused(session) }
        }
    }

    @inline(never) private func unknownCommand(_ args: Arguments, _ session: Session) {
        if isHTTP(args[0]) { return repel(session) }
        spoil(session)
        if !session.isAuthenticated { return count(error: ByteView(Engine.unauthenticated)) }
        var text: ByteString = "ERR unknown command '\(args[0].clipped(to: 128))', with args beginning with: "
        var room = 128
        for i in 1..<max(args.count, 1) where room > 0 {
            let word: ByteString = "'\(args[i].clipped(to: room))' "
            room -= word.count
            text += word
        }
        count(error: text)
    }

    @inline(never) private func unknownSubcommand(_ args: Arguments, _ session: Session) {
        spoil(session)
        if !session.isAuthenticated { return count(error: ByteView(Engine.unauthenticated)) }
        let container = ByteString(args[0]).uppercased
        count(error: "ERR unknown subcommand '\(args[1].clipped(to: 128))'. Try \(container) HELP.")
    }

    @inline(never) private func wrongArity(_ index: Int, _ session: Session) {
        spoil(session)
        table.rows[index].rejected += 1
        if session.refusals.contains(.needsAuth), table.rows[index].flags.contains(.needsAuth) {
            return abort(index, "\(Engine.unauthenticated)", session)
        }
        abort(index, "ERR wrong number of arguments for '\(table.fullName(index))' command", session)
    }

    /// Answers a command that may not run with an error; if it is EXEC, its transaction is gone.
    func abort(_ index: Int, _ text: ByteString, _ session: Session) {
        guard table.rows[index].flags.contains(.runsQueue) else { return count(error: text) }
        session.dropQueue()
        recount(session)
        let reason = text.hasPrefix("ERR ") ? text.dropFirst(4) : text
        count(error: "EXECABORT Transaction discarded because of: \(reason)")
    }

    static let unauthenticated: StaticString = "NOAUTH Authentication required."
}
