// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

extension Tracking {
    /// The commands of tracking with their documentation and their directive.
    public static let family = Family(commands: commands, docs: docs, parameters: parameters)

    private static let flags: CommandFlags = [.noscript, .loading, .stale, .allowBusy]
    private static let slow: CommandFlags = [.noscript, .loading, .stale]

    /// The rows of the command table: subcommands of CLIENT.
    public static let commands: [Command] = [
        Command(
            extending: "CLIENT", .connection,
            [
                Command("GETREDIR", arity: 2, flags, .connection, ClientGetRedir.self),
                Command("TRACKING", arity: -3, slow, .connection, ClientTrackingOn.self),
                Command("CACHING", arity: 3, flags, .connection, ClientCaching.self),
                Command("TRACKINGINFO", arity: 2, slow, .connection, ClientTrackingInfo.self),
            ])
    ]

    /// The directives that concern tracking.
    public static let parameters: [Parameter] = [
        Parameter("tracking-table-max-keys", .integer(0...Int.max), .number(\.trackingKeysMax))
    ]
}

/// CLIENT TRACKING <ON | OFF> [REDIRECT id] [PREFIX prefix …] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]
enum ClientTrackingOn: Handler {
    private struct Request {
        var options: ClientTracking.Options = []
        var redirect: UInt64 = 0
        var prefixes: [[UInt8]] = []
    }

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let request = try read(call, args)
        if args[2].matches("ON") {
            try check(request, call.session, call)
            call.engine.tracking.enable(
                call.session, request.options, redirect: request.redirect, prefixes: request.prefixes,
                call.engine)
        } else if args[2].matches("OFF") {
            call.engine.tracking.disable(call.session, call.engine)
        } else {
            throw .syntax
        }
        reply.ok()
    }

    private static func read(_ call: Call, _ args: Arguments) throws(Refusal) -> Request {
        var request = Request()
        var index = 3
        while index < args.count {
            let word = args[index]
            index += 1
            if word.matches("REDIRECT"), index < args.count {
                guard request.redirect == 0 else {
                    throw .custom("ERR A client can only redirect to a single other client")
                }
                let id = try args.integer(index)
                guard let id = UInt64(exactly: id), call.engine.clients.sessions[id] != nil else {
                    throw .custom("ERR The client ID you want redirect to does not exist")
                }
                request.redirect = id
                index += 1
            } else if word.matches("PREFIX"), index < args.count {
                request.prefixes.append(args[index].array)
                index += 1
            } else if word.matches("BCAST") {
                request.options.insert(.broadcast)
            } else if word.matches("OPTIN") {
                request.options.insert(.optIn)
            } else if word.matches("OPTOUT") {
                request.options.insert(.optOut)
            } else if word.matches("NOLOOP") {
                request.options.insert(.noLoop)
            } else {
                throw .syntax
            }
        }
        return request
    }

    /// Whether the options agree with each other and with how the session tracks already.
    private static func check(_ request: Request, _ session: Session, _ call: Call) throws(Refusal) {
        let options = request.options
        let before = session.tracking?.options
        if !options.contains(.broadcast), !request.prefixes.isEmpty {
            throw .custom("ERR PREFIX option requires BCAST mode to be enabled")
        }
        if let before, before.contains(.broadcast) != options.contains(.broadcast) {
            throw .custom(
                """
                ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling \
                it with a different mode.
                """)
        }
        if options.contains(.broadcast), !options.isDisjoint(with: [.optIn, .optOut]) {
            throw .custom("ERR OPTIN and OPTOUT are not compatible with BCAST")
        }
        if options.isSuperset(of: [.optIn, .optOut]) {
            throw .custom("ERR You can't specify both OPTIN mode and OPTOUT mode")
        }
        if let before, options.union(before).isSuperset(of: [.optIn, .optOut]) {
            throw .custom(
                """
                ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling \
                it with a different mode.
                """)
        }
        try checkOverlaps(request.prefixes, session.tracking?.prefixes ?? [], call)
    }

    private static func checkOverlaps(
        _ prefixes: [[UInt8]], _ existing: [[UInt8]], _ call: Call
    ) throws(Refusal) {
        let isInvolved = overlapping(prefixes, existing)
        // The first one is looked at closely, for the text; mostly there is none.
        for (index, prefix) in prefixes.enumerated() where isInvolved[index] {
            if let other = existing.first(where: { overlap($0, prefix) }) {
                throw refusal(call, prefix, "an existing", other)
            }
            if let other = prefixes.dropFirst(index + 1).first(where: { overlap($0, prefix) }) {
                throw refusal(call, prefix, "another provided", other)
            }
        }
    }

    /// Which of the prefixes begin another one of them or an existing one, or with it. In order of their bytes all that
    /// begin with a prefix follow it, so that one pass over the sorted ones finds them; a client may name a million.
    private static func overlapping(_ prefixes: [[UInt8]], _ existing: [[UInt8]]) -> [Bool] {
        let all = prefixes + existing
        var isInvolved = [Bool](repeating: false, count: all.count)
        // Those that the present one begins with, the shortest first.
        var open: [Int] = []
        for index in all.indices.sorted(by: { all[$0].lexicographicallyPrecedes(all[$1]) }) {
            while let last = open.last, !all[index].starts(with: all[last]) { open.removeLast() }
            if let last = open.last {
                isInvolved[last] = true
                isInvolved[index] = true
            }
            open.append(index)
        }
        return Array(isInvolved.prefix(prefixes.count))
    }

    private static func overlap(_ a: [UInt8], _ b: [UInt8]) -> Bool { a.starts(with: b) || b.starts(with: a) }

    private static func refusal(_ call: Call, _ prefix: [UInt8], _ which: String, _ other: [UInt8]) -> Refusal
    {
        call.refusal(
            "ERR Prefix '\(prefix)' overlaps with \(which) prefix '\(other)'. "
                + "Prefixes for a single client must not overlap.")
    }
}

/// CLIENT CACHING <YES | NO>
enum ClientCaching: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard let tracking = call.session.tracking else {
            throw .custom(
                """
                ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode \
                enabled
                """)
        }
        if args[2].matches("YES") {
            guard tracking.options.contains(.optIn) else {
                throw .custom("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
            }
        } else if args[2].matches("NO") {
            guard tracking.options.contains(.optOut) else {
                throw .custom("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
            }
        } else {
            throw .syntax
        }
        tracking.isCaching = true
        reply.ok()
    }
}

extension Session {
    /// Who receives the session's invalidations: 0 for itself, -1 when it tracks nothing.
    var redirection: Int64 { tracking.map { Int64($0.redirect) } ?? -1 }
}

/// CLIENT GETREDIR
enum ClientGetRedir: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.integer(call.session.redirection)
    }
}

/// CLIENT TRACKINGINFO
enum ClientTrackingInfo: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let tracking = call.session.tracking
        let options = tracking?.options ?? []
        let isCaching = tracking?.isCaching == true
        var flags: [StaticString] = [tracking == nil ? "off" : "on"]
        if options.contains(.broadcast) { flags.append("bcast") }
        if options.contains(.optIn) {
            flags.append("optin")
            if isCaching { flags.append("caching-yes") }
        }
        if options.contains(.optOut) {
            flags.append("optout")
            if isCaching { flags.append("caching-no") }
        }
        if options.contains(.noLoop) { flags.append("noloop") }
        if tracking?.isBroken == true { flags.append("broken_redirect") }
        reply.map(3)
        reply.bulk("flags")
        reply.set(flags.count)
        for flag in flags { reply.bulk(flag) }
        reply.bulk("redirect")
        reply.integer(call.session.redirection)
        reply.bulk("prefixes")
        let prefixes = (tracking?.prefixes ?? []).sorted { $0.lexicographicallyPrecedes($1) }
        reply.array(prefixes.count)
        for prefix in prefixes { reply.bulk(prefix) }
    }
}
