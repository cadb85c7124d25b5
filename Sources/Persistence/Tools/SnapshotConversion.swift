// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

/// Writes an RDB file anew in another version, key by key. The old one stays until the new one is whole and on disk, also
/// where both have the same name.
public final class SnapshotConversion {
    /// Why nothing was written.
    public struct Failure: Error {
        /// In words for people.
        public let text: ByteString
    }

    /// What was written.
    public struct Result {
        /// The version of the file, and which servers write it.
        public let version: Int
        public let family: StaticString
        /// Keys and bytes in it.
        public let keys: Int
        public let bytes: Int
    }

    /// So much may wait in a chunk before it is written, in bytes.
    private static let waitingBytesMax = 4 << 20

    private let source: ByteString
    private let target: ByteString
    private let disk: any Disk
    private let wanted: RDBVersion?
    private let note: (ByteString) -> Void

    /// - Parameters:
    ///   - version: the number of the version to write; nil for the oldest that holds everything.
    ///   - note: takes a line about what is not as it was.
    public init(
        from source: ByteString, to target: ByteString, version: Int?, _ disk: any Disk,
        note: @escaping (ByteString) -> Void
    ) {
        self.source = source
        self.target = target
        self.disk = disk
        self.note = note
        wanted = version.map { RDBVersion(number: $0) }
    }

    /// The numbers of the versions that can be written.
    public static let versions = [9, 10, 11, 12, 80]

    /// Reads one file and writes the other.
    /// - Parameter progress: told now and then how many bytes were read, and how many there are to read.
    public func run(
        process: Int, progress: @escaping (_ done: Int, _ all: Int) -> Void
    ) throws(Failure) -> Result {
        let file: any DiskFile
        let bytes: Int
        do throws(DiskProblem) {
            file = try disk.open(source)
            bytes = try file.byteCount
        } catch {
            throw Failure(text: "Cannot open file '\(source)': \(error.reason)")
        }
        defer { file.close() }
        do throws(LoadFailure) {
            if let wanted { return try write(file, wanted, process) { progress($0, bytes) } }
            // What needs a newer version may be the last key.
            let version = try neededVersion(file) { progress($0, bytes * 2) }
            return try write(file, version, process) { progress(bytes + $0, bytes * 2) }
        } catch {
            let key: ByteString = error.key.map { " (key '\($0)')" } ?? ""
            throw Failure(text: "\(source): \(error.text), at offset \(error.offset)\(key)")
        }
    }

    private func neededVersion(
        _ file: any DiskFile, progress: (Int) -> Void
    ) throws(LoadFailure) -> RDBVersion {
        var need = VersionNeed()
        var keys: Keyspace?
        let scan = SnapshotScan { (key) throws(RDBStop) in
            if let keys { need.note(key.found.value, keys) }
        }
        keys = scan.keys
        scan.loader.onFunction = { (_) throws(RDBStop) in need.noteFunction() }
        try scan.read(file, progress: progress)
        return need.version
    }

    private func write(
        _ file: any DiskFile, _ version: RDBVersion, _ process: Int, progress: (Int) -> Void
    ) throws(LoadFailure) -> Result {
        let out = SnapshotFile(
            disk, target, temporary: "\(target).temp-\(process)", compresses: true, syncsOften: true,
            checksums: CRC64())
        let writer: FileWriter
        do throws(LoadFailure) {
            writer = try copy(file, version, out, progress: progress)
        } catch {
            _ = out.cancel()
            out.discard()
            throw error
        }
        out.finish()
        if let problem = out.problem { throw SnapshotConversion.failure(problem) }
        return Result(
            version: version.number, family: version.family, keys: writer.keyCount, bytes: out.byteCount)
    }

    private func copy(
        _ file: any DiskFile, _ version: RDBVersion, _ out: SnapshotFile, progress: (Int) -> Void
    ) throws(LoadFailure) -> FileWriter {
        var writing: FileWriter?
        let scan = SnapshotScan { (key) throws(RDBStop) in
            try writing?.write(key)
            if let problem = out.problem { throw .unsupported(SnapshotConversion.failure(problem).text) }
        }
        let writer = FileWriter(version, scan.keys) { [keys = scan.keys] chunk in
            out.write([chunk])
            chunk.release(keys.heap)
        }
        writing = writer
        scan.loader.onAux = { writer.aux($0, $1) }
        scan.loader.onNote = { [note] in note($0) }
        scan.loader.onSizes = { writer.sizes[$0] = ($1, $2) }
        scan.loader.onFunction = { (text) throws(RDBStop) in try writer.function(text) }
        let behind = try scan.read(file, progress: progress)
        if behind > 0 { note("\(behind) bytes behind the end of \(source) are left out") }
        writer.end()
        return writer
    }

    private static func failure(_ problem: DiskProblem) -> LoadFailure {
        LoadFailure(text: problem.text, offset: 0)
    }

    // MARK: Writing

    /// Writes what was read as it was read.
    private final class FileWriter {
        private let keys: Keyspace
        private let out: RDBOutput
        private let values: ValueWriter
        private let version: RDBVersion
        private var database = -1
        private var reading: LoadedKey?
        /// What the file says of its databases: how many keys, and how many of them with a deadline.
        var sizes: [Int: (keys: UInt64, volatile: UInt64)] = [:]
        private(set) var keyCount = 0

        init(_ version: RDBVersion, _ keys: Keyspace, _ onChunk: @escaping (RDBChunk) -> Void) {
            self.keys = keys
            self.version = version
            out = RDBOutput(keys.heap)
            out.onChunk = onChunk
            values = ValueWriter(version, out)
            version.header.withView { out.append(raw: $0) }
            values.prologue = { [unowned self] in begin($0, $1) }
        }

        func aux(_ name: ByteString, _ value: ByteString) {
            name.withView { name in value.withView { out.aux(name, $0) } }
        }

        func function(_ text: ByteView) throws(RDBStop) {
            guard version.number >= RDBVersion.functions.number else {
                throw .unsupported("RDB version \(version.number) cannot hold function libraries")
            }
            out.function(text)
        }

        func write(_ key: SnapshotScan.Key) throws(RDBStop) {
            reading = key.read
            keys.hand(key.found, to: values)
            reading = nil
            guard values.refusedKey == nil else {
                throw .unsupported(
                    "RDB version \(version.number) cannot hold the value of key '\(ByteString(key.read.key))'"
                )
            }
            keyCount += 1
            if out.waitingBytes >= SnapshotConversion.waitingBytesMax { out.flush() }
        }

        private func begin(_ head: CutKey, _ rdbType: UInt8) {
            guard let reading else { preconditionFailure("a value without a key") }
            if reading.database != database {
                database = reading.database
                out.select(database, sizes: sizes.removeValue(forKey: database))
            }
            let attributes = reading.attributes
            out.head(
                head.key, rdbType, deadlineMs: attributes.deadlineMs, idleSeconds: attributes.idleSeconds,
                frequency: attributes.frequency)
        }

        func end() { out.end() }
    }
}
