// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// The subcommands of CLIENT that hold other connections and let them go.

/// CLIENT PAUSE timeout [WRITE | ALL]
enum ClientPause: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count <= 4 else { throw call.subcommandRefusal(args) }
        var scope = PauseScope.all
        if args.count == 4 {
            if args[3].matches("WRITE") {
                scope = .writes
            } else if !args[3].matches("ALL") {
                throw .custom("ERR CLIENT PAUSE mode must be WRITE or ALL")
            }
        }
        guard let ms = args[2].integer else {
            throw .custom("ERR timeout is not an integer or out of range")
        }
        guard ms >= 0 else { throw .custom("ERR timeout is negative") }
        let (end, isTooLate) = keys.nowMs.addingReportingOverflow(ms)
        guard !isTooLate else { throw .custom("ERR timeout is out of range") }
        call.engine.pause(scope, .client, untilMs: end)
        reply.ok()
    }
}

/// CLIENT UNPAUSE
enum ClientUnpause: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.engine.unpause(.client)
        reply.ok()
    }
}

/// CLIENT UNBLOCK client-id [TIMEOUT | ERROR]
enum ClientUnblock: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count <= 4 else { throw call.subcommandRefusal(args) }
        if args.count == 4, !args[3].matches("TIMEOUT"), !args[3].matches("ERROR") {
            throw .custom("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
        }
        guard let id = args[2].integer else { throw .notInteger }
        // From a pause nobody is unblocked: it has no timeout of theirs.
        guard let id = UInt64(exactly: id), let session = call.engine.clients.sessions[id] else {
            return reply.integer(0)
        }
        let isError = args.count == 4 && args[3].matches("ERROR")
        let error: ByteString? = isError ? "UNBLOCKED client unblocked via CLIENT UNBLOCK" : nil
        reply.integer(call.engine.unblock(session, error: error) ? 1 : 0)
    }
}

/// CLIENT IMPORT-SOURCE <ON | OFF>
enum ClientImportSource: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let isOff = args[2].matches("OFF")
        guard isOff || call.engine.config.settings.importMode else {
            throw .custom("ERR Server is not in import mode")
        }
        call.session.isImportSource = try args.isOn(2)
        reply.ok()
    }
}

extension Call {
    /// What a subcommand with too many arguments is told where its arity does not say it.
    fileprivate func subcommandRefusal(_ args: Arguments) -> Refusal {
        let name = args[1].clipped(to: 128)
        return refusal("ERR unknown subcommand or wrong number of arguments for '\(name)'. Try CLIENT HELP.")
    }
}
