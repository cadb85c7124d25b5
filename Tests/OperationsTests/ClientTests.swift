// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Operations
import EngineRig
import Testing

@Suite struct ClientTests {
    private let noAuth = "-NOAUTH Authentication required."
    private let wrong = "-WRONGPASS invalid username-password pair or user is disabled."

    private func line(_ rig: Rig, as name: String = "main") -> String { rig.run(as: name, "CLIENT", "INFO") }

    // MARK: HELLO, AUTH

    /// Where the server is, for clients that prefer a near one; as Valkey answers it.
    @Test func helloTellsTheZone() {
        let rig = Rig()
        #expect(!rig.run("HELLO").contains("availability_zone"))
        rig.run("CONFIG", "SET", "availability-zone", "az-1")
        let two = rig.run("HELLO")
        #expect(two.hasPrefix("*16 ") && two.hasSuffix(" $7 modules *0 $17 availability_zone $4 az-1"))
        #expect(rig.run("HELLO", "3").hasPrefix("%8 "))
    }

    @Test func helloAnswersAMap() {
        let rig = Rig()
        let fields =
            "$6 server $5 redis $7 version $5 7.4.0 $5 proto :2 $2 id :1 $4 mode $10 standalone "
            + "$4 role $6 master $7 modules *0"
        #expect(rig.run("HELLO") == "*14 " + fields)
        #expect(rig.run("HELLO", "3") == "%7 " + fields.replacing(":2", with: ":3"))
        #expect(rig.run("GET", "nosuch") == "_")
        #expect(rig.run("HELLO").hasPrefix("%7 "))
        #expect(rig.run("HELLO", "2", "SETNAME", "me").hasPrefix("*14 "))
        #expect(rig.run("CLIENT", "GETNAME") == "$2 me")
    }

    @Test(arguments: [
        (["4"], "-NOPROTO unsupported protocol version"),
        (["1"], "-NOPROTO unsupported protocol version"),
        (["abc"], "-ERR Protocol version is not an integer or out of range"),
        (["9223372036854775808"], "-ERR Protocol version is not an integer or out of range"),
        (["3", "FOO"], "-ERR Syntax error in HELLO option 'FOO'"),
        (["3", "AUTH", "default"], "-ERR Syntax error in HELLO option 'AUTH'"),
        (["3", "SETNAME"], "-ERR Syntax error in HELLO option 'SETNAME'"),
        (
            ["3", "SETNAME", "a b"],
            "-ERR Client names cannot contain spaces, newlines or special characters."
        ),
        (["3", "AUTH", "bob", "x"], "-WRONGPASS invalid username-password pair or user is disabled."),
    ])
    func helloRefuses(_ words: [String], _ answer: String) {
        let rig = Rig()
        #expect(rig.run(["HELLO"] + words) == answer)
        #expect(rig.run("GET", "nosuch") == "$-1")
        #expect(rig.run("CLIENT", "GETNAME") == "$-1")
    }

    @Test func withoutAPasswordEverybodyIsIn() {
        let rig = Rig()
        #expect(
            rig.run("AUTH", "x")
                == "-ERR AUTH <password> called without any password configured for the default "
                + "user. Are you sure your configuration is correct?")
        #expect(rig.run("AUTH", "default", "x") == "+OK")
        #expect(rig.run("AUTH", "bob", "x") == wrong)
        #expect(rig.run("AUTH", "default", "x", "y") == "-ERR syntax error")
    }

    @Test func aPasswordKeepsStrangersOut() {
        let rig = Rig { $0.password = "secret" }
        #expect(rig.run("GET", "a") == noAuth)
        #expect(rig.run("NOSUCH") == noAuth)
        #expect(rig.run("GET") == noAuth)
        #expect(
            rig.run("HELLO", "3").hasPrefix(
                "-NOAUTH HELLO must be called with the client already authenticated"))
        for attempt in ["", "s", "secre", "secrets", "Secret", "secretsecret"] {
            #expect(rig.run("AUTH", attempt) == wrong)
        }
        #expect(rig.run("AUTH", "bob", "secret") == wrong)
        #expect(rig.engine.stats.deniedLogins == 7)
        #expect(rig.run("AUTH", "secret") == "+OK")
        #expect(rig.run("GET", "a") == "$-1")
        #expect(rig.run("RESET") == "+RESET")
        #expect(rig.run("GET", "a") == noAuth)
        #expect(rig.run("HELLO", "3", "AUTH", "default", "secret").hasPrefix("%7 "))
        #expect(rig.run("GET", "a") == "_")
        // Who was in stays in when the password changes; without one nobody is out.
        #expect(rig.run(as: "other", "PING") == noAuth)
        #expect(rig.run("CONFIG", "SET", "requirepass", "new") == "+OK")
        #expect(rig.run("PING") == "+PONG")
        #expect(rig.run(as: "other", "AUTH", "secret") == wrong)
        #expect(rig.run("CONFIG", "SET", "requirepass", "") == "+OK")
        #expect(rig.run(as: "other", "PING") == "+PONG")
    }

    @Test func strangersMaySendLittle() {
        let rig = Rig { $0.password = "secret" }
        #expect(
            String(decoding: rig.feed(Array("*11\r\n".utf8)), as: UTF8.self)
                == "-ERR Protocol error: unauthenticated multibulk length\r\n")
        #expect(
            String(decoding: rig.feed(as: "b", Array("*2\r\n$4\r\nAUTH\r\n$16385\r\n".utf8)), as: UTF8.self)
                == "-ERR Protocol error: unauthenticated bulk length\r\n")
        #expect(rig.run(as: "c", "AUTH", "secret") == "+OK")
        #expect(rig.run(as: "c", "ECHO", String(repeating: "x", count: 16385)).hasPrefix("$16385 "))
    }

    // MARK: QUIT, RESET

    @Test func quitAndResetActInsideMulti() {
        let rig = Rig()
        let session = rig.session()
        rig.run("HELLO", "3", "SETNAME", "me")
        rig.run("SELECT", "3")
        rig.run("CLIENT", "NO-EVICT", "ON")
        rig.run("CLIENT", "NO-TOUCH", "ON")
        #expect(line(rig).contains(" flags=eT capa= db=3 "))
        #expect(rig.run("RESET") == "+RESET")
        #expect(line(rig).contains(" name= ") && line(rig).contains(" flags=N capa= db=0 "))
        #expect(rig.run("GET", "nosuch") == "$-1")
        #expect(!session.isClosing)
        #expect(rig.run("QUIT") == "+OK")
        #expect(session.isClosing)
    }

    // MARK: CLIENT

    @Test func theLineHasRedisFields() {
        let rig = Rig()
        rig.advance(ms: 2500)
        let text = line(rig)
        let fields = text.split(separator: " ").dropFirst().map { $0.split(separator: "=")[0] }
        #expect(
            fields == [
                "id", "addr", "laddr", "fd", "name", "age", "idle", "flags", "capa", "db", "sub", "psub",
                "ssub",
                "multi",
                "watch", "qbuf", "qbuf-free", "argv-mem", "multi-mem", "rbs", "rbp", "obl", "oll", "omem",
                "tot-mem",
                "events", "cmd", "user", "redir", "resp", "lib-name", "lib-ver", "io-thread", "tot-net-in",
                "tot-net-out", "tot-cmds",
            ])
        #expect(text.contains(" addr=127.0.0.1:5000 laddr=127.0.0.1:6379 "))
        #expect(text.contains(" cmd=client|info user=default redir=-1 resp=2 "))
        #expect(
            text.contains(" argv-mem=10 ") && text.contains(" tot-net-in=26 ")
                && text.hasSuffix(" tot-cmds=0\n"))
        rig.advance(ms: 2500)
        rig.run(as: "b", "PING")
        #expect(rig.run(as: "b", "CLIENT", "LIST", "ID", "1").contains(" age=2 idle=2 "))
        rig.run("HELLO", "3")
        #expect(line(rig).hasPrefix("=") && line(rig).contains(" txt:id=1 addr="))
    }

    @Test func names() {
        let rig = Rig()
        let refusal = "-ERR Client names cannot contain spaces, newlines or special characters."
        #expect(rig.run("CLIENT", "SETNAME", "me") == "+OK")
        for bad in ["a b", "a\nb", "\u{7f}", "é"] { #expect(rig.run("CLIENT", "SETNAME", bad) == refusal) }
        #expect(rig.run("CLIENT", "GETNAME") == "$2 me")
        #expect(rig.run("CLIENT", "SETNAME", "") == "+OK")
        #expect(rig.run("CLIENT", "GETNAME") == "$-1")
        #expect(rig.run("CLIENT", "SETINFO", "lib-name", "py(x)") == "+OK")
        #expect(rig.run("CLIENT", "SETINFO", "LIB-VER", "1.2") == "+OK")
        #expect(line(rig).contains(" lib-name=py(x) lib-ver=1.2 "))
        #expect(rig.run("CLIENT", "SETINFO", "foo", "bar") == "-ERR Unrecognized option 'foo'")
        #expect(
            rig.run("CLIENT", "SETINFO", "LIB-NAME", "a b")
                == "-ERR LIB-NAME cannot contain spaces, newlines or special characters.")
    }

    private func ids(_ rig: Rig, _ filter: String...) -> [String] {
        let text = rig.run(["CLIENT", "LIST"] + filter)
        return text.split(whereSeparator: { $0 == " " || $0 == "\n" }).filter { $0.hasPrefix("id=") }
            .map { String($0.dropFirst(3)) }
    }

    private func threeClients() -> Rig {
        let rig = Rig()
        rig.run("CLIENT", "SETNAME", "one")
        rig.advance(ms: 10_000)
        rig.run(as: "b", "SELECT", "2")
        rig.run(as: "b", "CLIENT", "SETINFO", "LIB-NAME", "lib")
        rig.run(as: "b", "CLIENT", "SETINFO", "LIB-VER", "9")
        rig.advance(ms: 10_000)
        rig.run(as: "c", "CLIENT", "NO-EVICT", "ON")
        rig.run(as: "c", "CLIENT", "CAPA", "foo", "redirect")
        return rig
    }

    @Test func filters() {
        let rig = threeClients()
        #expect(ids(rig) == ["1", "2", "3"])
        #expect(ids(rig, "ID", "3", "1", "99") == ["1", "3"])
        #expect(ids(rig, "NOT-ID", "3", "1", "TYPE", "normal") == ["2"])
        #expect(ids(rig, "TYPE", "pubsub").isEmpty && ids(rig, "NOT-TYPE", "replica").count == 3)
        #expect(ids(rig, "USER", "default").count == 3)
        #expect(ids(rig, "ADDR", "127.0.0.1:5001") == ["2"] && ids(rig, "LADDR", "127.0.0.1:6379").count == 3)
        #expect(ids(rig, "SKIPME", "yes") == ["2", "3"] && ids(rig, "SKIPME", "no").count == 3)
        #expect(ids(rig, "MAXAGE", "20") == ["1"] && ids(rig, "MAXAGE", "10") == ["1", "2"])
        #expect(ids(rig, "IDLE", "10") == ["2"])
        #expect(ids(rig, "NAME", "one") == ["1"] && ids(rig, "NOT-NAME", "one") == ["2", "3"])
        #expect(ids(rig, "FLAGS", "e") == ["3"] && ids(rig, "NOT-FLAGS", "e") == ["1", "2"])
        #expect(
            ids(rig, "LIB-NAME", "lib", "LIB-VER", "9") == ["2"]
                && ids(rig, "LIB-NAME", "lib", "DB", "0").isEmpty)
        #expect(
            ids(rig, "DB", "2") == ["2"] && ids(rig, "CAPA", "r") == ["3"]
                && ids(rig, "IP", "127.0.0.1").count == 3)
        #expect(line(rig, as: "c").contains(" flags=e capa=r db=0 "))
    }

    /// Of several filters of one kind the last one holds; ids add up, and so do those that must not be.
    @Test func repeatedFilters() {
        let rig = threeClients()
        #expect(
            ids(rig, "NAME", "zz", "NAME", "one") == ["1"] && ids(rig, "NAME", "one", "NAME", "zz").isEmpty)
        #expect(ids(rig, "TYPE", "replica", "TYPE", "normal").count == 3)
        #expect(ids(rig, "ID", "1", "ID", "2", "3") == ["1", "2", "3"])
        #expect(ids(rig, "NOT-ID", "1", "DB", "0", "NOT-ID", "2") == ["3"])
        #expect(ids(rig, "NOT-NAME", "zz", "NAME", "one", "NOT-NAME", "one").isEmpty)
        #expect(ids(rig, "MAXAGE", "99", "MAXAGE", "20") == ["1"])
        #expect(ids(rig, "DB", "0", "DB", "2") == ["2"] && ids(rig, "FLAGS", "O", "FLAGS", "e") == ["3"])
        #expect(ids(rig, "LIB-NAME", "x", "LIB-NAME", "lib", "LIB-VER", "x", "LIB-VER", "9") == ["2"])
        #expect(ids(rig, "ADDR", "x", "ADDR", "127.0.0.1:5001") == ["2"])
        #expect(ids(rig, "LADDR", "x", "LADDR", "127.0.0.1:6379", "IP", "x", "IP", "127.0.0.1").count == 3)
        #expect(
            ids(rig, "IDLE", "99", "IDLE", "10", "CAPA", "", "USER", "default", "USER", "default") == ["2"])
        #expect(
            rig.run("CLIENT", "KILL", "TYPE", "replica", "TYPE", "normal", "SKIPME", "no", "SKIPME", "yes")
                == ":2")
        #expect(Set(rig.engine.clients.takeDoomed()) == [2, 3])
        let other = threeClients()
        #expect(other.run("CLIENT", "KILL", "ID", "2", "ID", "3", "ID", "4") == ":2")
    }

    @Test(arguments: [
        (["ID", "abc"], "-ERR syntax error"),
        (["NOT-ID", ""], "-ERR syntax error"),
        (["ID", "0"], "-ERR client-id should be greater than 0"),
        (["ID", "1", "-1"], "-ERR client-id should be greater than 0"),
        (["ID"], "-ERR syntax error"),
        (["ID", "10", "wrong"], "-ERR syntax error"),
        (["TYPE", "foo"], "-ERR Unknown client type 'foo'"),
        (["USER", "nosuch"], "-ERR No such user 'nosuch'"),
        (["SKIPME", "maybe"], "-ERR syntax error"),
        (["NOT-SKIPME", "yes"], "-ERR syntax error"),
        (["MAXAGE", "x"], "-ERR maxage is not an integer or out of range"),
        (["MAXAGE", "9999999999999999999"], "-ERR maxage is not an integer or out of range"),
        (["MAXAGE", "-1"], "-ERR maxage should be greater than 0"),
        (["DB", "16"], "-ERR DB number should be between 0 and 15"),
        (["DB", "-1"], "-ERR DB number should be between 0 and 15"),
        (["DB", "x"], "-ERR DB is not an integer or out of range"),
        (["FLAGS", "e!"], "-ERR Unknown flags found in the provided filter: e!"),
        (["FOO", "x"], "-ERR syntax error"),
    ])
    func filtersRefuse(_ words: [String], _ answer: String) {
        let rig = Rig()
        #expect(rig.run(["CLIENT", "LIST"] + words) == answer)
        if words.count > 1 { #expect(rig.run(["CLIENT", "KILL"] + words) == answer) }
    }

    @Test func killing() {
        let rig = threeClients()
        #expect(rig.run("CLIENT", "KILL", "1.2.3.4:5") == "-ERR No such client")
        #expect(rig.run("CLIENT", "KILL", "127.0.0.1:5001") == "+OK")
        #expect(rig.engine.clients.takeDoomed() == [2])
        #expect(rig.run("CLIENT", "KILL", "NAME", "zzz") == ":0")
        #expect(rig.run("CLIENT", "KILL", "ID", "1") == ":0")
        #expect(rig.run("CLIENT", "KILL", "ID", "3") == ":1")
        #expect(rig.engine.clients.takeDoomed() == [3])
        // The caller is closed after its reply, not by the rim.
        #expect(rig.run("CLIENT", "KILL", "ID", "1", "SKIPME", "no") == ":1")
        #expect(rig.session().isClosing && rig.engine.clients.takeDoomed().isEmpty)
    }

    @Test func replies() {
        let rig = Rig()
        func both(_ first: [String], _ second: [String]) -> String {
            let bytes = Rig.encode(first.map { Array($0.utf8) }) + Rig.encode(second.map { Array($0.utf8) })
            return String(decoding: rig.feed(bytes), as: UTF8.self)
        }
        #expect(rig.run("CLIENT", "REPLY", "SKIP") == "")
        #expect(rig.run("PING") == "")
        #expect(rig.run("PING") == "+PONG")
        #expect(both(["CLIENT", "REPLY", "SKIP"], ["PING"]) == "")
        #expect(both(["PING"], ["PING"]) == "+PONG\r\n+PONG\r\n")
        #expect(both(["CLIENT", "REPLY", "SKIP"], ["CLIENT", "REPLY", "ON"]) == "+OK\r\n")
        #expect(rig.run("CLIENT", "REPLY", "OFF") == "")
        #expect(rig.run("PING") == "" && rig.run("NOSUCH") == "" && rig.run("CLIENT", "REPLY", "SKIP") == "")
        #expect(rig.run("PING") == "")
        #expect(rig.run(as: "b", "PING") == "+PONG")
        #expect(both(["CLIENT", "REPLY", "ON"], ["PING"]) == "+OK\r\n+PONG\r\n")
        #expect(rig.run("CLIENT", "REPLY", "FOO") == "-ERR syntax error")
    }

    @Test func reads() {
        let rig = Rig()
        #expect(rig.run("CLIENT", "ID") == ":1")
        #expect(rig.run("CLIENT", "GETREDIR") == ":-1")
        #expect(rig.run("CLIENT", "TRACKINGINFO") == "*6 $5 flags *1 $3 off $8 redirect :-1 $8 prefixes *0")
        #expect(rig.run("CLIENT", "NO-EVICT", "x") == "-ERR syntax error")
        #expect(rig.run("CLIENT", "NO-TOUCH", "x") == "-ERR syntax error")
        #expect(rig.run("CLIENT", "HELP").hasSuffix(" +HELP +    Prints this help."))
        #expect(rig.run("CLIENT") == "-ERR wrong number of arguments for 'client' command")
    }
}
