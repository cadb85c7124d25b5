// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine

/// A window on a file: what was read of it and not used up. It grows to hold the largest item.
///
/// *Who frees*. The window its memory.
final class FileWindow {
    private let heap: Heap
    private var at: Address
    private var capacity: Int
    private var filled = 0
    /// Where the file goes on, in the window.
    private(set) var next = 0
    /// How many bytes of the file were read.
    private(set) var readBytes = 0
    /// How many bytes the file has.
    private(set) var fileBytes: Int

    init(_ heap: Heap, fileBytes: Int, capacity: Int) {
        self.heap = heap
        self.fileBytes = fileBytes
        self.capacity = capacity
        at = heap.allocate(capacity)
    }

    deinit { heap.free(at, capacity) }

    /// What is there.
    var view: ByteView { at.view(0, filled) }
    /// Bytes of the file that come behind the window.
    var behind: Int { max(0, fileBytes - readBytes) }
    /// Bytes that are there and not used up.
    var unusedBytes: Int { filled - next }

    /// Everything in front of a position was used.
    func use(upTo position: Int) { next = position }

    /// Makes room for `bytes` bytes behind those that are not used up.
    func reserve(_ bytes: Int) -> MutableBytes {
        let unused = unusedBytes
        if unused + bytes > capacity {
            let larger = max(unused + bytes, capacity * 2)
            let fresh = heap.allocate(larger)
            fresh.copy(from: at + next, count: unused)
            heap.free(at, capacity)
            (at, capacity) = (fresh, larger)
        } else if next > 0 {
            at.move(from: at + next, count: unused)
        }
        (next, filled) = (0, unused)
        return MutableBytes(at + filled)
    }

    /// So many bytes were read to where `reserve` said; none is the end of the file, whatever its size was.
    func added(_ bytes: Int) {
        filled += bytes
        readBytes += bytes
        if bytes == 0 { fileBytes = readBytes }
    }

    /// Adds bytes that were read elsewhere.
    func append(_ bytes: ByteView) {
        if !bytes.isEmpty { reserve(bytes.count).start.copy(from: bytes) }
        added(bytes.count)
    }
}

extension SnapshotLoader {
    /// Takes as much of a window as the slice allows.
    /// - Returns: how it went; `finished` only when the checksum is right, too.
    func read(_ window: FileWindow, _ slice: inout Slice) throws(LoadFailure) -> Progress {
        if !awaitsChecksum, !isFinished {
            let (next, progress) = try read(window.view, from: window.next, behind: window.behind, &slice)
            window.use(upTo: next)
            if !awaitsChecksum { return progress }
        }
        if isFinished { return .finished }
        guard let next = try finish(window.view, from: window.next, behind: window.behind) else {
            return .needsMore(8)
        }
        window.use(upTo: next)
        return .finished
    }
}

extension FileLoader {
    /// Reads a whole file, while all wait.
    /// - Parameter progress: told now and then, behind some work.
    func readAll(
        _ file: any DiskFile, _ window: FileWindow, progress: () -> Void = {}
    ) throws(LoadFailure) {
        var wanted = 1
        while true {
            while window.unusedBytes < wanted, window.behind > 0 {
                do throws(DiskProblem) {
                    let room = max(FilePiece.bytes, wanted - window.unusedBytes)
                    let memory = window.reserve(room)
                    window.added(try file.read(at: window.readBytes, into: memory, max: room))
                } catch {
                    throw LoadFailure(text: "\(error.operation): \(error.reason)", offset: offset)
                }
            }
            progress()
            var slice = Slice(max: .max)
            switch try read(window, &slice) {
            case .finished: return
            case .sliceEnded: break
            case .needsMore(let count): wanted = max(count, window.unusedBytes + 1)
            }
        }
    }
}

/// How files are read whose readers are waited for.
private enum FilePiece {
    /// How much is read at once.
    static let bytes = 1 << 20
}
