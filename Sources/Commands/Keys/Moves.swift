// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Commands that carry a value from one key to another. Only one edit may be open at a time, so they take, then put.

/// RENAME key newkey
enum Rename: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard keys.locate(args[1]).exists else { throw .noSuchKey }
        if args[1] != args[2] {
            let target = keys.locate(args[2])
            if target.exists { keys.clear(target) }
            move(args[1], args[2], keys)
        }
        reply.ok()
    }

    /// The target must be free.
    static func move(_ key: ByteView, _ newKey: ByteView, _ keys: Keyspace) {
        var from = keys.edit(keys.peek(key))
        let value = from.take(keys)
        from.commit(.none, changes: 0, keys)
        var to = keys.edit(keys.peek(newKey))
        to.put(value, keys)
        // Behind the event of a new key.
        keys.effects.event(.renameFrom, key, database: keys.current)
        to.commit(.renameTo, keys)
    }
}

/// RENAMENX key newkey
enum RenameNX: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard keys.locate(args[1]).exists else { throw .noSuchKey }
        guard args[1] != args[2], !keys.locate(args[2]).exists else { return reply.integer(0) }
        Rename.move(args[1], args[2], keys)
        reply.integer(1)
    }
}

/// MOVE key db
enum Move: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let database = try args.database(2, keys)
        guard database != keys.current else { throw .sameObject }
        guard keys.locate(args[1]).exists, !keys.peek(args[1], in: database).exists else {
            return reply.integer(0)
        }
        var from = keys.edit(keys.peek(args[1]))
        let value = from.take(keys)
        from.commit(.none, changes: 0, keys)
        var to = keys.edit(keys.peek(args[1], in: database))
        to.put(value, keys)
        keys.effects.event(.moveFrom, args[1], database: keys.current)
        to.commit(.moveTo, keys)
        reply.integer(1)
    }
}

/// COPY source destination [DB destination-db] [REPLACE]
enum Copy: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        var database = keys.current
        var replaces = false
        var index = 3
        while index < args.count {
            if args[index].matches("REPLACE") {
                replaces = true
            } else if args[index].matches("DB"), index + 1 < args.count {
                database = try args.database(index + 1, keys)
                index += 1
            } else {
                throw .syntax
            }
            index += 1
        }
        guard database != keys.current || args[1] != args[2] else { throw .sameObject }
        guard keys.read(args[1]).exists else { return reply.integer(0) }
        let target = keys.peek(args[2], in: database)
        if target.exists {
            guard replaces else { return reply.integer(0) }
            keys.clear(target)
        }
        let value = keys.copy(keys.peek(args[1]))
        var edit = keys.edit(keys.peek(args[2], in: database))
        edit.put(value, keys)
        edit.commit(.copyTo, keys)
        reply.integer(1)
    }
}

/// What happens to keys that go elsewhere.
extension Event {
    static var renameFrom: Event { Event("rename_from", EventClass.generic) }
    static var renameTo: Event { Event("rename_to", EventClass.generic) }
    static var moveFrom: Event { Event("move_from", EventClass.generic) }
    static var moveTo: Event { Event("move_to", EventClass.generic) }
    static var copyTo: Event { Event("copy_to", EventClass.generic) }
}
