// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

// Reading a file of the log: commands, or a snapshot with or without commands behind it.
//
// *What is trusted.* A batch with a mark is run when its checksum is right. What stands outside of batches, as other
// servers write it, is taken as it is. See `BatchMark` for what becomes of a batch that is damaged.
//
// *Where a log ends.* A file that ends in the middle of a command, of a batch or of a transaction is whole up to
// `soundBytes`. Whether that will do is for whoever loads it to say.

/// Why a file of the log cannot be taken in as it is.
enum LogFault: Equatable {
    /// It ends too early; what is in front of `soundBytes` is whole.
    case cutOff
    /// It is damaged, or no log.
    case badFormat(ByteString)
    /// Somebody has logged what cannot be run.
    case unknownCommand(ByteString)
    case unrunnable(ByteString)
    /// The snapshot in front is damaged.
    case badSnapshot(ByteString)

    /// What it is, in a few words.
    var text: ByteString {
        switch self {
        case .cutOff: "Unexpected end of file"
        case .badFormat(let details): "Bad file format (\(details))"
        case .unknownCommand(let name): "Unknown command '\(name)'"
        case .unrunnable(let text), .badSnapshot(let text): text
        }
    }
}

/// Reads one file of the log.
final class LogLoader: FileLoader {
    private enum Stage {
        /// Nothing was read yet.
        case beginning
        case snapshot(SnapshotLoader)
        case commands
        /// A batch is damaged: the rest of the file tells whether that is the power's work.
        case suspicion(batchAt: Int)
        case ended
    }

    private let runner: any LogRunner
    private let makeSnapshotLoader: () -> SnapshotLoader
    private var stage = Stage.beginning
    private(set) var offset = 0
    /// The end of the last unit that is whole.
    private(set) var soundBytes = 0
    /// Where the transaction begins that is being read.
    private var transactionAt: Int?
    /// Everything before this was found to be as it was written.
    private var trustedEnd = 0
    /// From where on no mark has covered the bytes.
    private var uncoveredFrom = 0
    /// Whether a mark covers them that comes behind them was found out.
    private var hasLookedAhead = false
    /// Why reading has ended before the end of the file.
    private(set) var fault: LogFault?
    /// The sound front of a batch that is damaged or torn: where the batch begins, and commands of it that stay. The file
    /// is to be cut off at that place, and these written behind it: the mark of the batch is no longer true.
    private(set) var salvaged: (at: Int, commands: [UInt8])?
    /// Where the last mark says that the stream of commands is.
    private(set) var position: UInt64 = 0
    /// What is worth a line in the log.
    var onNote: (ByteString) -> Void = { _ in }
    /// Takes the snapshot in front of the commands in, when it has been read; gives back why it cannot be.
    var onSnapshot: (SnapshotLoader, _ isWhole: Bool) -> ByteString? = { _, _ in nil }

    /// - Parameters:
    ///   - runner: runs the commands.
    ///   - snapshotLoader: makes what reads a snapshot in front of the commands.
    init(_ runner: any LogRunner, snapshotLoader: @escaping () -> SnapshotLoader) {
        self.runner = runner
        makeSnapshotLoader = snapshotLoader
    }

    /// A loader that has an engine run the commands.
    convenience init(_ engine: Engine, snapshotLoader: @escaping () -> SnapshotLoader) {
        self.init(EngineRunner(engine), snapshotLoader: snapshotLoader)
    }

    var counts: LoadCounts {
        if case .snapshot(let loader) = stage { return loader.counts }
        return LoadCounts()
    }

    /// A transaction has begun and not ended.
    var isInTransaction: Bool { transactionAt != nil }

    // MARK: Windows

    func read(_ window: FileWindow, _ slice: inout Slice) throws(LoadFailure) -> SnapshotLoader.Progress {
        while true {
            switch stage {
            case .beginning:
                guard window.unusedBytes >= 5 || window.behind == 0 else { return .needsMore(5) }
                let front = window.view.dropFirst(window.next)
                let isSnapshot = front.count >= 5 && front[0..<5] == ByteView("REDIS")
                let isValkey = front.count >= 5 && front[0..<5] == ByteView("VALKE")
                stage = isSnapshot || isValkey ? .snapshot(makeSnapshotLoader()) : .commands
            case .snapshot(let loader):
                let progress = try readSnapshot(loader, window, &slice)
                guard case .finished = progress else { return progress }
                if fault != nil { return .finished }
            case .commands:
                if let progress = try readCommands(window, &slice) { return progress }
            case .suspicion(let at):
                if let progress = search(window, batchAt: at, &slice) { return progress }
            case .ended: return .finished
            }
        }
    }

    private func readSnapshot(
        _ loader: SnapshotLoader, _ window: FileWindow, _ slice: inout Slice
    ) throws(LoadFailure) -> SnapshotLoader.Progress {
        let progress: SnapshotLoader.Progress
        do throws(LoadFailure) {
            progress = try loader.read(window, &slice)
        } catch {
            _ = onSnapshot(loader, false)
            end(.badSnapshot(LoadRun.text(error)))
            return .finished
        }
        offset = loader.offset
        guard case .finished = progress else { return progress }
        if let problem = onSnapshot(loader, true) {
            end(.badSnapshot(problem))
            return .finished
        }
        (soundBytes, trustedEnd) = (offset, offset)
        uncover(from: offset)
        stage = .commands
        if window.unusedBytes + window.behind > 0 { onNote("Reading the remaining AOF tail...") }
        return .finished
    }

    private func end(_ fault: LogFault?) {
        self.fault = fault
        stage = .ended
        if transactionAt != nil { runner.dropTransaction() }
    }

    // MARK: Commands

    /// So many commands are run at once.
    private static let runMax = 64

    /// Reads what stands in the window.
    /// - Returns: nil when the stage has changed.
    private func readCommands(
        _ window: FileWindow, _ slice: inout Slice
    ) throws(LoadFailure) -> SnapshotLoader.Progress? {
        while true {
            let granted = slice.grant()
            if granted == 0 { return .sliceEnded }
            // What follows a batch is not run with it.
            let isTrusted = offset < trustedEnd
            if !isTrusted, !hasLookedAhead {
                if let progress = lookAhead(window) { return progress }
                guard case .commands = stage else { return nil }
            }
            let view = isTrusted ? window.view[0..<(window.next + trustedEnd - offset)] : window.view
            if window.next == view.count {
                guard window.behind == 0 else { return .needsMore(1) }
                end(transactionAt == nil ? nil : .cutOff)
                return .finished
            }
            let run = scanRun(view, from: window.next, max: min(granted, LogLoader.runMax))
            if run.end > window.next {
                slice.spend(run.count)
                guard runCommands(view[window.next..<run.end]) else { return .finished }
                advance(window, to: run.end)
                if let problem = run.problem {
                    end(problem)
                    return .finished
                }
                continue
            }
            if let problem = run.problem {
                end(problem)
                return .finished
            }
            slice.spend()
            switch LogScanner.scan(view, from: window.next) {
            case .item(.remark(_, let end)): advance(window, to: end)
            case .item(.mark(let mark, let lineEnd, let end)):
                if let progress = take(mark, window, lineEnd: lineEnd, end: end) { return progress }
                if case .commands = stage { continue }
                return nil
            case .item(.command): preconditionFailure("a command that no run has taken")
            case .needsMore(let count):
                if isTrusted {
                    end(.badFormat("at offset \(offset)"))
                    return .finished
                }
                if count <= window.unusedBytes + window.behind { return .needsMore(count) }
                end(.cutOff)
                return .finished
            case .bad:
                if isMarkLike(view, window.next) { return suspect(window) }
                if view.dropFirst(window.next).isZeros, window.behind == 0 {
                    end(.cutOff)
                } else if view[window.next] == 0, window.behind > 0, view.dropFirst(window.next).isZeros {
                    // The file may go on with zeros to its end, which is what a power failure leaves.
                    return .needsMore(window.unusedBytes + 1)
                } else {
                    end(.badFormat("at offset \(offset)"))
                }
                return .finished
            }
        }
    }

    private func isMarkLike(_ view: ByteView, _ at: Int) -> Bool {
        view.count - at >= 4 && view[at..<(at + 4)] == ByteView(BatchMark.prefix)[0..<4]
    }

    private struct Run {
        var end: Int
        var count = 0
        var problem: LogFault?
    }

    /// Finds commands that stand behind each other, and whether they can be run.
    private func scanRun(_ view: ByteView, from: Int, max: Int) -> Run {
        var run = Run(end: from)
        while run.count < max, run.end < view.count {
            guard
                case .item(.command(let words, let name, let second, let end)) =
                    LogScanner.scan(view, from: run.end)
            else { break }
            if let problem = runner.problem(ofCommand: view[name], second: view[second], words: words) {
                run.problem =
                    problem.hasPrefix("unknown command")
                    ? .unknownCommand(ByteString(view[name].clipped(to: 128))) : .unrunnable(problem)
                break
            }
            noteTransaction(view[name], at: offset + run.end - from, end: offset + end - from)
            run.end = end
            run.count += 1
        }
        return run
    }

    private func noteTransaction(_ name: ByteView, at: Int, end: Int) {
        if name.count == 5, name.matches("MULTI") {
            if transactionAt == nil { transactionAt = at }
        } else if name.count == 4, name.matches("EXEC") {
            transactionAt = nil
        }
        if transactionAt == nil { soundBytes = end }
    }

    private func runCommands(_ bytes: ByteView) -> Bool {
        if runner.run(bytes) { return true }
        end(.unrunnable("a command that waits"))
        return false
    }

    /// Everything up to a place of the window has been taken in.
    private func advance(_ window: FileWindow, to end: Int) {
        offset += end - window.next
        window.use(upTo: end)
        if offset >= trustedEnd, trustedEnd > uncoveredFrom { uncover(from: trustedEnd) }
        if transactionAt == nil { soundBytes = offset }
    }

    /// No mark in front covers what begins here.
    private func uncover(from: Int) {
        uncoveredFrom = from
        hasLookedAhead = false
    }

    // MARK: Batches

    /// What no mark in front covers may be covered by one behind it, within the same sector: then it is compared before
    /// any of it is run.
    private func lookAhead(_ window: FileWindow) -> SnapshotLoader.Progress? {
        assert(offset == uncoveredFrom, "commands were run before anybody looked ahead")
        let view = window.view
        var at = window.next
        while at < view.count {
            switch LogScanner.scan(view, from: at) {
            case .item(.command(_, _, _, let end)), .item(.remark(_, let end)):
                at = end
                let place = offset + at - window.next
                guard (place - 1) / BatchMark.sectorBytes == uncoveredFrom / BatchMark.sectorBytes else {
                    hasLookedAhead = true
                    return nil
                }
            case .item(.mark(let mark, _, _)):
                hasLookedAhead = true
                let bytes = view[window.next..<at]
                guard mark.back > 0, mark.back == bytes.count, mark.at == offset + bytes.count,
                    CRC32C.update(0, bytes) != mark.backSum
                else { return nil }
                stage = .suspicion(batchAt: offset)
                return nil
            case .needsMore(let count):
                if at - window.next + count <= window.unusedBytes + window.behind {
                    return .needsMore(at - window.next + count)
                }
                hasLookedAhead = true
                return nil
            case .bad:
                hasLookedAhead = true
                return nil
            }
        }
        if window.behind > 0 { return .needsMore(window.unusedBytes + 1) }
        hasLookedAhead = true
        return nil
    }

    /// Looks at a batch: if it is sound, its commands come next.
    private func take(
        _ mark: BatchMark, _ window: FileWindow, lineEnd: Int, end: Int
    ) -> SnapshotLoader.Progress? {
        let view = window.view
        let there = view.count - end
        // A mark says where it stands: what was moved or mixed up is no log.
        guard mark.at == offset, mark.back == 0 || mark.back == offset - uncoveredFrom else {
            self.end(.badFormat("at offset \(offset): a batch that does not belong there"))
            return .finished
        }
        if there < mark.count, there + window.behind >= mark.count {
            return .needsMore(end - window.next + mark.count)
        }
        let count = min(there, mark.count)
        let bytes = view[end..<(end + count)]
        if mark.covers(bytes, line: view[window.next..<lineEnd]) {
            position = mark.position + UInt64(mark.count)
            let lineBytes = end - window.next
            trustedEnd = offset + lineBytes + mark.count
            offset += lineBytes
            uncover(from: offset)
            window.use(upTo: end)
            if transactionAt == nil { soundBytes = offset }
            return nil
        }
        return salvage(mark, bytes, window, end: end)
    }

    /// Runs what can be told to be sound of a batch that is not.
    private func salvage(
        _ mark: BatchMark, _ bytes: ByteView, _ window: FileWindow, end: Int
    ) -> SnapshotLoader.Progress? {
        let batchAt = offset
        let lineBytes = end - window.next
        let sound = mark.soundPrefix(of: bytes, from: offset + lineBytes)
        let before = (soundBytes, transactionAt)
        offset += lineBytes
        var at = 0
        while at < sound {
            let run = scanRun(bytes[0..<sound], from: at, max: LogLoader.runMax)
            guard run.count > 0 else { break }
            guard runCommands(bytes[at..<run.end]) else { return .finished }
            offset += run.end - at
            at = run.end
        }
        if at == 0 { (soundBytes, transactionAt) = before }
        let kept = soundBytes - batchAt - lineBytes
        salvaged = (batchAt, kept > 0 ? bytes[0..<kept].array : [])
        window.use(upTo: end + at)
        if bytes.count < mark.count {
            self.end(.cutOff)
            return .finished
        }
        stage = .suspicion(batchAt: batchAt)
        return nil
    }

    /// A line that was a mark is damaged.
    private func suspect(_ window: FileWindow) -> SnapshotLoader.Progress? {
        stage = .suspicion(batchAt: offset)
        return nil
    }

    /// Looks for a mark behind a damaged batch that says that the batch was on the disk.
    private func search(
        _ window: FileWindow, batchAt: Int, _ slice: inout Slice
    ) -> SnapshotLoader.Progress? {
        guard slice.grant() > 0 else { return .sliceEnded }
        slice.spend()
        let view = window.view
        let prefix = ByteView(BatchMark.prefix)
        var at = window.next
        while at < view.count {
            guard let found = view.firstIndex(of: UInt8(ascii: "#"), from: at) else { break }
            let line = view.dropFirst(found)
            if line.count < 1024, window.behind > 0 {
                pass(window, to: found)
                return .needsMore(1024)
            }
            if line.count > prefix.count, line[0..<prefix.count] == prefix,
                case .item(.mark(let mark, _, _)) = LogScanner.scan(view, from: found),
                mark.at == offset + found - window.next, mark.synced > batchAt
            {
                end(.badFormat("at offset \(batchAt): a batch that was on the disk is damaged"))
                return .finished
            }
            at = found + 1
        }
        pass(window, to: view.count)
        if window.behind > 0 { return .needsMore(1) }
        end(.cutOff)
        return .finished
    }

    private func pass(_ window: FileWindow, to end: Int) {
        offset += end - window.next
        window.use(upTo: end)
    }
}

extension ByteView {
    /// Whether there is nothing but zeros.
    fileprivate var isZeros: Bool {
        for index in 0..<count where self[index] != 0 { return false }
        return true
    }
}
