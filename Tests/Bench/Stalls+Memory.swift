// SPDX-License-Identifier: Apache-2.0
// Stalls of the memory limit and of defragmentation.
import Foundation

extension Stalls {
    /// Writes of new keys to a server whose memory is full.
    func storm(_ server: ServerUnderTest) throws -> StallFigures {
        let connection = try server.connect()
        try connection.must("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        try connection.must("CONFIG", "SET", "maxmemory", "100mb")
        func write(_ count: Int, from first: Int) throws {
            try connection.pipelined(count, pipeline: 50) { text, index in
                text.command(3)
                text.argument("SET")
                text.numbered("key:", first + index)
                text.value(index, size: 32)
            }
        }
        try write(2_000_000, from: 0)
        let probe = probe(server)
        let begin = Clock.now()
        try write(2_000_000, from: 2_000_000)
        let rate = 2e6 / (Double(Clock.now() - begin) / 1e9)
        let above = try connection.memory("used_memory") - (100 << 20)
        let figures = try probe.stop()
        var told = figures
        told.remark = "\(Figure.rate(rate)) SET/s, \(max(0, above) / 1024) kB above the limit"
        return told
    }

    /// What stays resident of a keyspace of which a tenth is left.
    func packing(_ server: ServerUnderTest) throws -> StallFigures {
        let connection = try server.connect()
        _ = try? connection.must("CONFIG", "SET", "activedefrag", "yes")
        let emptyResident = Proc.residentBytes(server.child.pid)
        let emptyUsed = try connection.memory("used_memory")
        try server.load(.strings(count: 1_000_000, size: 32))
        let probe = probe(server)
        // A tenth, picked without pattern, stays.
        try connection.pipelined(1_000_000, pipeline: 50) { text, index in
            text.command(2)
            text.argument(CommandText.scramble(index) % 10 == 0 ? "TOUCH" : "DEL")
            text.numbered("key:", index)
        }
        server.forgetDataset()
        var remark: [String] = []
        let begin = Clock.now()
        for seconds in [1, 5, 15] {
            while Clock.now() - begin < seconds * 1_000_000_000 { usleep(20_000) }
            let live = max(1, try connection.memory("used_memory") - emptyUsed)
            let resident = Proc.residentBytes(server.child.pid) - emptyResident
            remark.append("\(seconds) s: \(Figure.text(Double(resident) / Double(live)))")
        }
        return try probe.stop(remark: "resident / live after " + remark.joined(separator: ", "))
    }
}
