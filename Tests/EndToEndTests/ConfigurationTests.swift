// SPDX-License-Identifier: Apache-2.0
// The built server with whole configuration files: those of the peers, and its own after CONFIG REWRITE.

import Foundation
import TestSupport
import Testing

@Suite struct ConfigurationTests {
    /// What an administrator overrides to try a file out.
    private func options(_ directory: TemporaryDirectory) -> [String] {
        [
            "--dir", directory.path, "--daemonize", "no", "--logfile", "", "--pidfile",
            directory.file("server.pid"),
        ]
    }

    private func value(_ client: Client, _ name: String) throws -> String? {
        guard case .array(let pair) = try client.call("CONFIG", "GET", name), pair.count == 2 else {
            return nil
        }
        return pair[1].text
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/etc/redis/redis.conf")))
    func debiansFileStartsTheServer() throws {
        let directory = try TemporaryDirectory()
        let server = try ServerProcess(
            configuration: "/etc/redis/redis.conf", options(directory), directory: directory)
        let client = try server.client()
        #expect(try value(client, "tcp-keepalive") == "300")
        #expect(try value(client, "dir") == directory.path)
        #expect(try client.call("SET", "a", "1") == .ok)
        #expect(
            try String(contentsOfFile: directory.file("server.pid"), encoding: .utf8) == "\(server.pid)\n")
        #expect(try server.stop() == .code(0))
        #expect(!FileManager.default.fileExists(atPath: directory.file("server.pid")))
    }

    @Test(arguments: [SampleDirectives.redis, SampleDirectives.valkey])
    func theFilesOfBothForksStartTheServer(_ own: String) throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("sample.conf")
        try (SampleDirectives.both + "\n" + own + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let server = try ServerProcess(configuration: file, options(directory), directory: directory)
        #expect(try server.client().call("PING") == .simple("PONG"))
    }

    /// Of what the files show in comments, only what needs parts that are not built is refused, and the refusal says so.
    @Test func whatTheFilesShowIsAcceptedOrNamedAsMissing() throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("shown.conf")
        try (SampleDirectives.shown + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let output = try run(Project.server, ["--check-config", file])
        #expect(output.status == .code(1))
        let lines = output.errors.split(separator: "\n").map(String.init)
        // Each problem has a line for what is wrong and one for the text of the line.
        let reasons = lines.filter { $0.hasPrefix(file + ":") }
        let places = lines.filter { $0.hasPrefix(">>> '") }
        #expect(reasons.count == places.count && !reasons.isEmpty)
        for (reason, place) in zip(reasons, places) {
            // Placeholders, and files that are not on this machine.
            let isTemplate = ["<", "rename-command CONFIG \"\"", "include /path/", "unixsocket /run/"]
                .contains {
                    place.contains($0)
                }
            #expect(reason.contains("is not built yet") || isTemplate, "\(place) \(reason)")
        }
    }

    /// The rewritten file keeps what an administrator wrote, and a real redis-server starts with it.
    @Test func aRewrittenFileServesBothServers() throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("server.conf")
        try """
        # written by hand
        maxclients 200
          timeout 5
        include \(directory.path)/*.inc
        requirepass "x y"
        slave-priority 90
        """.write(toFile: file, atomically: true, encoding: .utf8)
        try "tcp-keepalive 60\n".write(toFile: directory.file("a.inc"), atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file)
        let server = try ServerProcess(configuration: file, directory: directory)
        let client = try server.client()
        #expect(try client.call("AUTH", "x y") == .ok)
        let secret = "a \"\\' \u{1}é"
        for (name, value) in [
            ("timeout", "7"), ("requirepass", secret), ("set-max-intset-entries", "99"),
            ("loglevel", "verbose"),
            ("client-query-buffer-limit", "2097152"), ("proto-max-bulk-len", "1048577"), ("save", ""),
            ("oom-score-adj-values", "1 2 3"), ("shutdown-on-sigterm", "nosave now"),
            ("proc-title-template", "{title} \"x\""), ("maxmemory-policy", "allkeys-lru"),
        ] {
            #expect(try client.call("CONFIG", "SET", name, value) == .ok, "\(name)")
        }
        #expect(try client.call("CONFIG", "REWRITE") == .ok)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(
            text.hasPrefix(
                "# written by hand\nmaxclients 200\ntimeout 7\ninclude \(directory.path)/*.inc\nrequirepass \"a "
            ))
        #expect(text.contains("\nslave-priority 90\n\n# Generated by CONFIG REWRITE\n"))
        #expect(try client.call("CONFIG", "REWRITE") == .ok)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o640)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(!names.contains { $0.hasSuffix(".tmp") })

        let redis = try ServerProcess(configuration: file, server: "redis-server", directory: directory)
        let other = try redis.client()
        #expect(try other.call("AUTH", secret) == .ok)
        for name in [
            "timeout", "requirepass", "set-max-intset-entries", "loglevel", "client-query-buffer-limit",
            "proto-max-bulk-len", "save", "oom-score-adj-values", "shutdown-on-sigterm",
            "proc-title-template",
            "maxmemory-policy", "maxclients", "tcp-keepalive", "replica-priority", "dir",
        ] {
            #expect(try value(other, name) == value(client, name), "\(name)")
        }
    }

    @Test func rewritingFollowsLinksAndTellsWhyItCannot() throws {
        let directory = try TemporaryDirectory()
        let (file, link) = (directory.file("real.conf"), directory.file("link.conf"))
        try "timeout 5\n".write(toFile: file, atomically: true, encoding: .utf8)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
        let server = try ServerProcess(configuration: link, directory: directory)
        let client = try server.client()
        #expect(try client.call("CONFIG", "SET", "timeout", "6") == .ok)
        #expect(try client.call("CONFIG", "REWRITE") == .ok)
        #expect(try String(contentsOfFile: file, encoding: .utf8).hasPrefix("timeout 6\n"))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == file)
        // A file that is gone is written anew; a folder in its place is in the way.
        try FileManager.default.removeItem(atPath: link)
        #expect(try client.call("CONFIG", "REWRITE") == .ok)
        #expect(
            try String(contentsOfFile: link, encoding: .utf8).hasPrefix("# Generated by CONFIG REWRITE\n"))
        try FileManager.default.removeItem(atPath: link)
        try FileManager.default.createDirectory(atPath: link, withIntermediateDirectories: false)
        #expect(try client.call("CONFIG", "REWRITE") == .error("ERR Rewriting config file: Is a directory"))
        #expect(server.log.contains("CONFIG REWRITE executed with success."))
        #expect(server.log.contains("CONFIG REWRITE failed: Is a directory"))
    }

    @Test func tasksOfTheCommandLine() throws {
        let directory = try TemporaryDirectory()
        let fine = try run(Project.server, ["--check-config", "--port", "7000", "--save", ""])
        #expect(fine.succeeded && fine.text == "The configuration is fine.\n")
        let behind = try run(Project.server, ["--port", "x", "--check-config"])
        #expect(behind.status == .code(1) && behind.errors.hasSuffix("1 problem found.\n"))
        let faulty = try run(
            Project.server, ["--check-config", "--dir", directory.path, "--port", "x", "--foo"])
        #expect(faulty.status == .code(1) && faulty.errors.hasSuffix("2 problems found.\n"))
        for name in ["-h", "--help"] {
            let help = try run(Project.server, [name])
            #expect(help.succeeded && help.text.hasPrefix("Usage: needletail "))
            for task in ["--check-config", "healthcheck", "entrypoint", "--version"] {
                #expect(
                    help.text.contains("needletail \(task)") || help.text.contains("| \(task)"), "\(task)")
            }
            let check = try run(Project.server, ["healthcheck", name])
            #expect(check.succeeded && check.text.hasPrefix("Usage: needletail healthcheck "))
        }
        for name in ["-v", "--version"] {
            let version = try run(Project.server, [name, "x"])
            #expect(
                version.text.wholeMatch(
                    of:
                        /Needletail server v=\S+ sha=[0-9a-f]{8}:[01] malloc=jemalloc-\S+ bits=64 build=[0-9a-f]{16} redis=\S+\n/
                ) != nil)
            // The linker numbers every build.
            #expect(!version.text.contains("build=0000000000000000"))
        }
        #expect(try run(Project.server, ["--test-memory", "10"]).status == .code(1))
        let log = try run(Project.server, ["--port", "0", "--logfile", "/nosuch/x"])
        #expect(log.status == .code(1))
        #expect(log.errors.contains("\nCan't open the log file: No such file or directory\n"))
    }

    /// Who wants nothing to be saved hears at the end what goes with the server.
    @Test func whatIsNotSavedIsSaid() throws {
        let end = "changes of the data go with the server."
        for asked in [true, false] {
            let told = try ServerProcess(asked ? ["--save", ""] : [])
            let client = try told.client()
            if !asked { try client.call("CONFIG", "SET", "save", "") }
            try client.call("MSET", "a", "1", "b", "2")
            #expect(try told.stop() == .code(0))
            #expect(told.log.contains("* Not saved: 2 \(end)"), "\(told.log)")
            #expect(!FileManager.default.fileExists(atPath: told.directory.file("dump.rdb")))
        }
        // Unless told otherwise, the server saves what has changed when it ends.
        let silent = try ServerProcess()
        try silent.client().call("SET", "a", "1")
        #expect(try silent.stop() == .code(0))
        #expect(silent.log.contains("Saving the final RDB snapshot before exiting."))
        #expect(!silent.log.contains(end))
        #expect(FileManager.default.fileExists(atPath: silent.directory.file("dump.rdb")))
    }

    @Test func hiddenCommandsAreHidden() throws {
        let server = try ServerProcess(["--rename-command", "GET", "fetch", "--rename-command", "CONFIG", ""])
        let client = try server.client()
        #expect(try client.call("SET", "a", "1") == .ok)
        #expect(try client.call("FETCH", "a") == "1")
        #expect(
            try client.call("CONFIG", "GET", "port").text?.hasPrefix("ERR unknown command 'CONFIG'") == true)
    }
}
