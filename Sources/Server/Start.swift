// SPDX-License-Identifier: Apache-2.0
import Commands
import Glibc

/// The way from the command line to a running server.
public enum Start {
    public static let version = "0.1.0"

    /// Runs the server with these arguments (without the program's name).
    /// - Returns: the exit status of the process.
    public static func run(_ arguments: [String]) -> Int32 {
        let log = Log()
        let config = Config()
        var at = 0
        while at + 1 < arguments.count {
            switch arguments[at] {
            case "--port": config.settings.port = Int(arguments[at + 1]) ?? 6379
            case "--bind": config.settings.bind = [arguments[at + 1]]
            default: break
            }
            at += 2
        }
        announce(log, config)
        return Server(config, log).run()
    }

    private static func announce(_ log: Log, _ config: Config) {
        log.warning("oO0OoO0OoO0Oo Needletail is starting oO0OoO0OoO0Oo")
        log.warning("Needletail version=\(version), bits=64, pid=\(getpid()), just started")
        log.notice("Running mode=standalone, port=\(config.settings.port). PID: \(getpid())")
    }
}
