// SPDX-License-Identifier: Apache-2.0
// Each rule is shown something that breaks it and something close by that does not.

import Testing

private func swift(_ path: String, _ text: String) -> SourceFile { SourceFile(path: path, text: text) }

@Suite struct RuleTests {
    private let allowed: [String: Set<String>] = ["Commands": ["Bytes"], "Server": ["Loop", "Commands"]]

    @Test(arguments: [
        "import Loop", "@_exported import Loop", "public import Loop", "import struct Loop.Timer",
        "import Bytes; import Loop", "#if DEBUG\n  @testable import Loop\n#endif", "import Foundation",
        "import Dispatch",
    ])
    func aForbiddenImportIsFound(_ text: String) {
        let file = swift("Sources/Commands/Strings/Get.swift", text)
        #expect(Rules.checkImports(file, allowed: allowed).count == 1)
    }

    @Test func anAllowedImportPasses() {
        #expect(Rules.checkImports(swift("Sources/Server/Turn.swift", "import Loop"), allowed: allowed) == [])
        let quoted =
            "import Bytes\n// import Loop\n/* import Loop /* nested */ import Loop */\nlet a = \"import Loop\""
        #expect(Rules.checkImports(swift("Sources/Commands/A.swift", quoted), allowed: allowed) == [])
        #expect(Rules.checkImports(swift("Tests/A/A.swift", "import Foundation"), allowed: allowed) == [])
    }

    @Test func aTargetWithoutARowIsFound() {
        #expect(Rules.checkImports(swift("Sources/New/A.swift", ""), allowed: allowed).count == 1)
    }

    @Test(arguments: [
        "let a = unsafe b.load()", "let a = Address(bits: 1)", "func f(a: Address)",
        "let a: UnsafeRawPointer",
        "withUnsafeBytes(of: &a) { _ in }", "@unsafe struct A {}", "let text = \"\\(unsafe a.load())\"",
        "let a = b.unsafelyUnwrapped", "value.entry.setU8(0, 1)",
    ])
    func dangerWithoutLicenceIsFound(_ text: String) {
        let file = swift("Sources/Commands/A.swift", text)
        #expect(Rules.checkDanger(file, licences: [Licence(path: "Sources/Bytes/", reason: "")]).count == 1)
        #expect(
            Rules.checkDanger(file, licences: [Licence(path: "Sources/Commands/B.swift", reason: "")]).count
                == 1)
    }

    @Test func bytesThatBecomeAStringAreFound() {
        let found = ["String(decoding: a, as: UTF8.self)", "let b = unsafe String(cString: a)"]
        for text in found {
            let file = swift("Sources/Commands/A.swift", text)
            #expect(Rules.checkDecoding(file, licences: []).count == 1)
            #expect(Rules.checkDecoding(file, licences: [Licence(path: file.path, reason: "")]) == [])
        }
        for text in ["ByteString(cString: a)", "String(a)", "// String(decoding: a, as: UTF8.self)"] {
            #expect(Rules.checkDecoding(swift("Sources/Commands/A.swift", text), licences: []) == [])
        }
    }

    @Test func dangerUnderALicencePasses() {
        let text = "let a = unsafe b.load()"
        let licences = [
            Licence(path: "Sources/Bytes/", reason: ""), Licence(path: "Sources/K/E.swift", reason: ""),
        ]
        #expect(Rules.checkDanger(swift("Sources/Bytes/A.swift", text), licences: licences) == [])
        #expect(Rules.checkDanger(swift("Sources/K/E.swift", text), licences: licences) == [])
        let harmless = "// unsafe, an Address\nlet socketAddress = \"unsafe Address\""
        #expect(Rules.checkDanger(swift("Sources/Commands/A.swift", harmless), licences: []) == [])
    }

    @Test func anIdleLicenceIsFound() {
        let files = [swift("Sources/Bytes/A.swift", "let a = unsafe b.load()")]
        let good = Licence(path: "Sources/Bytes/", reason: "The spans live in here.")
        #expect(Rules.checkLicences([good], files) == [])
        #expect(Rules.checkLicences([Licence(path: "Sources/B/", reason: good.reason)], files).count == 1)
        #expect(Rules.checkLicences([Licence(path: "Sources/Bytes/", reason: "speed")], files).count == 1)
    }

    @Test(arguments: [
        "var count = 0", "public var count: Int = 0", "enum A { static var count = 0 }",
        "var count: [Int: Int]\n",
        "class A { class var count: Int = 0 }", "extension A { public static var count: Int? }",
        "struct A { func f() {}\n static private(set) var a = 1 }", "nonisolated(unsafe) let a = B()",
        "var count = 0 { didSet {} }", "struct A { struct B {} ; @MainActor static var a = 1 }",
    ])
    func processWideStateIsFound(_ text: String) {
        #expect(Rules.checkState(swift("Sources/Commands/A.swift", text)).count == 1)
    }

    @Test(arguments: [
        "let a = 0", "struct A { var a = 0 }", "func f() { var a = 0 }", "var a: Int { 1 }",
        "enum A { static var a: Int { 1 } }", "enum A { static let a = 1 }", "// var a = 0",
        "let a = { () -> Int in var b = 1; b += 1; return b }()", "protocol A { static var a: Int { get } }",
        "struct A { static func f() { var a = 1 } }", "struct A { init() { var a = 1 } }",
        "struct A { static subscript(i: Int) -> Int { var a = i; return a } }",
        "enum A { case b, c\n static var all: [A: (Int, Int)] {\n [:] } }",
    ])
    func ownedStatePasses(_ text: String) {
        #expect(Rules.checkState(swift("Sources/Commands/A.swift", text)) == [])
    }

    @Test func aMissingLicenceLineIsFound() {
        let line = "// SPDX-License-Identifier: Apache-2.0"
        #expect(Rules.checkHeader(swift("a.swift", "\(line)\nimport Bytes")) == [])
        #expect(Rules.checkHeader(swift("a.swift", "// swift-tools-version: 6.2\n\(line)\n")) == [])
        #expect(Rules.checkHeader(swift("a.sh", "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n")) == [])
        #expect(Rules.checkHeader(swift("a.swift", "import Bytes\n\(line)")).count == 1)
        #expect(Rules.checkHeader(swift("a.swift", "")).count == 1)
        #expect(Rules.checkHeader(swift("a.swift", line + " WITH exceptions")).count == 1)
    }

    @Test func aLongFileIsFound() {
        let lines = { String(repeating: "let a = 1\n", count: $0) }
        #expect(Rules.checkFileLength(swift("a.swift", lines(500)), exceptions: []) == [])
        let long = swift("a.swift", lines(501))
        #expect(Rules.checkFileLength(long, exceptions: []).count == 1)
        #expect(Rules.checkFileLength(long, exceptions: [Licence(path: "a.swift", reason: "")]) == [])
    }

    @Test(arguments: [
        ("func f() {\n", "}"), ("struct A { init() {\n", "}}"),
        ("struct A { static func + (a: A, b: A) {\n", "}}"),
        ("struct A { var a: Int {\n", "} }"), ("struct A { deinit {\n", "}\n}"),
        ("func f<T: ~Copyable>(_ g: () -> Void = { }) throws(E) -> [Int] where T: P {\n", "}"),
    ])
    func aLongFunctionIsFound(_ opening: String, _ closing: String) {
        let body = { (count: Int) in String(repeating: "if true { g(\"}\") } // }\n", count: count) }
        #expect(
            Rules.checkFunctionLength(swift("a.swift", opening + body(68) + closing), exceptions: []) == [])
        let long = swift("a.swift", opening + body(70) + closing)
        #expect(Rules.checkFunctionLength(long, exceptions: []).count == 1)
    }

    @Test func anExceptionIsUsedAndReasoned() {
        let text = "func f() {\n" + String(repeating: "g()\n", count: 70) + "}"
        let findings = Rules.checkFunctionLength(swift("a.swift", text), exceptions: [])
        let good = Licence(path: "a.swift#f", reason: "A table of every case.")
        #expect(Rules.checkFunctionLength(swift("a.swift", text), exceptions: [good]) == [])
        #expect(Rules.checkExceptions([good], findings) == [])
        #expect(Rules.checkExceptions([Licence(path: "a.swift#f", reason: "long")], findings).count == 1)
        #expect(Rules.checkExceptions([Licence(path: "a.swift#g", reason: good.reason)], findings).count == 1)
    }

    @Test(arguments: [
        "// TODO later", "// a stub", "Fixme: x", "/* xxx */", "not implemented", "see /root/main",
        "(issue #3)",
        "let placeholder = 1",
    ])
    func aBannedWordIsFound(_ text: String) {
        #expect(Rules.checkWords(swift("Sources/A/A.swift", text)).count == 1)
    }

    @Test func wordsThatOnlyContainABannedOnePass() {
        let text = "stubborn XXXL mastodon todos hacksaw \"XX\" NX|XX network/working"
        #expect(Rules.checkWords(swift("Sources/A/A.swift", text)) == [])
    }

    @Test func aSecondRowIsFound() {
        let row = "    Command(\"GETEX\", arity: -2, flags: [.write]),\n"
        let first = swift("Sources/Commands/Strings/Get.swift", row + "    Command(\"GET\", arity: 2)")
        #expect(Rules.commandRows(of: [first]).map(\.name) == ["GETEX", "GET"])
        #expect(Rules.checkCommandRows([first]) == [])
        #expect(Rules.checkCommandRows([first, swift("Sources/Commands/Other.swift", row)]).count == 1)
        #expect(Rules.checkCommandRows([first, swift("Tests/A/Other.swift", row)]) == [])
        #expect(Rules.checkCommandRows([swift("Sources/A/A.swift", "Command(\"get\", arity: 2)")]).count == 1)
        let broken = swift("Sources/A/B.swift", "[\n    Command(\n        \"GETEX\", arity: 2),\n]")
        #expect(Rules.commandRows(of: [broken]).map(\.line) == [2])
        #expect(Rules.checkCommandRows([first, broken]).count == 1)
    }

    @Test func subcommandsBelongToTheirContainer() {
        let inside = """
            enum Config { static let commands: [Command] = [
                Command(container: "CONFIG", arity: -2, .server, [
                    Command("GET", arity: -3), Command("SET", arity: -4, keys: "a(b"),
                ]),
                Command("GET", arity: 2),
                Command(container: "CLIENT", arity: -2, .connection, Client.commands),
            ] }
            """
        let elsewhere = "enum Client {\n static let commands: [Command] = [Command(\"GET\", arity: 2)]\n}"
        let files = [swift("Sources/A/A.swift", inside), swift("Sources/A/B.swift", elsewhere)]
        let expected = ["CONFIG", "CONFIG|GET", "CONFIG|SET", "GET", "CLIENT", "CLIENT|GET"]
        #expect(Rules.commandRows(of: files).map(\.name) == expected)
        #expect(Rules.checkCommandRows(files) == [])
        let again = swift(
            "Sources/A/C.swift", "extension Client { static let more = [Command(\"GET\", arity: 3)] }")
        #expect(Rules.checkCommandRows(files + [again]).count == 1)
    }

    @Test func propagationOfAStrangerIsFound() {
        let rows = swift("Sources/Commands/Keys.swift", "Command(\"DEL\", arity: -2)")
        let known = swift(
            "Sources/Keyspace/A.swift", "effects.command(\"DEL\", key)\ncall.propagate(\"DEL\", key)")
        #expect(Rules.checkPropagation([rows, known]) == [])
        let strange = swift("Sources/Commands/A.swift", "call.propagate(\n\"DELETE\", key)")
        #expect(Rules.checkPropagation([rows, strange]).count == 1)
    }

    @Test(arguments: [
        "public struct A {}", "// A.\npublic enum A {}", "/// A.\n\npublic enum A {}",
        "/// A.\npublic struct A {\n    public init(b: Int) {}\n}",
        "/// A.\n@frozen public struct A {\n    @inlinable public var b: Int { 1 }\n}",
        "/// A.\npublic struct A {\n    /// B.\n    public var b = 1\n\n    public var c = 1\n}",
        "/// A.\npublic struct A {\n    /// B.\n    public var b: Int {\n        1\n    }\n    public var c = 1\n}",
        "/// A.\npublic protocol A {\n    func b()\n}",
        "/// A.\nprotocol A {\n    /// B.\n    func b()\n}\npublic func b() {}",
        "extension A {\n    #if DEBUG\n        public static func + (a: A, b: A) -> A { a }\n    #endif\n}",
    ])
    func whatIsPublicAndUnexplainedIsFound(_ text: String) {
        #expect(Rules.checkDocumentation([swift("Sources/Bytes/A.swift", text)]).count == 1)
        #expect(Rules.checkDocumentation([swift("Tests/Bytes/A.swift", text)]) == [])
    }

    @Test(arguments: [
        "struct A {\n    let b = 1\n    func c() {}\n}\npublic extension A {}\npublic import Bytes",
        "/// A.\n@safe @frozen\n@unsafe(b)\npublic struct A {}",
        "/// A.\n#if DEBUG\n    public func a() {}\n#endif",
        "/// A and b.\npublic let a = 1\npublic let b: [Int] = [1]\npublic func c() { d() }",
        "extension A {\n    public init() {}\n    public static func == (a: A, b: A) -> Bool { true }\n}",
        "extension A {\n    public override func b() {}\n    public var description: String { \"\" }\n}",
    ])
    func whatIsExplainedPasses(_ text: String) {
        #expect(Rules.checkDocumentation([swift("Sources/Bytes/A.swift", text)]) == [])
    }

    /// The comment of a protocol's requirement serves whoever adopts it, in whatever file, also by way of another.
    @Test func aWitnessNeedsNoComment() {
        let asked = swift(
            "Sources/Bytes/A.swift",
            "/// A.\npublic protocol A: B {\n    /// C.\n    func c()\n}\nextension A {\n    public func c() {}\n}"
        )
        let base = swift(
            "Sources/Bytes/B.swift", "/// B.\npublic protocol B {\n    /// D.\n    var d: Int { get }\n}")
        let adopter = swift("Sources/RESP/E.swift", "final class E<T>: F,\n    A\n{\n    let g = 1\n}")
        let text =
            "extension E {\n    public func c() {}\n    public var d: Int { 1 }\n    public func e() {}\n}"
        let witness = swift("Sources/RESP/E+C.swift", text)
        #expect(Rules.checkDocumentation([asked, base, adopter, witness]).map(\.line) == [4])
        #expect(Rules.checkDocumentation([asked, base, witness]).count == 3)
    }

    @Test func aStrayFileIsFound() {
        let manifest = """
            .systemLibrary(name: "CLibUV", path: "CLibUV", pkgConfig: "libuv"),
            library("Bytes", []),
            tests("BytesTests", ["Bytes"]),
            .executableTarget(
                name: "Bench", dependencies: ["Bytes"],
                path: "Tests/Bench"),
            """
        let paths = [
            "CLibUV/shim.h", "Sources/Bytes/Deep/A.swift", "Tests/BytesTests/A.swift",
            "Tests/Bench/main.swift",
            "Package.swift",
        ]
        #expect(Rules.checkTargets(manifest: manifest, paths: paths) == [])
        #expect(Rules.checkTargets(manifest: manifest, paths: paths + ["Sources/A.swift"]).count == 1)
        #expect(Rules.checkTargets(manifest: manifest, paths: paths + ["Sources/Byte/A.swift"]).count == 1)
        #expect(
            Rules.checkTargets(manifest: manifest, paths: paths.filter { $0 != "CLibUV/shim.h" }).count == 1)
    }

    @Test func aStrayEntryIsFound() {
        #expect(Rules.checkTopLevel(["Package.swift", "Sources/A/A.swift", ".gitignore", ".ci/run"]) == [])
        #expect(
            Rules.checkTopLevel(["notes.txt", "scripts/a.sh", "scripts/b.sh"]).map(\.path) == [
                "notes.txt", "scripts",
            ])
    }

    @Test func tokensSurviveStrings() {
        let source = ##"let a = #"\" unsafe "# + """\#n " unsafe \(b("}"))\#n""" + "\\" ; c"##
        let words = Tokenizer.tokens(of: source).map(\.text).filter { $0 != "\"\"" }
        #expect(words.joined(separator: " ") == "let a = + b ( ) + ; c")
    }
}
