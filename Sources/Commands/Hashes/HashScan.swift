// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]
enum HScan: Handler {
    private struct Options {
        var patternIndex: Int?
        var count = 10
        var withValues = true

        init(_ args: Arguments) throws(Refusal) {
            var at = 3
            while at < args.count {
                if args[at].matches("NOVALUES") {
                    withValues = false
                    at += 1
                    continue
                }
                guard at + 1 < args.count else { throw .syntax }
                if args[at].matches("COUNT") {
                    count = try args.integer(at + 1, in: 1...Int64.max, or: .syntax)
                } else if args[at].matches("MATCH") {
                    patternIndex = at + 1
                } else {
                    throw .syntax
                }
                at += 2
            }
        }
    }

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard let cursor = args[2].unsignedInteger else { throw .invalidCursor }
        let found = keys.read(args[1])
        // A missing key answers before the options are looked at, as it does in Redis.
        guard found.exists else {
            reply.array(2)
            reply.bulk("0")
            return reply.array(0)
        }
        try found.require(.hash)
        let options = try Options(args)
        let pattern = options.patternIndex.map { Glob(args[$0]) }
        // The cursor stands in front of the fields but is known after them, so these wait: names are copied, because
        // they may be printed for the visit only; values lie in the store until the next edit.
        var names = MemberPage()
        var values: [FieldValue] = []
        let next = HashView(found.value, keys).scan(cursor, count: options.count) { name, value, _ in
            if let pattern, !pattern.selects(name) { return }
            names.append(name)
            if options.withValues { values.append(value) }
        }
        reply.array(2)
        reply.bulk(String(next))
        reply.array(options.withValues ? names.count * 2 : names.count)
        var at = 0
        names.forEach { name in
            reply.bulk(name)
            if options.withValues { reply.bulk(values[at]) }
            at += 1
        }
    }
}
