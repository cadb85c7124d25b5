// SPDX-License-Identifier: Apache-2.0
import Bytes
import Commands
import Glibc

/// The way from the command line to a running server.
public enum Start {
    /// Runs the server with these arguments (without the program's name).
    /// - Returns: the exit status of the process.
    public static func run(_ arguments: [String]) -> Int32 {
        if arguments == ["-v"] || arguments == ["--version"] {
            say(STDOUT_FILENO, "Needletail server v=\(Version.needletail) redis=\(Version.redis) bits=64")
            return 0
        }
        let config: Config
        do throws(ConfigFile.Failure) {
            config = try ConfigFile.load(arguments)
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
        return Server(config, log).run()
    }

    /// Carries out what concerns the process: log, working directory, background, file of the process id.
    /// - Returns: what went wrong.
    private static func prepare(_ config: Config, _ log: Log) -> String? {
        let settings = config.settings
        if let problem = enter(settings.directory) {
            return "Can't chdir to '\(settings.directory)': \(problem)"
        }
        config.settings.directory = ConfigFile.currentDirectory()
        log.level = Log.Level(name: settings.logLevel) ?? .notice
        guard log.open(settings.logFile) else { return "Can't open the log file: \(lastError())" }
        if settings.daemonize {
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

    private static func lastError() -> String { unsafe String(cString: strerror(errno)) }

    private static func write(_ text: String, to path: String) -> Bool {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { return false }
        defer { close(file) }
        let bytes = Array(text.utf8)
        return unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            == bytes.count
    }

    private static func say(_ descriptor: Int32, _ text: String) {
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
