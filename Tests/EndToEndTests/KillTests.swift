// SPDX-License-Identifier: Apache-2.0
// SIGKILL at random moments while clients write and snapshots are saved: what is loaded afterwards is the data of one
// moment, and not older than the last snapshot that was completed. NEEDLETAIL_KILLS says how many rounds there are.

import Foundation
import Synchronization
import TestSupport
import Testing

/// A client that writes one number after the other, in its own thread, until its server is gone.
private final class Writer: @unchecked Sendable {
    static let keyCount = 16
    private let client: Client
    private let number: Int
    private let lock = NSLock()
    private var sent = 0
    private var confirmed = 0
    private let ended = DispatchSemaphore(value: 0)

    init(_ server: ServerProcess, _ number: Int, from first: Int) throws {
        client = try server.client()
        self.number = number
        (sent, confirmed) = (first, first)
        Thread { [self] in
            write()
            ended.signal()
        }.start()
    }

    /// How far it has come: written for sure, and at most.
    var counts: (confirmed: Int, sent: Int) { lock.withLock { (confirmed, sent) } }

    func wait() { ended.wait() }

    /// Each number goes to a key and, in the same transaction, to a counter: no snapshot may have one without the other.
    private func write() {
        while true {
            let next = lock.withLock {
                sent += 1
                return sent
            }
            let commands =
                Client.encode(["MULTI"])
                + Client.encode(["SET", "n:\(number):\(next % Self.keyCount)", "\(next)"])
                + Client.encode(["HSET", "counters", "\(number)", "\(next)"]) + Client.encode(["EXEC"])
            guard (try? client.send(raw: commands)) != nil, let replies = try? client.read(4),
                case .array = replies[3]
            else { return }
            lock.withLock { confirmed = next }
        }
    }
}

@Suite struct KillTests {
    private static let rounds =
        ProcessInfo.processInfo.environment["NEEDLETAIL_KILLS"].flatMap { Int($0) } ?? 50

    @Test func snapshotsAreOfOneMoment() throws {
        let directory = try TemporaryDirectory()
        var random = SystemRandomNumberGenerator()
        var found = [Int](repeating: 0, count: 3)
        var completed = 0
        for round in 0..<Self.rounds {
            let server = try ServerProcess(
                ["--save", "", "--rdb-key-save-delay", "100"], directory: directory)
            let saver = try server.client()
            if round == 0 { try saver.call("DEBUG", "POPULATE", "200", "filler", "500") }
            let writers = try found.indices.map { try Writer(server, $0, from: found[$0]) }
            // What the last completed snapshot must have, at least.
            var least = found
            let killAt = Date().addingTimeInterval(Double.random(in: 0.02...0.25, using: &random))
            while Date() < killAt {
                let before = writers.map(\.counts.confirmed)
                guard try saver.call("BGSAVE") == .simple("Background saving started") else { continue }
                while Date() < killAt {
                    let info = try saver.call("INFO", "persistence").text ?? ""
                    guard info.contains("rdb_bgsave_in_progress:0") else { continue }
                    #expect(info.contains("rdb_last_bgsave_status:ok"))
                    least = before
                    completed += 1
                    break
                }
            }
            _ = try server.stop(SIGKILL)
            for writer in writers { writer.wait() }
            let again = try ServerProcess(["--save", ""], directory: directory)
            let reader = try again.client()
            for (number, writer) in writers.enumerated() {
                let counter = try reader.call("HGET", "counters", "\(number)").text.flatMap { Int($0) } ?? 0
                #expect(counter >= least[number] && counter <= writer.counts.sent, "round \(round)")
                let keys = (0..<Writer.keyCount).map { "n:\(number):\($0)" }
                let values = try reader.call(["MGET"] + keys).elements ?? []
                // The last numbers, without a gap.
                let newest = values.compactMap(\.text).compactMap { Int($0) }.sorted()
                let count = min(counter, Writer.keyCount)
                #expect(newest == Array((counter - count + 1)..<(counter + 1)), "round \(round): \(newest)")
                found[number] = counter
            }
            _ = try again.stop(SIGKILL)
        }
        #expect(completed > 0 && found.allSatisfy { $0 > 0 })
    }
}
