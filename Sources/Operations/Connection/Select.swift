// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// SELECT index
enum Select: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let database = try args.database(1, keys)
        call.session.database = database
        keys.current = database
        reply.ok()
    }
}
