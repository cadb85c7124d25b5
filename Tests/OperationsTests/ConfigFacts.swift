// SPDX-License-Identifier: Apache-2.0

/// What is known of the directives of Valkey 9.1.2, Redis 8.0.6 and Redis 7.0.15, asked of the running servers.
enum ConfigFacts {
    /// One directive as one or several servers have it.
    struct Row {
        let name: String
        let aliases: [String]
        /// `bool`, `string`, `int[low..high]`, `enum{a,b}` and so on.
        let type: String
        /// When it may change: `a` at any time, `f` fixed at the start, `p` protected, `r` refused; `h` behind it where
        /// patterns do not show it. By server, nil where a server does not have it.
        let changes: [String?]
        /// By server; nil where it does not have the directive, `?` where unknown.
        let defaults: [String?]

        init(_ line: Substring) {
            let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            name = fields[0]
            aliases = fields[1].split(separator: ",").map(String.init)
            type = fields[2]
            let changes = Row.byServer(fields[3])
            self.changes = changes
            defaults = zip(Row.byServer(fields[4]), changes).map { $1 == nil ? nil : $0 ?? "-" }
        }

        /// One field of a server each, or one for all.
        private static func byServer(_ text: String) -> [String?] {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            let all = parts.count == 3 ? parts : [parts[0], parts[0], parts[0]]
            return all.map { $0 == "-" ? nil : String($0) }
        }

        /// What Redis has, or Valkey where Redis has nothing.
        func ofRedis(_ values: [String?]) -> String { values[1] ?? values[2] ?? values[0] ?? "" }
    }

    static let rows = table.split(separator: "\n").map { Row($0) }

    /// Directives that stand in files only.
    static let fileOnly = [
        "lua-replicate-commands", "events-per-io-thread", "io-threads-do-reads", "include", "loadmodule",
        "user", "rename-command",
        "list-max-ziplist-entries", "list-max-ziplist-value",
    ]

    /// name|aliases|type|change|default; Valkey/Redis 8/Redis 7 where they differ.
    private static let table = """
        acl-pubsub-default||enum{allchannels,resetchannels}|a|resetchannels
        aclfile||string|f|
        acllog-max-len||int[0..LONG_MAX]|a|128
        active-defrag-cycle-max||int[1..99]|a|25
        active-defrag-cycle-min||int[1..99]|a|1
        active-defrag-cycle-us||int[0..100000]|a/-/-|500/-/-
        active-defrag-ignore-bytes||memory[1..LLONG_MAX]|a|104857600
        active-defrag-max-scan-fields||int[1..LONG_MAX]|a|1000
        active-defrag-threshold-lower||int[0..1000]|a|10
        active-defrag-threshold-upper||int[0..1000]|a|100
        active-expire-effort||int[1..10]|a|1
        activedefrag||bool|a|no
        activerehashing||bool|a|yes
        always-show-logo||bool|f|no
        aof-disable-auto-gc||bool|ah/ah/a|no
        aof-load-truncated||bool|a|yes
        aof-rewrite-cpulist|aof_rewrite_cpulist|string|f/f/-|//-
        aof-rewrite-incremental-fsync||bool|a|yes
        aof-timestamp-enabled||bool|a|no
        aof-use-rdb-preamble||bool|a|yes
        appenddirname||string|f|appendonlydir
        appendfilename||string|f|appendonly.aof
        appendfsync||enum{everysec,always,no}|a|everysec
        appendonly||bool|a|no
        auto-aof-rewrite-min-size||memory[0..LLONG_MAX]|a|67108864
        auto-aof-rewrite-percentage||int[0..INT_MAX]|a|100
        availability-zone||string|a/-/-|/-/-
        bgsave-cpulist|bgsave_cpulist|string|f/f/-|//-
        bind||special|a|* -::*
        bind-source-addr||string|a|
        bio-cpulist|bio_cpulist|string|f/f/-|//-
        busy-reply-threshold|lua-time-limit|int[0..LONG_MAX]|a|5000
        client-default-resp||int[2..3]|fh/fh/-|2/2/-
        client-output-buffer-limit||special|a|normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60
        client-query-buffer-limit||memory[1048576..LONG_MAX]|a|1073741824
        cluster-allow-pubsubshard-when-down||bool|a|yes
        cluster-allow-reads-when-down||bool|a|no
        cluster-allow-replica-migration||bool|a|yes
        cluster-announce-bus-port||int[0..65535]|a|0
        cluster-announce-client-ipv4||string|a/-/-|/-/-
        cluster-announce-client-ipv6||string|a/-/-|/-/-
        cluster-announce-client-port||int[0..65535]|a/-/-|0/-/-
        cluster-announce-client-tls-port||int[0..65535]|a/-/-|0/-/-
        cluster-announce-hostname||string|a|
        cluster-announce-human-nodename||string|a/a/-|//-
        cluster-announce-ip||string|a|
        cluster-announce-port||int[0..65535]|a|0
        cluster-announce-tls-port||int[0..65535]|a|0
        cluster-blacklist-ttl||int[0..ULONG_MAX]|a/-/-|60/-/-
        cluster-compatibility-sample-ratio||int[0..100]|-/a/-|-/0/-
        cluster-config-file||string|f|nodes.conf
        cluster-config-save-behavior||enum{sync,best-effort}|a/-/-|sync/-/-
        cluster-databases||int[1..INT_MAX]|f/-/-|1/-/-
        cluster-enabled||bool|f|no
        cluster-link-sendbuf-limit||memory[0..ULLONG_MAX]|a|0
        cluster-manual-failover-timeout||int[1..INT_MAX]|a/-/-|5000/-/-
        cluster-message-gossip-perc||int[1..100]|ah/-/-|10/-/-
        cluster-migration-barrier||int[0..INT_MAX]|a|1
        cluster-node-timeout||int[0..LLONG_MAX]|a|15000
        cluster-ping-interval||int[0..LLONG_MAX]|ah/ah/-|0/0/-
        cluster-port||int[0..65535]|f|0
        cluster-preferred-endpoint-type||enum{ip,hostname,unknown-endpoint}|a|ip
        cluster-replica-no-failover|cluster-slave-no-failover|bool|a|no
        cluster-replica-validity-factor|cluster-slave-validity-factor|int[0..INT_MAX]|a|10
        cluster-require-full-coverage||bool|a|yes
        cluster-slot-migration-log-max-len||int[0..LONG_MAX]|a/-/-|1000/-/-
        cluster-slot-stats-enabled||bool|a/-/-|no/-/-
        commandlog-execution-slower-than|slowlog-log-slower-than|int[-1..LLONG_MAX]|a/-/-|10000/-/-
        commandlog-large-reply-max-len||int[0..LONG_MAX]|a/-/-|128/-/-
        commandlog-large-request-max-len||int[0..LONG_MAX]|a/-/-|128/-/-
        commandlog-reply-larger-than||int[-1..LLONG_MAX]|a/-/-|1048576/-/-
        commandlog-request-larger-than||int[-1..LLONG_MAX]|a/-/-|1048576/-/-
        commandlog-slow-execution-max-len|slowlog-max-len|int[0..LONG_MAX]|a/-/-|128/-/-
        crash-log-enabled||bool|a|yes
        crash-memcheck-enabled||bool|a|yes
        daemonize||bool|f|no
        databases||int[1..INT_MAX]|f|16
        dbfilename||string|p|dump.rdb
        debug-context||string|ah/-/-|?/-/-
        dir||special|p|(current working directory)
        disable-thp||bool|f|yes
        dual-channel-replication-enabled||bool|a/-/-|no/-/-
        dynamic-hz||bool|-/a/a|-/yes/yes
        enable-debug-assert||bool|fh/-/-|no/-/-
        enable-debug-command||enum{no,yes,local}|f|no
        enable-module-command||enum{no,yes,local}|f|no
        enable-protected-configs||enum{no,yes,local}|f|no
        extended-redis-compatibility||bool|a/-/-|no/-/-
        hash-max-listpack-entries|hash-max-ziplist-entries|int[0..LONG_MAX]|a|512
        hash-max-listpack-value|hash-max-ziplist-value|memory[0..LONG_MAX]|a|64
        hash-seed||string|f/-/-|/-/-
        hide-user-data-from-log||bool|a/a/-|yes/no/-
        hll-sparse-max-bytes||memory[0..LONG_MAX]|a|3000
        hz||int[0..INT_MAX]|a|10
        ignore-warnings||string|a|
        import-mode||bool|a/-/-|no/-/-
        io-threads||int[1..IO_THREADS_MAX_NUM]|a/f/f|1
        io-threads-always-active||bool|ah/-/-|no/-/-
        jemalloc-bg-thread||bool|a|yes
        key-load-delay||int[INT_MIN..INT_MAX]|ah|0
        latency-monitor-threshold||int[0..LLONG_MAX]|a|0
        latency-tracking||bool|a|yes
        latency-tracking-info-percentiles||special|a|50 99 99.9
        lazyfree-lazy-eviction||bool|a|yes/no/no
        lazyfree-lazy-expire||bool|a|yes/no/no
        lazyfree-lazy-server-del||bool|a|yes/no/no
        lazyfree-lazy-user-del||bool|a|yes/no/no
        lazyfree-lazy-user-flush||bool|a|yes/no/no
        lfu-decay-time||int[0..INT_MAX]|a|1
        lfu-log-factor||int[0..INT_MAX]|a|10
        list-compress-depth||int[0..INT_MAX]|a|0
        list-max-listpack-size|list-max-ziplist-size|int[INT_MIN..INT_MAX]|a|-2
        loading-process-events-interval-bytes||int[1024..INT_MAX]|ah|2097152/524288/2097152
        locale-collate||string|a/a/-|//-
        log-format||enum{legacy,logfmt,json}|a/-/-|legacy/-/-
        log-timestamp-format||enum{legacy,iso8601,milliseconds}|a/-/-|legacy/-/-
        logfile||string|f|
        loglevel||enum{debug,verbose,notice,warning,nothing}|a|notice
        lua-enable-insecure-api|lua-enable-deprecated-api|bool|ah/-/-|no/-/-
        max-new-connections-per-cycle||int[1..1000]|a/a/-|10/10/-
        max-new-tls-connections-per-cycle||int[1..1000]|a/a/-|1/1/-
        maxclients||int[1..UINT_MAX]|a|10000
        maxmemory||memory[0..ULLONG_MAX]|a|0
        maxmemory-clients||memory-or-percent|a|0
        maxmemory-eviction-tenacity||int[0..100]|a|10
        maxmemory-policy||enum{volatile-lru,volatile-lfu,volatile-random,volatile-ttl,allkeys-lru,allkeys-lfu,allkeys-random,noeviction}|a|noeviction
        maxmemory-samples||int[1..64]|a|5
        min-io-threads-avoid-copy-reply||int[0..INT_MAX]|ah/-/-|7/-/-
        min-replicas-max-lag|min-slaves-max-lag|int[0..INT_MAX]|a|10
        min-replicas-to-write|min-slaves-to-write|int[0..INT_MAX]|a|0
        min-string-size-avoid-copy-reply||int[0..INT_MAX]|ah/-/-|16384/-/-
        min-string-size-avoid-copy-reply-threaded||int[0..INT_MAX]|ah/-/-|65536/-/-
        mptcp||bool|f/-/-|no/-/-
        no-appendfsync-on-rewrite||bool|a|no
        notify-keyspace-events||special|a|
        oom-score-adj||enum{no,yes,relative,absolute}|a|no
        oom-score-adj-values||special|a|0 200 800
        pidfile||string|f|
        port||int[0..65535]|a|6379
        prefetch-batch-max-size||int[0..128]|a/-/-|16/-/-
        primaryauth|masterauth|string|a/-/-|/-/-
        primaryuser|masteruser|string|a/-/-|/-/-
        proc-title-template||string|a|{title} {listen-addr} {server-mode}
        propagation-error-behavior||enum{ignore,panic,panic-on-replicas}|a|ignore
        protected-mode||bool|a|yes
        proto-max-bulk-len||memory[1048576..LONG_MAX]|a|536870912
        rdb-del-sync-files||bool|a|no
        rdb-key-save-delay||int[INT_MIN..INT_MAX]|ah|0
        rdb-save-incremental-fsync||bool|a|yes
        rdb-version-check||enum{strict,relaxed}|a/-/-|strict/-/-
        rdbchecksum||bool|f|yes
        rdbcompression||bool|a|yes
        rdma-bind||special|r/-/-|/-/-
        rdma-completion-vector||int[-1..1024]|f/-/-|-1/-/-
        rdma-port||int[0..65535]|a/-/-|0/-/-
        rdma-rx-size||int[65536..16777216]|f/-/-|1048576/-/-
        repl-backlog-size||memory[1..LLONG_MAX]|a|10485760/1048576/1048576
        repl-backlog-ttl||int[0..LONG_MAX]|a|3600
        repl-disable-tcp-nodelay||bool|a|no
        repl-diskless-load||enum{disabled,on-empty-db,swapdb,flush-before-load}|a|disabled
        repl-diskless-sync||bool|a|yes
        repl-diskless-sync-delay||int[0..INT_MAX]|a|5
        repl-diskless-sync-max-replicas||int[0..INT_MAX]|a|0
        repl-mptcp||bool|f/-/-|no/-/-
        repl-ping-replica-period|repl-ping-slave-period|int[1..INT_MAX]|a|10
        repl-rdb-channel||bool|-/ah/-|-/yes/-
        repl-timeout||int[1..INT_MAX]|a|60
        replica-announce-ip|slave-announce-ip|string|a|
        replica-announce-port|slave-announce-port|int[0..65535]|a|0
        replica-announced||bool|a|yes
        replica-full-sync-buffer-limit||memory[0..LLONG_MAX]|-/a/-|-/0/-
        replica-ignore-disk-write-errors||bool|a|no
        replica-ignore-maxmemory|slave-ignore-maxmemory|bool|a|yes
        replica-lazy-flush|slave-lazy-flush|bool|a|yes/no/no
        replica-priority|slave-priority|int[0..INT_MAX]|a|100
        replica-read-only|slave-read-only|bool|a|yes
        replica-serve-stale-data|slave-serve-stale-data|bool|a|yes
        replicaof|slaveof|special|f|
        req-res-logfile||string|fh/fh/-|?/?/-
        requirepass||string|a|
        sanitize-dump-payload||enum{no,yes,clients}|-/a/a|-/no/no
        save||special|a|3600 1 300 100 60 10000
        server-cpulist|server_cpulist|string|f/f/-|//-
        set-max-intset-entries||int[0..LONG_MAX]|a|512
        set-max-listpack-entries||int[0..LONG_MAX]|a/a/-|128/128/-
        set-max-listpack-value||int[0..LONG_MAX]|a/a/-|64/64/-
        set-proc-title||bool|f|yes
        shutdown-on-sigint||enum{default,save,nosave,now,force,safe,failover}|a|default
        shutdown-on-sigterm||enum{default,save,nosave,now,force,safe,failover}|a|default
        shutdown-timeout||int[0..INT_MAX]|a|10
        slot-migration-max-failover-repl-bytes||memory(signed)[-1..SSIZE_MAX]|a/-/-|0/-/-
        socket-mark-id||int[0..UINT_MAX]|f|0
        stop-writes-on-bgsave-error||bool|a|yes
        stream-node-max-bytes||memory[0..LONG_MAX]|a|4096
        stream-node-max-entries||int[0..LLONG_MAX]|a|100
        supervised||enum{upstart,systemd,auto,no}|f|no
        syslog-enabled||bool|f|no
        syslog-facility||enum{user,local0,local1,local2,local3,local4,local5,local6,local7}|f|local0
        syslog-ident||string|f|valkey/redis/redis
        tcp-backlog||int[0..INT_MAX]|f|511
        tcp-keepalive||int[0..INT_MAX]|a|300
        timeout||int[0..INT_MAX]|a|0
        tls-auth-clients||enum{no,yes,optional}|a|yes
        tls-auth-clients-user||enum{CN,URI,off}|a/-/-|off/-/-
        tls-auto-reload-interval||int[0..INT_MAX]|a/-/-|0/-/-
        tls-ca-cert-dir||string|a|
        tls-ca-cert-file||string|a|
        tls-cert-file||string|a|
        tls-ciphers||string|a|
        tls-ciphersuites||string|a|
        tls-client-cert-file||string|a|
        tls-client-key-file||string|a|
        tls-client-key-file-pass||string|a|
        tls-cluster||bool|a|no
        tls-dh-params-file||string|a|
        tls-key-file||string|a|
        tls-key-file-pass||string|a|
        tls-port||int[0..65535]|a|0
        tls-prefer-server-ciphers||bool|a|no
        tls-protocols||string|a|
        tls-replication||bool|a|no
        tls-session-cache-size||int[0..INT_MAX]|a|20480
        tls-session-cache-timeout||int[0..INT_MAX]|a|300
        tls-session-caching||bool|a|yes
        tracking-table-max-keys||int[0..LONG_MAX]|a|1000000
        unixsocket||string|f|
        unixsocketgroup||string|f/-/-|/-/-
        unixsocketperm||octal[0..0777]|f|0
        use-exit-on-panic||bool|ah|no
        watchdog-period||int[0..INT_MAX]|ah|0
        zset-max-listpack-entries|zset-max-ziplist-entries|int[0..LONG_MAX]|a|128
        zset-max-listpack-value|zset-max-ziplist-value|memory[0..LONG_MAX]|a|64
        """
}
