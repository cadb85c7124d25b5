// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The subcommands of CLIENT.
enum Client {
    private static let flags: CommandFlags = [.noscript, .loading, .stale, .allowBusy]
    private static let slow: CommandFlags = [.noscript, .loading, .stale]
    private static let admin: CommandFlags = [.admin, .noscript, .loading, .stale]

    static let commands: [Command] = [
        Command("ID", arity: 2, flags, .connection, ClientID.self),
        Command("INFO", arity: 2, slow, .connection, tips: "nondeterministic_output", ClientInfo.self),
        Command("LIST", arity: -2, admin, .connection, tips: "nondeterministic_output", ClientList.self),
        Command("KILL", arity: -3, admin, .connection, ClientKill.self),
        Command("SETNAME", arity: 3, flags, .connection, tips: everywhere, ClientSetName.self),
        Command("GETNAME", arity: 2, flags, .connection, ClientGetName.self),
        Command("SETINFO", arity: 4, flags, .connection, tips: everywhere, ClientSetInfo.self),
        Command("CAPA", arity: -3, flags, .connection, ClientCapa.self),
        Command("REPLY", arity: 3, flags.union(.noMulti), .connection, ClientReply.self),
        Command("NO-EVICT", arity: 3, flags.union(.admin), .connection, ClientNoEvict.self),
        Command("NO-TOUCH", arity: 3, flags, .connection, ClientNoTouch.self),
        Command("PAUSE", arity: -3, admin, .connection, ClientPause.self),
        Command("UNPAUSE", arity: 2, admin, .connection, ClientUnpause.self),
        Command("UNBLOCK", arity: -3, admin, .connection, ClientUnblock.self),
        Command("IMPORT-SOURCE", arity: 3, slow, .connection, ClientImportSource.self),
        Command("HELP", arity: 2, [.loading, .stale], .connection, ClientHelp.self),
    ]

    private static let everywhere = "request_policy:all_nodes response_policy:all_succeeded"
}

/// CLIENT ID
enum ClientID: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.integer(Int64(call.session.id))
    }
}

/// CLIENT SETNAME connection-name
enum ClientSetName: Handler {
    static let refusal = Refusal.custom(
        "ERR Client names cannot contain spaces, newlines or special characters.")

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try args[2].requireClientText(refusal)
        call.session.name = args[2].array
        call.engine.recount(call.session)
        reply.ok()
    }
}

/// CLIENT GETNAME
enum ClientGetName: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if call.session.name.isEmpty { reply.null() } else { reply.bulk(call.session.name) }
    }
}

/// CLIENT SETINFO <LIB-NAME libname | LIB-VER libver>
enum ClientSetInfo: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if args[2].matches("LIB-NAME") {
            try requireText(args, call)
            call.session.libraryName = args[3].array
        } else if args[2].matches("LIB-VER") {
            try requireText(args, call)
            call.session.libraryVersion = args[3].array
        } else {
            throw call.refusal("ERR Unrecognized option '\(args[2])'")
        }
        call.engine.recount(call.session)
        reply.ok()
    }

    private static func requireText(_ args: Arguments, _ call: Call) throws(Refusal) {
        if args[3].isClientText { return }
        throw call.refusal("ERR \(args[2]) cannot contain spaces, newlines or special characters.")
    }
}

/// CLIENT CAPA capability [capability …]
enum ClientCapa: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        for i in 2..<args.count where args[i].matches("REDIRECT") { call.session.followsRedirects = true }
        reply.ok()
    }
}

/// CLIENT REPLY <ON | OFF | SKIP>
enum ClientReply: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let session = call.session
        if args[2].matches("ON") {
            session.replyMode = .on
            reply.isMuted = false
            reply.ok()
        } else if args[2].matches("OFF") {
            session.replyMode = .off
            reply.isMuted = true
        } else if args[2].matches("SKIP") {
            if session.replyMode != .off { session.replyMode = .skipNext }
            reply.isMuted = true
        } else {
            throw .syntax
        }
    }
}

/// CLIENT NO-EVICT <ON | OFF>
enum ClientNoEvict: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.session.isEvictable = try !args.isOn(2)
        reply.ok()
    }
}

/// CLIENT NO-TOUCH <ON | OFF>
enum ClientNoTouch: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.session.touchesKeys = try !args.isOn(2)
        keys.touches = call.session.touchesKeys
        reply.ok()
    }
}

/// CLIENT HELP
enum ClientHelp: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.help(
            "CLIENT",
            [
                "CACHING <YES|NO>",
                "    Whether keys read by the next command are tracked, in the modes OPTIN and OPTOUT.",
                "CAPA <capability> [<capability> ...]",
                "    Tell the server what this client understands: redirect.",
                "GETNAME",
                "    The name of this connection.",
                "GETREDIR",
                "    The client that receives this one's invalidations, or -1.",
                "ID",
                "    The number of this connection.",
                "IMPORT-SOURCE <ON|OFF>",
                "    In import mode, let this connection decide which keys die: it reads dead ones too.",
                "INFO",
                "    This connection's line of CLIENT LIST.",
                "KILL <ip:port>",
                "    Close the connection from that address.",
                "KILL <filter> <value> [<filter> <value> ...]",
                "    Close the connections that pass all filters. SKIPME no includes this one. Of a filter given",
                "    more than once the last holds; ids add up.",
                "LIST [<filter> <value> ...]",
                "    Connections that pass all filters, one line each. Filters are ID, TYPE, USER, ADDR, LADDR,",
                "    SKIPME, MAXAGE, IDLE, NAME, FLAGS, LIB-NAME, LIB-VER, DB, CAPA and IP; all but SKIPME,",
                "    MAXAGE and IDLE also with NOT- in front.",
                "NO-EVICT <ON|OFF>",
                "    Spare this connection when memory for clients runs out.",
                "NO-TOUCH <ON|OFF>",
                "    Let this connection's reads not count as use of a key.",
                "PAUSE <milliseconds> [WRITE|ALL]",
                "    Let all commands wait, or only those that may change data.",
                "REPLY <ON|OFF|SKIP>",
                "    Send replies, send none, or leave out the next one.",
                "SETINFO <LIB-NAME|LIB-VER> <text>",
                "    Name the client library, or its version.",
                "SETNAME <name>",
                "    Name this connection.",
                "TRACKING <ON|OFF> [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]] [OPTIN] [OPTOUT] [NOLOOP]",
                "    Be told when keys change that this connection has read, or that begin with a prefix.",
                "TRACKINGINFO",
                "    How this connection tracks keys.",
                "UNBLOCK <id> [TIMEOUT|ERROR]",
                "    End the wait of a connection that is blocked, as if its time were over or with an error.",
                "UNPAUSE",
                "    End a pause early.",
            ])
    }
}

extension Arguments {
    /// Argument `index` as a switch.
    func isOn(_ index: Int) throws(Refusal) -> Bool {
        if self[index].matches("ON") { return true }
        if self[index].matches("OFF") { return false }
        throw .syntax
    }
}
