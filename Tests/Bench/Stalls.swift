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
    case fieldExpiry = "stall 1 M fields of a hash expire at one moment"
    case hashDel = "stall DEL of a hash of 10 M fields"
    case listDel = "stall DEL of a list of 10 M elements"
    case listCopy = "stall COPY of a list of 10 M elements"
    case listTrim = "stall LTRIM of half of a list of 10 M elements"
    case listCut = "stall cut over a list of 10 M elements under writes"
    case cut = "stall cut over 1 M keys under writes"
    case hashCut = "stall cut over a hash of 10 M fields under writes"
    case zsetDel = "stall DEL of a sorted set of 10 M members"
    case zsetCopy = "stall COPY of a sorted set of 10 M members"
    case zsetCut = "stall cut over a sorted set of 10 M members under writes"
    case storm = "stall SET storm at the memory limit"
    case packing = "stall defragmentation after deleting 90 % of 1 M keys"

    /// What README shows and `--quick` measures.
    static let chosen = [StallStep.idle, .expiry]
}

/// Measures stalls: each step on a fresh server, one server after the other.
struct Stalls {
    let bout: Bout

    func measure(_ steps: [StallStep], note: (String) -> Void) -> [StallResult] {
        steps.map { step in
            var figures = PerServer<StallFigures>()
            for contestant in bout.contestants {
                Progress.say("\(step.rawValue), \(contestant.name)")
                do {
                    let server = try ServerUnderTest(
                        contestant, cores: bout.machine.cores, children: bout.children)
                    // Only the main thread is bound: helper threads, and the child that a forking server saves
                    // from, may use the other core, as they would in service.
                    if let core = bout.machine.serverCore,
                        ![.cut, .hashCut, .listCut, .zsetCut].contains(step)
                    {
                        bout.children.pin(thread: server.child.pid, core: core)
                    }
                    figures[contestant.index] = try run(step, server)
                    if !server.child.isRunning {
                        note("\(step.rawValue), \(contestant.name): the server ended")
                    }
                } catch { note("\(step.rawValue), \(contestant.name): \(error)") }
            }
            if let ours = figures.ours, ours.machineGapMs == nil {
                note("\(step.rawValue): no real-time priority, so the machine's own gaps are in the figures")
            }
            return StallResult(name: step.rawValue, figures: figures)
        }
    }

    private func run(_ step: StallStep, _ server: ServerUnderTest) throws -> StallFigures {
        switch step {
        case .idle: try idle(server)
        case .reading: try reading(server)
        case .growth: try growth(server)
        case .del: try setDeletion(server, "DEL")
        case .unlink: try setDeletion(server, "UNLINK")
        case .expiry: try expiry(server)
        case .fieldExpiry: try fieldExpiry(server)
        case .hashDel: try hashDeletion(server)
        case .listDel: try listStep(server, "DEL", "mylist")
        case .listCopy: try listStep(server, "COPY", "mylist", "other")
        case .listTrim: try listStep(server, "LTRIM", "mylist", "0", "4999999")
        case .listCut: try cutOfList(server)
        case .cut: try cutOfKeys(server)
        case .hashCut: try cutOfHash(server)
        case .zsetDel: try sortedSetDeletion(server)
        case .zsetCopy: try sortedSetCopy(server)
        case .zsetCut: try cutOfSortedSet(server)
        case .storm: try storm(server)
        case .packing: try packing(server)
        }
    }

    func probe(_ server: ServerUnderTest) -> PingProbe {
        let machine = bout.machine
        let cores = [machine.serverCore, machine.clientCore].compactMap { $0 }
        return PingProbe(
            port: server.port, serverPid: server.child.pid, cores: cores.isEmpty ? machine.cores : cores)
    }

    private func idle(_ server: ServerUnderTest) throws -> StallFigures {
        let probe = probe(server)
        usleep(bout.options.quick ? 2_000_000 : 5_000_000)
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

    private func setDeletion(_ server: ServerUnderTest, _ command: String) throws -> StallFigures {
        let connection = try server.connect()
        try connection.fillSet("set", prefix: "mem:", count: 10_000_000)
        return try deletion(server, connection, command, "set")
    }

    /// Deletes a large key and waits for its memory.
    func deletion(
        _ server: ServerUnderTest, _ connection: Connection, _ command: String, _ key: String
    ) throws -> StallFigures {
        usleep(500_000)
        let full = Proc.residentBytes(server.child.pid)
        let probe = probe(server)
        usleep(200_000)
        let begin = Clock.now()
        try connection.must(command, key)
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
        try expiry(server, count: 1_000_000, gone: ["DBSIZE"]) { connection, count, dueMs in
            try connection.pipelined(count, pipeline: 200) { text, index in
                text.command(5)
                text.argument("SET")
                text.numbered("key:", index)
                text.value(index, size: 32)
                text.argument("EXAT")
                text.integer(dueMs / 1000)
            }
        }
    }

    /// Loads what is to die at one moment, and waits for that moment.
    ///
    /// - Parameters:
    ///   - count: how many of it.
    ///   - gone: a command that answers 0 once everything is gone.
    func expiry(
        _ server: ServerUnderTest, count: Int, gone: [String],
        load: (Connection, _ count: Int, _ dueMs: Int) throws -> Void
    ) throws -> StallFigures {
        let connection = try server.connect()
        // A twentieth tells how long all of it takes; where that was too little, the next attempt gets more.
        let begin = Clock.now()
        try load(connection, count / 20, Clock.wallMs() + 1_000_000)
        try connection.must("FLUSHALL")
        var seconds = Double(Clock.now() - begin) / 1e9 * 20 * 1.4 + 2
        while seconds < 100 {
            let dueMs = (Clock.wallMs() + Int(seconds * 1000)) / 1000 * 1000
            try load(connection, count, dueMs)
            let isInTime = Clock.wallMs() < dueMs - 700
            if isInTime { return try expire(server, connection, dueMs: dueMs, gone: gone) }
            seconds *= 1.6
            try connection.must("FLUSHALL")
        }
        throw BenchError("loading takes too long")
    }

    private func expire(
        _ server: ServerUnderTest, _ connection: Connection, dueMs: Int, gone: [String]
    ) throws -> StallFigures {
        let wait = dueMs - 500 - Clock.wallMs()
        if wait > 0 { usleep(UInt32(wait) * 1000) }
        let probe = probe(server)
        while Clock.wallMs() < dueMs + 60_000 {
            if case .integer(0) = try connection.must(gone) {
                let drained = Double(Clock.wallMs() - dueMs) / 1000
                usleep(300_000)
                return try probe.stop(remark: "all gone after \(Figure.text(max(0.001, drained))) s")
            }
            usleep(5000)
        }
        return try probe.stop(remark: "some left after 60 s")
    }
}
