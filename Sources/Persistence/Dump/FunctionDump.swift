// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// FUNCTION DUMP and RESTORE: libraries as snapshots hold them, with the version and a checksum behind.
enum FunctionDumping {
    private static let changing = "request_policy:all_shards response_policy:all_succeeded"

    /// The rows of the command table.
    static let commands: [Command] = [
        Command(
            extending: "FUNCTION", .scripting,
            [
                Command("DUMP", arity: 2, [.noscript], .scripting, FunctionDump.self),
                Command(
                    "RESTORE", arity: -3, [.write, .denyoom, .noscript], .scripting, tips: changing,
                    FunctionRestore.self),
            ])
    ]

    static let family = Family(
        commands: commands,
        docs: [
            CommandDoc(
                "FUNCTION|DUMP", "All libraries in a form that FUNCTION RESTORE takes.", since: "7.0.0",
                "O(N), N functions"),
            CommandDoc(
                "FUNCTION|RESTORE", "Takes in what FUNCTION DUMP gave.", since: "7.0.0", "O(N), N functions",
                "serialized-value [policy: FLUSH | APPEND | REPLACE]"),
        ])
}

/// FUNCTION DUMP
enum FunctionDump: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let part = call.engine.part(PersistencePart.self)
        let payload = Payload.bytes(
            libraries: part.functions, keys, part.settings.wantedVersion,
            compresses: part.settings.compresses,
            part.checksums)
        reply.bulk(payload)
    }
}

/// FUNCTION RESTORE serialized-value [FLUSH | APPEND | REPLACE]
enum FunctionRestore: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count <= 4 else {
            throw .custom(
                "ERR unknown subcommand or wrong number of arguments for 'restore'. Try FUNCTION HELP.")
        }
        let policy = try policy(args)
        let part = call.engine.part(PersistencePart.self)
        let payload = args[2]
        _ = try part.version(ofPayload: payload)
        let texts: [[UInt8]]
        do throws(RDBStop) {
            texts = try Payload.libraries(payload, keys)
        } catch {
            if case .unsupported(let reason) = error { throw call.refusal("ERR \(reason)") }
            throw .custom("ERR failed loading the given functions payload")
        }
        if let problem = call.engine.libraryKeeper?.takeLibraries(texts, policy) {
            throw call.refusal(problem)
        }
        keys.stats.dirty += 1
        call.propagateAlways()
        reply.ok()
    }

    private static func policy(_ args: Arguments) throws(Refusal) -> LibraryPolicy {
        if args.count == 3 || args[3].matches("APPEND") { return .append }
        if args[3].matches("REPLACE") { return .replace }
        if args[3].matches("FLUSH") { return .flush }
        throw .custom("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.")
    }
}

extension Payload {
    /// The payload of libraries.
    static func bytes(
        libraries: [[UInt8]], _ keys: Keyspace, _ wanted: RDBVersion?, compresses: Bool, _ checksums: CRC64
    ) -> [UInt8] {
        sealed(wanted ?? .functions, keys, compresses: compresses, checksums) { out in
            for library in libraries { library.withView { out.function($0) } }
        }
    }

    /// The texts of libraries in a payload whose version is known.
    static func libraries(_ payload: ByteView, _ keys: Keyspace) throws(RDBStop) -> [[UInt8]] {
        var input = RDBInput(body(payload), behind: 0, RDBScratch(keys.heap))
        var texts: [[UInt8]] = []
        while input.left > 0 {
            switch try input.byte() {
            case RDBOpcode.function: texts.append(try input.blob().array)
            case RDBOpcode.earlyFunction: throw .unsupported("Pre-GA function format not supported")
            default: throw .unsupported("given type is not a function")
            }
        }
        return texts
    }
}
