// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// With MALLOC_STORE in the environment everything comes from plain malloc, as AddressSanitizer wants it: jemalloc's
/// operator new does not go with the sanitizer's free.
let usesPlainMalloc = Context.environment["MALLOC_STORE"] != nil

/// The commit that `make build` names, for `--version` and INFO. Only the one C target is built anew when it changes.
let commit: [CSetting] = {
    guard let text = Context.environment["NEEDLETAIL_COMMIT"] else { return [] }
    let digits = text.prefix { $0.isHexDigit }
    guard digits.count == 8 else { return [] }
    let isDirty = text.hasSuffix("+")
    return [.define("NT_COMMIT", to: "0x\(digits)"), .define("NT_COMMIT_DIRTY", to: isDirty ? "1" : "0")]
}()

/// Every target of the server is built alike: strict memory safety and all warnings are errors.
let house: [SwiftSetting] =
    [
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
        .enableExperimentalFeature("Lifetimes"),
        .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
    ] + (usesPlainMalloc ? [.define("MALLOC_STORE")] : [])

/// One library target of the house: its name is its folder.
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: house)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies)
}

/// What tests of commands stand on.
let rigged: [Target.Dependency] = [
    "Bytes", "RESP", "Containers", "Keyspace", "Engine", "Commands", "Operations", "Messaging",
    "Persistence", "EngineRig", "TestSupport",
]

let package = Package(
    name: "needletail",
    products: [.executable(name: "needletail", targets: ["needletail"])],
    targets: [
        .systemLibrary(name: "CLibUV", path: "CLibUV", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLZF", pkgConfig: "liblzf", providers: [.apt(["liblzf-dev"])]),
        .systemLibrary(
            name: "CLua", pkgConfig: "lua5.1",
            providers: [.apt(["liblua5.1-0-dev", "lua-cjson-dev", "lua-bitop-dev"])]),
        .target(
            name: "CScripting", dependencies: ["CLua", "CCrypto", "CShims"],
            // Only a module's importers link what its map names, and C is none. The libraries need the interpreter.
            linkerSettings: [
                .linkedLibrary("lua5.1-cjson"), .linkedLibrary("lua5.1-bitop"), .linkedLibrary("lua5.1"),
            ]),
        .target(
            name: "CShims", cSettings: commit,
            linkerSettings: usesPlainMalloc ? [] : [.linkedLibrary("jemalloc")]),
        library("Bytes", ["CShims"]),
        library("RESP", ["Bytes"]),
        library("Containers", ["Bytes", "CShims", "CLZF"]),
        library("Keyspace", ["Bytes", "Containers"]),
        library("Engine", ["Bytes", "RESP", "Containers", "Keyspace"]),
        library("Commands", ["Bytes", "RESP", "Containers", "Keyspace", "Engine"]),
        library("Operations", ["Bytes", "RESP", "Containers", "Keyspace", "Engine", "CCrypto"]),
        library("Messaging", ["Bytes", "RESP", "Containers", "Keyspace", "Engine"]),
        library(
            "Persistence", ["Bytes", "RESP", "Containers", "Keyspace", "Engine", "CLZF"]),
        library("Scripting", ["Bytes", "RESP", "Keyspace", "Engine", "CScripting"]),
        library("Loop", ["CLibUV", "CShims", "Bytes"]),
        library(
            "Server",
            [
                "Loop", "Bytes", "RESP", "Keyspace", "Engine", "Commands", "Operations", "Messaging",
                "Persistence", "Scripting", "CShims",
            ]),
        .executableTarget(
            name: "needletail", dependencies: ["Server"], swiftSettings: house,
            // The number that `--version` and INFO show.
            linkerSettings: [.unsafeFlags(["-Xlinker", "--build-id"])]),
        .target(
            name: "EngineRig", dependencies: ["Server", "Engine", "Commands", "Keyspace", "RESP", "Bytes"],
            path: "Tests/EngineRig"),
        tests("BytesTests", ["Bytes", "CShims", "CCrypto"]),
        tests("EngineTests", rigged),
        tests("CommandsTests", rigged),
        tests("OperationsTests", rigged),
        tests("MessagingTests", rigged),
        tests("PersistenceTests", rigged),
        tests("ScriptingTests", rigged + ["Scripting"]),
        .target(name: "TestSupport", path: "Tests/TestSupport"),
        tests("HouseTests", ["TestSupport"]),
        tests("EndToEndTests", ["TestSupport", "needletail"]),
        tests(
            "ServerTests",
            ["Server", "Engine", "Operations", "Keyspace", "RESP", "Bytes", "Loop", "TestSupport"]),
        tests("LoopTests", ["Bytes", "Loop", "TestSupport"]),
        tests("ContainersTests", ["Bytes", "Containers"]),
        .target(name: "CBench", path: "Tests/CBench"),
        .executableTarget(name: "Bench", dependencies: ["CBench"], path: "Tests/Bench"),
        // The bench's zero: what kernel, libuv and the protocol cost.
        .executableTarget(name: "ConstantReply", dependencies: ["CLibUV"], path: "Tests/ConstantReply"),
        tests("KeyspaceTests", ["Bytes", "Containers", "Keyspace"]),
        tests("RESPTests", ["Bytes", "RESP", "Engine", "Keyspace", "EngineRig"]),
        .executableTarget(
            name: "Fuzz", dependencies: ["Bytes", "RESP", "Keyspace", "Engine", "Messaging", "EngineRig"],
            path: "Tests/Fuzz"),
    ],
    swiftLanguageModes: [.v6]
)
