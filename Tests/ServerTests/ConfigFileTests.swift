// SPDX-License-Identifier: Apache-2.0
import Foundation
import Server
import Testing

@testable import Commands

@Suite struct ConfigFileTests {
    /// A folder for one test, removed with it.
    private final class Folder {
        let url: URL
        init() throws {
            url = FileManager.default.temporaryDirectory.appendingPathComponent(
                "needletail-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        }
        deinit { try? FileManager.default.removeItem(at: url) }

        func write(_ name: String, _ text: String) throws -> String {
            let file = url.appendingPathComponent(name)
            try text.write(to: file, atomically: true, encoding: .utf8)
            return file.path
        }
    }

    private func settings(_ text: String) throws -> Settings {
        let config = Config()
        try ConfigFile.load(text: Array(text.utf8), into: config)
        return config.settings
    }

    private func failure(_ text: String) -> String {
        do {
            _ = try settings(text)
            return "accepted"
        } catch let failure as ConfigFile.Failure {
            return failure.text
        } catch {
            return "\(error)"
        }
    }

    private func fatal(_ line: Int, _ text: String, _ why: String) -> String {
        "\n*** FATAL CONFIG FILE ERROR (Needletail 0.1.0) ***\nReading the configuration file, at line \(line)\n"
            + ">>> '\(text)'\n\(why)\n"
    }

    @Test func linesCommentsAndQuotes() throws {
        let read = try settings(
            """
            # a comment

            \tport 7000 \r
            TIMEOUT "12"
            requirepass "a \\"b\\" \\x41"
            logfile ''
            bind 127.0.0.1 -::1
            client-query-buffer-limit 2mb
            unixsocketperm 770
            daemonize YES
            save\u{20}
            latency-tracking-info-percentiles
            bind 10.0.0.1
            """)
        #expect(read.port == 7000 && read.timeoutSeconds == 12)
        #expect(read.password == Array("a \"b\" A".utf8))
        #expect(read.logFile.isEmpty && read.bind == ["10.0.0.1"])
        #expect(read.queryBufferBytesMax == 2 << 20 && read.unixSocketPermissions == 0o770 && read.daemonize)
    }

    @Test(arguments: [
        ("port 1\nfoo bar", 2, "foo bar", "Bad directive or wrong number of arguments"),
        ("\n\nport abc", 3, "port abc", "argument couldn't be parsed into an integer"),
        ("port 65536", 1, "port 65536", "argument must be between 0 and 65535 inclusive"),
        ("maxclients 1 2", 1, "maxclients 1 2", "wrong number of arguments"),
        ("port", 1, "port", "wrong number of arguments"),
        ("foo \"bar", 1, "foo \"bar", "Unbalanced quotes in configuration line"),
        ("sentinel a b", 1, "sentinel a b", "sentinel directive while not in sentinel mode"),
        ("appendonly yes", 1, "appendonly yes", "appendonly is not built yet; only no is accepted"),
        ("save 900 1", 1, "save 900 1", "save is not built yet; only \"\" is accepted"),
        ("loadmodule /x.so", 1, "loadmodule /x.so", "loadmodule is not built yet; it cannot be given"),
        (
            "replicaof 10.0.0.1 6379", 1, "replicaof 10.0.0.1 6379",
            "replicaof is not built yet; only \"\", no one is accepted"
        ),
    ])
    func faultsAreNamedWithTheirLine(_ text: String, _ line: Int, _ shown: String, _ why: String) {
        #expect(failure(text) == fatal(line, shown, why))
    }

    @Test func filesIncludeOthers() throws {
        let folder = try Folder()
        _ = try folder.write("b1.conf", "port 7001")
        _ = try folder.write("b2.conf", "timeout 3\nport 7002")
        let main = try folder.write("main.conf", "port 1\ninclude \(folder.url.path)/b*.conf\nmaxclients 5")
        let config = try ConfigFile.load([main, "--timeout", "9"])
        #expect(config.settings.port == 7002 && config.settings.timeoutSeconds == 9)
        #expect(config.settings.clientsMax == 5 && config.file == main)
        let loop = try folder.write("loop.conf", "include \(folder.url.path)/loop.conf")
        #expect(throws: ConfigFile.Failure.self) { try ConfigFile.load([loop]) }
        #expect(
            throws: ConfigFile.Failure(
                text: "Fatal error, can't open config file '/nosuch.conf': No such file or directory")
        ) { try ConfigFile.load(["/nosuch.conf"]) }
    }

    @Test func optionsOfTheCommandLine() throws {
        let read = try ConfigFile.load([
            "--port", "7000", "--bind", "127.0.0.1", "::1", "--save", "--requirepass", "a \"b\n",
            "--loglevel", "debug",
        ]).settings
        #expect(read.port == 7000 && read.bind == ["127.0.0.1", "::1"] && read.logLevel == "debug")
        #expect(read.password == Array("a \"b\n".utf8))
        let piped = try ConfigFile.load(["-", "--port", "8"]) { Array("port 7\ntimeout 6\n".utf8) }
        #expect(piped.settings.port == 8 && piped.settings.timeoutSeconds == 6)
        let answer = fatal(1, "foo \"bar\"", "Bad directive or wrong number of arguments")
        #expect(throws: ConfigFile.Failure.self) { try ConfigFile.load(["--foo", "bar"]) }
        #expect(failure("foo \"bar\"") == answer)
        #expect(try ConfigFile.load([]).settings.port == 6379)
    }

    /// The word behind a name is its value, whatever it looks like.
    @Test func valuesWithDashes() throws {
        let read = try ConfigFile.load([
            "--logfile", "--my.log", "--port 7001", "--save", "--loglevel", "debug",
        ]).settings
        #expect(read.logFile == "--my.log" && read.port == 7001 && read.logLevel == "debug")
        for (options, line, why) in [
            (
                ["--port", "--loglevel", "verbose"], "port \"--loglevel\" \"verbose\"",
                "wrong number of arguments"
            ),
            (["--port", "--bla"], "port \"--bla\"", "argument couldn't be parsed into an integer"),
            (["--timeout", "1", "--port"], "port", "wrong number of arguments"),
        ] {
            let number = options[0] == "--timeout" ? 3 : 2
            #expect(throws: ConfigFile.Failure(text: fatal(number, line, why))) {
                try ConfigFile.load(options)
            }
        }
        #expect(throws: ConfigFile.Failure.self) { try ConfigFile.load(["--shutdown-on-sigint"]) }
    }

    /// Every line that the packages of the peers ship, as far as it asks for what exists.
    @Test(arguments: ["/etc/redis/redis.conf"]) func samplesOfThePeers(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        let read = try ConfigFile.load([path]).settings
        #expect(read.bind == ["127.0.0.1", "-::1"] && read.directory == "/var/lib/redis" && read.daemonize)
    }

    @Test func everyRowIsReadFromAFile() throws {
        for parameter in Parameters.core.all {
            for name in [parameter.name] + parameter.aliases {
                let config = Config()
                let value = parameter.value(in: config.settings)
                let text = Array("\(name) \"".utf8) + value + Array("\"".utf8)
                if case .notYet(let neutral) = parameter.standing, neutral.isEmpty {
                    #expect(throws: ConfigFile.Failure.self) { try ConfigFile.load(text: text, into: config) }
                } else {
                    try ConfigFile.load(text: text, into: config)
                }
            }
        }
    }
}
