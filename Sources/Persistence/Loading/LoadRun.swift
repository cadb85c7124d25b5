// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

// Loading a file while the loop goes round: clients that connect are told so, and PING and INFO are answered. A thread of
// the pool reads one piece ahead.

/// A file that is being loaded.
final class LoadRun {
    /// How much is read at once, in bytes.
    private static let pieceBytes = 2 << 20
    /// For how long the loop is used at once, in microseconds.
    private static let sliceUs = 3000.0
    /// How often the log tells how far it has come.
    private static let reportMs: Int64 = 5000

    /// Where a piece of the file is read to, away from the loop.
    private final class Piece: @unchecked Sendable {
        let heap: Heap
        let at: Address
        var count = 0
        var problem: DiskProblem?

        init(_ heap: Heap) {
            self.heap = heap
            at = heap.allocate(LoadRun.pieceBytes)
        }

        deinit { heap.free(at, LoadRun.pieceBytes) }
    }

    private let engine: Engine
    let loader: any FileLoader
    private let file: any DiskFile
    private let window: FileWindow
    private let piece: Piece
    private var isReading = false
    private var hasPiece = false
    private let startMs: Int64
    let startTicks = Clock.ticks()
    private var reportedMs: Int64
    private let fileBytes: Int
    /// How much memory the data took where it was saved, as the file says.
    var savedUsedBytes = 0
    /// Bytes of files that were loaded before, and of all that are to be loaded.
    var bytesBefore = 0
    var bytesInAll: Int?
    /// The window has to grow until it has so many bytes.
    private var wantedBytes = 0
    /// For tests: how long each key takes, in microseconds.
    var keyDelayUs: Int64 = 0
    private var pausedUntilUs: Int64 = 0

    init(_ file: any DiskFile, _ loader: any FileLoader, _ engine: Engine) throws(DiskProblem) {
        self.engine = engine
        self.file = file
        self.loader = loader
        fileBytes = try file.byteCount
        window = FileWindow(engine.keys.heap, fileBytes: fileBytes, capacity: LoadRun.pieceBytes)
        piece = Piece(engine.keys.heap)
        startMs = engine.keys.nowMs
        reportedMs = startMs
        readAhead()
    }

    deinit { file.close() }

    var counts: LoadCounts { loader.counts }
    /// How long it has taken so far.
    var seconds: Double { Double(Clock.ticks() &- startTicks) / engine.ticksPerUs / 1_000_000 }

    private func readAhead() {
        isReading = true
        let (file, piece, offset) = (file, piece, window.readBytes)
        engine.host.away {
            do throws(DiskProblem) {
                piece.count = try file.read(
                    at: offset, into: MutableBytes(piece.at), max: LoadRun.pieceBytes)
            } catch {
                piece.problem = error
            }
        } then: { [weak self] in
            self?.isReading = false
            self?.hasPiece = true
        }
    }

    /// How a slice of the work went.
    enum Outcome {
        /// There is more to do, now, or when the disk has answered.
        case more, waits
        case finished
        case failed(ByteString)
    }

    /// Loads for a while.
    func slice() -> Outcome {
        if keyDelayUs > 0, engine.keys.nowUs < pausedUntilUs { return .more }
        // Where time is the tester's, counts decide.
        var slice =
            engine.slicesAreTimed
            ? Slice(floor: Slice.unitsPerLook, ticks: UInt64(LoadRun.sliceUs * engine.ticksPerUs))
            : Slice(max: 4096)
        if keyDelayUs > 0 { slice = Slice(max: 1) }
        let before = loader.counts.keys
        do throws(LoadFailure) {
            while true {
                if let problem = takePiece() { return .failed("\(problem.operation): \(problem.reason)") }
                switch try loader.read(window, &slice) {
                case .finished: return .finished
                case .sliceEnded:
                    pausedUntilUs = engine.keys.nowUs + keyDelayUs * Int64(loader.counts.keys - before)
                    report()
                    return .more
                case .needsMore(let count):
                    wantedBytes = max(count, window.unusedBytes + 1)
                    if !hasPiece { return window.behind > 0 || isReading ? .waits : .failed(LoadRun.torn) }
                }
            }
        } catch {
            return .failed(LoadRun.text(error))
        }
    }

    /// Adds the piece that was read to the window, and reads the next one.
    /// - Returns: why there is none.
    private func takePiece() -> DiskProblem? {
        guard hasPiece else { return nil }
        // What is there is used up first, so that the window stays small.
        guard window.unusedBytes < max(LoadRun.pieceBytes, wantedBytes) else { return nil }
        hasPiece = false
        if let problem = piece.problem { return problem }
        window.append(piece.at.view(0, piece.count))
        if window.behind > 0 { readAhead() }
        return nil
    }

    private static let torn: ByteString = "Unexpected end of file"

    /// What the log says of a failure.
    static func text(_ failure: LoadFailure) -> ByteString {
        let key: ByteString = failure.key.map { " (key '\($0)')" } ?? ""
        return "\(failure.text), at offset \(failure.offset)\(key)"
    }

    private func report() {
        let now = engine.keys.nowMs
        guard now - reportedMs >= LoadRun.reportMs else { return }
        reportedMs = now
        engine.host.log(.notice, "Loading: \(Int(percent)) %, \(loader.counts.keys) keys")
    }

    private var percent: Double {
        fileBytes == 0 ? 0 : Double(loader.offset) * 100 / Double(fileBytes)
    }

    /// Adds what INFO says while data is loaded.
    func describe(_ out: TextBuffer, nowMs: Int64) {
        let elapsed = max(0, nowMs - startMs) / 1000
        let (total, loaded) = (bytesInAll ?? fileBytes, bytesBefore + loader.offset)
        out.line("loading_start_time", startMs / 1000)
        out.line("loading_total_bytes", total)
        out.line("loading_rdb_used_mem", savedUsedBytes)
        out.line("loading_loaded_bytes", loaded)
        out.line("loading_loaded_perc", total == 0 ? 0 : Double(loaded) * 100 / Double(total), decimals: 2)
        let left = Double(max(0, total - loaded))
        let eta = loaded == 0 ? 1 : Double(elapsed) * left / Double(loaded + 1)
        out.line("loading_eta_seconds", Int64(eta))
    }
}
