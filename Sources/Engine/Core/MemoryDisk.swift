// SPDX-License-Identifier: Apache-2.0
import Bytes
import Synchronization

/// A disk in memory: for tests and tools. It can be made to fail.
public final class MemoryDisk: Disk {
    private struct State {
        var files: [ByteString: FileBytes] = [:]
        var failure: (operation: String, number: Int32)?
        var freeBytes: Int?
        var events: [String] = []
    }

    /// What a file holds, whatever its name.
    fileprivate final class FileBytes: Sendable {
        let bytes = Mutex<[UInt8]>([])
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
            state.withLock { $0.files[path] = file }
        }
    }

    /// The paths of all files, in order.
    public var paths: [ByteString] { state.withLock { $0.files.keys.sorted() } }

    /// What was done, in order: the operation and its path.
    public var events: [String] { state.withLock { $0.events } }

    /// Lets an operation (`create`, `write`, `sync`, `rename`, `syncFolder`) fail from now on with an error of the
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

    public func syncFolder(of path: ByteString) throws(DiskProblem) { try note("syncFolder", path) }

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
            try disk.note("write", path)
            file.bytes.withLock { $0.append(bytes) }
        }

        func read(at offset: Int, into: MutableBytes, max: Int) throws(DiskProblem) -> Int {
            try disk.note("read", path)
            return file.bytes.withLock { bytes in
                let count = min(max, Swift.max(0, bytes.count - offset))
                if count > 0 { bytes.withView { into.start.copy(from: $0[offset..<(offset + count)]) } }
                return count
            }
        }

        func sync() throws(DiskProblem) { try disk.note("sync", path) }
        func close() {}
    }
}
