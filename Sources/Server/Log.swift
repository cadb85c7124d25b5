// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Glibc

/// Writes the log in Redis's format, which tools read (`pid:role date level message`), as logfmt or as JSON, to a file
/// or standard output and, where asked for, to the system's log.
public final class Log {
    /// How important a line is, in rising order: the names of `loglevel`.
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

    /// The least important lines that are written.
    public var level = Level.notice
    /// How lines look; may change at run time.
    var format = LogFormat()
    private var file = LogFile()
    private var syslog: Syslog?

    /// Where the lines go; a crash report follows them.
    var descriptor: Int32 { file.descriptor }

    public init() {}

    /// Sends the log to a file instead of standard output.
    /// - Returns: false when the file cannot be opened.
    public func open(_ path: ByteString) -> Bool { path.isEmpty || file.open(path) }

    /// Has what is written next go to where the log's path leads by now. Signal handlers may call it.
    func followFile() { file.follow() }

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

    // A line that is not wanted is not even put together.
    /// Writes a line of this level, if such lines are wanted.
    public func debug(_ text: @autoclosure () -> ByteString) { write(Level.debug, text()) }
    public func verbose(_ text: @autoclosure () -> ByteString) { write(Level.verbose, text()) }
    public func notice(_ text: @autoclosure () -> ByteString) { write(Level.notice, text()) }
    public func warning(_ text: @autoclosure () -> ByteString) { write(Level.warning, text()) }

    /// Whether lines of this level are logged.
    func wants(_ level: Level) -> Bool { level.rawValue >= self.level.rawValue }

    private func write(_ level: Level, _ text: @autoclosure () -> ByteString) {
        if wants(level) { put(level, text()) }
    }

    /// Writes a line that the engine asks for.
    func write(_ level: LogLevel, _ text: ByteString) {
        let level: Level =
            switch level {
            case .debug: .debug
            case .verbose: .verbose
            case .notice: .notice
            case .warning: .warning
            }
        if wants(level) { put(level, text) }
    }

    private func put(_ level: Level, _ text: ByteString) {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        let line = format.line(level, text, pid: getpid(), at: now).bytes
        file.follow()
        _ = unsafe line.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        syslog?.write(level, text)
    }
}

/// The file of the log, by its path: once somebody has moved the file away, the log goes on in a new one.
///
/// *Who frees*: the path lives as long as the process, because a signal handler may look at it.
@safe private struct LogFile {
    private(set) var descriptor: Int32 = STDOUT_FILENO
    /// Nil while the log goes to something that nobody moves away: standard output, a pipe, a device.
    private var path: UnsafeMutablePointer<CChar>?
    private var device: dev_t = 0
    private var inode: ino_t = 0
    private static let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC

    mutating func open(_ name: ByteString) -> Bool {
        let file = unsafe Glibc.open(name.cString, LogFile.flags, 0o644)
        guard file >= 0 else { return false }
        descriptor = file
        // The working directory may change, the log stays where it is.
        let isAbsolute = name.hasPrefix("/")
        let whole = isAbsolute ? name : ConfigFile.currentDirectory() + "/" + name
        if note() { unsafe path = strdup(whole.cString) }
        return true
    }

    /// Remembers which file it is.
    /// - Returns: whether it is an ordinary one.
    private mutating func note() -> Bool {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return false }
        (device, inode) = (status.st_dev, status.st_ino)
        return status.st_mode & S_IFMT == S_IFREG
    }

    mutating func follow() {
        guard let path = unsafe path else { return }
        var status = stat()
        if unsafe stat(path, &status) == 0, status.st_dev == device, status.st_ino == inode { return }
        let file = unsafe Glibc.open(path, LogFile.flags, 0o644)
        guard file >= 0 else { return }
        // The number stays the same, so that whoever holds it goes along.
        _ = dup2(file, descriptor)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        Glibc.close(file)
        _ = note()
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
