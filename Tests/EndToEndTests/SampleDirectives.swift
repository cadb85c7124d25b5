// SPDX-License-Identifier: Apache-2.0

/// The directives, with their values, of the configuration files that come with Redis 8 and Valkey 9.
enum SampleDirectives {
    /// Set in both files.
    static let both = """
        bind 127.0.0.1 -::1
        protected-mode yes
        port 6379
        tcp-backlog 511
        timeout 0
        tcp-keepalive 300
        daemonize no
        loglevel notice
        logfile ""
        databases 16
        always-show-logo no
        set-proc-title yes
        proc-title-template "{title} {listen-addr} {server-mode}"
        locale-collate ""
        stop-writes-on-bgsave-error yes
        rdbcompression yes
        rdbchecksum yes
        dbfilename dump.rdb
        rdb-del-sync-files no
        dir ./
        replica-serve-stale-data yes
        replica-read-only yes
        repl-diskless-sync yes
        repl-diskless-sync-delay 5
        repl-diskless-sync-max-replicas 0
        repl-diskless-load disabled
        repl-disable-tcp-nodelay no
        replica-priority 100
        acllog-max-len 128
        oom-score-adj no
        oom-score-adj-values 0 200 800
        disable-thp yes
        appendonly no
        appendfilename "appendonly.aof"
        appenddirname "appendonlydir"
        appendfsync everysec
        no-appendfsync-on-rewrite no
        auto-aof-rewrite-percentage 100
        auto-aof-rewrite-min-size 64mb
        aof-load-truncated yes
        aof-use-rdb-preamble yes
        aof-timestamp-enabled no
        slowlog-log-slower-than 10000
        slowlog-max-len 128
        latency-monitor-threshold 0
        notify-keyspace-events ""
        hash-max-listpack-entries 512
        hash-max-listpack-value 64
        list-max-listpack-size -2
        list-compress-depth 0
        set-max-intset-entries 512
        set-max-listpack-entries 128
        set-max-listpack-value 64
        zset-max-listpack-entries 128
        zset-max-listpack-value 64
        hll-sparse-max-bytes 3000
        stream-node-max-bytes 4096
        stream-node-max-entries 100
        activerehashing yes
        client-output-buffer-limit normal 0 0 0
        client-output-buffer-limit replica 256mb 64mb 60
        client-output-buffer-limit pubsub 32mb 8mb 60
        hz 10
        dynamic-hz yes
        aof-rewrite-incremental-fsync yes
        rdb-save-incremental-fsync yes
        jemalloc-bg-thread yes
        """
    /// Set in Redis's alone.
    static let redis = """
        pidfile /var/run/redis_6379.pid
        lazyfree-lazy-eviction no
        lazyfree-lazy-expire no
        lazyfree-lazy-server-del no
        replica-lazy-flush no
        lazyfree-lazy-user-del no
        lazyfree-lazy-user-flush no
        """
    /// Set in Valkey's alone.
    static let valkey = """
        pidfile /var/run/valkey_6379.pid
        hide-user-data-from-log yes
        dual-channel-replication-enabled no
        lazyfree-lazy-eviction yes
        lazyfree-lazy-expire yes
        lazyfree-lazy-server-del yes
        replica-lazy-flush yes
        lazyfree-lazy-user-del yes
        lazyfree-lazy-user-flush yes
        """
    /// Shown in comments of either file, as what one might set.
    static let shown = """
        include /path/to/local.conf
        include /path/to/other.conf
        include /path/to/fragments/*.conf
        loadmodule /path/to/my_module.so
        loadmodule /path/to/other_module.so
        bind 192.168.1.100 10.0.0.1
        bind 127.0.0.1 ::1
        bind * -::*
        bind-source-addr 10.0.0.1
        enable-protected-configs no
        enable-debug-command no
        enable-module-command no
        unixsocket /run/redis.sock
        unixsocketperm 700
        socket-mark-id 0
        port 0
        tls-port 6379
        tls-cert-file redis.crt
        tls-key-file redis.key
        tls-key-file-pass secret
        tls-client-cert-file client.crt
        tls-client-key-file client.key
        tls-client-key-file-pass secret
        tls-dh-params-file redis.dh
        tls-ca-cert-file ca.crt
        tls-ca-cert-dir /etc/ssl/certs
        tls-auth-clients no
        tls-auth-clients optional
        tls-replication yes
        tls-cluster yes
        tls-protocols "TLSv1.2 TLSv1.3"
        tls-ciphers DEFAULT:!MEDIUM
        tls-ciphersuites TLS_CHACHA20_POLY1305_SHA256
        tls-prefer-server-ciphers yes
        tls-session-caching no
        tls-session-cache-size 5000
        tls-session-cache-timeout 60
        supervised auto
        syslog-enabled no
        syslog-ident redis
        syslog-facility local0
        crash-log-enabled no
        crash-memcheck-enabled no
        hide-user-data-from-log yes
        save <seconds> <changes> [<seconds> <changes> ...]
        save ""
        save 3600 1 300 100 60 10000
        sanitize-dump-payload no
        replicaof <masterip> <masterport>
        masterauth <master-password>
        masteruser <username>
        repl-ping-replica-period 10
        repl-timeout 60
        repl-backlog-size 1mb
        repl-backlog-ttl 3600
        propagation-error-behavior ignore
        replica-ignore-disk-write-errors no
        replica-announced yes
        min-replicas-to-write 3
        min-replicas-max-lag 10
        replica-announce-ip 5.5.5.5
        replica-announce-port 1234
        tracking-table-max-keys 1000000
        aclfile /etc/redis/users.acl
        requirepass foobared
        acl-pubsub-default resetchannels
        rename-command CONFIG b840fc02d524045429941cc15f59e41cb7be6c52
        rename-command CONFIG ""
        maxclients 10000
        maxmemory <bytes>
        maxmemory-policy noeviction
        maxmemory-samples 5
        maxmemory-eviction-tenacity 10
        replica-ignore-maxmemory yes
        active-expire-effort 1
        io-threads 4
        io-threads-do-reads no
        appendfsync always
        appendfsync no
        shutdown-timeout 10
        shutdown-on-sigint default
        shutdown-on-sigterm default
        lua-time-limit 5000
        busy-reply-threshold 5000
        cluster-enabled yes
        cluster-config-file nodes-6379.conf
        cluster-node-timeout 15000
        cluster-port 0
        cluster-replica-validity-factor 10
        cluster-migration-barrier 1
        cluster-allow-replica-migration yes
        cluster-require-full-coverage yes
        cluster-replica-no-failover no
        cluster-allow-reads-when-down no
        cluster-allow-pubsubshard-when-down yes
        cluster-link-sendbuf-limit 0
        cluster-announce-hostname ""
        cluster-announce-human-nodename ""
        cluster-preferred-endpoint-type ip
        cluster-announce-ip 10.1.1.5
        cluster-announce-tls-port 6379
        cluster-announce-port 0
        cluster-announce-bus-port 6380
        latency-tracking yes
        latency-tracking-info-percentiles 50 99 99.9
        notify-keyspace-events Elg
        notify-keyspace-events Ex
        client-query-buffer-limit 1gb
        maxmemory-clients 1g
        maxmemory-clients 5%
        proto-max-bulk-len 512mb
        lfu-log-factor 10
        lfu-decay-time 1
        max-new-connections-per-cycle 10
        max-new-tls-connections-per-cycle 1
        activedefrag no
        active-defrag-ignore-bytes 100mb
        active-defrag-threshold-lower 10
        active-defrag-threshold-upper 100
        active-defrag-cycle-min 1
        active-defrag-cycle-max 25
        active-defrag-max-scan-fields 1000
        server-cpulist 0-7:2
        bio-cpulist 1,3
        aof-rewrite-cpulist 8-11
        bgsave-cpulist 1,10-11
        ignore-warnings ARM64-COW-BUG
        unixsocket /run/valkey.sock
        unixsocketgroup wheel
        tls-cert-file valkey.crt
        tls-key-file valkey.key
        tls-dh-params-file valkey.dh
        syslog-ident valkey
        extended-redis-compatibility no
        replicaof <primary_ip> <primary_port>
        primaryauth <primary-password>
        primaryuser <username>
        repl-backlog-size 10mb
        aclfile /etc/valkey/users.acl
        prefetch-batch-max-size 16
        cluster-blacklist-ttl 60
        cluster-slot-stats-enabled no
        cluster-announce-client-ipv4 123.123.123.5
        cluster-announce-client-ipv6 2001:db8::8a2e:370:7334
        availability-zone "zone-name"
        """
}
