// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Synchronization

// A disk that remembers what was done to it, so that every state can be made that a crash may leave behind.
//
// *What is on the disk for sure.* The bytes of a file up to its last `sync`, and the names in a folder up to its last
// `syncFolder`. Everything since may be there or not: each sector that was written for itself, each change of a name for
// itself, and a file may be as long as after any of its writes.

/// Records what is done, and makes crash states of it.
final class DiskModel: Disk, @unchecked Sendable {
    static let sectorBytes = 512

    /// What a file holds, whatever its name.
    final class Inode {
        var bytes: [UInt8] = []
        /// The bytes that are on the disk for sure, and how long the file has been since.
        var synced: [UInt8] = []
        var lengths: Set<Int> = []
    }

    private enum NameChange {
        case set(ByteString, Inode?)
        case move(ByteString, ByteString, Inode)
    }

    private let lock = Mutex(())
    private var names: [ByteString: Inode] = [:]
    private var syncedNames: [ByteString: Inode] = [:]
    private var pending: [NameChange] = []
    private(set) var eventCount = 0
    /// Called before each step, with what a crash may leave.
    var onStep: ((DiskModel) -> Void)?

    private func step() {
        eventCount += 1
        onStep?(self)
    }

    // MARK: Crash states

    /// What a crash at this moment may leave; which of the possible states is decided by chance.
    func crashed(_ random: inout SeededRandom) -> [ByteString: [UInt8]] {
        var left = syncedNames
        // Names change one by one, in whatever order the disk likes: each change is there, or not.
        let all = random.below(4) == 0
        let none = random.below(4) == 0
        for change in pending where all || (!none && random.below(2) == 0) {
            switch change {
            case .set(let path, let inode): left[path] = inode
            case .move(let from, let to, let inode):
                if left[from] === inode { left[from] = nil }
                left[to] = inode
            }
        }
        return left.mapValues { DiskModel.bytes(of: $0, &random) }
    }

    private static func bytes(of inode: Inode, _ random: inout SeededRandom) -> [UInt8] {
        let lengths = inode.lengths.union([inode.synced.count]).sorted()
        let length = lengths[random.below(lengths.count)]
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length)
        let mode = random.below(3)
        while bytes.count < length {
            let at = bytes.count
            let end = min(at + sectorBytes, length)
            let isNew = mode == 0 || (mode == 1 && random.below(2) == 0)
            let source = isNew ? inode.bytes : inode.synced
            if at < source.count { bytes += source[at..<min(end, source.count)] }
            if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
        }
        // A tail is torn anywhere.
        if length > inode.synced.count, random.below(3) == 0 {
            bytes.removeLast(random.below(length - inode.synced.count + 1))
        }
        return bytes
    }

    // MARK: Disk

    private func missing(_ operation: String, _ path: ByteString) -> DiskProblem {
        DiskProblem(operation, path, number: 2, reason: "No such file or directory")
    }

    func create(_ path: ByteString) throws(DiskProblem) -> any DiskFile {
        step()
        let inode = Inode()
        names[path] = inode
        pending.append(.set(path, inode))
        return Open(self, inode)
    }

    func open(_ path: ByteString) throws(DiskProblem) -> any DiskFile {
        guard let inode = names[path] else { throw missing("open", path) }
        return Open(self, inode)
    }

    func append(to path: ByteString) throws(DiskProblem) -> any DiskFile {
        if let inode = names[path] { return Open(self, inode) }
        return try create(path)
    }

    func makeFolder(_ path: ByteString) throws(DiskProblem) {}

    func rename(_ path: ByteString, to other: ByteString) throws(DiskProblem) {
        step()
        guard let inode = names.removeValue(forKey: path) else { throw missing("rename", path) }
        names[other] = inode
        pending.append(.move(path, other, inode))
    }

    func remove(_ path: ByteString) throws(DiskProblem) {
        step()
        guard names.removeValue(forKey: path) != nil else { throw missing("unlink", path) }
        pending.append(.set(path, nil))
    }

    func syncFolder(of path: ByteString) throws(DiskProblem) {
        step()
        syncedNames = names
        pending = []
    }

    func rest(us: Int) {}

    func freeBytes(at path: ByteString) -> Int? { nil }

    private final class Open: DiskFile, @unchecked Sendable {
        private let model: DiskModel
        private let inode: Inode

        init(_ model: DiskModel, _ inode: Inode) {
            self.model = model
            self.inode = inode
        }

        var byteCount: Int { get throws(DiskProblem) { inode.bytes.count } }

        func write(_ bytes: ByteView) throws(DiskProblem) {
            // A crash in the middle of a write leaves a part of it.
            model.step()
            let half = inode.bytes.count + bytes.count / 2
            inode.bytes += bytes.array
            inode.lengths.formUnion([half, inode.bytes.count])
        }

        func read(at offset: Int, into: MutableBytes, max: Int) throws(DiskProblem) -> Int {
            let count = min(max, Swift.max(0, inode.bytes.count - offset))
            if count > 0 { inode.bytes.withView { into.start.copy(from: $0[offset..<(offset + count)]) } }
            return count
        }

        func truncate(to bytes: Int) throws(DiskProblem) {
            model.step()
            inode.bytes.removeLast(inode.bytes.count - bytes)
            inode.lengths.insert(bytes)
        }

        func sync() throws(DiskProblem) {
            model.step()
            inode.synced = inode.bytes
            inode.lengths = []
        }

        func close() {}
    }
}
