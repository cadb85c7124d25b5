// SPDX-License-Identifier: Apache-2.0
import Bytes
import Synchronization

/// A disk in memory: for tests and tools. It can be made to fail, and tells what a failure of the power would leave.
public final class MemoryDisk: Disk {
    private struct State {
        var files: [ByteString: FileBytes] = [:]
        /// The names as they were last brought to the disk.
        var durable: [ByteString: FileBytes] = [:]
        var failure: (operation: String, number: Int32)?
        var freeBytes: Int?
        var events: [String] = []
    }

    /// What a file holds, whatever its name.
    fileprivate final class FileBytes: Sendable {
        let bytes = Mutex<[UInt8]>([])
        /// What of it was brought to the disk.
        let durable = Mutex<[UInt8]>([])
    }

    private let state = Mutex(State())

    /// An empty disk.
    public init() {}

    /// The contents of a file; setting nil takes it away.
    public subscript(path: ByteString) -> [UInt8]? {
        get { state.withLock { $0.files[path] }?.bytes.withLock { $0 } }
        set {
            guard let newValue else { return state.withLock { $0.files[path] = nil } }
            let file = FileBytes()
            file.bytes.withLock { $0 = newValue }
            file.durable.withLock { $0 = newValue }
            state.withLock { state in
                state.files[path] = file
                state.durable[path] = file
            }
        }
    }

    /// What is there after a failure of the power: names and bytes as they were last brought to the disk, and of what
    /// was added to a file since then as much as chance will have it.
    public func afterPowerFailure(_ random: inout SeededRandom) -> MemoryDisk {
        let disk = MemoryDisk()
        for (path, file) in state.withLock({ $0.durable }).sorted(by: { $0.key < $1.key }) {
            let durable = file.durable.withLock { $0 }
            let now = file.bytes.withLock { $0 }
            var bytes = durable
            if now.count > durable.count, now.prefix(durable.count).elementsEqual(durable) {
                bytes = Array(now.prefix(durable.count + random.below(now.count - durable.count + 1)))
            } else if now.count < durable.count, random.below(2) == 0 {
                bytes = now
            }
            disk[path] = bytes
        }
        return disk
    }

    /// The paths of all files, in order.
    public var paths: [ByteString] { state.withLock { $0.files.keys.sorted() } }

    /// What was done, in order: the operation and its path.
    public var events: [String] { state.withLock { $0.events } }

    /// Lets an operation (`create`, `write`, `sync`, `rename`, `syncFolder`, `truncate`) fail from now on with an error of the
    /// system's number; nil: none does.
    public func fail(_ operation: String?, number: Int32 = 28) {
        state.withLock { $0.failure = operation.map { ($0, number) } }
    }

    /// How many bytes it says are free.
    public func setFree(bytes: Int?) { state.withLock { $0.freeBytes = bytes } }

    fileprivate func note(_ operation: String, _ path: ByteString) throws(DiskProblem) {
        let failure = state.withLock { state in
            state.events.append("\(operation) \(path)")
            return state.failure
        }
        guard let failure, failure.operation == operation else { return }
        throw DiskProblem(operation, path, number: failure.number, reason: "No space left on device")
    }

    public func create(_ path: ByteString) throws(DiskProblem) -> any DiskFile {
        try note("create", path)
        let file = FileBytes()
        state.withLock { $0.files[path] = file }
        return OpenFile(self, path, file)
    }

    public func open(_ path: ByteString) throws(DiskProblem) -> any DiskFile {
        try note("open", path)
        guard let file = state.withLock({ $0.files[path] }) else { throw missing("open", path) }
        return OpenFile(self, path, file)
    }

    public func append(to path: ByteString) throws(DiskProblem) -> any DiskFile {
        try note("append", path)
        let file = state.withLock { state in
            if let file = state.files[path] { return file }
            let file = FileBytes()
            state.files[path] = file
            return file
        }
        return OpenFile(self, path, file)
    }

    public func makeFolder(_ path: ByteString) throws(DiskProblem) { try note("makeFolder", path) }

    public func rename(_ path: ByteString, to other: ByteString) throws(DiskProblem) {
        try note("rename", path)
        let isThere = state.withLock { state in
            guard let file = state.files.removeValue(forKey: path) else { return false }
            state.files[other] = file
            return true
        }
        if !isThere { throw missing("rename", path) }
    }

    public func remove(_ path: ByteString) throws(DiskProblem) {
        try note("remove", path)
        let file = state.withLock { $0.files.removeValue(forKey: path) }
        if file == nil { throw missing("remove", path) }
    }

    public func syncFolder(of path: ByteString) throws(DiskProblem) {
        try note("syncFolder", path)
        let folder = MemoryDisk.folder(of: path)
        state.withLock { state in
            state.durable = state.durable.filter { MemoryDisk.folder(of: $0.key) != folder }
            for (path, file) in state.files where MemoryDisk.folder(of: path) == folder {
                state.durable[path] = file
            }
        }
    }

    private static func folder(of path: ByteString) -> ArraySlice<UInt8> {
        path.bytes[..<(path.bytes.lastIndex(of: UInt8(ascii: "/")) ?? 0)]
    }

    /// Nobody waits.
    public func rest(us: Int) {}

    public func freeBytes(at path: ByteString) -> Int? { state.withLock { $0.freeBytes } }

    private func missing(_ operation: String, _ path: ByteString) -> DiskProblem {
        DiskProblem(operation, path, number: 2, reason: "No such file or directory")
    }

    private final class OpenFile: DiskFile {
        private let disk: MemoryDisk
        private let path: ByteString
        private let file: FileBytes

        init(_ disk: MemoryDisk, _ path: ByteString, _ file: FileBytes) {
            self.disk = disk
            self.path = path
            self.file = file
        }

        var byteCount: Int { get throws(DiskProblem) { file.bytes.withLock { $0.count } } }

        func write(_ bytes: ByteView) throws(DiskProblem) {
            do throws(DiskProblem) {
                try disk.note("write", path)
            } catch {
                // As a disk that becomes full: a part has found room.
                file.bytes.withLock { $0.append(bytes[0..<(bytes.count / 2)]) }
                throw error
            }
            file.bytes.withLock { $0.append(bytes) }
        }

        func truncate(to bytes: Int) throws(DiskProblem) {
            try disk.note("truncate", path)
            file.bytes.withLock { $0.removeLast($0.count - min(bytes, $0.count)) }
        }

        func read(at offset: Int, into: MutableBytes, max: Int) throws(DiskProblem) -> Int {
            try disk.note("read", path)
            return file.bytes.withLock { bytes in
                let count = min(max, Swift.max(0, bytes.count - offset))
                if count > 0 { bytes.withView { into.start.copy(from: $0[offset..<(offset + count)]) } }
                return count
            }
        }

        func sync() throws(DiskProblem) {
            try disk.note("sync", path)
            let bytes = file.bytes.withLock { $0 }
            file.durable.withLock { $0 = bytes }
        }
        func close() {}
    }
}
