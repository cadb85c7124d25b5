// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import RESP
import Testing

@testable import Engine
@testable import Operations
import Server

@Suite struct CommandInfoTests {
    private let table = CommandTable(Wiring.features.flatMap(\.families))

    // MARK: Docs

    @Test func everyCommandHasDocsAndEveryDocACommand() {
        let names = table.commands.indices.map { table.fullName($0) }
        let docs = CommandDoc.index(Wiring.features.flatMap(\.families))
        #expect(names.filter { docs[$0] == nil } == [])
        #expect(Set(docs.keys).subtracting(names) == [])
    }

    /// The syntax asks for as many words as the row's arity.
    @Test func syntaxAndArityAgree() {
        let docs = CommandDoc.index(Wiring.features.flatMap(\.families))
        for index in table.commands.indices where table.subcommands(index).isEmpty {
            let command = table.commands[index]
            guard let doc = docs[table.fullName(index)] else { continue }
            let arguments = doc.arguments(of: command)
            let own = table.containers[index] < 0 ? 1 : 2
            let least = own + arguments.reduce(0) { $0 + $1.wordsMin }
            // What the peers say of these asks for less than makes sense, in their arity or in their syntax.
            let isLoose = ["migrateslots", "kill", "geosearch", "geosearchstore"].contains(command.name)
            #expect(least == abs(command.arity) || isLoose, "\(doc.name)")
            let mayVary = arguments.contains { !isFixed($0) }
            #expect(mayVary == (command.arity < 0) || ["quit"].contains(command.name), "\(doc.name)")
            let keys = all(arguments).compactMap(\.keySpec)
            let specs = KeySpec.parse(command.keys).filter { !$0.isNoKey }
            #expect(keys.isEmpty == specs.isEmpty, "\(doc.name)")
            for text in [doc.summary, doc.complexity] { #expect(!text.isEmpty, "\(doc.name)") }
        }
    }

    private func isFixed(_ argument: DocArgument) -> Bool {
        let lengths = Set(argument.parts.map(\.wordsMin))
        return !argument.isOptional && !argument.isMultiple && argument.parts.allSatisfy(isFixed)
            && (argument.kind != .oneof || lengths.count < 2)
    }

    private func all(_ arguments: [DocArgument]) -> [DocArgument] {
        arguments.flatMap { [$0] + all($0.parts) }
    }

    @Test func notation() throws {
        func read(_ text: String) throws -> [DocArgument] { try SyntaxReader.read(text, keySpecCount: 1) }
        #expect(
            try read("key value:double") == [
                DocArgument(name: "key", kind: .key, keySpec: 0), DocArgument(name: "value", kind: .double),
            ])
        #expect(
            try read("[condition: NX | IFEQ old]") == [
                DocArgument(
                    name: "condition", kind: .oneof, isOptional: true,
                    parts: [
                        DocArgument(name: "nx", kind: .pureToken, token: "NX"),
                        DocArgument(name: "old", kind: .string, token: "IFEQ"),
                    ])
            ])
        #expect(
            try read("ID id... [PREFIX prefix]... addr=ip:port n:integer=number") == [
                DocArgument(name: "id", kind: .string, token: "ID", isMultiple: true),
                DocArgument(
                    name: "prefix", kind: .string, token: "PREFIX", isOptional: true, isMultiple: true,
                    repeatsToken: true),
                DocArgument(name: "addr", kind: .string, display: "ip:port"),
                DocArgument(name: "n", kind: .integer, display: "number"),
            ])
        #expect(
            try read("(a b)... LIMIT (offset:integer count:integer)") == [
                DocArgument(
                    name: "a-b", kind: .block, isMultiple: true,
                    parts: [DocArgument(name: "a", kind: .string), DocArgument(name: "b", kind: .string)]),
                DocArgument(
                    name: "offset-count", kind: .block, token: "LIMIT",
                    parts: [
                        DocArgument(name: "offset", kind: .integer),
                        DocArgument(name: "count", kind: .integer),
                    ]),
            ])
        for bad in ["[a", "a]", "(a | b", "a:nosuch", "a:b:c", "a | b"] {
            #expect(throws: SyntaxReader.Malformed.self, "\(bad)") { try read(bad) }
        }
    }

    @Test func docsReply() {
        let rig = Rig()
        #expect(rig.run("COMMAND", "DOCS", "nosuch") == "*0")
        #expect(
            rig.run("COMMAND", "DOCS", "STRLEN") == "*2 $6 strlen *10 $7 summary $44 "
                + "The length of the string at a key, in bytes. $5 since $5 2.2.0 $5 group $6 string $10 complexity "
                + "$4 O(1) $9 arguments *1 *8 $4 name $3 key $4 type $3 key $12 display_text $3 key $14 key_spec_index :0"
        )
        rig.run("HELLO", "3")
        let client = rig.run("COMMAND", "DOCS", "client|getname")
        #expect(
            client
                == "%1 $14 client|getname %4 $7 summary $28 The name of this connection. $5 since $5 2.6.9 "
                + "$5 group $10 connection $10 complexity $4 O(1)")
        #expect(
            rig.run("COMMAND", "DOCS", "SUBSTR").contains(
                "$9 doc_flags ~1 +deprecated $16 deprecated_since $5 2.0.0"))
        #expect(rig.run("COMMAND", "DOCS", "CONFIG").contains(" $11 subcommands %5 $10 config|get %6 "))
        #expect(rig.run("COMMAND", "DOCS").hasPrefix("%\(table.topLevel.count) "))
        #expect(
            rig.run("COMMAND", "DOCS", "ttl").contains(
                " $10 complexity $4 O(1) $7 history ~1 *2 $5 2.8.0 $14 The answer -2. $9 arguments *1 %4 "))
        #expect(
            rig.run("COMMAND", "DOCS", "client|tracking").contains(
                "$12 display_text $6 prefix $5 token $6 PREFIX $5 flags ~3 +optional +multiple +multiple_token "
            ))
        #expect(
            rig.run("COMMAND", "DOCS", "client|kill").contains(
                "$10 old-format $4 type $6 string $12 display_text $7 ip:port "))
    }

    /// Entries of the history are a version and a text, the versions never falling.
    @Test func histories() {
        for doc in CommandDoc.index(Wiring.features.flatMap(\.families)).values {
            let versions = doc.history.map { entry in
                entry.prefix { $0 != " " }.split(separator: ".").compactMap { Int($0) }
            }
            #expect(versions.allSatisfy { $0.count == 3 }, "\(doc.name)")
            #expect(doc.history.allSatisfy { $0.hasSuffix(".") && $0.contains(" ") }, "\(doc.name)")
            for (earlier, later) in zip(versions, versions.dropFirst()) {
                #expect(!later.lexicographicallyPrecedes(earlier), "\(doc.name)")
            }
        }
    }

    /// What was encoded once is answered again, to each protocol in its own form, whatever the first asker was like.
    @Test func answersAreEncodedOnce() {
        let fresh = { (words: [String], version: String) in
            let rig = Rig()
            rig.run("HELLO", version)
            return rig.run(words)
        }
        let rig = Rig()
        for words in [
            ["COMMAND"], ["COMMAND", "DOCS"], ["COMMAND", "DOCS", "get"], ["COMMAND", "INFO", "get", "x"],
        ] {
            rig.run(as: "muted", "CLIENT", "REPLY", "OFF")
            #expect(rig.run(as: "muted", words) == "")
            for version in ["2", "3", "2", "3"] {
                rig.run("HELLO", version)
                #expect(rig.run(words) == fresh(words, version), "\(words) \(version)")
            }
        }
    }

    // MARK: Descriptions

    @Test func infoReply() {
        let rig = Rig()
        let spec =
            "*6 $5 flags *2 +RO +access $12 begin_search *4 $4 type $5 index $4 spec *2 $5 index :1 "
            + "$9 find_keys *4 $4 type $5 range $4 spec *6 $7 lastkey :0 $7 keystep :1 $5 limit :0"
        let get = "*10 $3 get :2 *2 +readonly +fast :1 :1 :1 *3 +@read +@string +@fast *0 *1 \(spec) *0"
        #expect(rig.run("COMMAND", "INFO", "GET") == "*1 " + get)
        #expect(rig.run("COMMAND", "INFO", "nosuch", "get") == "*2 $-1 " + get)
        #expect(rig.run("COMMAND", "INFO", "client|ID").hasPrefix("*1 *10 $9 client|id :2 "))
        #expect(rig.run("COMMAND", "INFO", "client|nosuch") == "*1 $-1")
        for (name, note) in [
            ("set", "RW and ACCESS due to the optional `GET` argument"),
            ("getex", "RW and UPDATE because it changes the TTL"),
            ("bitfield", "This command allows both access and modification of the key"),
        ] {
            #expect(
                rig.run("COMMAND", "INFO", name).contains(" *1 *8 $5 notes $\(note.count) \(note) $5 flags *")
            )
        }
        #expect(rig.run("COMMAND", "INFO", "pubsub|help").contains(" :0 :0 :0 *1 +@slow *0 "))
        let count = rig.run("COMMAND", "COUNT")
        #expect(count == ":\(table.topLevel.count)")
        #expect(rig.run("COMMAND").hasPrefix("*\(table.topLevel.count) *10 "))
        #expect(rig.run("COMMAND", "INFO") == rig.run("COMMAND"))
        rig.run("HELLO", "3")
        #expect(rig.run("COMMAND", "INFO", "nosuch") == "*1 _")
    }

    @Test(arguments: [
        ("", [0, 0, 0]), ("idx1+range(0,1,0)[RO]", [1, 1, 1]), ("idx1+range(-1,2,0)[OW]", [1, -1, 2]),
        ("idx1+range(-2,1,0)[RW]", [1, -2, 1]), ("idx1+range(0,1,0)[RW] ; idx2+range(0,1,0)[RW]", [1, 2, 1]),
        ("idx1+range(0,1,0)[OW] ; idx2+range(-1,1,0)[RO]", [1, -1, 1]),
        ("idx1+range(0,1,0)[OW] ; idx2+keynum(0,1,1)[RO]", [1, 1, 1]), ("idx1+keynum(0,1,1)[RO]", [0, 0, 0]),
        ("kw:STREAMS@1+range(-1,1,2)[RO access]", [0, 0, 0]),
        ("idx3+range(0,1,0)[RW] ; kw:KEYS@-2+range(-1,1,0)[RW incomplete]", [3, 3, 1]),
    ])
    func firstLastStep(_ text: String, _ numbers: [Int]) {
        let range = KeySpec.legacyRange(KeySpec.parse(text))
        #expect([range.first, range.last, range.step] == numbers)
    }

    @Test(arguments: [
        ("idx1+range(0,1,0)[RO]", "GET a", [1]), ("idx1+range(-1,2,0)[OW]", "MSET a 1 b 2", [1, 3]),
        ("idx1+range(-1,2,0)[OW]", "MSET a 1 b", [1, 3]), ("idx1+range(-2,1,0)[RW]", "BLPOP a b 0", [1, 2]),
        ("idx1+range(1,1,0)[RW]", "X a b c", [1, 2]),
        ("idx1+keynum(0,1,1)[RO]", "SINTERCARD 2 a b LIMIT 1", [2, 3]),
        ("idx1+keynum(0,1,2)[OW]", "MSETEX 2 a 1 b 2 NX", [2, 4]),
        ("kw:STREAMS@1+range(-1,1,2)[RO]", "XREAD COUNT 1 streams a b 0 0", [4, 5]),
        ("kw:KEYS@-2+range(-1,1,0)[RW]", "MIGRATE h p k 0 1 KEYS a b", [7, 8]),
        ("kw:KEYS@-2+range(-1,1,0)[RW]", "MIGRATE h p k 0 1", []),
        ("unknown+unknown[RO]", "SORT a BY b", []),
    ])
    func keysOfACall(_ spec: String, _ call: String, _ indexes: [Int]) {
        withArguments(call) { args in #expect(KeySpec.parse(spec)[0].indexes(args) == indexes) }
    }

    @Test(arguments: [
        ("idx1+keynum(0,1,1)[RO]", "SINTERCARD x a"), ("idx1+keynum(0,1,1)[RO]", "SINTERCARD 0 a"),
        ("idx1+keynum(0,1,1)[RO]", "SINTERCARD -1 a"), ("idx1+keynum(0,1,1)[RO]", "SINTERCARD 2 a"),
        ("idx1+keynum(0,1,1)[RO]", "SINTERCARD 9223372036854775807 a"),
        ("idx1+keynum(0,1,2)[RO]", "MSETEX 3 a 1 b 2"), ("idx1+keynum(0,1,1)[RO]", "SINTERCARD"),
        ("idx3+range(0,1,0)[RO]", "A b"), ("idx1+range(1,1,0)[RW]", "X a"),
        ("idx1+range(-2,1,0)[RW]", "BLPOP a"),
        ("kw:STREAMS@1+range(-1,1,2)[RO]", "XREAD STREAMS"),
    ])
    func malformedCalls(_ spec: String, _ call: String) {
        withArguments(call) { args in #expect(KeySpec.parse(spec)[0].indexes(args) == nil) }
    }

    private func withArguments(_ call: String, _ body: (Arguments) -> Void) {
        let rig = Rig(withTwin: false)
        let list = ArgumentList(rig.engine.keys.heap)
        let words = call.split(separator: " ").map { Array($0.utf8) }
        func lay(_ index: Int) {
            if index == words.count { return body(list.arguments) }
            words[index].withView {
                list.append($0)
                lay(index + 1)
            }
        }
        lay(0)
        list.reset()
    }

    @Test func getKeys() {
        let rig = Rig()
        #expect(rig.run("COMMAND", "GETKEYS", "SINTERCARD", "2", "a", "b") == "*2 $1 a $1 b")
        #expect(rig.run("COMMAND", "GETKEYS", "SMOVE", "a", "b", "c") == "*2 $1 a $1 b")
        #expect(rig.run("COMMAND", "GETKEYS", "OBJECT", "ENCODING", "k") == "*1 $1 k")
        #expect(
            rig.run("COMMAND", "GETKEYSANDFLAGS", "SMOVE", "a", "b", "c")
                == "*2 *2 $1 a *3 +RW +access +delete *2 $1 b *2 +RW +insert")
        // What SET does to its key depends on its options.
        for (options, flags) in [
            ([], "*2 +OW +update"), (["nx", "get"], "*3 +RW +access +update"),
            (["IFEQ", "old"], "*2 +OW +update"), (["EX", "10"], "*2 +OW +update"),
        ] {
            #expect(
                rig.run(["COMMAND", "GETKEYSANDFLAGS", "SET", "k", "get"] + options) == "*1 *2 $1 k " + flags)
        }
        // BITFIELD may be called without anything that writes.
        for (steps, flags) in [
            ([], "*2 +RO +access"), (["GET", "u8", "0"], "*2 +RO +access"),
            (["OVERFLOW", "FAIL"], "*2 +RO +access"),
            (["get", "u8", "0", "INCRBY", "u8", "0", "1"], "*3 +RW +access +update"),
            (["SET", "u8", "0", "1"], "*3 +RW +access +update"), (["GET", "u8"], "*3 +RW +access +update"),
        ] {
            #expect(
                rig.run(["COMMAND", "GETKEYSANDFLAGS", "BITFIELD", "k"] + steps) == "*1 *2 $1 k " + flags,
                "\(steps)")
        }
        for (words, text) in [
            (["SINTERCARD", "x", "a"], "Invalid arguments specified for command"),
            (["SINTERCARD", "3", "a"], "Invalid arguments specified for command"),
            (["GET"], "Invalid number of arguments specified for command"),
            (["NOSUCH", "a"], "Invalid command specified"),
            (["OBJECT", "nosuch", "k"], "Invalid command specified"),
            (["PING"], "The command has no key arguments"), (["CONFIG"], "The command has no key arguments"),
        ] {
            #expect(rig.run(["COMMAND", "GETKEYS"] + words) == "-ERR " + text)
        }
    }

    @Test func lists() {
        let rig = Rig()
        #expect(rig.run("COMMAND", "LIST").hasPrefix("*\(table.commands.count) $4 info "))
        #expect(rig.run("COMMAND", "LIST", "FILTERBY", "PATTERN", "DBS*") == "*1 $6 dbsize")
        #expect(rig.run("COMMAND", "LIST", "FILTERBY", "MODULE", "x") == "*0")
        #expect(rig.run("COMMAND", "LIST", "FILTERBY", "ACLCAT", "nosuch") == "*0")
        #expect(rig.run("COMMAND", "LIST", "FILTERBY", "ACLCAT", "transaction").hasPrefix("*5 $5 multi "))
        for bad in [["FOO"], ["FILTERBY", "FOO", "x"], ["FILTERBY", "PATTERN"], ["FOO", "PATTERN", "x"]] {
            #expect(rig.run(["COMMAND", "LIST"] + bad) == "-ERR syntax error")
        }
        #expect(rig.run("COMMAND", "NOSUCH") == "-ERR unknown subcommand 'NOSUCH'. Try COMMAND HELP.")
    }
}
