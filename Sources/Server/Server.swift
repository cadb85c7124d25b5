// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Glibc
import Keyspace
import Loop
import Persistence

/// The running server: sockets on one side, the engine on the other, and the turn that joins them.
public final class Server {
    let log: Log
    let loop = EventLoop()
    let engine: Engine
    /// The engine's: a child of its own, because reaching it through the engine would count a reference each time.
    let keys: Keyspace
    let host = ServerHost()
    let output: TurnOutput
    let disposal: Disposal
    let buffer = Stream.SharedBuffer()
    /// Whose input was gathered, in the order of the engine's.
    let gatheredFrom = ConnectionList()
    var listeners: [Listener] = []
    var tcpListeners: [Listener] = []
    /// What `tcpListeners` were opened for: the settings may already say something else.
    var listening: (port: Int, bind: [ByteString]) = (0, [])
    var connections: [UInt64: Connection] = [:]
    var hooks: [Hook] = []
    var idle: Hook?
    var timer: Timer?
    /// Cleared at the end of each turn: the first event of the next one reads the clock.
    var timeIsFresh = false
    var nextCronMs: Int64 = 0
    var nextDefragmentMs = Int64.max
    var nextDecayMs: Int64 = 0
    var nextGiveBackMs = Int64.max
    /// Sessions from whose connections nothing is read at present, by id.
    var debts: [UInt64: Debt] = [:]
    /// What is left of the turn for background work.
    var allowance: TurnAllowance
    var armedForMs = Int64.max
    var isIdling = false
    /// How often it is logged that connections cannot be taken in.
    var acceptErrorLog = RateLimit(everyMs: 10_000)
    /// Which session was last looked at for being idle.
    var idleCursor = 0
    var isStopping = false
    /// A client came in this turn.
    var hasAccepted = false
    let oomScore = OOMScore()
    var title: ProcessTitle?
    let watchdog: Watchdog
    /// What a turn does, in this order.
    let steps: [Step]
    /// When work of features has to be done next, in Unix ms.
    let wakes: [@Sendable (Engine) -> Int64]
    let launch: Launch
    let crashReport: CrashReport
    let supervision: Supervision
    var endSignals: EndSignals?
    /// The server was asked to start anew once it has ended in order.
    var startsAnew = false
    /// The data on disk could not be loaded: the server ends.
    private var loadingFailed = false

    /// - Parameter features: what the server consists of.
    init(_ config: Config, _ log: Log, _ launch: Launch, features: [Feature] = Wiring.features) {
        self.launch = launch
        self.log = log
        let settings = config.settings
        let nowUs = Clock.realtimeUs()
        var seedSource = SystemRandomNumberGenerator()
        let hashKey = settings.hashSeed.isEmpty ? HashKey.random() : HashKey(named: settings.hashSeed)
        keys = Keyspace(
            databases: settings.databases, seed: seedSource.next(), hashKey: hashKey, nowMs: nowUs / 1000)
        let ticksPerUs = Clock.measureTicksPerUs()
        engine = Engine(
            keys: keys, config: config, features: features, host: host, ticksPerUs: ticksPerUs)
        engine.slicesAreTimed = true
        output = TurnOutput(engine)
        disposal = Disposal(loop)
        allowance = TurnAllowance(ticksPerUs: ticksPerUs)
        steps = Server.steps(features)
        wakes = features.flatMap(\.works).compactMap(\.nextMs)
        watchdog = Watchdog(log, engine.insight, steps.map(\.identity), ticksPerUs: ticksPerUs)
        watchdog.follow(settings.insight)
        crashReport = CrashReport(engine, log)
        supervision = Supervision.chosen(settings.service.supervision).supervision
    }

    /// Opens the sockets and runs until a signal or SHUTDOWN ends it.
    /// - Returns: the exit status of the process.
    public func run() -> Int32 {
        signal(SIGHUP, SIG_IGN)
        limitClients()
        connectRims()
        setUpProcess()
        log.notice("Server initialized")
        attend()
        guard open() else { return 1 }
        load()
        loop.run()
        supervision.stopping()
        if loadingFailed { return 1 }
        shutDown()
        return startsAnew ? startAnew() : 0
    }

    /// Joins what the engine asks of the world and what the output tells to this server.
    func connectRims() {
        host.onLog = { [unowned self] level, text in log.write(level, text) }
        host.onAway = { [loop] work, done in
            guard !loop.onPool(work, then: done) else { return }
            work()
            done()
        }
        host.onConnect = { [unowned self] target, owner in ServerLink(target, owner, self) }
        host.onApply = { [unowned self] directive, settings in apply(directive, settings) }
        keys.heap.discard = { [disposal] in disposal.take($0) }
        output.onFinished = { [unowned self] connection in disconnect(connection) }
        output.onBroken = { [unowned self] connection in
            log.verbose("Error writing to client: \(connection.stream.problem)")
            disconnect(connection)
        }
    }

    /// Opens the sockets; from then on turns of the loop serve clients.
    /// - Returns: false when a socket cannot be opened; the log says why.
    func open() -> Bool {
        guard listen() else { return false }
        let hook = Hook(loop, .beforeWait) { [unowned self] in turn() }
        hook.start()
        let events = Hook(loop, .afterEvents) { [unowned self] in runGathered() }
        events.start()
        hooks += [hook, events]
        idle = Hook(loop, .idle) {}
        timer = Timer(loop) { [unowned self] in armedForMs = Int64.max }
        return true
    }

    /// Loads the data that is on disk, in slices between the turns of the loop; clients that come before it is there are
    /// told so.
    private func load() {
        engine.part(PersistencePart.self).load { [unowned self] isThere in
            if isThere {
                announceReadiness()
                return supervision.ready()
            }
            log.warning("Fatal error loading the DB, check server logs. Exiting.")
            loadingFailed = true
            host.requestShutdown()
        }
    }

    private func shutDown() {
        let settings = engine.config.settings
        let changes = keys.stats.dirty
        if changes > 0 { log.notice("Not saved: \(changes) changes of the data go with the server.") }
        if !settings.pidFile.isEmpty {
            log.notice("Removing the pid file.")
            _ = unsafe unlink(settings.pidFile.cString)
        }
        if !settings.unixSocket.isEmpty {
            log.notice("Removing the unix socket file.")
            _ = unsafe unlink(settings.unixSocket.cString)
        }
        log.warning("Needletail is now ready to exit, bye bye...")
    }
}
