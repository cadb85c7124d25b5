// SPDX-License-Identifier: Apache-2.0
import Bytes
import Commands
import Glibc

/// Writes the log in Redis's format, which tools read (`pid:role date level message`), as logfmt or as JSON, to a file
/// or standard output and, where asked for, to the system's log.
public final class Log {
    public enum Level: Int {
        case debug, verbose, notice, warning
        /// Above every line: nothing is logged.
        case nothing

        init?(name: String) {
            switch name {
            case "debug": self = .debug
            case "verbose": self = .verbose
            case "notice": self = .notice
            case "warning": self = .warning
            case "nothing": self = .nothing
            default: return nil
            }
        }
    }

    public var level = Level.notice
    /// How lines look; may change at run time.
    var format = LogFormat()
    /// Where the lines go; a crash report follows them.
    private(set) var descriptor: Int32 = STDOUT_FILENO
    private var syslog: Syslog?

    public init() {}

    /// Sends the log to a file instead of standard output.
    /// - Returns: false when the file cannot be opened.
    public func open(_ path: ByteString) -> Bool {
        if path.isEmpty { return true }
        let file = unsafe Glibc.open(path.cString, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { return false }
        descriptor = file
        return true
    }

    /// Takes over what the settings say of the log's level and looks.
    func follow(_ settings: Settings) {
        level = Level(name: settings.logLevel) ?? level
        format.style = LogFormat.Style(rawValue: settings.log.format) ?? format.style
        format.timestamps = LogFormat.Timestamps(rawValue: settings.log.timestamps) ?? format.timestamps
    }

    /// Sends the lines to the system's log as well.
    func openSyslog(_ settings: LogSettings) {
        guard settings.usesSyslog else { return }
        syslog = Syslog(name: settings.syslogName, facility: settings.syslogFacility)
    }

    public func debug(_ text: ByteString) { write(Level.debug, text) }
    public func verbose(_ text: ByteString) { write(Level.verbose, text) }
    public func notice(_ text: ByteString) { write(Level.notice, text) }
    public func warning(_ text: ByteString) { write(Level.warning, text) }

    /// Writes a line that the engine asks for.
    func write(_ level: LogLevel, _ text: ByteString) {
        switch level {
        case .debug: debug(text)
        case .verbose: verbose(text)
        case .notice: notice(text)
        case .warning: warning(text)
        }
    }

    private func write(_ level: Level, _ text: ByteString) {
        guard level.rawValue >= self.level.rawValue else { return }
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        let line = format.line(level, text, pid: getpid(), at: now).bytes
        _ = unsafe line.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        syslog?.write(level, text)
    }
}

/// The system's log (syslog), under a name and facility of its own.
final class Syslog {
    init(name: ByteString, facility: String) {
        let local = facility.last?.wholeNumberValue
        // LOG_USER is 1, LOG_LOCAL0 to LOG_LOCAL7 are 16 to 23, each shifted by three bits.
        let number = Int32(local.map { 16 + $0 } ?? 1) << 3
        // openlog keeps the pointer for as long as the process lives, so this copy is never freed.
        unsafe openlog(strdup(name.cString), LOG_PID | LOG_NDELAY | LOG_NOWAIT, number)
    }

    func write(_ level: Log.Level, _ text: ByteString) {
        let priorities: [Int32] = [LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARNING]
        guard level.rawValue < priorities.count else { return }
        unsafe text.cString.withUnsafeBufferPointer { message in
            unsafe withVaList([message.baseAddress!]) { unsafe vsyslog(priorities[level.rawValue], "%s", $0) }
        }
    }
}
