// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Engine
@testable import Persistence

/// Crashes at every step of saving: what is loaded afterwards is one of the states that were saved, and never one that is
/// older than what a client was told to be on the disk.
@Suite struct SnapshotCrashTests {
    /// So many crash states are loaded.
    private static let statesMin = 10_000

    /// The states that have been saved, and from which on they may be what is found.
    private final class History {
        /// Digests by their number; 0 is the empty server.
        var digests: [String] = []
        /// The newest that a client was told of.
        var acknowledged = 0
        /// The newest that may be on the disk.
        var begun = 0
    }

    private let reader = Rig(withTwin: false, lines: ["save ''"]) { $0.debugCommand = "yes" }

    /// By which files are told apart: arrays of bytes would be hashed one by one.
    private static func hash(_ bytes: [UInt8]) -> Int {
        var hasher = Hasher()
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }

    /// The digest of what a server finds that starts with these files; nil when it refuses to start.
    private func load(_ files: [ByteString: [UInt8]], _ known: inout [Int: String]) -> String? {
        guard let bytes = files["dump.rdb"] else { return reader.emptyDigest }
        let hash = Self.hash(bytes)
        if let digest = known[hash] { return digest }
        reader.host.memory["dump.rdb"] = bytes
        guard reader.run("DEBUG", "RELOAD", "NOSAVE") == "+OK" else { return nil }
        let digest = reader.run("DEBUG", "DIGEST")
        known[hash] = digest
        return digest
    }

    private func change(_ rig: Rig, _ random: inout SeededRandom) {
        let n = random.below(20)
        switch random.below(6) {
        case 0: rig.run("SET", "s\(n)", String(repeating: "x\(random.below(100))", count: random.below(60)))
        case 1: rig.run(["RPUSH", "l\(n % 3)"] + (0..<5).map { "e\($0):\(n)" })
        case 2: rig.run(["SADD", "t\(n % 3)"] + (0..<5).map { "m\($0 * n)" })
        case 3: rig.run(["HSET", "h\(n % 3)"] + (0..<10).flatMap { ["f\($0 * n)", "v\(n)"] })
        case 4: rig.run("DEL", "s\(n)", "l\(n % 3)")
        default: rig.run("XADD", "x", "*", "n", "\(n)")
        }
    }

    @Test func everyCrashLeavesASavedState() {
        var random = SeededRandom(seed: 11)
        var known: [Int: String] = [:]
        let history = History()
        var states = 0
        var distinct: Set<Int> = []
        var wrong: [String] = []
        while states < Self.statesMin {
            let model = DiskModel()
            let rig = Rig(seed: random.next(), withTwin: false, lines: ["save ''"]) {
                $0.debugCommand = "yes"
            }
            rig.host.otherDisk = model
            rig.host.defersWork = true
            history.digests = [rig.run("DEBUG", "DIGEST")]
            (history.acknowledged, history.begun) = (0, 0)
            var chances = SeededRandom(seed: random.next())
            model.onStep = { model in
                for _ in 0..<12 {
                    let files = model.crashed(&chances)
                    states += 1
                    distinct.insert(Self.hash(files["dump.rdb"] ?? []))
                    let found = load(files, &known)
                    let allowed = history.digests[history.acknowledged...history.begun]
                    if let found, allowed.contains(found) { continue }
                    wrong.append("step \(model.eventCount): \(found ?? "refused")")
                }
            }
            for round in 1...12 {
                for _ in 0..<30 { change(rig, &random) }
                history.digests.append(rig.run("DEBUG", "DIGEST"))
                history.begun = round
                if round % 2 == 0 {
                    #expect(rig.run("SAVE") == "+OK")
                } else {
                    #expect(rig.run("BGSAVE") == "+Background saving started")
                    for _ in 0..<10_000
                    where rig.run("INFO", "persistence").contains("rdb_bgsave_in_progress:1") {
                        rig.engine.keys.walkCuts(max: 16)
                        rig.host.doAwayWork(max: 1)
                    }
                }
                history.acknowledged = round
            }
        }
        #expect(wrong.isEmpty, "\(wrong.count) of \(states): \(wrong.prefix(5))")
        #expect(distinct.count > 20, "hardly anything was at stake")
    }
}

extension Rig {
    /// The digest of an empty server.
    fileprivate var emptyDigest: String { "+0000000000000000000000000000000000000000" }
}
