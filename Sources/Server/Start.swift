// SPDX-License-Identifier: Apache-2.0
import Bytes
import Commands
import Glibc

/// The way from the command line to a running server.
public enum Start {
    /// Runs the server with these arguments (without the program's name).
    /// - Returns: the exit status of the process.
    public static func run(_ arguments: [String]) -> Int32 {
        if let first = arguments.first, let mode = modes.first(where: { $0.name == first }) {
            return mode.run(Array(arguments.dropFirst()))
        }
        if arguments == ["-v"] || arguments == ["--version"] {
            say(STDOUT_FILENO, "Needletail server v=\(Version.needletail) redis=\(Version.redis) bits=64")
            return 0
        }
        let config: Config
        let launch = Launch(arguments: CommandLine.arguments, directory: ConfigFile.currentDirectory())
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

    /// What the program does instead of serving where its first argument is one of these words. (A configuration file
    /// of such a name is given as `./name`.)
    private static let modes: [(name: String, run: @Sendable ([String]) -> Int32)] = [
        ("entrypoint", { Container.enter($0) }),
        ("healthcheck", { HealthCheck.run($0) }),
    ]

    /// The configuration that a server with these arguments has, with what a container adds to it.
    static func configuration(
        _ arguments: [String], standardInput: () -> [UInt8] = { ConfigFile.read(descriptor: STDIN_FILENO) }
    ) throws(ConfigFile.Failure) -> Config {
        var defaults = Settings()
        guard Container.isHere else { return try ConfigFile.load(arguments, standardInput: standardInput) }
        defaults.protectedMode = false
        return try ConfigFile.load(
            arguments, defaults: defaults, behindFile: try Container.lines(), standardInput: standardInput)
    }

    /// Carries out what concerns the process: log, working directory, background, file of the process id.
    /// - Returns: what went wrong.
    private static func prepare(_ config: Config, _ log: Log) -> String? {
        let settings = config.settings
        if let problem = enter(settings.directory) {
            return "Can't chdir to '\(settings.directory)': \(problem)"
        }
        config.settings.directory = ConfigFile.currentDirectory()
        if Container.isHere, let problem = Container.problem(withDirectory: config.settings.directory) {
            return problem
        }
        let supervision = Supervision.chosen(settings.service.supervision)
        log.level = Log.Level(name: settings.logLevel) ?? .notice
        guard log.open(settings.logFile) else { return "Can't open the log file: \(lastError())" }
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
    static func enter(_ directory: String) -> String? { unsafe chdir(directory) == 0 ? nil : lastError() }

    /// What the last failed system call has to say.
    static func lastError() -> String { unsafe String(cString: strerror(errno)) }

    private static func write(_ text: String, to path: String) -> Bool {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { return false }
        defer { close(file) }
        let bytes = Array(text.utf8)
        return unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            == bytes.count
    }

    /// Writes a line to a descriptor.
    static func say(_ descriptor: Int32, _ text: String) {
        let bytes = Array((text + "\n").utf8)
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
