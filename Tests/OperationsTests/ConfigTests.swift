// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Testing

@testable import Engine
@testable import Operations

@Suite struct ConfigTests {
    private func failed(_ name: String, _ why: String) -> String {
        "-ERR CONFIG SET failed (possibly related to argument '\(name)') - \(why)"
    }

    @Test func getTakesPatterns() {
        let rig = Rig()
        #expect(rig.run("CONFIG", "GET", "timeout") == "*2 $7 timeout $1 0")
        // Asked for in other letters it is answered in these; once, in those that came first.
        #expect(rig.run("CONFIG", "GET", "TIMEOUT") == "*2 $7 TIMEOUT $1 0")
        #expect(rig.run("CONFIG", "GET", "Timeout", "timeou?", "timeout") == "*2 $7 Timeout $1 0")
        #expect(rig.run("CONFIG", "GET", "nosuch") == "*0")
        // Without a star, question mark or bracket it is a name.
        #expect(rig.run("CONFIG", "GET", "\\port") == "*0")
        #expect(
            rig.run("CONFIG", "GET", "set-max-*") == "*6 $22 set-max-intset-entries $3 512 "
                + "$24 set-max-listpack-entries $3 128 $22 set-max-listpack-value $2 64")
        // A directive that two patterns match is shown once, and an alias under its own name.
        #expect(rig.run("CONFIG", "GET", "port", "por?") == "*2 $4 port $4 6379")
        #expect(rig.run("CONFIG", "GET", "slaveof") == "*2 $7 slaveof $0 ")
        #expect(rig.run("CONFIG", "GET", "loadmodule") == "*0")
        rig.run("HELLO", "3")
        #expect(rig.run("CONFIG", "GET", "timeout") == "%1 $7 timeout $1 0")
    }

    @Test func hiddenDirectivesAnswerToTheirNameOnly() {
        let rig = Rig()
        #expect(rig.run("CONFIG", "GET", "rdb-key-save-delay") == "*2 $18 rdb-key-save-delay $1 0")
        #expect(rig.run("CONFIG", "GET", "rdb-key-save-dela?") == "*0")
    }

    @Test func setIsAllOrNothing() {
        let rig = Rig()
        #expect(rig.run("CONFIG", "SET", "timeout", "5", "set-max-intset-entries", "3") == "+OK")
        #expect(rig.engine.config.settings.timeoutSeconds == 5)
        #expect(rig.engine.keys.limits.setIntsetEntries == 3)
        let why = "argument couldn't be parsed into an integer"
        #expect(rig.run("CONFIG", "SET", "timeout", "9", "maxclients", "x") == failed("maxclients", why))
        #expect(rig.engine.config.settings.timeoutSeconds == 5)
    }

    @Test(arguments: [
        ("databases", "20", "can't set immutable config"),
        ("dir", "/", "can't set protected config"),
        ("protected-mode", "maybe", "argument must be 'yes' or 'no'"),
        ("timeout", "-1", "argument must be between 0 and 2147483647 inclusive"),
        ("timeout", "9223372036854775808", "argument couldn't be parsed into an integer"),
        ("timeout", "1 ", "argument couldn't be parsed into an integer"),
        ("proto-max-bulk-len", "abc", "argument must be a memory value"),
        ("proto-max-bulk-len", "-1", "argument must be a memory value"),
        ("proto-max-bulk-len", "99999999999gb", "argument must be a memory value"),
        ("proto-max-bulk-len", "1", "argument must be between 1048576 and 9223372036854775807 inclusive"),
        ("maxmemory-clients", "101%", "percentage argument must be less or equal to 100"),
        ("oom-score-adj-values", "1 2", "wrong number of arguments"),
        ("notify-keyspace-events", "Q", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."),
        (
            "maxmemory-policy", "foo",
            "argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, "
                + "volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction"
        ),
        (
            "client-output-buffer-limit", "normal 1",
            "Wrong number of arguments in buffer limit configuration."
        ),
        (
            "client-output-buffer-limit", "foo 0 0 0",
            "Invalid client class specified in buffer limit configuration."
        ),
        ("save", "1", "Invalid save parameters"),
        ("min-replicas-to-write", "1", "min-replicas-to-write is not built yet; only 0 is accepted"),
        ("maxmemory", "abc", "argument must be a memory value"),
        ("maxmemory-samples", "0", "argument must be between 1 and 64 inclusive"),
        ("maxmemory-eviction-tenacity", "101", "argument must be between 0 and 100 inclusive"),
        ("active-defrag-cycle-min", "0", "argument must be between 1 and 99 inclusive"),
    ])
    func refusals(_ name: String, _ value: String, _ why: String) {
        let rig = Rig()
        let before = rig.run("CONFIG", "GET", name)
        #expect(rig.run("CONFIG", "SET", name, value) == failed(name, why))
        #expect(rig.run("CONFIG", "GET", name) == before)
    }

    @Test func malformedSets() {
        let rig = Rig()
        #expect(
            rig.run("CONFIG", "SET", "nosuch", "1")
                == "-ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'")
        #expect(
            rig.run("CONFIG", "SET", "user", "1")
                == "-ERR Unknown option or number of arguments for CONFIG SET - 'user'")
        #expect(rig.run("CONFIG", "SET", "timeout", "0", "hz") == "-ERR syntax error")
        #expect(
            rig.run("CONFIG", "SET", "timeout", "0", "TIMEOUT", "0")
                == failed("TIMEOUT", "duplicate parameter"))
        #expect(rig.run("CONFIG", "SET", "slave-priority", "1", "replica-priority", "2") == "+OK")
        #expect(rig.run("CONFIG", "GET", "slave-priority") == "*2 $14 slave-priority $1 2")
        #expect(rig.run("CONFIG", "SET", "hz", "1000") == "+OK")
        #expect(rig.run("CONFIG", "GET", "hz") == "*2 $2 hz $3 500")
        #expect(rig.run("CONFIG", "NOSUCH", "a") == "-ERR unknown subcommand 'NOSUCH'. Try CONFIG HELP.")
    }

    @Test func valuesAreShownAsRedisShowsThem() {
        let rig = Rig()
        #expect(rig.run("CONFIG", "SET", "proto-max-bulk-len", "2MB") == "+OK")
        #expect(rig.run("CONFIG", "GET", "proto-max-bulk-len") == "*2 $18 proto-max-bulk-len $7 2097152")
        #expect(rig.run("CONFIG", "SET", "notify-keyspace-events", "KEA") == "+OK")
        #expect(rig.run("CONFIG", "GET", "notify-keyspace-events") == "*2 $22 notify-keyspace-events $3 AKE")
        #expect(rig.run("CONFIG", "SET", "bind", "127.0.0.1 ::1") == "+OK")
        #expect(rig.engine.config.settings.bind == ["127.0.0.1", "::1"])
        #expect(
            rig.run("CONFIG", "SET", "client-output-buffer-limit", "replica 1mb 2kb 3 pubsub 0 0 0") == "+OK")
        #expect(
            rig.run("CONFIG", "GET", "client-output-buffer-limit")
                == "*2 $26 client-output-buffer-limit $46 normal 0 0 0 slave 1048576 2048 3 pubsub 0 0 0")
        #expect(rig.run("CONFIG", "SET", "MaxMemory-Policy", "allkeys-LFU") == "+OK")
        #expect(rig.engine.keys.usesLFU)
    }

    /// A change that the world refuses is taken back, and so are those made with it.
    @Test func theHostMayRefuse() {
        let rig = Rig()
        rig.host.refusal = { directive, settings in
            directive == "port" && settings.port == 1
                ? "Unable to listen on this port. Check server logs." : nil
        }
        #expect(
            rig.run("CONFIG", "SET", "timeout", "7", "port", "1")
                == failed("port", "Unable to listen on this port. Check server logs."))
        #expect(rig.engine.config.settings.timeoutSeconds == 0)
        #expect(rig.engine.config.settings.port == 6379)
    }

    /// Only what changes is carried out, and the last refusal takes everything back.
    @Test func whatStaysIsNotCarriedOut() {
        let rig = Rig()
        var carried: [String] = []
        rig.host.refusal = { directive, settings in
            carried.append("\(directive) \(settings.timeoutSeconds) \(settings.port)")
            return directive == "bind" ? "Failed to bind to specified addresses." : nil
        }
        #expect(rig.run("CONFIG", "SET", "port", "6379", "timeout", "0") == "+OK")
        #expect(carried.isEmpty)
        #expect(
            rig.run("CONFIG", "SET", "timeout", "7", "port", "1", "bind", "192.0.2.1")
                == failed("bind", "Failed to bind to specified addresses."))
        #expect(
            carried == [
                "timeout 7 1", "port 7 1", "bind 7 1", "timeout 0 6379", "port 0 6379", "bind 0 6379",
            ])
        #expect(rig.engine.config.settings.bind == ["*", "-::*"])
    }

    @Test(arguments: [
        ("bind", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "Too many bind addresses specified."),
        ("proc-title-template", "{nosuch}", "template format is invalid or contains unknown variables"),
        ("proc-title-template", "", "template format is invalid or contains unknown variables"),
        ("proc-title-template", "{title", "template format is invalid or contains unknown variables"),
        (
            "oom-score-adj-values", "-2001 0 0",
            "Invalid oom-score-adj-values, elements must be between -2000 and 2000."
        ),
        (
            "shutdown-on-sigint", "save nosave",
            "shutdown options SAVE and NOSAVE can't be used simultaneously"
        ),
        (
            "shutdown-on-sigterm", "",
            "argument(s) must be one of the following: default, save, nosave, now, force, safe, failover"
        ),
        ("appendfilename", "a", "can't set immutable config"),
        ("max-new-connections-per-cycle", "0", "argument must be between 1 and 1000 inclusive"),
        ("log-format", "xml", "argument(s) must be one of the following: legacy, logfmt, json"),
    ])
    func refusalsOfProcessDirectives(_ name: String, _ value: String, _ why: String) {
        #expect(Rig().run("CONFIG", "SET", name, value) == failed(name, why))
    }

    @Test func processDirectivesAreShownAsRedisShowsThem() {
        let rig = Rig()
        for (name, value, shown) in [
            ("oom-score-adj", "relative", "yes"), ("oom-score-adj-values", "3 +2 01", "3 2 1"),
            ("shutdown-on-sigterm", "NOW nosave", "nosave now"), ("shutdown-on-sigint", "default", "default"),
            ("shutdown-on-sigint", "default force", "force"), ("log-format", "JSON", "json"),
            ("bind", "", ""),
        ] {
            let answer = rig.run("CONFIG", "SET", name, value)
            #expect(answer == "+OK", "\(name)")
            #expect(
                rig.run("CONFIG", "GET", name) == "*2 $\(name.count) \(name) $\(shown.count) \(shown)",
                "\(name)")
        }
    }

    /// A password set while clients are connected lets them stay; newcomers have to give it.
    @Test func passwordsAreAskedOfNewcomers() {
        let rig = Rig()
        rig.run("PING")
        #expect(rig.run("CONFIG", "SET", "requirepass", "secret") == "+OK")
        #expect(rig.run("PING") == "+PONG")
        #expect(rig.run(as: "new", "PING") == "-NOAUTH Authentication required.")
        #expect(rig.run(as: "new", "NOSUCH") == "-NOAUTH Authentication required.")
        let wrong = "-WRONGPASS invalid username-password pair or user is disabled."
        #expect(rig.run(as: "new", "AUTH", "wrong") == wrong)
        #expect(rig.run(as: "new", "AUTH", "nobody", "secret") == wrong)
        #expect(rig.run(as: "new", "HELLO", "3", "AUTH", "default", "wrong") == wrong)
        #expect(rig.run(as: "new", "AUTH", "default", "secret") == "+OK")
        #expect(rig.run(as: "new", "PING") == "+PONG")
        #expect(rig.run(as: "new", "RESET") == "+RESET")
        #expect(rig.run(as: "new", "PING") == "-NOAUTH Authentication required.")
        #expect(rig.run("CONFIG", "SET", "requirepass", "") == "+OK")
        #expect(rig.run(as: "new", "PING") == "+PONG")
        #expect(
            rig.run("AUTH", "secret").hasPrefix("-ERR AUTH <password> called without any password configured")
        )
        #expect(rig.run("CONFIG", "GET", "requirepass") == "*2 $11 requirepass $0 ")
    }

    @Test func newcomersMayBeginWithProtocol3() {
        let rig = Rig(lines: ["client-default-resp 3"])
        #expect(rig.run("CONFIG", "GET", "timeout") == "%1 $7 timeout $1 0")
        rig.run("HELLO", "2")
        #expect(rig.run("CONFIG", "GET", "timeout") == "*2 $7 timeout $1 0")
        rig.run("RESET")
        #expect(rig.run("CONFIG", "GET", "timeout").hasPrefix("%1"))
    }

    @Test func protectedModeTurnsStrangersAway() {
        let rig = Rig()
        let strangers = ["192.0.2.7:4000", "[fd00::2]:4000", "[::2]:4000"]
        let locals = ["127.0.0.1:4000", "127.9.9.9:4000", "[::1]:4000", "/run/a.sock:0"]
        func isDenied(_ address: String) -> Bool {
            rig.engine.denial(of: ByteString(address)).map { "\($0)".hasPrefix("-DENIED ") } ?? false
        }
        #expect(strangers.allSatisfy(isDenied) && !locals.contains(where: isDenied))
        rig.run("CONFIG", "SET", "requirepass", "secret")
        #expect(!strangers.contains(where: isDenied))
        rig.run("CONFIG", "SET", "requirepass", "")
        #expect(strangers.allSatisfy(isDenied))
        rig.run("CONFIG", "SET", "protected-mode", "no")
        #expect(!strangers.contains(where: isDenied))
    }

    @Test func protectedDirectivesOpenToLocalClients() {
        let rig = Rig { $0.protectedConfigs = "local" }
        #expect(rig.run("CONFIG", "SET", "dir", "/") == "+OK")
        let session = rig.engine.clients.connect(address: "10.0.0.1:5", localAddress: "", nowMs: 0)
        #expect(!rig.engine.config.allows("local", session))
        #expect(rig.engine.config.allows("yes", session))
        #expect(!rig.engine.config.allows("no", rig.session()))
    }

    @Test func rewriteAndReset() {
        let rig = Rig(lines: ["save ''"]) { $0.debugCommand = "local" }
        #expect(rig.run("CONFIG", "REWRITE") == "-ERR The server is running without a config file")
        #expect(
            rig.run("DEBUG", "CONFIG-REWRITE-FORCE-ALL") == "-ERR The server is running without a config file"
        )
        rig.engine.config.file = "/etc/needletail.conf"
        #expect(rig.run("CONFIG", "REWRITE") == "+OK")
        rig.host.files["/etc/needletail.conf"] = Array("# mine\ntimeout 3\ndir .\nsave ''\n".utf8)
        rig.run("CONFIG", "SET", "timeout", "4")
        #expect(rig.run("CONFIG", "REWRITE") == "+OK")
        let text = String(decoding: rig.host.files["/etc/needletail.conf"] ?? [], as: UTF8.self)
        #expect(
            text
                == "# mine\ntimeout 4\ndir .\nsave ''\n\n# Generated by CONFIG REWRITE\nenable-debug-command local\n"
        )
        rig.host.fileFailure = "No space left on device"
        #expect(rig.run("CONFIG", "REWRITE") == "-ERR Rewriting config file: No space left on device")
        #expect(rig.host.logged.last == "CONFIG REWRITE failed: No space left on device")
        rig.host.fileFailure = nil
        #expect(rig.run("DEBUG", "CONFIG-REWRITE-FORCE-ALL") == "+OK")
        let all = String(decoding: rig.host.files["/etc/needletail.conf"] ?? [], as: UTF8.self)
        #expect(all.contains("\nport 6379\n") && all.contains("\nreplica-read-only yes\n"))
        rig.run("SET", "a", "1")
        rig.run("GET", "a")
        let dirty = rig.engine.keys.stats.dirty
        #expect(dirty == 1 && rig.engine.keys.stats.hits == 1)
        #expect(rig.run("CONFIG", "RESETSTAT") == "+OK")
        #expect(rig.engine.keys.stats.hits == 0 && rig.engine.errorCounts.isEmpty)
        #expect(rig.engine.keys.stats.dirty == dirty)
        #expect(rig.run("CONFIG", "HELP").hasPrefix("*11 +CONFIG <subcommand>"))
    }

    @Test func everyInitialValueIsOneThatIsAccepted() {
        for parameter in Config().parameters.all {
            if parameter.isFileOnly { continue }
            let config = Config()
            let value = parameter.value(in: config.settings)
            if case .notYet(let neutral) = parameter.standing, neutral.isEmpty { continue }
            #expect(config.take([ByteString(parameter.name), value]) == nil, "\(parameter.name)")
            #expect(parameter.value(in: config.settings) == value, "\(parameter.name)")
        }
    }
}
