// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Glibc
import Operations

/// The way from the command line to a running server.
public enum Start {
    /// A first argument that asks for something else than serving.
    private struct Task: Sendable {
        let names: [ByteString]
        /// Takes the arguments behind the name and returns the exit status.
        let run: @Sendable ([ByteString]) -> Int32
    }

    private static let tasks: [Task] = [
        Task(names: ["-v", "--version"]) { _ in showVersion() },
        Task(names: ["-h", "--help"]) { _ in showUsage() },
        // A configuration file of such a name is given as `./name`.
        Task(names: ["entrypoint"]) { Container.enter($0) },
        Task(names: ["healthcheck"]) { HealthCheck.run($0) },
        Task(names: ["check-rdb"]) { FileTools.checkSnapshot($0) },
        Task(names: ["check-aof"]) { FileTools.checkLog($0) },
        Task(names: ["convert"]) { FileTools.convert($0) },
        Task(names: ["--test-memory"]) { _ in refuse("--test-memory") },
        Task(names: ["--check-system"]) { _ in refuse("--check-system") },
    ]

    /// The words that the process was started with, the program's name first. `CommandLine.arguments` would repair them.
    public static var commandLine: [ByteString] {
        (0..<Int(CommandLine.argc)).compactMap { index in
            unsafe CommandLine.unsafeArgv[index].map { unsafe ByteString(cString: $0) }
        }
    }

    /// Names under which the program is one of its tools: those that other servers' tools have.
    private static let tools: [(suffix: StaticString, run: @Sendable ([ByteString]) -> Int32)] = [
        ("-check-rdb", { FileTools.checkSnapshot($0) }), ("-check-aof", { FileTools.checkLog($0) }),
    ]

    /// Runs the server, or what the first argument asks for, with these arguments (without the program's name).
    /// - Returns: the exit status of the process.
    public static func run(_ arguments: [ByteString]) -> Int32 {
        if let tool = tools.first(where: { commandLine.first?.hasSuffix($0.suffix) == true }) {
            return tool.run(arguments)
        }
        if let first = arguments.first, let task = tasks.first(where: { $0.names.contains(first) }) {
            return task.run(Array(arguments.dropFirst()))
        }
        if let rest = CommandLineOptions.removing("--check-config", arguments) {
            return checkConfiguration(rest)
        }
        let config: Config
        let launch = Launch(arguments: commandLine, directory: ConfigFile.currentDirectory())
        do throws(ConfigFile.Failure) {
            config = try configuration(arguments)
        } catch {
            say(STDERR_FILENO, error.text)
            return 1
        }
        let log = Log()
        if let problem = prepare(config, log) {
            say(STDERR_FILENO, problem)
            return 1
        }
        announce(log, config)
        return Server(config, log, launch).run()
    }

    /// The configuration that a server with these arguments has, with what a container adds to it.
    static func configuration(
        _ arguments: [ByteString], standardInput: (() -> [UInt8])? = nil
    ) throws(ConfigFile.Failure) -> Config {
        var surroundings = try surroundings()
        if let standardInput {
            surroundings.standardInput = standardInput
            // Whoever only asks does not stumble over a folder that is closed to it.
            surroundings.enter = { folder in
                _ = enter(folder)
                return nil
            }
        }
        return try ConfigFile.load(arguments, defaults: defaults, surroundings)
    }

    private static var defaults: Settings {
        var defaults = Settings()
        guard Container.isHere else { return defaults }
        defaults.protectedMode = false
        // The health check reads the server's arguments from the first process, whose title they are.
        defaults.process.setsTitle = false
        return defaults
    }

    private static func surroundings() throws(ConfigFile.Failure) -> ConfigFile.Surroundings {
        var surroundings = ConfigFile.Surroundings()
        surroundings.enter = { enter($0) }
        if Container.isHere { surroundings.behindFile = try Container.lines() }
        return surroundings
    }

    // MARK: Tasks

    private static func showVersion() -> Int32 {
        // The shape of Redis's line.
        let build = ServerHost.build
        say(
            STDOUT_FILENO,
            "Needletail server v=\(Version.needletail) sha=\(build.commit):\(build.isDirty ? 1 : 0) "
                + "malloc=\(Heap.mallocName) bits=\(Int.bitWidth) build=\(build.id) redis=\(Version.redis)")
        return 0
    }

    private static func showUsage() -> Int32 {
        say(
            STDOUT_FILENO,
            """
            Usage: needletail [configuration file] [--directive value ...]... [-]
                   needletail -                      read directives from standard input
                   needletail --check-config [...]   say what is wrong with such arguments, and start nothing
                   needletail healthcheck [...]      ask the server of such arguments whether it lives (--help: more)
                   needletail entrypoint [...]       a container's first process: a server, or another command
                   needletail check-rdb FILE         say what is in a file of data, and where it is damaged
                   needletail check-aof [--fix] FILE|MANIFEST
                                                     say how far a log of commands is whole
                   needletail convert IN OUT [...]   write a file of data in another version (--help: more)
                   needletail -v | --version
                   needletail -h | --help

            Directives are those of redis.conf and valkey.conf. What the command line gives wins over the file.

            Examples:
                   needletail                        serve on port 6379
                   needletail /etc/redis/redis.conf --port 7000
                   needletail --bind 127.0.0.1 ::1 --requirepass secret
                   echo 'maxclients 100' | needletail -
            """)
        return 0
    }

    /// Reads everything that a start with these arguments would read, and tells what it would stumble over.
    private static func checkConfiguration(_ arguments: [ByteString]) -> Int32 {
        let problems: [ByteString]
        do throws(ConfigFile.Failure) {
            problems = ConfigFile.check(arguments, defaults: defaults, try surroundings())
        } catch {
            problems = [error.text]
        }
        if problems.isEmpty {
            say(STDOUT_FILENO, "The configuration is fine.")
            return 0
        }
        for problem in problems { say(STDERR_FILENO, problem) }
        say(STDERR_FILENO, problems.count == 1 ? "1 problem found." : "\(problems.count) problems found.")
        return 1
    }

    private static func refuse(_ option: String) -> Int32 {
        say(STDERR_FILENO, "\(option) is not built; use a tool of the system for that.")
        return 1
    }

    // MARK: The process

    /// Carries out what concerns the process: log, working directory, background, file of the process id.
    /// - Returns: what went wrong.
    private static func prepare(_ config: Config, _ log: Log) -> ByteString? {
        let settings = config.settings
        config.settings.directory = ConfigFile.currentDirectory()
        if Container.isHere, let problem = Container.problem(withDirectory: config.settings.directory) {
            return problem
        }
        let supervision = Supervision.chosen(settings.service.supervision)
        log.follow(settings)
        log.openSyslog(settings.log)
        guard log.open(settings.logFile) else { return ConfigFile.fatal(logFile: lastError()) }
        guard Collation.set(settings.process.collation) else {
            return "Failed to configure LOCALE for invalid locale name."
        }
        if let warning = supervision.warning { log.warning(warning) }
        // A supervisor watches the process that it started.
        if settings.daemonize, supervision.supervision == .none {
            guard daemon(1, 0) == 0 else { return "Can't go into the background: \(lastError())" }
            if settings.pidFile.isEmpty { config.settings.pidFile = "/var/run/needletail.pid" }
        }
        let pidFile = config.settings.pidFile
        if !pidFile.isEmpty, !write("\(getpid())\n", to: pidFile) {
            log.warning("Failed to write PID file: \(lastError())")
        }
        return nil
    }

    /// Makes a folder the working directory.
    /// - Returns: why it cannot be.
    static func enter(_ directory: ByteString) -> ByteString? {
        unsafe chdir(directory.cString) == 0 ? nil : lastError()
    }

    /// What the last failed system call has to say.
    static func lastError() -> ByteString { unsafe ByteString(String(cString: strerror(errno))) }

    private static func write(_ text: ByteString, to path: ByteString) -> Bool {
        let file = unsafe open(path.cString, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { return false }
        defer { close(file) }
        let bytes = text.bytes
        return unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            == bytes.count
    }

    /// Writes a line to a descriptor.
    static func say(_ descriptor: Int32, _ text: ByteString) { write(descriptor, text.bytes + [10]) }

    /// Writes bytes to a descriptor.
    static func write(_ descriptor: Int32, _ bytes: [UInt8]) {
        _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }

    private static func announce(_ log: Log, _ config: Config) {
        log.warning("oO0OoO0OoO0Oo Needletail is starting oO0OoO0OoO0Oo")
        log.warning("Needletail version=\(Version.needletail), bits=64, pid=\(getpid()), just started")
        if config.file.isEmpty {
            log.warning("Warning: no config file specified, using the default config.")
        } else {
            log.warning("Configuration loaded")
        }
        log.notice("Running mode=standalone, port=\(config.settings.port). PID: \(getpid())")
    }
}
