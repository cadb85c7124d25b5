// SPDX-License-Identifier: Apache-2.0
import Engine

extension Parameters {
    /// The directives that work.
    static let built: [Parameter] = [
        // Network
        Parameter("bind", .addresses(max: 16), .words(\.bind)),
        Parameter("port", .integer(0...65535), .number(\.port)),
        Parameter("tcp-backlog", .integer(0...Limit.int), .number(\.tcpBacklog), change: .fixed),
        Parameter("tcp-keepalive", .integer(0...Limit.int), .number(\.tcpKeepaliveSeconds)),
        Parameter("timeout", .integer(0...Limit.int), .number(\.timeoutSeconds)),
        Parameter("unixsocket", .string, .text(\.unixSocket), change: .fixed),
        Parameter("unixsocketperm", .octal(0...0o777), .number(\.unixSocketPermissions), change: .fixed),
        Parameter("unixsocketgroup", .string, .text(\.sockets.unixGroup), change: .fixed),
        Parameter("socket-mark-id", .integer(0...Limit.uint), .number(\.sockets.mark), change: .fixed),
        Parameter("mptcp", .bool, .bool(\.sockets.isMultipath), change: .fixed),
        Parameter("max-new-connections-per-cycle", .integer(1...1000), .number(\.sockets.acceptsPerTurn)),
        Parameter(
            "client-default-resp", .integer(2...3), .number(\.sockets.defaultProtocol), change: .fixed,
            isHidden: true),
        Parameter("maxclients", .integer(1...Limit.uint), .number(\.clientsMax)),
        Parameter("protected-mode", .bool, .bool(\.protectedMode)),
        Parameter("maxmemory-clients", .memoryOrPercent, .text(\.clientMemory)),
        Parameter("client-output-buffer-limit", .bufferLimits, .text(\.outputBufferLimits)),
        // Protocol
        Parameter("proto-max-bulk-len", .memory(1 << 20...UInt64(Int.max)), .number(\.bulkBytesMax)),
        Parameter(
            "client-query-buffer-limit", .memory(1 << 20...UInt64(Int.max)), .number(\.queryBufferBytesMax)),
        // Store
        Parameter("databases", .integer(1...Limit.int), .number(\.databases), change: .fixed),
        Parameter("hash-seed", .string, .text(\.hashSeed), change: .fixed),
        Parameter("maxmemory-policy", .choice(policies), .word(\.maxmemoryPolicy)),
        Parameter("lfu-log-factor", .integer(0...Limit.int), .number(\.lfuLogFactor)),
        Parameter("lfu-decay-time", .integer(0...Limit.int), .number(\.lfuDecayMinutes)),
        Parameter("import-mode", .bool, .bool(\.importMode)),
        // Access
        Parameter("requirepass", .string, .text(\.password)),
        Parameter("enable-protected-configs", .choice(gates), .word(\.protectedConfigs), change: .fixed),
        Parameter("enable-debug-command", .choice(gates), .word(\.debugCommand), change: .fixed),
        Parameter("enable-module-command", .choice(gates), .word(\.moduleCommand), change: .fixed),
        // Process
        Parameter("dir", .string, .text(\.directory), change: .protected),
        Parameter("logfile", .string, .text(\.logFile), change: .fixed),
        Parameter("log-format", .choice(["legacy", "logfmt", "json"]), .word(\.log.format)),
        Parameter(
            "log-timestamp-format", .choice(["legacy", "iso8601", "milliseconds"]), .word(\.log.timestamps)),
        Parameter("syslog-enabled", .bool, .bool(\.log.usesSyslog), change: .fixed),
        Parameter("syslog-facility", .choice(facilities), .word(\.log.syslogFacility), change: .fixed),
        Parameter("syslog-ident", .string, .text(\.log.syslogName), change: .fixed),
        Parameter(
            "loglevel", .choice(["debug", "verbose", "notice", "warning", "nothing"]), .word(\.logLevel)),
        Parameter("pidfile", .string, .text(\.pidFile), change: .fixed),
        Parameter("daemonize", .bool, .bool(\.daemonize), change: .fixed),
        Parameter("set-proc-title", .bool, .bool(\.process.setsTitle), change: .fixed),
        Parameter("proc-title-template", .titleTemplate, .text(\.process.titleTemplate)),
        Parameter("locale-collate", .string, .text(\.process.collation)),
        Parameter("oom-score-adj", .oomModes, .word(\.process.oomScore)),
        Parameter("oom-score-adj-values", .oomScores, .words(\.process.oomScores)),
        Parameter(
            "server-cpulist", .string, .text(\.process.serverProcessors), aliases: ["server_cpulist"],
            change: .fixed),
        Parameter(
            "bio-cpulist", .string, .text(\.process.poolProcessors), aliases: ["bio_cpulist"], change: .fixed),
        Parameter("shutdown-on-sigint", .shutdownModes, .words(\.process.onInterrupt)),
        Parameter("shutdown-on-sigterm", .shutdownModes, .words(\.process.onTerminate)),
        Parameter("availability-zone", .string, .text(\.availabilityZone)),
    ]

    private static let gates = ["no", "yes", "local"]
    private static let facilities = [
        "user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
    ]
    private static let policies = [
        "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu",
        "allkeys-random", "noeviction",
    ]

    /// Directives of configuration files that CONFIG does not know.
    static let fileOnly: [Parameter] = [
        Parameter("events-per-io-thread", .string, "", .ignored),
        Parameter("io-threads-do-reads", .string, "", .ignored),
        Parameter("list-max-ziplist-entries", .string, "", .ignored),
        Parameter("list-max-ziplist-value", .string, "", .ignored),
        Parameter("lua-replicate-commands", .string, "", .ignored),
        Parameter("loadmodule", .words(max: 1024), "", .notYet([]), change: .fixed, isHidden: true),
        Parameter("include", .words(max: 1), "", .line, change: .fixed, isHidden: true),
        Parameter("rename-command", .words(max: 2), "", .line, change: .fixed, isHidden: true),
        Parameter("user", .words(max: 1024), "", .notYet([]), change: .fixed, isHidden: true),
    ]
}
