// SPDX-License-Identifier: Apache-2.0
// Snapshots: what a BGSAVE under writes costs, and how fast a file is written and read.
import Foundation

/// One keyspace that is saved under writes, or written and read.
enum SaveRow: String, CaseIterable {
    case strings = "save 2 GB of strings under writes"
    case hash = "save a hash of 10 M fields under writes"
    case loadStrings = "load 5 M strings of 32 B"
    case loadHashes = "load 1 M hashes of 10 fields"

    /// Whether it is a BGSAVE under writes.
    var isUnderWrites: Bool { self == .strings || self == .hash }

    /// Keys and bytes of a value of the strings that are about 2 GB.
    static let largeStrings = (count: 8_000_000, size: 200)
    static let smallStrings = 5_000_000
    static let smallHashes = 1_000_000
}

/// Saves, one server after the other.
struct Saves {
    let bout: Bout
    /// How long writes are counted without a save.
    private static let calmSeconds = 3.0

    func measure(_ rows: [SaveRow], note: (String) -> Void) -> [SaveResult] {
        var results = rows.map { SaveResult(name: $0.rawValue) }
        for (place, row) in rows.enumerated() {
            do {
                let file = row.isUnderWrites ? nil : try sharedFile(row)
                for contestant in bout.contestants {
                    Progress.say("\(row.rawValue), \(contestant.name)")
                    do {
                        if let file {
                            results[place].loads[contestant.index] = try load(row, contestant, file)
                        } else {
                            results[place].saves[contestant.index] = try save(row, contestant)
                        }
                    } catch { note("\(row.rawValue), \(contestant.name): \(error)") }
                }
            } catch { note("\(row.rawValue): \(error)") }
        }
        return results
    }

    /// A server that may use all cores: its main thread is where it would be measured, a child or helpers elsewhere.
    private func start(_ contestant: Contestant, folder: String? = nil) throws -> ServerUnderTest {
        let server = try ServerUnderTest(
            contestant, cores: bout.machine.cores, children: bout.children, folder: folder, seconds: 300)
        if let core = bout.machine.serverCore { bout.children.pin(thread: server.child.pid, core: core) }
        return server
    }

    // MARK: Under writes

    private func save(_ row: SaveRow, _ contestant: Contestant) throws -> SaveFigures {
        let server = try start(contestant)
        let connection = try server.connect()
        let fields = Stalls.largeHashFields
        let keys = SaveRow.largeStrings.count
        if row == .hash {
            try connection.fillHashes(1, fields: fields, size: 8)
        } else {
            try connection.fill(.strings(count: keys, size: SaveRow.largeStrings.size))
        }
        let writes = WriteLoad(port: server.port) { text, number in
            text.command(row == .hash ? 4 : 3)
            text.argument(row == .hash ? "HSET" : "SET")
            text.numbered(
                row == .hash ? "hash:" : "key:", row == .hash ? 0 : CommandText.scramble(number) % keys)
            if row == .hash { text.numbered("field:", CommandText.scramble(number) % fields) }
            text.value(number, size: row == .hash ? 8 : SaveRow.largeStrings.size)
        }
        defer { _ = try? writes.stop() }
        usleep(500_000)
        let calm = writes.rate { usleep(UInt32(Saves.calmSeconds * 1e6)) }
        let before = Proc.residentBytes(server.child.pid)
        let memory = MemoryWatch(server.child.pid)
        let probe = Stalls(bout: bout).probe(server)
        let begin = Clock.now()
        let busy = try writes.rate {
            try connection.must("BGSAVE")
            while try connection.info("persistence")["rdb_bgsave_in_progress"] == "1" { usleep(50_000) }
        }
        let seconds = Double(Clock.now() - begin) / 1e9
        let stall = try probe.stop()
        let peak = memory.stop()
        guard try connection.info("persistence")["rdb_last_bgsave_status"] == "ok" else {
            throw BenchError("the save failed")
        }
        return SaveFigures(
            seconds: seconds, memoryRatio: Double(max(peak, before)) / Double(before),
            longestMs: stall.longestNetMs,
            writesKept: busy / calm)
    }

    // MARK: Writing and reading

    /// A folder with a file that the last contestant, the oldest by custom, has written: all of them can read it.
    private func sharedFile(_ row: SaveRow) throws -> String {
        guard let writer = bout.contestants.last else { throw BenchError("no server") }
        let folder = try bout.children.makeFolder()
        let server = try start(writer, folder: folder)
        let connection = try server.connect()
        try connection.fill(dataset(row))
        try connection.must("SAVE")
        return folder
    }

    private func dataset(_ row: SaveRow) -> Dataset {
        row == .loadHashes
            ? .hashes(count: SaveRow.smallHashes, fields: 10, size: 8)
            : .strings(count: SaveRow.smallStrings, size: 32)
    }

    private func load(_ row: SaveRow, _ contestant: Contestant, _ file: String) throws -> LoadFigures {
        let folder = try bout.children.makeFolder()
        try FileManager.default.copyItem(atPath: file + "/dump.rdb", toPath: folder + "/dump.rdb")
        let begin = Clock.now()
        let server = try start(contestant, folder: folder)
        let connection = try server.connect()
        let wanted = row == .loadHashes ? SaveRow.smallHashes : SaveRow.smallStrings
        var keys = -1
        while keys < wanted, Clock.now() - begin < 300_000_000_000 {
            if case .integer(let count) = try connection.ask("DBSIZE") { keys = count }
            if keys < wanted { usleep(2000) }
        }
        guard keys == wanted else { throw BenchError("\(keys) keys instead of \(wanted)") }
        let loaded = Double(Clock.now() - begin) / 1e9
        let start = Clock.now()
        try connection.must("SAVE")
        let saved = Double(Clock.now() - start) / 1e9
        let size = try FileManager.default.attributesOfItem(atPath: folder + "/dump.rdb")[.size] as? Int ?? 0
        return LoadFigures(
            loadedPerSecond: Double(keys) / loaded, savedPerSecond: Double(keys) / saved, fileBytes: size)
    }
}

/// Watches the memory of a process and of its children, which share pages with it.
final class MemoryWatch {
    private let flag = Flag()
    private let work: Background<Int>

    init(_ pid: pid_t) {
        let flag = flag
        work = Background {
            var peak = 0
            while !flag.isRaised {
                peak = max(peak, MemoryWatch.bytes(pid))
                usleep(50_000)
            }
            return peak
        }
    }

    /// The most that was seen, in bytes.
    func stop() -> Int {
        flag.raise()
        return (try? work.wait()) ?? 0
    }

    /// Resident bytes. Pages that several of the processes map count once.
    private static func bytes(_ pid: pid_t) -> Int {
        let children = Machine.lines("/proc/\(pid)/task/\(pid)/children").first?.split(separator: " ") ?? []
        // The share of each page is costly to find, so it is asked for only where pages are shared.
        if children.isEmpty { return Proc.residentBytes(pid) }
        return ([Substring(String(pid))] + children).reduce(0) { sum, one in
            sum + Proc.bytes("Pss:", in: "/proc/\(one)/smaps_rollup")
        }
    }
}
