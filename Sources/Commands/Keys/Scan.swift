// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// KEYS pattern
enum KeysCommand: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let pattern = Glob(args[1])
        let mark = reply.deferred()
        var count = 0
        keys.forEach { value in
            guard pattern.selects(value.key) else { return }
            reply.bulk(value.key)
            count += 1
        }
        reply.setArray(mark, count)
    }
}

/// SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]
enum Scan: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard let cursor = args[1].unsignedInteger else { throw .invalidCursor }
        let options = try ScanOptions(args, from: 2, .type)
        var matches: [Value] = []
        // Dead keys that would have been answered are deleted, as a read of them would do.
        var dead: [Value] = []
        let next = keys.scan(
            cursor, count: options.count,
            dead: { value in
                if accepts(value, options) { dead.append(value) }
            },
            { value in
                if accepts(value, options) { matches.append(value) }
            })
        reply.array(2)
        reply.bulk(Int64(next))
        reply.array(matches.count)
        for value in matches { reply.bulk(value.key) }
        for value in dead { keys.deleteDead(value) }
    }

    /// A type that does not exist matches nothing.
    private static func accepts(_ value: Value, _ options: ScanOptions) -> Bool {
        guard options.selects(value.key) else { return false }
        return options.type?.equalsIgnoringCase(ByteView(value.type.name)) ?? true
    }
}
