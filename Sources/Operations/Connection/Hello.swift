// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// HELLO [protover [AUTH username password] [SETNAME clientname]]
enum Hello: Handler {
    private struct Options {
        var version: Int64?
        /// Index of the user's name; the password follows it.
        var userIndex: Int?
        var nameIndex: Int?
    }

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let session = call.session
        let options = try read(call, args)
        if let index = options.userIndex {
            try call.engine.authenticate(session, user: args[index], password: args[index + 1])
        }
        guard session.isAuthenticated else { throw .custom(unauthenticated) }
        if let index = options.nameIndex {
            session.name = args[index].array
            call.engine.recount(session)
        }
        if let version = options.version {
            session.isRESP3 = version == 3
            reply.isRESP3 = session.isRESP3
        }
        answer(session, call.engine.config.settings.availabilityZone, reply)
    }

    private static let unauthenticated: StaticString = """
        NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> \
        <pass> option can be used to authenticate the client and select the RESP protocol version at the same time
        """

    private static func read(_ call: Call, _ args: Arguments) throws(Refusal) -> Options {
        var options = Options()
        guard args.count > 1 else { return options }
        guard let version = args[1].integer else {
            throw .custom("ERR Protocol version is not an integer or out of range")
        }
        guard version == 2 || version == 3 else { throw .custom("NOPROTO unsupported protocol version") }
        options.version = version
        var index = 2
        while index < args.count {
            let left = args.count - index - 1
            if args[index].matches("AUTH"), left >= 2 {
                options.userIndex = index + 1
                index += 3
            } else if args[index].matches("SETNAME"), left >= 1 {
                try args[index + 1].requireClientText(ClientSetName.refusal)
                options.nameIndex = index + 1
                index += 2
            } else {
                throw call.refusal("ERR Syntax error in HELLO option '\(args[index])'")
            }
        }
        return options
    }

    private static func answer(_ session: Session, _ zone: ByteString, _ reply: Reply) {
        reply.map(zone.isEmpty ? 7 : 8)
        reply.bulk("server")
        reply.bulk("redis")
        reply.bulk("version")
        reply.bulk(Version.redis)
        reply.bulk("proto")
        reply.integer(session.isRESP3 ? 3 : 2)
        reply.bulk("id")
        reply.integer(Int64(session.id))
        reply.bulk("mode")
        reply.bulk("standalone")
        reply.bulk("role")
        reply.bulk("master")
        reply.bulk("modules")
        reply.array(0)
        if zone.isEmpty { return }
        reply.bulk("availability_zone")
        reply.bulk(zone)
    }
}

/// AUTH [username] password
enum Auth: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count <= 3 else { throw .syntax }
        if args.count == 2, call.engine.config.settings.password.isEmpty { throw .custom(withoutPassword) }
        let user = args.count == 3 ? args[1] : ByteView("default")
        try call.engine.authenticate(call.session, user: user, password: args[args.count - 1])
        reply.ok()
    }

    private static let withoutPassword: StaticString = """
        ERR AUTH <password> called without any password configured for the default user. Are you sure your \
        configuration is correct?
        """
}

extension ByteView {
    /// Whether this would not break the lines of CLIENT LIST.
    var isClientText: Bool {
        for i in 0..<count where self[i] < UInt8(ascii: "!") || self[i] > UInt8(ascii: "~") { return false }
        return true
    }

    func requireClientText(_ refusal: Refusal) throws(Refusal) { if !isClientText { throw refusal } }
}
