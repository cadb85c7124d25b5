// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands that take values out and bring them in, in the form that RDB files have.
enum Dumping {
    /// The rows of the command table.
    static let commands: [Command] = [
        Command(
            "DUMP", arity: 2, [.readonly], .generic, acl: "@keyspace", keys: "idx1+range(0,1,0)[RO access]",
            tips: "nondeterministic_output", Dump.self),
        Command(
            "RESTORE", arity: -4, [.write, .denyoom], .generic, acl: "@keyspace @dangerous",
            keys: "idx1+range(0,1,0)[OW update]", Restore.self),
        Command(
            "RESTORE-ASKING", arity: -4, [.write, .denyoom, .asking], .server, acl: "@keyspace @dangerous",
            keys: "idx1+range(0,1,0)[OW update]", Restore.self),
    ]

    private static let options =
        "key ttl:integer serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds:integer] [FREQ frequency:integer]"
    private static let history = [
        "3.0.0 The option `REPLACE`.", "5.0.0 The options `ABSTTL`, `IDLETIME` and `FREQ`.",
    ]

    static let family = Family(
        commands: commands,
        docs: [
            CommandDoc(
                "DUMP", "The value of a key in a form that RESTORE takes.", since: "2.6.0",
                "O(N), N bytes of the value", "key"),
            CommandDoc(
                "RESTORE", "Makes a key from what DUMP gave.", since: "2.6.0",
                "O(N), N bytes of the value, more by a logarithm for sorted sets", options, history: history),
            CommandDoc(
                "RESTORE-ASKING", "RESTORE for a slot that is being imported.", since: "3.0.0",
                "O(N), N bytes of the value, more by a logarithm for sorted sets", options, isInternal: true,
                history: history),
        ])
}

/// DUMP key
enum Dump: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        guard found.exists else { return reply.null() }
        let part = call.engine.part(PersistencePart.self)
        let bytes = Payload.bytes(
            found, keys, part.settings.wantedVersion, compresses: part.settings.compresses, part.checksums)
        guard let bytes else {
            throw call.refusal("ERR RDB version \(part.settings.version) cannot hold the value of the key")
        }
        bytes.withView { reply.bulk($0) }
    }
}

/// RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]
enum Restore: Handler {
    private struct Options {
        var replaces = false
        var isAbsolute = false
        var idleSeconds: Int64?
        var frequency: Int64?

        init(_ args: Arguments) throws(Refusal) {
            var index = 4
            while index < args.count {
                let hasMore = index + 1 < args.count
                if args[index].matches("REPLACE") {
                    replaces = true
                } else if args[index].matches("ABSTTL") {
                    isAbsolute = true
                } else if args[index].matches("IDLETIME"), hasMore, frequency == nil {
                    let seconds = try args.integer(index + 1)
                    guard seconds >= 0 else { throw .custom("ERR Invalid IDLETIME value, must be >= 0") }
                    idleSeconds = seconds
                    index += 1
                } else if args[index].matches("FREQ"), hasMore, idleSeconds == nil {
                    let count = try args.integer(index + 1)
                    guard 0...255 ~= count else {
                        throw .custom("ERR Invalid FREQ value, must be >= 0 and <= 255")
                    }
                    frequency = count
                    index += 1
                } else {
                    throw .syntax
                }
                index += 1
            }
        }
    }

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let options = try Options(args)
        if !options.replaces, keys.locate(args[1]).exists {
            throw .custom("BUSYKEY Target key name already exists.")
        }
        let deadline = try deadline(args, options, keys)
        let value = try value(args[3], call, keys)
        let old = keys.locate(args[1])
        if let deadline, keys.isOverdue(deadline) {
            // What is restored is dead: only what it was to replace goes.
            if old.exists {
                keys.delete(old)
                call.propagate("DEL", args[1])
            }
            return reply.ok()
        }
        if old.exists { keys.clear(old) }
        var edit = keys.edit(keys.peek(args[1]))
        edit.setValue(value, keys)
        edit.setDeadline(deadline, keys)
        keys.setAccess(of: edit.value, idleSeconds: options.idleSeconds, frequency: options.frequency)
        edit.commit(.restore, keys)
        if let deadline, !options.isAbsolute { propagate(args, deadline, call, keys) }
        reply.ok()
    }

    /// When the key is to die; nil when it never does.
    private static func deadline(
        _ args: Arguments, _ options: Options, _ keys: Keyspace
    ) throws(Refusal) -> Int64? {
        let ttl = try args.integer(2)
        guard ttl >= 0 else { throw .custom("ERR Invalid TTL value, must be >= 0") }
        if ttl == 0 { return nil }
        if options.isAbsolute { return ttl }
        let (deadline, overflow) = ttl.addingReportingOverflow(keys.nowMs)
        guard !overflow else { throw .invalidExpire }
        return deadline
    }

    private static func value(
        _ payload: ByteView, _ call: Call, _ keys: Keyspace
    ) throws(Refusal) -> Restorer {
        let part = call.engine.part(PersistencePart.self)
        let version = try part.version(ofPayload: payload)
        do throws(RDBStop) {
            if let value = try Payload.restore(payload, version, keys) { return value }
        } catch {
            if part.damageLog.allows(keys.nowMs) {
                call.engine.host.log(
                    .warning, "Internal error in RDB reading: a payload of RESTORE: \(error.text)")
            }
            if case .unsupported(let reason) = error { throw call.refusal("ERR Bad data format: \(reason)") }
        }
        throw .custom("ERR Bad data format")
    }

    /// Whoever repeats the command later is told when the key dies, and not how long it has.
    private static func propagate(_ args: Arguments, _ deadline: Int64, _ call: Call, _ keys: Keyspace) {
        call.propagateNothing()
        let effects = keys.effects
        guard effects.isWanted else { return }
        effects.begin(args.count + 1, database: keys.current)
        for i in 0..<args.count {
            if i == 2 { effects.append(deadline) } else { effects.append(args[i], call.block(i)) }
        }
        effects.append(ByteView("ABSTTL"))
        effects.end()
    }
}

extension Event {
    /// A key was made from what another one had been.
    static var restore: Event { Event("restore", EventClass.generic) }
}

extension PersistencePart {
    /// The version of a payload that a client has given.
    /// - Throws: Redis's error where it is none that is read, or the checksum is wrong.
    func version(ofPayload payload: ByteView) throws(Refusal) -> RDBVersion {
        let isRelaxed = settings.versionCheck == "relaxed"
        let version =
            skipsChecksums
            ? Payload.uncheckedVersion(payload, relaxed: isRelaxed)
            : Payload.version(payload, relaxed: isRelaxed, checksums)
        guard let version else { throw .custom("ERR DUMP payload version or checksum are wrong") }
        return version
    }
}
