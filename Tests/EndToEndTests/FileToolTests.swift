// SPDX-License-Identifier: Apache-2.0
// `needletail check-rdb` and `needletail convert`.

import Foundation
import TestSupport
import Testing

@Suite struct FileToolTests {
    /// A file of data with everything that version 12 knows.
    private static func file(_ directory: TemporaryDirectory) throws -> String {
        let server = try ServerProcess(["--save", ""], directory: directory)
        let client = try server.client()
        try client.call("MSET", "a", "1", "b", String(repeating: "text", count: 100))
        try client.call("SET", "mortal", "x", "PX", "1000000")
        for i in 0..<30 { try client.call(["HSET", "hash"] + (0..<20).flatMap { ["f:\(i):\($0)", "v"] }) }
        try client.call("HPEXPIRE", "hash", "1000000", "FIELDS", "1", "f:3:3")
        for i in 0..<200 { try client.call("XADD", "stream", "\(i + 1)-1", "n", "\(i)") }
        try client.call("XGROUP", "CREATE", "stream", "group", "0")
        try client.call("XREADGROUP", "GROUP", "group", "alice", "STREAMS", "stream", ">")
        try client.call("SELECT", "9")
        try client.call("RPUSH", "list \"quoted\"", "a", "b")
        #expect(try client.call("SAVE") == .ok)
        #expect(try server.stop() == .code(0))
        return directory.file("dump.rdb")
    }

    @Test func whatIsInAFile() throws {
        let directory = try TemporaryDirectory()
        let path = try Self.file(directory)
        let output = try run(Project.server, ["check-rdb", path])
        #expect(output.status == .code(0) && output.errors.isEmpty)
        for line in [
            "[offset 0] Checking RDB file \(path)", "[offset 9] RDB version 12 (Redis)", "[info] 6 keys read",
            "[info] 1 expires", "[info] 0 already expired", "[info] 1 subexpires",
        ] { #expect(output.lines.contains { $0 == line }, "\(output.text)") }
        #expect(output.text.contains("[info] db0 hash: 1 keys, 0 with a deadline, 600 elements, "))
        #expect(output.text.contains("[info] db0 string: 3 keys, 1 with a deadline, 3 elements, "))
        #expect(output.text.contains("db9 list \"list \\\"quoted\\\"\", 2 elements, at offset "))
        #expect(output.text.contains("Checksum OK") && output.text.contains("\\o/ RDB looks OK! \\o/"))
        #expect(!output.text.contains("\r"), "no bar where there is no terminal")
        // By the name that other servers' tools have.
        let link = directory.file("redis-check-rdb")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: Project.server)
        #expect(try run(link, [path]).text == output.text)
        #expect(try run(link, []).status == .code(1) && run(link, ["--version"]).status == .code(0))
    }

    /// Wherever a byte is wrong or the end is torn off, it is told with the place.
    @Test func damageIsTold() throws {
        let directory = try TemporaryDirectory()
        let whole = try Data(contentsOf: URL(fileURLWithPath: try Self.file(directory)))
        let path = directory.file("damaged.rdb")
        for place in stride(from: 0, to: whole.count, by: whole.count / 20) {
            var bytes = whole
            bytes[place] ^= 0x41
            for damaged in [bytes, whole[..<place]] {
                try damaged.write(to: URL(fileURLWithPath: path))
                let output = try run(Project.server, ["check-rdb", path])
                #expect(output.status == .code(1), "\(place)")
                #expect(output.text.contains("--- RDB ERROR DETECTED ---\n[offset "), "\(output.text)")
            }
        }
        #expect(try run(Project.server, ["check-rdb", directory.file("none")]).status == .code(1))
    }

    @Test(arguments: ["12", "80", "auto"]) func conversion(_ version: String) throws {
        let directory = try TemporaryDirectory()
        let path = try Self.file(directory)
        let other = try TemporaryDirectory()
        let output = try run(
            Project.server, ["convert", path, other.file("dump.rdb"), "--rdb-version", version])
        #expect(output.status == .code(0), "\(output.errors)")
        let header = version == "80" ? "VALKEY080" : "REDIS0012"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: other.file("dump.rdb")))
        #expect(bytes.starts(with: Data(header.utf8)))
        #expect(try FileManager.default.contentsOfDirectory(atPath: other.path) == ["dump.rdb"])
        let options = ["--save", "", "--enable-debug-command", "yes"]
        let (first, second) = (
            try ServerProcess(options, directory: directory), try ServerProcess(options, directory: other)
        )
        let (a, b) = (try first.client(), try second.client())
        #expect(try a.call("DEBUG", "DIGEST") == b.call("DEBUG", "DIGEST"))
        #expect(try a.call("PEXPIRETIME", "mortal") == b.call("PEXPIRETIME", "mortal"))
        let field = ["HPEXPIRETIME", "hash", "FIELDS", "1", "f:3:3"]
        #expect(try a.call(field) == b.call(field))
        let groups = ["XINFO", "STREAM", "stream", "FULL"]
        #expect(try a.call(groups) == b.call(groups))
    }

    @Test func whatCannotBeConverted() throws {
        let directory = try TemporaryDirectory()
        let path = try Self.file(directory)
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let output = try run(Project.server, ["convert", path, path, "--rdb-version", "11"])
        #expect(output.status == .code(1))
        #expect(output.errors.contains("RDB version 11 cannot hold the value of key 'hash'"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        #expect(try run(Project.server, ["convert", path, path, "--rdb-version", "13"]).status == .code(1))
        #expect(try run(Project.server, ["convert", path]).status == .code(1))
        #expect(try run(Project.server, ["convert", "--help"]).status == .code(0))
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(!files.contains { $0.contains("temp") }, "\(files)")
    }
}

@Suite struct LogToolTests {
    @Test func aLogIsCheckedAndRepaired() throws {
        let directory = try TemporaryDirectory()
        let options = ["--appendonly", "yes", "--save", ""]
        let server = try ServerProcess(options, directory: directory)
        let client = try server.client()
        for n in 0..<200 { try client.call("SET", "key:\(n)", "value \(n)") }
        try client.call("MULTI")
        try client.call("INCR", "a")
        try client.call("INCR", "b")
        try client.call("EXEC")
        #expect(try server.stop() == .code(0))
        let folder = directory.file("appendonlydir")
        let manifest = folder + "/appendonly.aof.manifest"
        let whole = try run(Project.server, ["check-aof", manifest])
        #expect(whole.status == .code(0), "\(whole.text)")
        #expect(whole.text.contains("All AOF files and manifest are valid"))
        let last = folder + "/appendonly.aof.1.incr.aof"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: last))
        // The transaction is whole only with its end; what marks the batch stands behind that.
        let end = try #require(bytes.range(of: Data("EXEC".utf8), options: .backwards))
        try bytes.prefix(upTo: end.lowerBound).write(to: URL(fileURLWithPath: last))
        let torn = try run(Project.server, ["check-aof", manifest])
        #expect(torn.status == .code(1) && torn.text.contains("Use the --fix option"), "\(torn.text)")
        #expect(
            try run(Project.server, ["check-aof", "--fix", manifest], input: Array("n\n".utf8)).status
                == .code(1))
        let fixed = try run(Project.server, ["check-aof", "--fix", manifest], input: Array("y\n".utf8))
        #expect(
            fixed.status == .code(0) && fixed.text.contains("Successfully truncated AOF"), "\(fixed.text)")
        #expect(try run(Project.server, ["check-aof", last]).status == .code(0))
        let theirs = try run("redis-check-aof", [manifest])
        #expect(theirs.succeeded, "\(theirs.text)")
        let again = try ServerProcess(options, directory: directory)
        #expect(
            try again.client().call("MGET", "key:199", "a", "b")
                == .array(["value 199", .nullBulk, .nullBulk]))
    }
}
