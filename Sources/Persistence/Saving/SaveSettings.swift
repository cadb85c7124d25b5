// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine

/// The directives of snapshots.
struct SaveSettings: FeatureSettings {
    /// `save`: pairs of seconds and changes; empty: no snapshots by themselves.
    var points: ByteString = "3600 1 300 100 60 10000"
    /// The name of the file in the working folder; empty: there is none.
    var fileName: ByteString = "dump.rdb"
    /// `auto`, or the number of the version that is written.
    var version = "auto"
    /// Strings are compressed where that pays.
    var compresses = true
    /// Checksums are written, and compared.
    var checksums = true
    /// The file is brought to the disk piece by piece while it is written.
    var syncsOften = true
    /// Writes are refused while snapshots fail.
    var stopsWrites = true
    /// `strict`, or `relaxed` for versions that nobody knows.
    var versionCheck = "strict"
    /// For tests: how long each key takes when it is saved and loaded, in microseconds; negative: so many keys take one.
    var saveDelayUs = 0
    var loadDelayUs = 0
    init() {}

    /// The version to write; nil for the oldest that can hold the data.
    var wantedVersion: RDBVersion? { Int(version).map { RDBVersion(number: $0) } }

    /// One of the points at which a snapshot is taken.
    struct Point: Equatable {
        let seconds: Int64
        let changes: Int
    }

    var savePoints: [Point] {
        let numbers = points.words().compactMap { word in word.withView { $0.integer } }
        return stride(from: 0, to: numbers.count - 1, by: 2).map {
            Point(seconds: numbers[$0], changes: Int(numbers[$0 + 1]))
        }
    }
}

extension Settings {
    /// What the directives of snapshots ask for.
    var saving: SaveSettings {
        get { self[SaveSettings.self] }
        set { self[SaveSettings.self] = newValue }
    }
}

enum SaveParameters {
    private static let delays = -Limit.int - 1...Limit.int

    /// The directives of snapshots.
    static let all: [Parameter] = [
        Parameter("save", .savePoints, .text(\.saving.points)),
        Parameter(
            "dbfilename", .fileName("dbfilename", "filename"), .text(\.saving.fileName), change: .protected),
        Parameter(
            "rdb-save-version", .choice(["auto", "9", "10", "11", "12", "80"]), .word(\.saving.version)),
        Parameter("rdbcompression", .bool, .bool(\.saving.compresses)),
        Parameter("rdbchecksum", .bool, .bool(\.saving.checksums), change: .fixed),
        Parameter("rdb-save-incremental-fsync", .bool, .bool(\.saving.syncsOften)),
        Parameter("stop-writes-on-bgsave-error", .bool, .bool(\.saving.stopsWrites)),
        Parameter("rdb-version-check", .choice(["strict", "relaxed"]), .word(\.saving.versionCheck)),
        Parameter("rdb-key-save-delay", .integer(delays), .number(\.saving.saveDelayUs), isHidden: true),
        Parameter("key-load-delay", .integer(delays), .number(\.saving.loadDelayUs), isHidden: true),
        Parameter(
            "sanitize-dump-payload", .choice(["no", "yes", "clients"]), "no",
            .noEffect("every byte of a payload or file is always checked")),
        Parameter(
            "loading-process-events-interval-bytes", .integer(1024...Limit.int), "524288",
            .noEffect("loading yields by time"), isHidden: true),
        Parameter(
            "bgsave-cpulist", .string, "", .noEffect("snapshots are written by the threads of bio-cpulist"),
            aliases: ["bgsave_cpulist"], change: .fixed),
        Parameter("rdb-del-sync-files", .bool, "no", .dormant(.replication)),
    ]
}
