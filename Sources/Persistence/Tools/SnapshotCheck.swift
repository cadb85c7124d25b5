// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// Looks at every byte of an RDB file and tells what is in it. The lines are those of `redis-check-rdb`, and further ones
/// that begin with `[info]`.
public final class SnapshotCheck {
    /// Keys of one type in one database.
    private struct Sum {
        var keys = 0
        var mortal = 0
        var elements = 0
        var bytes = 0
    }

    /// One of the largest keys.
    private struct Large {
        let name: ByteString
        let place: Place
        let elements: Int
        let bytes: Int
        let offset: Int
    }

    private struct Place: Hashable {
        let database: Int
        let type: ValueType
    }

    /// So many of the largest keys are named.
    private static let largestMax = 10
    /// Beyond so many databases all others are one: a file may name any number of them.
    private static let placesMax = 512

    private let disk: any Disk
    private let path: ByteString
    private let nowMs: Int64
    private let say: (ByteString) -> Void
    private var sums: [Place: Sum] = [:]
    private var others = Sum()
    private var largest: [Large] = []
    private var keyCount = 0
    private var mortalCount = 0
    private var deadCount = 0
    private var datedHashCount = 0
    private var functionCount = 0
    private var lastDatabase = -1

    /// - Parameters:
    ///   - nowMs: the time by which keys are told to be dead, in Unix ms.
    ///   - say: takes a line.
    public init(_ path: ByteString, _ disk: any Disk, nowMs: Int64, say: @escaping (ByteString) -> Void) {
        self.path = path
        self.disk = disk
        self.nowMs = nowMs
        self.say = say
    }

    /// Reads the file.
    /// - Parameter progress: told now and then how many bytes were read, and how many there are.
    /// - Returns: whether all of it is sound.
    public func run(progress: (_ done: Int, _ all: Int) -> Void) -> Bool {
        let file: any DiskFile
        let bytes: Int
        do throws(DiskProblem) {
            file = try disk.open(path)
            bytes = try file.byteCount
        } catch {
            say("Cannot open file '\(path)': \(error.reason)")
            return false
        }
        defer { file.close() }
        say("[offset 0] Checking RDB file \(path)")
        let scan = SnapshotScan { [unowned self] (key) throws(RDBStop) in note(key) }
        let loader = scan.loader
        var version: RDBVersion?
        loader.onAux = { [unowned self, unowned loader] name, value in
            tellVersion(loader, &version)
            say("[offset \(loader.position)] AUX FIELD \(name) = '\(value)'")
        }
        loader.onNote = { [unowned self, unowned loader] in say("[offset \(loader.position)] \($0)") }
        loader.onFunction = { [unowned self] (_) throws(RDBStop) in functionCount += 1 }
        loader.onDatabase = { [unowned self, unowned loader] in
            guard $0 != lastDatabase, sums.count < SnapshotCheck.placesMax else { return }
            lastDatabase = $0
            say("[offset \(loader.position)] Selecting DB ID \($0)")
        }
        do throws(LoadFailure) {
            let behind = try scan.read(file) { progress($0, bytes) }
            tellVersion(loader, &version)
            if loader.isSummed { say("[offset \(loader.offset)] Checksum OK") }
            if behind > 0 { say("[offset \(loader.offset)] \(behind) bytes follow behind the end") }
            say("[offset \(loader.offset)] \\o/ RDB looks OK! \\o/")
            tellCounts()
            return true
        } catch {
            tell(error, loader)
            return false
        }
    }

    private func tellVersion(_ loader: SnapshotLoader, _ told: inout RDBVersion?) {
        guard told == nil else { return }
        told = loader.version
        say("[offset 9] RDB version \(loader.version.number) (\(loader.version.family))")
    }

    // MARK: Keys

    private func note(_ key: SnapshotScan.Key) {
        let value = key.found.value
        let place = Place(database: key.read.database, type: value.type)
        keyCount += 1
        if value.hasDeadlines { datedHashCount += 1 }
        if let deadline = key.read.attributes.deadlineMs {
            mortalCount += 1
            if deadline <= nowMs { deadCount += 1 }
        }
        if sums[place] == nil, sums.count >= SnapshotCheck.placesMax {
            SnapshotCheck.add(key, &others)
        } else {
            SnapshotCheck.add(key, &sums[place, default: Sum()])
        }
        if largest.count == SnapshotCheck.largestMax, key.read.bytes <= (largest.last?.bytes ?? 0) { return }
        let large = Large(
            name: ByteString(key.read.key), place: place, elements: value.elementCount, bytes: key.read.bytes,
            offset: key.read.offset)
        let at = largest.firstIndex { $0.bytes < large.bytes } ?? largest.count
        largest.insert(large, at: at)
        if largest.count > SnapshotCheck.largestMax { largest.removeLast() }
    }

    private static func add(_ key: SnapshotScan.Key, _ sum: inout Sum) {
        sum.keys += 1
        if key.read.attributes.deadlineMs != nil { sum.mortal += 1 }
        sum.elements += key.found.value.elementCount
        sum.bytes += key.read.bytes
    }

    // MARK: The report

    private func tell(_ failure: LoadFailure, _ loader: SnapshotLoader) {
        say("--- RDB ERROR DETECTED ---")
        say("[offset \(failure.offset)] \(failure.text)")
        if let key = failure.key {
            say("[additional info] While doing: read-object-value")
            say("[additional info] Reading key \(quoted(key))")
            say("[additional info] Reading type \(loader.rdbType)")
        } else if loader.awaitsChecksum {
            say("[additional info] While doing: check-sum")
        }
        tellCounts()
    }

    private func tellCounts() {
        say("[info] \(keyCount) keys read")
        say("[info] \(mortalCount) expires")
        say("[info] \(deadCount) already expired")
        say("[info] \(datedHashCount) subexpires")
        if functionCount > 0 { say("[info] \(functionCount) function libraries") }
        for place in sums.keys.sorted(by: SnapshotCheck.isBefore) {
            guard let sum = sums[place] else { continue }
            tell(sum, "db\(place.database) \(place.type.name)")
        }
        if others.keys > 0 { tell(others, "other databases") }
        guard !largest.isEmpty else { return }
        say("[info] The largest keys:")
        for key in largest {
            say(
                "[info] \(key.bytes) bytes: db\(key.place.database) \(key.place.type.name) \(quoted(key.name))"
                    + (key.place.type == .string ? "" : ", \(key.elements) elements")
                    + ", at offset \(key.offset)")
        }
    }

    private static func isBefore(_ a: Place, _ b: Place) -> Bool {
        (a.database, a.type.rawValue) < (b.database, b.type.rawValue)
    }

    private func tell(_ sum: Sum, _ title: ByteString) {
        say(
            "[info] \(title): \(sum.keys) keys, \(sum.mortal) with a deadline, \(sum.elements) elements, "
                + "\(sum.bytes) bytes")
    }
}
