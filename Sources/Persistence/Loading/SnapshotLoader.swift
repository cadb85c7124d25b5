// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Keyspace

// Reading a whole RDB stream into the keyspace, a window at a time.
//
// The loader knows no file: whoever has one shows it windows. It takes as much as a slice allows, and what it has taken
// need not be shown again. Nothing it does is propagated or told to anybody.

/// What a loader is to do with what it reads.
struct LoadOptions {
    /// Keys that are there are replaced; otherwise the same key twice is damage.
    var merges = false
    /// Keys and fields whose time is over are left out.
    var dropsDead = true
    /// The checksum is compared.
    var checks = true
    /// Versions that nobody knows are read as far as they are understood.
    var isRelaxed = false
}

/// What a loader has met so far.
struct LoadCounts {
    var keys = 0
    var expired = 0
    /// Keys without elements, and hashes whose fields have all died.
    var empty = 0
    var deadHashes = 0
}

/// Why a stream cannot be loaded.
struct LoadFailure: Error {
    let text: ByteString
    /// Where in the stream.
    let offset: Int
    /// The key that was being read, if any.
    var key: ByteString?
}

/// Reads an RDB stream.
final class SnapshotLoader {
    /// How far it has come in a window.
    enum Progress {
        /// The slice is over.
        case sliceEnded
        /// The window does not hold the next item, which takes so many bytes from where it stopped.
        case needsMore(Int)
        /// The end was reached.
        case finished
    }

    enum Stage {
        case header, items
        /// A value that comes in several steps.
        case value(any ValueReader)
        /// What a module has left: values behind their marks.
        case module
        case checksum, finished
    }

    let keys: Keyspace
    let options: LoadOptions
    let scratch: RDBScratch
    private let checksums: CRC64
    private var checksum: UInt64 = 0
    /// Bytes of the stream taken so far.
    private(set) var offset = 0
    private(set) var counts = LoadCounts()
    var stage = Stage.header
    private(set) var version = RDBVersion.plain
    var attributes = KeyAttributes()
    /// The key whose value is being read.
    private var key: [UInt8] = []
    var database = 0
    /// Texts of function libraries.
    var functions: [[UInt8]] = []
    /// What the stream says of itself, by name.
    var onAux: (_ name: ByteString, _ value: ByteString) -> Void = { _, _ in }
    /// What is worth a line in the log.
    var onNote: (ByteString) -> Void = { _ in }

    /// What is said of a key in front of it.
    struct KeyAttributes {
        var deadlineMs: Int64?
        var idleSeconds: Int64?
        var frequency: UInt8?
    }

    init(_ keys: Keyspace, _ options: LoadOptions, _ checksums: CRC64) {
        self.keys = keys
        self.options = options
        self.checksums = checksums
        scratch = RDBScratch(keys.heap)
    }

    // MARK: Windows

    /// Takes as much of a window as the slice allows.
    /// - Parameters:
    ///   - from: where in the window the stream goes on.
    ///   - behind: how many bytes of the stream come behind the window.
    /// - Returns: where in the window it goes on the next time.
    func read(
        _ window: ByteView, from: Int, behind: Int, _ slice: inout Slice
    ) throws(LoadFailure) -> (next: Int, Progress) {
        var input = RDBInput(window, from: from, behind: behind, scratch)
        let progress: Progress
        do throws(RDBStop) {
            progress = try readItems(&input, &slice)
        } catch {
            let at = offset + input.committed - from
            guard case .needsMore(let count) = error else {
                throw LoadFailure(text: error.text, offset: at, key: key.isEmpty ? nil : ByteString(key))
            }
            progress = .needsMore(count)
        }
        let next = input.committed
        if version.hasChecksum || offset == 0 {
            checksum = checksums.update(checksum, window[from..<next])
        }
        offset += next - from
        return (next, progress)
    }

    private func readItems(_ input: inout RDBInput, _ slice: inout Slice) throws(RDBStop) -> Progress {
        while true {
            let granted = slice.grant()
            if granted == 0 { return .sliceEnded }
            var left = granted
            while left > 0 {
                switch stage {
                case .header:
                    try readHeader(&input)
                    left -= 1
                case .items:
                    try readItem(&input)
                    left -= 1
                case .value(let reader):
                    if try reader.read(&input, max: 256) { try place(reader) }
                    left -= 16
                case .module:
                    try skipModuleItem(&input)
                    left -= 1
                case .checksum:
                    // The bytes up to here are not summed yet.
                    slice.spend(granted - left)
                    return .needsMore(0)
                case .finished: return .finished
                }
            }
            slice.spend(granted - left)
        }
    }

    /// Whether everything but the checksum was read: then `finish` is next.
    var awaitsChecksum: Bool { if case .checksum = stage { true } else { false } }
    var isFinished: Bool { if case .finished = stage { true } else { false } }

    /// Compares the checksum behind the last item.
    /// - Returns: where the window goes on, or nil when it is not there yet.
    func finish(_ window: ByteView, from: Int, behind: Int) throws(LoadFailure) -> Int? {
        guard version.hasChecksum else {
            stage = .finished
            return from
        }
        guard window.count - from >= 8 else {
            guard behind + window.count - from >= 8 else {
                throw LoadFailure(text: RDBStop.cutOff.text, offset: offset)
            }
            return nil
        }
        let stored = window.start.u64(from)
        if options.checks, stored == 0 {
            onNote("RDB file was saved with checksum disabled: no check performed.")
        } else if options.checks, stored != checksum {
            throw LoadFailure(
                text: "Wrong RDB checksum expected: (\(String(checksum, radix: 16))) but got "
                    + "(\(String(stored, radix: 16))). RDB CRC error", offset: offset)
        }
        offset += 8
        stage = .finished
        return from + 8
    }

    private func readHeader(_ input: inout RDBInput) throws(RDBStop) {
        guard let version = RDBVersion(header: try input.take(RDBVersion.headerBytes)) else {
            throw .damaged("Wrong signature trying to load DB from file")
        }
        guard version.isRead(relaxed: options.isRelaxed) else {
            throw .unsupported("Can't handle RDB format version \(version.number)")
        }
        self.version = version
        input.commit()
        stage = .items
    }

    // MARK: Keys

    /// Begins a key whose value has this type; a string is read at once.
    func beginKey(_ rdbType: UInt8, _ input: inout RDBInput) throws(RDBStop) {
        let name = try input.string(3)
        if rdbType == RDBType.module {
            key = name.array
            let module = ModuleName.text(try input.length())
            throw .unsupported(
                "The RDB file contains module data I can't load: no matching module type '\(module)'")
        }
        if rdbType == RDBType.string {
            let text = try input.string(0)
            input.commit()
            var problem: RDBStop?
            name.withText { name in
                do throws(RDBStop) { try place(name, text) } catch { problem = error }
            }
            if let problem { throw problem }
            attributes = KeyAttributes()
            return
        }
        let context = ReadingContext(
            keys: keys, version: version, dropsDeadFields: options.dropsDead, scratch: scratch)
        let reader: any ValueReader
        do throws(RDBStop) {
            reader = try ValueCodecs.reader(rdbType, context)
        } catch {
            key = name.array
            throw error
        }
        let (keys, database) = (keys, database)
        name.withText { text in
            // It is looked for when its value has been read.
            keys.warm(text, in: database)
            key.removeAll(keepingCapacity: true)
            key.append(text)
        }
        input.commit()
        stage = .value(reader)
    }

    private var isOverdue: Bool {
        guard options.dropsDead, let deadline = attributes.deadlineMs else { return false }
        return deadline <= keys.nowMs
    }

    private func place(_ reader: any ValueReader) throws(RDBStop) {
        stage = .items
        defer {
            attributes = KeyAttributes()
            key.removeAll(keepingCapacity: true)
        }
        guard let restorer = reader.take() else {
            if reader.hasDied {
                counts.deadHashes += 1
            } else {
                counts.empty += 1
                if counts.empty <= 10 { onNote("rdbLoadObject skipping empty key: \(key)") }
            }
            return
        }
        if isOverdue { return counts.expired += 1 }
        try key.withView { (key) throws(RDBStop) in
            try insert(key) { $0.setValue(restorer, keys) }
        }
    }

    private func place(_ key: ByteView, _ text: StoredBytes) throws(RDBStop) {
        if isOverdue { return counts.expired += 1 }
        try insert(key) { edit in
            switch text {
            case .integer(let number): edit.setInteger(number, keys)
            case .bytes(let view): edit.setString(view, keys)
            case .block(let block): edit.setString(block.view, adopting: block, keys)
            }
        }
    }

    @inline(__always)
    private func insert(_ key: ByteView, _ set: (inout Edit) -> Void) throws(RDBStop) {
        let keys = keys
        var found = keys.peek(key, in: database)
        if found.exists {
            guard options.merges else {
                throw .unsupported("RDB has duplicated key '\(key)' in DB \(database)")
            }
            keys.clear(found)
            found = keys.peek(key, in: database)
        }
        var edit = keys.edit(found)
        set(&edit)
        if let deadline = attributes.deadlineMs { edit.setDeadline(deadline, keys) }
        if attributes.idleSeconds != nil || attributes.frequency != nil {
            keys.setAccess(
                of: edit.value, idleSeconds: attributes.idleSeconds,
                frequency: attributes.frequency.map { Int64($0) })
        }
        edit.commit(.none, keys)
        counts.keys += 1
    }
}
