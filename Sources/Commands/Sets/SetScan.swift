// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// SSCAN key cursor [MATCH pattern] [COUNT count]
enum SScan: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard let cursor = args[2].unsignedInteger else { throw .invalidCursor }
        let found = keys.read(args[1])
        guard found.exists else { return reply.emptyScan() }
        try found.require(.set)
        let options = try ScanOptions(args, from: 3, .none)
        let set = SetView(found.value, keys)
        // The cursor stands in front of the members but is known after them, so these wait, each behind its length.
        var page = MemberPage()
        let next = set.scan(cursor, count: options.count) { member in
            if options.selects(member) { page.append(member) }
        }
        reply.array(2)
        reply.bulk(String(next))
        reply.array(page.count)
        page.forEach { reply.bulk($0) }
    }
}

/// Members copied end to end.
struct MemberPage {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    var count: Int { ends.count }

    mutating func append(_ member: ByteView) {
        bytes.append(member)
        ends.append(bytes.count)
    }

    func forEach(_ visit: (ByteView) -> Void) {
        bytes.withView { all in
            var start = 0
            for end in ends {
                visit(all[start..<end])
                start = end
            }
        }
    }
}
