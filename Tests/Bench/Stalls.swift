// SPDX-License-Identifier: Apache-2.0
// The longest PING while the server is kept busy with what stalls servers: growth, the deletion of something
// large, a million keys that expire at once, and a walk over the whole keyspace under writes.
import Foundation

/// The steps, by the names they have in the table and for `--only`.
enum StallStep: String, CaseIterable {
    case idle = "stall idle server (the client's own noise)"
    case reading = "stall steady GET load (noise under load)"
    case growth = "stall growth to 5 M keys"
    case del = "stall DEL of a set of 10 M members"
    case unlink = "stall UNLINK of a set of 10 M members"
    case expiry = "stall 1 M keys expire at one moment"
    case cut = "stall cut over 1 M keys under writes"
    case storm = "stall SET storm at the memory limit"
    case packing = "stall defragmentation after deleting 90 % of 1 M keys"
}

/// Measures stalls: each step on a fresh server, one server after the other.
struct Stalls {
    let options: Options
    let machine: Machine
    let children: Children

    func measure(_ steps: [StallStep], note: (String) -> Void) -> [StallResult] {
        steps.map { step in
            var sides = Pair<StallFigures>()
            for side in Side.allCases {
                Progress.say("\(step.rawValue), \(side.title)")
                do {
                    let path = side == .ours ? options.server : options.peer
                    let server = try ServerUnderTest(
                        side, path: path, cores: machine.cores, children: children)
                    // Only the main thread is bound: helper threads, and the child that a forking server saves
                    // from, may use the other core, as they would in service.
                    if let core = machine.serverCore, step != .cut {
                        children.pin(thread: server.child.pid, core: core)
                    }
                    sides[side] = try run(step, server)
                    if !server.child.isRunning { note("\(step.rawValue), \(side.title): the server ended") }
                } catch { note("\(step.rawValue), \(side.title): \(error)") }
            }
            return StallResult(name: step.rawValue, sides: sides)
        }
    }

    private func run(_ step: StallStep, _ server: ServerUnderTest) throws -> StallFigures {
        switch step {
        case .idle: try idle(server)
        case .reading: try reading(server)
        case .growth: try growth(server)
        case .del: try deletion(server, "DEL")
        case .unlink: try deletion(server, "UNLINK")
        case .expiry: try expiry(server)
        case .cut: try cut(server)
        case .storm: try storm(server)
        case .packing: try packing(server)
        }
    }

    private func probe(_ server: ServerUnderTest) -> PingProbe {
        PingProbe(port: server.port, serverPid: server.child.pid)
    }

    private func idle(_ server: ServerUnderTest) throws -> StallFigures {
        let probe = probe(server)
        usleep(5_000_000)
        return try probe.stop()
    }

    private func reading(_ server: ServerUnderTest) throws -> StallFigures {
        let connection = try server.connect()
        let probe = probe(server)
        let begin = Clock.now()
        while Clock.now() - begin < 5_000_000_000 {
            try connection.pipelined(50_000, pipeline: 50) { text, index in
                text.command(2)
                text.argument("GET")
                text.numbered("key:", index)
            }
        }
        return try probe.stop()
    }

    private func growth(_ server: ServerUnderTest) throws -> StallFigures {
        let connection = try server.connect()
        let probe = probe(server)
        // Fifty commands at a time: more would make PING wait for the batch and not for the growth.
        try connection.pipelined(5_000_000, pipeline: 50) { text, index in
            text.command(3)
            text.argument("SET")
            text.numbered("key:", index)
            text.value(index, size: 32)
        }
        return try probe.stop()
    }

    private func deletion(_ server: ServerUnderTest, _ command: String) throws -> StallFigures {
        let connection = try server.connect()
        try ServerUnderTest.fillSet("set", prefix: "mem:", count: 10_000_000, connection)
        usleep(500_000)
        let full = Proc.residentBytes(server.child.pid)
        let probe = probe(server)
        usleep(200_000)
        let begin = Clock.now()
        try connection.must(command, "set")
        let answered = Clock.now() - begin
        // The deletion counts as over when half the memory has come back: an allocator may keep pages for
        // some seconds, so the wait has a limit, and the remark says what was resident then.
        var resident = full
        while resident > full / 2, Clock.now() - begin < 8_000_000_000 {
            usleep(100_000)
            resident = Proc.residentBytes(server.child.pid)
        }
        let took = Double(Clock.now() - begin) / 1e9
        usleep(500_000)
        let memory = "\(full >> 20) MB resident, \(resident >> 20) MB after \(Figure.text(took)) s"
        return try probe.stop(
            remark: "\(command) answered in \(Figure.text(Double(answered) / 1e6)) ms, \(memory)")
    }

    private func expiry(_ server: ServerUnderTest) throws -> StallFigures {
        let connection = try server.connect()
        let count = 1_000_000
        // A first guess at the time to load; a slow machine gets more on the next attempt.
        var seconds = 6
        while true {
            let due = Clock.wallMs() / 1000 + seconds
            try connection.pipelined(count, pipeline: 200) { text, index in
                text.command(5)
                text.argument("SET")
                text.numbered("key:", index)
                text.value(index, size: 32)
                text.argument("EXAT")
                text.integer(due)
            }
            if Clock.wallMs() < due * 1000 - 700 { return try expire(server, connection, dueMs: due * 1000) }
            seconds *= 2
            guard seconds < 100 else { throw BenchError("loading a million keys takes too long") }
            try connection.must("FLUSHALL")
        }
    }

    private func expire(_ server: ServerUnderTest, _ connection: Connection, dueMs: Int) throws
        -> StallFigures
    {
        let wait = dueMs - 500 - Clock.wallMs()
        if wait > 0 { usleep(UInt32(wait) * 1000) }
        let probe = probe(server)
        while Clock.wallMs() < dueMs + 60_000 {
            if case .integer(0) = try connection.must("DBSIZE") {
                let drained = Double(Clock.wallMs() - dueMs) / 1000
                usleep(300_000)
                return try probe.stop(remark: "DBSIZE 0 after \(Figure.text(max(0.001, drained))) s")
            }
            usleep(5000)
        }
        return try probe.stop(remark: "keys left after 60 s")
    }

    /// A walk over the keyspace: `DEBUG CUT` where the server has it, otherwise BGSAVE.
    private func cut(_ server: ServerUnderTest) throws -> StallFigures {
        try server.load(.strings(count: 1_000_000, size: 32))
        let stop = Flag()
        let port = server.port
        let writes = Background {
            let connection = try Connection(port: port)
            var sent = 0
            while !stop.isRaised {
                let first = sent
                try connection.pipelined(800, pipeline: 16) { text, index in
                    text.command(3)
                    text.argument("SET")
                    text.numbered("key:", CommandText.scramble(first + index) % 1_000_000)
                    text.value(first + index, size: 32)
                }
                sent += 800
            }
            return sent
        }
        defer { stop.raise() }
        usleep(300_000)
        let probe = probe(server)
        usleep(200_000)
        let connection = try server.connect()
        let begin = Clock.now()
        var command = "DEBUG CUT"
        var answer = try connection.ask("DEBUG", "CUT")
        if case .error = answer {
            command = "BGSAVE"
            answer = try connection.ask("BGSAVE")
        }
        if case .error(let why) = answer {
            stop.raise()
            _ = try? writes.wait()
            _ = try? probe.stop()
            throw BenchError("skipped, the server has neither DEBUG CUT nor BGSAVE (\(why))")
        }
        var running = true
        while running, Clock.now() - begin < 60_000_000_000 {
            usleep(20_000)
            guard case .text(let info) = try connection.ask("INFO", "persistence") else { break }
            running = ["rdb_bgsave_in_progress:1", "cut_in_progress:1"].contains { info.contains($0) }
        }
        let took = Double(Clock.now() - begin) / 1e9
        // A walk that INFO does not show gets two seconds in any case.
        if took < 2 { usleep(UInt32((2 - took) * 1e6)) }
        let figures = try probe.stop()
        stop.raise()
        let sent = try writes.wait()
        var told = figures
        told.remark = "\(command) took \(Figure.text(took)) s; \(sent / 1000) k writes"
        return told
    }
}
