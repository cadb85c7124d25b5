// SPDX-License-Identifier: Apache-2.0
// Stalls while everything is walked over and written to at the same time.
import Foundation

extension Stalls {
    func cutOfKeys(_ server: ServerUnderTest) throws -> StallFigures {
        try server.load(.strings(count: 1_000_000, size: 32))
        return try cut(server) { text, number in
            text.command(3)
            text.argument("SET")
            text.numbered("key:", CommandText.scramble(number) % 1_000_000)
            text.value(number, size: 32)
        }
    }

    func cutOfHash(_ server: ServerUnderTest) throws -> StallFigures {
        try server.connect().fillHashes(1, fields: Stalls.largeHashFields, size: 8)
        return try cut(server) { text, number in
            text.command(4)
            text.argument("HSET")
            text.numbered("hash:", 0)
            text.numbered("field:", CommandText.scramble(number) % Stalls.largeHashFields)
            text.value(number, size: 8)
        }
    }

    /// Elements at both ends and in between change.
    func cutOfList(_ server: ServerUnderTest) throws -> StallFigures {
        try server.connect().fillList("mylist", count: Stalls.largeListElements, size: 8)
        return try cut(server) { text, number in
            text.command(number % 4 == 0 ? 4 : 3)
            text.argument(number % 4 == 0 ? "LSET" : number % 4 == 1 ? "RPUSH" : "LPUSH")
            text.argument("mylist")
            if number % 4 == 0 { text.integer(CommandText.scramble(number) % Stalls.largeListElements) }
            text.value(number, size: 8)
        }
    }

    /// A walk over the keyspace: `DEBUG CUT` where the server has it, otherwise BGSAVE.
    func cut(
        _ server: ServerUnderTest, write: @escaping @Sendable (inout CommandText, Int) -> Void
    ) throws -> StallFigures {
        let writes = WriteLoad(port: server.port, write: write)
        defer { _ = try? writes.stop() }
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
            _ = try? probe.stop()
            throw BenchError("skipped, the server has neither DEBUG CUT nor BGSAVE (\(why))")
        }
        while try isWalking(connection, command), Clock.now() - begin < 60_000_000_000 { usleep(20_000) }
        let took = Double(Clock.now() - begin) / 1e9
        // A short walk gets two seconds in any case.
        if took < 2 { usleep(UInt32((2 - took) * 1e6)) }
        let figures = try probe.stop()
        let sent = try writes.stop()
        var told = figures
        told.remark = "\(command) took \(Figure.text(took)) s; \(sent / 1000) k writes"
        return told
    }

    private func isWalking(_ connection: Connection, _ command: String) throws -> Bool {
        if command == "BGSAVE" { return try connection.info("persistence")["rdb_bgsave_in_progress"] == "1" }
        // A map of names and numbers, which the older protocol sends as a list.
        guard case .list(let parts) = try connection.must("DEBUG", "CUT", "STATUS"), parts.count >= 2,
            case .integer(let open) = parts[1]
        else { throw BenchError("DEBUG CUT STATUS says something else") }
        return open == 1
    }
}
