// SPDX-License-Identifier: Apache-2.0
import Bytes

/// How sockets are opened and clients taken in.
public struct SocketSettings: Sendable {
    /// Name or number of the group that the Unix socket is given to; empty: the process's own.
    public var unixGroup: ByteString = ""
    /// SO_MARK of the listening sockets, for the firewall's rules; 0: none.
    public var mark = 0
    /// Whether TCP sockets accept Multipath TCP.
    public var isMultipath = false
    /// How many clients one turn takes in; the others wait for the next.
    public var acceptsPerTurn = 10
    /// The protocol version that a client begins with, 2 or 3.
    public var defaultProtocol = 2
    public init() {}
}

/// What log lines look like, and where they go besides the file.
public struct LogSettings: Sendable {
    /// `legacy`, `logfmt` or `json`.
    public var format = "legacy"
    /// `legacy`, `iso8601` or `milliseconds`.
    public var timestamps = "legacy"
    /// Whether lines go to the system's log as well.
    public var usesSyslog = false
    /// The name that lines have in the system's log.
    public var syslogName: ByteString = "redis"
    /// `user` or `local0` to `local7`.
    public var syslogFacility = "local0"
    public init() {}
}

/// What concerns the process as the system sees it.
public struct ProcessSettings: Sendable {
    /// Whether the process shows its title in `ps` (`set-proc-title`).
    public var setsTitle = true
    /// What the title looks like (`proc-title-template`): names in braces stand for what they say.
    public var titleTemplate: ByteString = "{title} {listen-addr} {server-mode}"
    /// The locale by whose order SORT compares texts (`locale-collate`); empty: the environment's.
    public var collation: ByteString = ""
    /// `no`, `yes` (on top of the score at the start) or `absolute`.
    public var oomScore = "no"
    /// Scores of a primary, a replica and a background child, -2000 to 2000.
    public var oomScores: [ByteString] = ["0", "200", "800"]
    /// Processors for the thread that serves clients, and for the pool's, as `0,2,4-11:2`; empty: all.
    public var serverProcessors: ByteString = ""
    public var poolProcessors: ByteString = ""
    /// Modes of SHUTDOWN at SIGINT and SIGTERM.
    public var onInterrupt: [ByteString] = ["default"]
    public var onTerminate: [ByteString] = ["default"]
    public init() {}
}
