// SPDX-License-Identifier: Apache-2.0
import Commands
import Glibc

/// Writes the log in Redis's format, which tools read: `pid:role date level message`.
public final class Log {
    public enum Level: Int {
        case debug, verbose, notice, warning

        init?(name: String) {
            switch name {
            case "debug": self = .debug
            case "verbose": self = .verbose
            case "notice": self = .notice
            case "warning": self = .warning
            default: return nil
            }
        }
    }

    public var level = Level.notice
    /// Where the lines go; a crash report follows them.
    private(set) var descriptor: Int32 = STDOUT_FILENO
    private let role: Character = "M"

    public init() {}

    /// Sends the log to a file instead of standard output.
    /// - Returns: false when the file cannot be opened.
    public func open(_ path: String) -> Bool {
        if path.isEmpty { return true }
        let file = unsafe Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { return false }
        descriptor = file
        return true
    }

    public func debug(_ text: String) { write(.debug, ".", text) }
    public func verbose(_ text: String) { write(.verbose, "-", text) }
    public func notice(_ text: String) { write(.notice, "*", text) }
    public func warning(_ text: String) { write(.warning, "#", text) }

    /// Writes a line that the engine asks for.
    func write(_ level: LogLevel, _ text: String) {
        switch level {
        case .debug: debug(text)
        case .verbose: verbose(text)
        case .notice: notice(text)
        case .warning: warning(text)
        }
    }

    private func write(_ level: Level, _ sign: Character, _ text: String) {
        guard level.rawValue >= self.level.rawValue else { return }
        let line = Array("\(getpid()):\(role) \(Log.timestamp()) \(sign) \(text)\n".utf8)
        _ = unsafe line.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }

    private static func timestamp() -> String {
        var now = timespec()
        var parts = unsafe tm()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        unsafe localtime_r(&now.tv_sec, &parts)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ n: Int32) -> String { n < 10 ? "0\(n)" : "\(n)" }
        let ms = now.tv_nsec / 1_000_000
        let fraction = ms < 10 ? "00\(ms)" : ms < 100 ? "0\(ms)" : "\(ms)"
        return unsafe "\(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(1900 + parts.tm_year) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(fraction)"
    }
}
