// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import EngineRig
import Keyspace
import Operations

@testable import Persistence

extension Rig {
    /// A rig that logs its commands, and has loaded what a disk holds.
    static func logging(_ lines: [String] = [], on disk: MemoryDisk = MemoryDisk(), seed: UInt64 = 1) -> Rig {
        let rig = Rig(saving: ["appendonly yes", "save ''"] + lines, seed: seed, withTwin: false)
        for path in disk.paths { rig.host.memory[path] = disk[path] }
        precondition(rig.loadAll(), "the log cannot be loaded: \(rig.host.logged)")
        return rig
    }

    /// Tries to start on a disk.
    /// - Returns: what the log says when that fails; nil when it does not.
    static func failure(on disk: MemoryDisk, _ lines: [String] = []) -> [ByteString]? {
        let rig = Rig(saving: ["appendonly yes", "save ''"] + lines, withTwin: false)
        for path in disk.paths { rig.host.memory[path] = disk[path] }
        return rig.loadAll() ? nil : rig.host.logged
    }

    /// Loads what is on the disk.
    /// - Returns: whether it could be loaded.
    func loadAll() -> Bool {
        var result: Bool?
        persistence.load { result = $0 }
        for _ in 0..<100_000 where result == nil {
            host.doAwayWork()
            _ = persistence.loadSlice()
        }
        return result ?? false
    }

    /// One turn of the server, as far as it concerns the log.
    func logTurn(work: Int = .max) {
        engine.keys.nowMs += 3
        var slice = Slice(max: 64)
        _ = engine.keys.walkCuts(&slice)
        if persistence.isDue { persistence.work() }
        if persistence.log.isDue { persistence.log.attend() }
        host.doAwayWork(max: work)
    }

    /// Turns until nothing waits for the disk.
    func settle() {
        for _ in 0..<1000 {
            logTurn()
            let log = persistence.log
            let isBusy = log.job != nil || !log.queue.isEmpty || log.pendingBytes > 0 || log.rewrite.isRunning
            if !isBusy, log.failure == nil { return }
            if isBusy || log.failure != nil { engine.keys.nowMs += 300 }
        }
    }

    var digestText: String { Digest.ofDataset(engine.keys).bytes.description }

    /// The files of the log with the commands in them, in the words of a reader that knows nothing of marks.
    func logText(_ path: ByteString) -> String {
        guard let bytes = host.memory[path] else { return "missing" }
        var words: [String] = []
        bytes.withView { (view: ByteView) -> Void in
            var at = 0
            while at < view.count {
                switch LogScanner.scan(view, from: at) {
                case .item(.command(_, _, _, let end)):
                    let text = String(decoding: view[at..<end].array, as: UTF8.self)
                    words.append(
                        text.split(separator: "\r\n").filter { !$0.hasPrefix("*") && !$0.hasPrefix("$") }
                            .joined(separator: " "))
                    at = end
                case .item(.remark(_, let end)):
                    words.append("#")
                    at = end
                case .item(.mark(_, _, let end)): at = end
                case .needsMore, .bad:
                    words.append("torn")
                    at = view.count
                }
            }
        }
        return words.joined(separator: "|")
    }
}
