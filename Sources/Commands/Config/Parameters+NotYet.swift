// SPDX-License-Identifier: Apache-2.0

extension Parameters {
    /// Directives that change what the server does in ways that are not built yet. Only the values that ask for
    /// what it does anyway are accepted (globs); any other is refused.
    static let notYet: [Parameter] = [
        Parameter("aclfile", .string, "", .notYet([""]), change: .fixed),
        Parameter("appendonly", .bool, "no", .notYet(["no"])),
        Parameter("bio-cpulist", .string, "", .notYet([""]), aliases: ["bio_cpulist"], change: .fixed),
        Parameter(
            "client-default-resp", .integer(2...3), "2", .notYet(["2"]), change: .fixed, isHidden: true),
        Parameter("cluster-enabled", .bool, "no", .notYet(["no"]), change: .fixed),
        Parameter("log-format", .choice(["legacy", "logfmt", "json"]), "legacy", .notYet(["legacy"])),
        Parameter(
            "log-timestamp-format", .choice(["legacy", "iso8601", "milliseconds"]),
            "legacy", .notYet(["legacy"])),
        Parameter(
            "min-replicas-to-write", .integer(0...Limit.int),
            "0", .notYet(["0"]), aliases: ["min-slaves-to-write"]),
        Parameter("mptcp", .bool, "no", .notYet(["no"]), change: .fixed),
        Parameter("oom-score-adj", .choice(["no", "yes", "relative", "absolute"]), "no", .notYet(["no"])),
        Parameter("rdma-bind", .words(max: 16), "", .notYet([""]), change: .fixed),
        Parameter("rdma-port", .integer(0...65535), "0", .notYet(["0"])),
        Parameter(
            "replicaof", .words(max: 2), "", .notYet(["", "no one"]), aliases: ["slaveof"], change: .fixed),
        Parameter("save", .savePoints, "", .notYet([""])),
        Parameter("server-cpulist", .string, "", .notYet([""]), aliases: ["server_cpulist"], change: .fixed),
        Parameter(
            "shutdown-on-sigint", .choices(ShutdownWords.all), "default", .notYet(ShutdownWords.neutral)),
        Parameter(
            "shutdown-on-sigterm", .choices(ShutdownWords.all), "default", .notYet(ShutdownWords.neutral)),
        Parameter("socket-mark-id", .integer(0...Limit.uint), "0", .notYet(["0"]), change: .fixed),
        Parameter("syslog-enabled", .bool, "no", .notYet(["no"]), change: .fixed),
        Parameter("tls-port", .integer(0...65535), "0", .notYet(["0"])),
        Parameter("unixsocketgroup", .string, "", .notYet([""]), change: .fixed),
    ]

    /// The modes of SHUTDOWN that a signal may ask for, and those that save nothing.
    private enum ShutdownWords {
        static let all = ["default", "save", "nosave", "now", "force", "safe", "failover"]
        static let neutral = [
            "default", "nosave", "now", "force", "nosave now", "nosave force", "now force",
            "nosave now force",
        ]
    }
}
