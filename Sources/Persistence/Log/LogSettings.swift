// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine

/// The directives of the log of commands.
struct LogSettings: FeatureSettings {
    /// Commands are logged.
    var isOn = false
    /// `always`, `everysec` or `no`.
    var policy = "everysec"
    /// Where the files lie, and what their names begin with.
    var folder: ByteString = "appendonlydir"
    var name: ByteString = "appendonly.aof"
    /// The base is a snapshot, not commands.
    var basesAreSnapshots = true
    /// The time stands in the log, once a second.
    var hasTimestamps = false
    /// A log that ends in the middle of a command is loaded up to there.
    var loadsTruncated = true
    /// Growth in percent, and the size in bytes, at which the log is rewritten by itself; 0 percent: it is not.
    var growthPercent = 100
    var rewriteBytesMin: UInt64 = 64 << 20
    /// The base is brought to the disk piece by piece while it is written.
    var syncsBaseOften = true
    /// Nothing is brought to the disk while the log is being rewritten.
    var restsDuringRewrite = false
    /// For tests: files that are no longer needed stay.
    var keepsHistory = false
    init() {}

    var names: LogNames { LogNames(folder: folder, name: name) }
}

extension Settings {
    /// What the directives of the log of commands ask for.
    var logging: LogSettings {
        get { self[LogSettings.self] }
        set { self[LogSettings.self] = newValue }
    }
}

enum LogParameters {
    /// The directives of the log of commands.
    static let all: [Parameter] = [
        Parameter("appendonly", .bool, .bool(\.logging.isOn)),
        Parameter("appendfsync", .choice(["everysec", "always", "no"]), .word(\.logging.policy)),
        Parameter(
            "appenddirname", .fileName("appenddirname", "dirname"), .text(\.logging.folder), change: .fixed),
        Parameter(
            "appendfilename", .fileName("appendfilename", "filename"), .text(\.logging.name), change: .fixed),
        Parameter("aof-use-rdb-preamble", .bool, .bool(\.logging.basesAreSnapshots)),
        Parameter("aof-timestamp-enabled", .bool, .bool(\.logging.hasTimestamps)),
        Parameter("aof-load-truncated", .bool, .bool(\.logging.loadsTruncated)),
        Parameter("auto-aof-rewrite-percentage", .integer(0...Limit.int), .number(\.logging.growthPercent)),
        Parameter(
            "auto-aof-rewrite-min-size", .memory(0...UInt64(Int.max)), .memory(\.logging.rewriteBytesMin)),
        Parameter("aof-rewrite-incremental-fsync", .bool, .bool(\.logging.syncsBaseOften)),
        Parameter("no-appendfsync-on-rewrite", .bool, .bool(\.logging.restsDuringRewrite)),
        Parameter("aof-disable-auto-gc", .bool, .bool(\.logging.keepsHistory), isHidden: true),
        Parameter(
            "aof-rewrite-cpulist", .string, "", .noEffect("the log is written by the threads of bio-cpulist"),
            aliases: ["aof_rewrite_cpulist"], change: .fixed),
    ]
}
