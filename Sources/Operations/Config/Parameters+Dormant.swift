// SPDX-License-Identifier: Apache-2.0
import Engine

extension Parameters {
    /// Settings of features that are not built yet. They are accepted and stored, since nothing depends on them
    /// while the directive that turns their feature on is refused (`Parameters.notYet`).
    static let dormant: [Parameter] = [
        Parameter(
            "acl-pubsub-default", .choice(["allchannels", "resetchannels"]),
            "resetchannels", .dormant(.accessLists)),
        Parameter("acllog-max-len", .integer(0...Int.max), "128", .dormant(.accessLists)),
        Parameter("bind-source-addr", .string, "", .dormant(.replication)),
        Parameter(
            "busy-reply-threshold", .integer(0...Int.max),
            "5000", .dormant(.scripting), aliases: ["lua-time-limit"]),
        Parameter("cluster-allow-pubsubshard-when-down", .bool, "yes", .dormant(.cluster)),
        Parameter("cluster-allow-reads-when-down", .bool, "no", .dormant(.cluster)),
        Parameter("cluster-allow-replica-migration", .bool, "yes", .dormant(.cluster)),
        Parameter("cluster-announce-bus-port", .integer(0...65535), "0", .dormant(.cluster)),
        Parameter("cluster-announce-client-ipv4", .string, "", .dormant(.cluster)),
        Parameter("cluster-announce-client-ipv6", .string, "", .dormant(.cluster)),
        Parameter("cluster-announce-client-port", .integer(0...65535), "0", .dormant(.cluster)),
        Parameter("cluster-announce-client-tls-port", .integer(0...65535), "0", .dormant(.cluster)),
        Parameter("cluster-announce-hostname", .string, "", .dormant(.cluster)),
        Parameter("cluster-announce-human-nodename", .string, "", .dormant(.cluster)),
        Parameter("cluster-announce-ip", .string, "", .dormant(.cluster)),
        Parameter("cluster-announce-port", .integer(0...65535), "0", .dormant(.cluster)),
        Parameter("cluster-announce-tls-port", .integer(0...65535), "0", .dormant(.cluster)),
        Parameter("cluster-blacklist-ttl", .integer(0...Int.max), "60", .dormant(.cluster)),
        Parameter("cluster-compatibility-sample-ratio", .integer(0...100), "0", .dormant(.cluster)),
        Parameter("cluster-config-file", .string, "nodes.conf", .dormant(.cluster), change: .fixed),
        Parameter(
            "cluster-config-save-behavior", .choice(["sync", "best-effort"]), "sync", .dormant(.cluster)),
        Parameter("cluster-databases", .integer(1...Limit.int), "1", .dormant(.cluster), change: .fixed),
        Parameter("cluster-link-sendbuf-limit", .memory(0...UInt64.max), "0", .dormant(.cluster)),
        Parameter("cluster-manual-failover-timeout", .integer(1...Limit.int), "5000", .dormant(.cluster)),
        Parameter("cluster-message-gossip-perc", .integer(1...100), "10", .dormant(.cluster), isHidden: true),
        Parameter("cluster-migration-barrier", .integer(0...Limit.int), "1", .dormant(.cluster)),
        Parameter("cluster-node-timeout", .integer(0...Int.max), "15000", .dormant(.cluster)),
        Parameter("cluster-ping-interval", .integer(0...Int.max), "0", .dormant(.cluster), isHidden: true),
        Parameter("cluster-port", .integer(0...65535), "0", .dormant(.cluster), change: .fixed),
        Parameter(
            "cluster-preferred-endpoint-type", .choice(["ip", "hostname", "unknown-endpoint"]),
            "ip", .dormant(.cluster)),
        Parameter(
            "cluster-replica-no-failover", .bool,
            "no", .dormant(.cluster), aliases: ["cluster-slave-no-failover"]),
        Parameter(
            "cluster-replica-validity-factor", .integer(0...Limit.int),
            "10", .dormant(.cluster), aliases: ["cluster-slave-validity-factor"]),
        Parameter("cluster-require-full-coverage", .bool, "yes", .dormant(.cluster)),
        Parameter("cluster-slot-migration-log-max-len", .integer(0...Int.max), "1000", .dormant(.cluster)),
        Parameter("cluster-slot-stats-enabled", .bool, "no", .dormant(.cluster)),
        Parameter("dual-channel-replication-enabled", .bool, "no", .dormant(.replication)),
        Parameter(
            "lua-enable-deprecated-api", .bool,
            "no", .dormant(.scripting), aliases: ["lua-enable-insecure-api"], isHidden: true),
        Parameter(
            "min-replicas-max-lag", .integer(0...Limit.int),
            "10", .dormant(.replication), aliases: ["min-slaves-max-lag"]),
        Parameter("masterauth", .string, "", .dormant(.replication), aliases: ["primaryauth"]),
        Parameter("masteruser", .string, "", .dormant(.replication), aliases: ["primaryuser"]),
        Parameter("rdma-completion-vector", .integer(-1...1024), "-1", .dormant(.rdma), change: .fixed),
        Parameter("rdma-rx-size", .integer(65536...16777216), "1048576", .dormant(.rdma), change: .fixed),
        Parameter("repl-backlog-size", .memory(1...UInt64(Int.max)), "1048576", .dormant(.replication)),
        Parameter("repl-backlog-ttl", .integer(0...Int.max), "3600", .dormant(.replication)),
        Parameter("repl-disable-tcp-nodelay", .bool, "no", .dormant(.replication)),
        Parameter(
            "repl-diskless-load", .choice(["disabled", "on-empty-db", "swapdb", "flush-before-load"]),
            "disabled", .dormant(.replication)),
        Parameter("repl-diskless-sync", .bool, "yes", .dormant(.replication)),
        Parameter("repl-diskless-sync-delay", .integer(0...Limit.int), "5", .dormant(.replication)),
        Parameter("repl-diskless-sync-max-replicas", .integer(0...Limit.int), "0", .dormant(.replication)),
        Parameter("repl-mptcp", .bool, "no", .dormant(.replication), change: .fixed),
        Parameter(
            "repl-ping-replica-period", .integer(1...Limit.int),
            "10", .dormant(.replication), aliases: ["repl-ping-slave-period"]),
        Parameter("repl-rdb-channel", .bool, "yes", .dormant(.replication), isHidden: true),
        Parameter("repl-timeout", .integer(1...Limit.int), "60", .dormant(.replication)),
        Parameter("replica-announce-ip", .string, "", .dormant(.replication), aliases: ["slave-announce-ip"]),
        Parameter(
            "replica-announce-port", .integer(0...65535),
            "0", .dormant(.replication), aliases: ["slave-announce-port"]),
        Parameter("replica-announced", .bool, "yes", .dormant(.replication)),
        Parameter(
            "replica-full-sync-buffer-limit", .memory(0...UInt64(Int.max)), "0", .dormant(.replication)),
        Parameter("replica-ignore-disk-write-errors", .bool, "no", .dormant(.replication)),
        Parameter(
            "replica-ignore-maxmemory", .bool,
            "yes", .dormant(.replication), aliases: ["slave-ignore-maxmemory"]),
        Parameter(
            "replica-priority", .integer(0...Limit.int),
            "100", .dormant(.replication), aliases: ["slave-priority"]),
        Parameter("replica-read-only", .bool, "yes", .dormant(.replication), aliases: ["slave-read-only"]),
        Parameter(
            "replica-serve-stale-data", .bool,
            "yes", .dormant(.replication), aliases: ["slave-serve-stale-data"]),
        Parameter("shutdown-timeout", .integer(0...Limit.int), "10", .dormant(.replication)),
        Parameter("slot-migration-max-failover-repl-bytes", .signedMemory, "0", .dormant(.cluster)),
        Parameter("tls-auth-clients", .choice(["no", "yes", "optional"]), "yes", .dormant(.tls)),
        Parameter("tls-auth-clients-user", .choice(["CN", "URI", "off"]), "off", .dormant(.tls)),
        Parameter("tls-auto-reload-interval", .integer(0...Limit.int), "0", .dormant(.tls)),
        Parameter("tls-ca-cert-dir", .string, "", .dormant(.tls)),
        Parameter("tls-ca-cert-file", .string, "", .dormant(.tls)),
        Parameter("tls-cert-file", .string, "", .dormant(.tls)),
        Parameter("tls-ciphers", .string, "", .dormant(.tls)),
        Parameter("tls-ciphersuites", .string, "", .dormant(.tls)),
        Parameter("tls-client-cert-file", .string, "", .dormant(.tls)),
        Parameter("tls-client-key-file", .string, "", .dormant(.tls)),
        Parameter("tls-client-key-file-pass", .string, "", .dormant(.tls)),
        Parameter("tls-cluster", .bool, "no", .dormant(.tls)),
        Parameter("tls-dh-params-file", .string, "", .dormant(.tls)),
        Parameter("tls-key-file", .string, "", .dormant(.tls)),
        Parameter("tls-key-file-pass", .string, "", .dormant(.tls)),
        Parameter("tls-prefer-server-ciphers", .bool, "no", .dormant(.tls)),
        Parameter("tls-protocols", .string, "", .dormant(.tls)),
        Parameter("tls-replication", .bool, "no", .dormant(.tls)),
        Parameter("tls-session-cache-size", .integer(0...Limit.int), "20480", .dormant(.tls)),
        Parameter("tls-session-cache-timeout", .integer(0...Limit.int), "300", .dormant(.tls)),
        Parameter("tls-session-caching", .bool, "yes", .dormant(.tls)),
    ]
}
