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

let package = Package(
    name: "needletail",
    products: [.executable(name: "needletail", targets: ["needletail"])],
    targets: [
        .systemLibrary(name: "CLibUV", path: "CLibUV", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLZF", pkgConfig: "liblzf", providers: [.apt(["liblzf-dev"])]),
        .target(
            name: "CShims", cSettings: commit,
            linkerSettings: usesPlainMalloc ? [] : [.linkedLibrary("jemalloc")]),
        library("Bytes", ["CShims"]),
        library("RESP", ["Bytes"]),
        library("Containers", ["Bytes", "CShims", "CLZF"]),
        library("Keyspace", ["Bytes", "Containers"]),
        library("Commands", ["Bytes", "RESP", "Containers", "Keyspace", "CCrypto"]),
        library("Loop", ["CLibUV", "CShims", "Bytes"]),
        library("Server", ["Loop", "Bytes", "RESP", "Keyspace", "Commands", "CShims"]),
        .executableTarget(
            name: "needletail", dependencies: ["Server"], swiftSettings: house,
            // The number that `--version` and INFO show.
            linkerSettings: [.unsafeFlags(["-Xlinker", "--build-id"])]),
        .target(
            name: "EngineRig", dependencies: ["Commands", "Keyspace", "RESP", "Bytes"],
            path: "Tests/EngineRig"),
        tests("BytesTests", ["Bytes", "CShims", "CCrypto"]),
        tests("CommandsTests", ["Commands", "Keyspace", "RESP", "Bytes", "EngineRig", "TestSupport"]),
        .target(name: "TestSupport", path: "Tests/TestSupport"),
        tests("HouseTests", ["TestSupport"]),
        tests("EndToEndTests", ["TestSupport", "needletail"]),
        tests("ServerTests", ["Server", "Commands", "Loop", "TestSupport"]),
        tests("ContainersTests", ["Bytes", "Containers"]),
        .executableTarget(name: "Bench", path: "Tests/Bench"),
        tests("KeyspaceTests", ["Bytes", "Containers", "Keyspace"]),
        tests("RESPTests", ["Bytes", "RESP", "Commands", "Keyspace", "EngineRig"]),
        .executableTarget(
            name: "Fuzz", dependencies: ["Bytes", "RESP", "Keyspace", "Commands", "EngineRig"],
            path: "Tests/Fuzz"),
    ],
    swiftLanguageModes: [.v6]
)
