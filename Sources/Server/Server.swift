// SPDX-License-Identifier: Apache-2.0
import Bytes
import Commands
import Glibc
import Keyspace
import Loop

/// The running server: sockets on one side, the engine on the other, and the turn that joins them.
public final class Server {
    let log: Log
    let loop = EventLoop()
    let engine: Engine
    /// The engine's: a child of its own, because reaching it through the engine would count a reference each time.
    let keys: Keyspace
    let host = ServerHost()
    let output: TurnOutput
    let buffer = Stream.SharedBuffer()
    var listeners: [Listener] = []
    var tcpListeners: [Listener] = []
    /// What `tcpListeners` were opened for: the settings may already say something else.
    var listening: (port: Int, bind: [String]) = (0, [])
    var connections: [UInt64: Connection] = [:]
    var hooks: [Hook] = []
    var idle: Hook?
    var timer: Timer?
    /// Cleared at the end of each turn: the first event of the next one reads the clock.
    var timeIsFresh = false
    var nextCronMs: Int64 = 0
    var nextDefragmentMs = Int64.max
    var nextDecayMs: Int64 = 0
    /// Connections from which nothing is read until there is room for what they send.
    var heldDebtors: [UInt64] = []
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
    let launch: Launch
    let crashReport: CrashReport
    let supervision: Supervision
    var endSignals: EndSignals?
    /// The server was asked to start anew once it has ended in order.
    var startsAnew = false

    init(_ config: Config, _ log: Log, _ launch: Launch) {
        self.launch = launch
        self.log = log
        let settings = config.settings
        let nowUs = Clock.realtimeUs()
        var seedSource = SystemRandomNumberGenerator()
        let seed = settings.hashSeed.isEmpty ? seedSource.next() : Server.seed(from: settings.hashSeed)
        keys = Keyspace(
            databases: settings.databases, seed: seedSource.next(), hashSeed: seed, nowMs: nowUs / 1000)
        let ticksPerUs = Clock.measureTicksPerUs()
        engine = Engine(
            keys: keys, config: config, families: Wiring.families, info: Wiring.info, host: host,
            ticksPerUs: ticksPerUs)
        output = TurnOutput(engine)
        watchdog = Watchdog(log, ticksPerUs: ticksPerUs)
        crashReport = CrashReport(engine, log)
        supervision = Supervision.chosen(settings.service.supervision).supervision
    }

    /// A hash seed from any text.
    private static func seed(from text: String) -> UInt64 { Array(text.utf8).withView { hash($0, seed: 0) } }

    /// Opens the sockets and runs until a signal or SHUTDOWN ends it.
    /// - Returns: the exit status of the process.
    public func run() -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGHUP, SIG_IGN)
        limitClients()
        host.onLog = { [unowned self] level, text in log.write(level, text) }
        host.onApply = { [unowned self] directive, settings in apply(directive, settings) }
        output.onFinished = { [unowned self] connection in disconnect(connection) }
        output.onBroken = { [unowned self] connection in
            log.verbose("Error writing to client: \(connection.stream.problem)")
            disconnect(connection)
        }
        setUpProcess()
        log.notice("Server initialized")
        attend()
        guard listen() else { return 1 }
        supervision.ready()
        let hook = Hook(loop, .beforeWait) { [unowned self] in turn() }
        hook.start()
        hooks.append(hook)
        idle = Hook(loop, .idle) {}
        timer = Timer(loop) { [unowned self] in armedForMs = Int64.max }
        loop.run()
        log.warning("User requested shutdown...")
        supervision.stopping()
        shutDown()
        return startsAnew ? startAnew() : 0
    }

    private func shutDown() {
        let settings = engine.config.settings
        if !settings.pidFile.isEmpty {
            log.notice("Removing the pid file.")
            _ = unsafe unlink(settings.pidFile)
        }
        if !settings.unixSocket.isEmpty {
            log.notice("Removing the unix socket file.")
            _ = unsafe unlink(settings.unixSocket)
        }
        log.warning("Needletail is now ready to exit, bye bye...")
    }
}
