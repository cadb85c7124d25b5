// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Synchronization

// The file that a snapshot goes to. Everything here is done away from the loop, one piece of work after the other, but
// for `cancel`.
//
// *Crash safety*. The bytes go to a temporary file, which is brought to the disk and then given the name of the old one:
// whenever the power fails, one of the two is whole.

/// Compresses, sums and writes the chunks of a snapshot.
final class SnapshotFile: @unchecked Sendable {
    /// So many bytes are written before they are brought to the disk, so that the end does not have to wait for all.
    private static let syncBytes = 32 << 20

    private enum Stage { case open, finishing, finished, cancelled }

    private let disk: any Disk
    private let path: ByteString
    private let temporary: ByteString
    private let compresses: Bool
    private let syncsOften: Bool
    private let checksums: CRC64?
    private let hasTrailer: Bool
    private let press = LZFPress()
    private let buffer = WriteBuffer(capacity: 1 << 20)
    private var file: (any DiskFile)?
    private var checksum: UInt64 = 0
    private var unsyncedBytes = 0
    /// What went wrong first; nothing is written after that.
    private(set) var problem: DiskProblem?
    /// Bytes written so far.
    private(set) var byteCount = 0
    private let stage = Mutex(Stage.open)

    /// - Parameters:
    ///   - path: what the file is called when it is whole.
    ///   - temporary: what it is called before.
    ///   - checksums: nil where none is to be computed.
    ///   - hasTrailer: whether a checksum stands at the end at all.
    init(
        _ disk: any Disk, _ path: ByteString, temporary: ByteString, compresses: Bool, syncsOften: Bool,
        checksums: CRC64?, hasTrailer: Bool = true
    ) {
        self.disk = disk
        self.path = path
        self.temporary = temporary
        self.compresses = compresses
        self.syncsOften = syncsOften
        self.checksums = checksums
        self.hasTrailer = hasTrailer
    }

    /// Writes chunks behind what was written before.
    func write(_ chunks: [RDBChunk]) {
        // The first bytes wait in the buffer, and a disk that takes no file is told at once.
        if file == nil, problem == nil, !isCancelled {
            do throws(DiskProblem) { _ = try opened() } catch { problem = error }
        }
        for chunk in chunks where problem == nil && !isCancelled {
            chunk.render(compressing: compresses, press) { buffer.add($0) { drain($0) } }
        }
    }

    private func drain(_ bytes: ByteView) {
        guard problem == nil else { return }
        do throws(DiskProblem) {
            let file = try opened()
            if let checksums { checksum = checksums.update(checksum, bytes) }
            try file.write(bytes)
            byteCount += bytes.count
            unsyncedBytes += bytes.count
            if syncsOften, unsyncedBytes >= SnapshotFile.syncBytes {
                unsyncedBytes = 0
                try file.sync()
            }
        } catch {
            problem = error
        }
    }

    private func opened() throws(DiskProblem) -> any DiskFile {
        if let file { return file }
        let file = try disk.create(temporary)
        self.file = file
        return file
    }

    /// Writes the checksum, brings everything to the disk and gives the file its name.
    func finish() {
        buffer.flush { drain($0) }
        // Version 5 and later have a checksum; zero says that none was computed.
        var bytes: [UInt8] = []
        if hasTrailer { bytes.append(littleEndian: checksum) }
        bytes.withView { drain($0) }
        // Whoever cancels waits until this is over.
        stage.withLock { stage in
            guard stage == .open else { return }
            stage = .finishing
            settle()
            stage = .finished
        }
        file?.close()
        if problem != nil { removeTemporary() }
    }

    private func settle() {
        guard problem == nil, let file else { return }
        do throws(DiskProblem) {
            try file.sync()
            try disk.rename(temporary, to: path)
            try disk.syncFolder(of: path)
        } catch {
            problem = error
        }
    }

    private var isCancelled: Bool { stage.withLock { $0 == .cancelled } }

    /// The file is not wanted any more. May be called from any thread; it waits for the end where that has begun.
    /// - Returns: false when the file is finished already.
    func cancel() -> Bool {
        stage.withLock { stage in
            guard stage == .open else { return false }
            stage = .cancelled
            removeTemporary()
            return true
        }
    }

    private func removeTemporary() {
        // It may never have been made.
        do throws(DiskProblem) { try disk.remove(temporary) } catch {}
    }

    /// Closes a file that was cancelled, behind the last piece of work on it.
    func discard() {
        file?.close()
        removeTemporary()
    }
}
