// SPDX-License-Identifier: Apache-2.0

extension Parameters {
    /// Directives whose effect arrives with the command named; until then they are only stored.
    static let tolerated: [Parameter] = [
        Parameter(
            "slowlog-log-slower-than", .integer(-1...Int.max),
            "10000", .tolerated("SLOWLOG"), aliases: ["commandlog-execution-slower-than"]),
        Parameter("commandlog-large-reply-max-len", .integer(0...Int.max), "128", .tolerated("COMMANDLOG")),
        Parameter("commandlog-large-request-max-len", .integer(0...Int.max), "128", .tolerated("COMMANDLOG")),
        Parameter(
            "commandlog-reply-larger-than", .integer(-1...Int.max), "1048576", .tolerated("COMMANDLOG")),
        Parameter(
            "commandlog-request-larger-than", .integer(-1...Int.max), "1048576", .tolerated("COMMANDLOG")),
        Parameter(
            "slowlog-max-len", .integer(0...Int.max),
            "128", .tolerated("SLOWLOG"), aliases: ["commandlog-slow-execution-max-len"]),
        Parameter("latency-monitor-threshold", .integer(0...Int.max), "0", .tolerated("LATENCY")),
        Parameter("latency-tracking", .bool, "yes", .tolerated("LATENCY HISTOGRAM")),
        Parameter(
            "latency-tracking-info-percentiles", .percentiles, "50 99 99.9", .tolerated("INFO latencystats")),
        Parameter("notify-keyspace-events", .eventClasses, "", .tolerated("PUBLISH and SUBSCRIBE")),
    ]
}
