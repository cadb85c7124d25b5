// SPDX-License-Identifier: Apache-2.0
import Engine

extension Parameters {
    /// Directives that are accepted and stored but cannot matter here, each with its reason.
    static let noEffect: [Parameter] = [
        Parameter(
            "active-expire-effort", .integer(1...10),
            "1", .noEffect("due keys are deleted when their own deadline comes")),
        Parameter(
            "activerehashing", .bool,
            "yes", .noEffect("tables grow by splitting one segment at a time and are never rehashed")),
        Parameter("always-show-logo", .bool, "no", .noEffect("there is no logo"), change: .fixed),
        Parameter("crash-memcheck-enabled", .bool, "yes", .noEffect("memory is not tested after a crash")),
        Parameter(
            "debug-context", .string, "", .noEffect("a note for crash reports of others"), isHidden: true),
        Parameter(
            "disable-thp", .bool,
            "yes", .noEffect("the server never forks, so huge pages are not copied"), change: .fixed),
        Parameter("dynamic-hz", .bool, "yes", .noEffect("there is no periodic task to speed up")),
        Parameter(
            "enable-debug-assert", .bool,
            "no", .noEffect("assertions belong to debug builds"), change: .fixed, isHidden: true),
        Parameter(
            "extended-redis-compatibility", .bool, "no", .noEffect("names and texts are always Redis's")),
        Parameter(
            "hz", .clamped(0...Limit.int, to: 1...500),
            "10", .noEffect("timers are set for the next event instead of ticking")),
        Parameter("ignore-warnings", .string, "", .noEffect("none of those warnings is made")),
        Parameter(
            "io-threads", .integer(1...256), "1", .noEffect("one thread serves all clients"), change: .fixed),
        Parameter(
            "io-threads-always-active", .bool,
            "no", .noEffect("one thread serves all clients"), isHidden: true),
        Parameter(
            "jemalloc-bg-thread", .bool, "yes", .noEffect("free pages are given back by the loop in slices")),
        Parameter(
            "lazyfree-lazy-eviction", .bool, "yes", .noEffect("large values are always freed in slices")),
        Parameter("lazyfree-lazy-expire", .bool, "yes", .noEffect("large values are always freed in slices")),
        Parameter(
            "lazyfree-lazy-server-del", .bool, "yes", .noEffect("large values are always freed in slices")),
        Parameter(
            "lazyfree-lazy-user-del", .bool, "yes", .noEffect("large values are always freed in slices")),
        Parameter(
            "lazyfree-lazy-user-flush", .bool, "yes", .noEffect("large values are always freed in slices")),
        Parameter(
            "max-new-tls-connections-per-cycle", .integer(1...1000),
            "1", .noEffect("the loop bounds its own turns")),
        Parameter(
            "min-io-threads-avoid-copy-reply", .integer(0...Limit.int),
            "7", .noEffect("large values always leave without a copy"), isHidden: true),
        Parameter(
            "min-string-size-avoid-copy-reply", .integer(0...Limit.int),
            "16384", .noEffect("large values always leave without a copy"), isHidden: true),
        Parameter(
            "min-string-size-avoid-copy-reply-threaded", .integer(0...Limit.int),
            "65536", .noEffect("large values always leave without a copy"), isHidden: true),
        Parameter(
            "prefetch-batch-max-size", .integer(0...128), "16",
            .noEffect("lookups of a pipeline are always batched, as many as fit")),
        Parameter(
            "propagation-error-behavior", .choice(["ignore", "panic", "panic-on-replicas"]),
            "ignore", .noEffect("an effect that cannot be applied always stops the server")),
        Parameter(
            "replica-lazy-flush", .bool,
            "yes", .noEffect("large values are always freed in slices"), aliases: ["slave-lazy-flush"]),
        Parameter(
            "req-res-logfile", .string,
            "", .noEffect("requests and replies are not logged"), change: .fixed, isHidden: true),
        Parameter(
            "use-exit-on-panic", .bool, "no", .noEffect("a failed check always aborts"), isHidden: true),
    ]
}
