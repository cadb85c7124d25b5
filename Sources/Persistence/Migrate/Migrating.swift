// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// MIGRATE: keys go to another server, which takes them in as RESTORE does, and are deleted here when it has said so.
//
// *Who waits*. The client that asked, and, unless it was a copy, commands of others that may change one of these keys
// (`Engine.guardKey`). Everything else goes on: where Redis stands still until the other side has answered, here it is
// only these keys that do.
//
// *What is not lost*. A key is deleted here only if the other server has confirmed it, and if it is still what was sent: a
// ticket of WATCH's kind tells. A key that was changed all the same stays, and the client is told so. Whatever breaks,
// each key is here, or there, or in both places.

/// MIGRATE.
public enum Migrating {
    static let commands: [Command] = [
        Command(
            "MIGRATE", arity: -6, [.write, .movableKeys, .noMulti], .generic, acl: "@keyspace @dangerous",
            keys: """
                idx3+range(0,1,0)[RW access delete]; kw:KEYS@-2+range(-1,1,0)[RW access delete incomplete]
                """, tips: "nondeterministic_output", Migrate.self)
    ]

    private static let family = Family(
        commands: commands,
        docs: [
            CommandDoc(
                "MIGRATE", "Moves keys to another server.", since: "2.6.0",
                "O(N), N bytes of the values, here and there",
                """
                host port:integer key destination-db:integer timeout:integer [COPY] [REPLACE] \
                [AUTH password | AUTH2 username password] [KEYS key [key ...]]
                """,
                history: [
                    "3.0.0 The options `COPY` and `REPLACE`.", "3.0.6 The option `KEYS`.",
                    "4.0.7 The option `AUTH`.", "6.0.0 The option `AUTH2`.",
                ])
        ])

    /// The command, and the connections that it keeps.
    public static let feature = Feature(
        "migration", families: [family],
        info: [
            InfoSection("Stats") {
                $1.line("migrate_cached_sockets", $0.part(MigrationPart.self).cache.count)
            }
        ],
        works: [
            TurnWork(
                "migrate", behind: .timeouts,
                advice: "MIGRATE of large values takes time to write them down.",
                floor: 1, isDue: { $0.part(MigrationPart.self).isDue },
                run: { engine, _ in
                    engine.part(MigrationPart.self).work()
                    return false
                })
        ]
    ) { MigrationPart($0) }
}

/// What MIGRATE was asked for.
struct MigrationRequest {
    let host: ByteString
    /// Nil where no number of a port stands.
    let port: Int?
    let database: Int64
    let timeoutMs: Int64
    private(set) var copies = false
    private(set) var replaces = false
    private(set) var user: ByteString?
    private(set) var password: ByteString?
    /// The places of the keys among the arguments.
    private(set) var keys = 3..<4

    init(_ args: Arguments) throws(Refusal) {
        var copies = false
        var replaces = false
        var index = 6
        var keys = 3..<4
        while index < args.count {
            let more = args.count - 1 - index
            if args[index].matches("COPY") {
                copies = true
            } else if args[index].matches("REPLACE") {
                replaces = true
            } else if args[index].matches("AUTH") {
                guard more >= 1 else { throw .syntax }
                password = ByteString(args[index + 1])
                index += 1
            } else if args[index].matches("AUTH2") {
                guard more >= 2 else { throw .syntax }
                user = ByteString(args[index + 1])
                password = ByteString(args[index + 2])
                index += 2
            } else if args[index].matches("KEYS") {
                guard args[3].isEmpty else {
                    throw .custom(
                        "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"
                    )
                }
                keys = (index + 1)..<args.count
                index = args.count
            } else {
                throw .syntax
            }
            index += 1
        }
        let timeout = try args.integer(5)
        database = try args.integer(4)
        timeoutMs = timeout <= 0 ? 1000 : timeout
        host = ByteString(args[1])
        port = args[2].integer.flatMap { (0...65535).contains($0) ? Int($0) : nil }
        (self.copies, self.replaces, self.keys) = (copies, replaces, keys)
    }
}

/// MIGRATE host port key|"" destination-db timeout [COPY] [REPLACE] [AUTH password] [AUTH2 username password]
/// [KEYS key [key ...]]
enum Migrate: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let part = call.engine.part(MigrationPart.self)
        if let migration = part.migration(of: call.session) { return try goOn(migration, call, args, reply) }
        let request = try MigrationRequest(args)
        var names: [ByteString] = []
        for place in request.keys where keys.read(args[place]).exists {
            names.append(ByteString(args[place]))
        }
        guard !names.isEmpty else { return reply.simple("NOKEY") }
        guard call.mayWait else { throw .custom("ERR MIGRATE waits for another server: not from here") }
        guard let port = request.port else {
            throw .custom("IOERR error or timeout connecting to the client")
        }
        part.begin(Migration(request, port: port, names, call.session, call.engine), call.session)
        call.propagateNothing()
        call.wait(for: .migration, args, deadlineMs: nil)
    }

    private static func goOn(
        _ migration: Migration, _ call: Call, _ args: Arguments, _ reply: Reply
    ) throws(Refusal) {
        call.propagateNothing()
        guard migration.isOver else { return call.wait(for: .migration, args, deadlineMs: nil) }
        call.engine.part(MigrationPart.self).forget(migration)
        if let problem = migration.settle() { throw call.refusal(problem) }
        reply.ok()
    }
}
