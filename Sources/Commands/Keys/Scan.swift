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
        let options = try Options(args)
        var matches: [Value] = []
        // Dead keys that would have been answered are deleted, as a read of them would do.
        var dead: [Value] = []
        let next = keys.scan(
            cursor, count: options.count,
            dead: { value in
                if options.accept(value, args) { dead.append(value) }
            },
            { value in
                if options.accept(value, args) { matches.append(value) }
            })
        reply.array(2)
        reply.bulk(Int64(next))
        reply.array(matches.count)
        for value in matches { reply.bulk(value.key) }
        for value in dead { keys.deleteDead(value) }
    }

    struct Options {
        var count = 10
        private var pattern: Glob?
        private var typeIndex: Int?

        init(_ args: Arguments) throws(Refusal) {
            var patternIndex: Int?
            var index = 2
            while index < args.count {
                guard index + 1 < args.count else { throw .syntax }
                if args[index].matches("COUNT") {
                    let number = try args.integer(index + 1)
                    guard number >= 1 else { throw .syntax }
                    count = Int(number)
                } else if args[index].matches("MATCH") {
                    patternIndex = index + 1
                } else if args[index].matches("TYPE") {
                    typeIndex = index + 1
                } else {
                    throw .syntax
                }
                index += 2
            }
            pattern = patternIndex.map { Glob(args[$0]) }
        }

        /// A type that does not exist matches nothing.
        func accept(_ value: Value, _ args: Arguments) -> Bool {
            if let pattern, !pattern.selects(value.key) { return false }
            guard let typeIndex else { return true }
            return args[typeIndex].equalsIgnoringCase(ByteView(value.type.name))
        }
    }
}
