// SPDX-License-Identifier: Apache-2.0
import Bytes
import Foundation
import Testing

@testable import Engine
@testable import Server

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

        func write(_ name: String, _ text: String) throws -> ByteString {
            let file = url.appendingPathComponent(name)
            try text.write(to: file, atomically: true, encoding: .utf8)
            return ByteString(file.path)
        }
    }

    private func settings(_ text: String) throws -> Settings {
        let config = Config(features: Wiring.features)
        try ConfigFile.load(text: Array(text.utf8), into: config)
        return config.settings
    }

    private func failure(_ text: String) -> ByteString {
        do {
            _ = try settings(text)
            return "accepted"
        } catch let failure as ConfigFile.Failure {
            return failure.text
        } catch {
            return ByteString(String(describing: error))
        }
    }

    private func fatal(_ line: Int, _ text: String, _ why: String) -> ByteString {
        """

        *** FATAL CONFIG FILE ERROR (Needletail 0.1.0) ***
        Reading the configuration file, at line \(line)
        >>> '\(text)'
        \(why)

        """
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
        #expect(read.password == "a \"b\" A")
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
        ("tls-port 7", 1, "tls-port 7", "tls-port is not built yet; only 0 is accepted"),
        ("save 900", 1, "save 900", "Invalid save parameters"),
        ("loadmodule", 1, "loadmodule", "Bad directive or wrong number of arguments"),
        (
            "list-max-ziplist-entries 1 2", 1, "list-max-ziplist-entries 1 2",
            "Bad directive or wrong number of arguments"
        ),
        ("include a b", 1, "include a b", "Bad directive or wrong number of arguments"),
        ("rename-command nosuch x", 1, "rename-command nosuch x", "No such command in rename-command"),
        (
            "rename-command get x\nrename-command GET y", 2, "rename-command GET y",
            "No such command in rename-command"
        ),
        ("rename-command get set", 1, "rename-command get set", "Target command name already exists"),
        ("a.b", 1, "a.b", "Module config specified without value"),
        ("\"\"", 1, "\"\"", "Bad directive or wrong number of arguments"),
        ("  \t PORT  1  2 \t\r", 1, "PORT  1  2", "wrong number of arguments"),
        ("appendfilename a/b", 1, "appendfilename a/b", "appendfilename can't be a path, just a filename"),
        ("replicaof 10.0.0.1 abc", 1, "replicaof 10.0.0.1 abc", "Invalid master port"),
        ("replicaof 10.0.0.1", 1, "replicaof 10.0.0.1", "wrong number of arguments"),
        (
            "shutdown-on-sigint", 1, "shutdown-on-sigint",
            "argument(s) must be one of the following: default, save, nosave, now, force, safe, failover"
        ),
        ("user default on", 1, "user default on", "user is not built yet; it cannot be given"),
        ("loadmodule /x.so", 1, "loadmodule /x.so", "loadmodule is not built yet; it cannot be given"),
        (
            "replicaof 10.0.0.1 6379", 1, "replicaof 10.0.0.1 6379",
            "replicaof is not built yet; only \"\" is accepted"
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
        let faulty = try folder.write("faulty.conf", "port 1\n\nport x\n")
        #expect(
            throws: ConfigFile.Failure(
                text: fatal(3, "port x", "argument couldn't be parsed into an integer"))
        ) {
            try ConfigFile.load([try folder.write("outer.conf", "include \(faulty)")])
        }
        #expect(
            try ConfigFile.load([folder.write("none.conf", "include /nosuch*.conf")]).settings.port == 6379)
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
        #expect(read.password == "a \"b\n")
        var piped = ConfigFile.Surroundings()
        piped.standardInput = { Array("port 7\ntimeout 6\n".utf8) }
        // A dash asks for standard input where it is first or last; elsewhere it is a word like any other.
        for words: [ByteString] in [["-", "--port", "8"], ["--port", "8", "-"]] {
            let read = try ConfigFile.load(words, piped).settings
            #expect(read.port == 8 && read.timeoutSeconds == 6)
        }
        #expect(throws: ConfigFile.Failure.self) {
            try ConfigFile.load(["--port", "8", "-", "--timeout", "1"], piped)
        }
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
        let cases: [([ByteString], String, String)] = [
            (
                ["--port", "--loglevel", "verbose"], "port \"--loglevel\" \"verbose\"",
                "wrong number of arguments"
            ),
            (["--port", "--bla"], "port \"--bla\"", "argument couldn't be parsed into an integer"),
            (["--timeout", "1", "--port"], "port", "wrong number of arguments"),
        ]
        for (options, line, why) in cases {
            let number = options[0] == "--timeout" ? 3 : 2
            #expect(throws: ConfigFile.Failure(text: fatal(number, line, why))) {
                try ConfigFile.load(options)
            }
        }
        #expect(throws: ConfigFile.Failure.self) { try ConfigFile.load(["--shutdown-on-sigint"]) }
        #expect(
            throws: ConfigFile.Failure(text: fatal(2, "port=7", "Bad directive or wrong number of arguments"))
        ) {
            try ConfigFile.load(["--port=7"])
        }
        #expect(
            throws: ConfigFile.Failure(text: fatal(2, "\"-x\"", "Bad directive or wrong number of arguments"))
        ) {
            try ConfigFile.load(["-x"])
        }
        #expect(throws: ConfigFile.Failure(text: fatal(2, "port 1 \"2\"", "wrong number of arguments"))) {
            try ConfigFile.load(["--port 1", "2"])
        }
        #expect(throws: ConfigFile.Failure(text: fatal(2, "save \"1\"", "Invalid save parameters"))) {
            try ConfigFile.load(["--save", "1", "--port", "1"])
        }
        #expect(try ConfigFile.load(["--bind"]).settings.bind.isEmpty)
    }

    /// The lines of `save` add up, from the first on, which stands for itself.
    @Test func savePointsAddUp() throws {
        let family = Family(
            commands: [], docs: [],
            parameters: [Parameter("points", .savePoints, "3600 1 300 100", .dormant(.replication))])
        for (text, value) in [
            ("", "3600 1 300 100"), ("points 900 1", "900 1"),
            ("points 900 1\npoints 100 100", "900 1 100 100"),
            ("points 900 1\npoints ''\npoints '5 6 7 8'", "5 6 7 8"), ("points 900 1\npoints", ""),
            ("points ''", ""),
        ] {
            let config = Config(features: [Feature("saving", families: [family])])
            let save = try #require(config.parameters.find("points"))
            try ConfigFile.load(text: Array(text.utf8), into: config)
            #expect(save.value(in: config.settings) == ByteString(value), "\(text)")
        }
    }

    /// `dir` is obeyed at its line, and may fail there.
    @Test func theFolderIsEnteredAtOnce() throws {
        var world = ConfigFile.Surroundings()
        var entered: [ByteString] = []
        world.enter = { folder in
            entered.append(folder)
            return folder == "/nosuch" ? "No such file or directory" : nil
        }
        _ = try ConfigFile.load(["--dir", "/tmp", "--port", "1"], world)
        #expect(entered == ["/tmp"])
        #expect(throws: ConfigFile.Failure(text: fatal(2, "dir \"/nosuch\"", "No such file or directory"))) {
            try ConfigFile.load(["--dir", "/nosuch", "--port", "x"], world)
        }
    }

    @Test func checkingFindsEverything() throws {
        let folder = try Folder()
        let inner = try folder.write("inner.conf", "foo 1\n")
        let file = try folder.write("main.conf", "port x\ninclude \(inner)\nsave 1\ntimeout 5\n")
        let found = ConfigFile.check([file, "--maxclients", "0"])
        #expect(
            found == [
                "\(file):1: argument couldn't be parsed into an integer\n>>> 'port x'",
                "\(inner):1: Bad directive or wrong number of arguments\n>>> 'foo 1'",
                "\(file):3: Invalid save parameters\n>>> 'save 1'",
                "options:6: argument must be between 1 and 4294967295 inclusive\n>>> 'maxclients \"0\"'",
            ])
        #expect(ConfigFile.check(["--port", "7000"]).isEmpty)
        #expect(
            ConfigFile.check(["/nosuch.conf"]) == [
                "Fatal error, can't open config file '/nosuch.conf': No such file or directory"
            ])
    }

    /// Files and addresses of the machine that a start would stumble over, each at the line that names it.
    @Test func checkingLooksAround() throws {
        let folder = try Folder()
        let path = ByteString(folder.url.path)
        let file = try folder.write(
            "main.conf",
            """
            logfile /nosuch/a.log
            bind 127.0.0.1 192.0.2.1 -192.0.2.2
            include /nosuch.conf
            unixsocket /nosuch/a.sock
            bind 192.0.2.3 ::1 no.such.host.invalid
            """)
        let found = ConfigFile.check([file]).map(\.description)
        #expect(
            found.prefix(3) == [
                "\(file):3: Fatal error, can't open config file '/nosuch.conf': No such file or directory\n"
                    + ">>> 'include /nosuch.conf'",
                "\(file):1: Can't open the log file: No such file or directory\n>>> 'logfile /nosuch/a.log'",
                "\(file):5: Could not create server TCP listening socket 192.0.2.3:6379: Cannot assign requested "
                    + "address\n>>> 'bind 192.0.2.3 ::1 no.such.host.invalid'",
            ])
        #expect(found.contains { $0.contains("TCP listening socket no.such.host.invalid:6379: ") })
        #expect(
            found.last
                == "\(file):4: Failed opening Unix socket: bind: No such file or directory\n"
                + ">>> 'unixsocket /nosuch/a.sock'")
        // A folder is no file, neither of directives nor of the log.
        let folderForAFile = ["Fatal error, can't open config file '\(path)': Is a directory" as ByteString]
        #expect(ConfigFile.check([path]) == folderForAFile)
        #expect(throws: ConfigFile.Failure(text: folderForAFile[0])) { try ConfigFile.load([path]) }
        #expect(
            ConfigFile.check(["--logfile", path]) == [
                "options:2: Can't open the log file: Is a directory\n>>> 'logfile \"\(path)\"'"
            ])
        // What can be made is no problem, and is not made.
        let log = folder.url.appendingPathComponent("new.log").path
        #expect(ConfigFile.check(["--logfile", ByteString(log), "--port", "0"]).isEmpty)
        #expect(!FileManager.default.fileExists(atPath: log))
    }

    @Test func aTaskMayStandAnywhere() {
        func rest(_ words: ByteString...) -> [ByteString]? {
            CommandLineOptions.removing("--check-config", words)
        }
        #expect(rest("--check-config") == [])
        #expect(rest("a.conf", "--check-config", "--port", "1") == ["a.conf", "--port", "1"])
        #expect(rest("--port", "1", "--check-config") == ["--port", "1"])
        #expect(rest("--save", "--check-config") == ["--save"])
        #expect(rest("--port 1", "--check-config", "-") == ["--port 1", "-"])
        #expect(rest("--bind", "::1", "127.0.0.1", "--check-config") == ["--bind", "::1", "127.0.0.1"])
        #expect(rest("--requirepass", "--check-config") == nil && rest("a.conf") == nil && rest() == nil)
    }

    /// Every line that the packages of the peers ship, as far as it asks for what exists.
    @Test(arguments: ["/etc/redis/redis.conf"]) func samplesOfThePeers(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        let read = try ConfigFile.load([ByteString(path)]).settings
        #expect(read.bind == ["127.0.0.1", "-::1"] && read.directory == "/var/lib/redis" && read.daemonize)
    }

    @Test func everyRowIsReadFromAFile() throws {
        for parameter in Config(features: Wiring.features).parameters.all {
            for name in [parameter.name] + parameter.aliases {
                let config = Config(features: Wiring.features)
                let value = parameter.value(in: config.settings)
                let text = Array("\(name) \"".utf8) + value.bytes + Array("\"".utf8)
                if parameter.isFileOnly {
                    if case .ignored = parameter.standing {
                        try ConfigFile.load(text: text, into: config)
                        continue
                    }
                    #expect(throws: ConfigFile.Failure.self) { try ConfigFile.load(text: text, into: config) }
                } else {
                    try ConfigFile.load(text: text, into: config)
                }
            }
        }
    }
}
