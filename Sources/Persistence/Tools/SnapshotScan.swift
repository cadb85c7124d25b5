// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

/// Reads a file of data one key after the other, without a server. Each value is put together as a server would, and gone
/// before the next one comes: no more memory is used than for the largest value and a piece of the file.
final class SnapshotScan {
    let keys: Keyspace
    let loader: SnapshotLoader

    /// What is known of a key while it is there.
    struct Key {
        let read: LoadedKey
        let found: Found
    }

    /// - Parameter visit: told of each key; what it throws ends the reading.
    init(isRelaxed: Bool = false, _ visit: @escaping (Key) throws(RDBStop) -> Void) {
        // Nothing is dead in the first millisecond of all.
        keys = Keyspace(databases: 1, seed: 1, hashKey: .random(), nowMs: 1)
        keys.expiresActively = false
        keys.deadKeys = .alive
        var options = LoadOptions()
        options.dropsDead = false
        options.isRelaxed = isRelaxed
        options.joinsDatabases = true
        loader = SnapshotLoader(keys, options, CRC64())
        loader.onKey = { [keys] (key) throws(RDBStop) in
            let found = keys.peek(key.key, in: 0)
            guard found.exists else { return }
            defer {
                keys.clear(found)
                SnapshotScan.reclaim(keys)
            }
            try visit(Key(read: key, found: found))
        }
    }

    /// What was freed in slices is gone before the next key comes.
    private static func reclaim(_ keys: Keyspace) {
        guard !keys.reclaimer.isIdle else { return }
        var slice = Slice(max: .max)
        while keys.reclaim(&slice) {}
    }

    /// Reads all of a file.
    /// - Parameter progress: told how many bytes were read so far, behind each piece.
    /// - Returns: how many bytes of the file come behind its end.
    @discardableResult func read(
        _ file: any DiskFile, progress: (Int) -> Void
    ) throws(LoadFailure) -> Int {
        let bytes: Int
        do throws(DiskProblem) {
            bytes = try file.byteCount
        } catch {
            throw LoadFailure(text: "\(error.operation): \(error.reason)", offset: 0)
        }
        let window = FileWindow(keys.heap, fileBytes: bytes, capacity: 1 << 20)
        try loader.readAll(file, window) { progress(loader.offset) }
        return window.unusedBytes + window.behind
    }
}

extension RDBVersion {
    /// Which servers write it, for people.
    var family: StaticString { isValkey ? "Valkey" : "Redis" }
}

/// The oldest version that holds some keys without loss.
struct VersionNeed {
    private(set) var version = RDBVersion.plain

    private mutating func raise(to needed: RDBVersion) {
        if needed.number > version.number { version = needed }
    }

    /// Takes a key into account.
    mutating func note(_ value: Value, _ keys: Keyspace) {
        if value.hasDeadlines { raise(to: .datedFields) }
        if value.type == .stream { raise(to: StreamCodec.version(for: value, keys)) }
    }

    /// Takes a function library into account.
    mutating func noteFunction() { raise(to: .functions) }
}
