// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]
enum HScan: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard let cursor = args[2].unsignedInteger else { throw .invalidCursor }
        let found = keys.read(args[1])
        // A missing key answers before the options are looked at, as it does in Redis.
        guard found.exists else { return reply.emptyScan() }
        try found.require(.hash)
        let options = try ScanOptions(args, from: 3, .noValues)
        let withValues = !options.isBare
        // The cursor stands in front of the fields but is known after them, so these wait: names are copied, because
        // they may be printed for the visit only; values lie in the store until the next edit.
        var names = MemberPage()
        var values: [FieldValue] = []
        let next = HashView(found.value, keys).scan(cursor, count: options.count) { name, value, _ in
            guard options.selects(name) else { return }
            names.append(name)
            if withValues { values.append(value) }
        }
        reply.array(2)
        reply.bulk(String(next))
        reply.array(withValues ? names.count * 2 : names.count)
        var at = 0
        names.forEach { name in
            reply.bulk(name)
            if withValues { reply.bulk(values[at]) }
            at += 1
        }
    }
}
