// SPDX-License-Identifier: Apache-2.0
import Bytes
import RESP

extension Engine {
    /// Receives a new session: until it has authenticated it may do little, where a password is set.
    public func admit(_ session: Session) {
        if !config.settings.password.isEmpty { session.refusals.insert(.needsAuth) }
        limit(session)
    }

    /// The line that refuses a client at this address (`ip:port`); nil when it may connect. Protected mode keeps
    /// other machines out while there is no password.
    public func protection(from address: String) -> StaticString? {
        let settings = config.settings
        guard settings.protectedMode, settings.password.isEmpty, !Session.isLocal(address) else { return nil }
        return """
            -DENIED Protected mode is on and the default user has no password, so only clients on this machine may \
            connect. To let others in, set a password with requirepass, or turn the directive protected-mode off: in \
            the configuration file, on the command line (--protected-mode no), or by CONFIG SET from a local client. \
            Do not turn it off where strangers can reach the port.\r\n
            """
    }

    /// Sets what a session may send, by the settings and by whether it has authenticated.
    func limit(_ session: Session) {
        // Without a password there is nothing to wait for.
        if config.settings.password.isEmpty { session.refusals.remove(.needsAuth) }
        var limits = ProtocolLimits()
        limits.bulkBytesMax = config.settings.stringBytesMax
        limits.authenticatedBulkBytesMax = config.settings.stringBytesMax
        if !session.isAuthenticated {
            limits.isUnauthenticated = true
            limits.argumentsMax = ProtocolLimits.unauthenticatedArgumentsMax
            limits.bulkBytesMax = ProtocolLimits.unauthenticatedBulkBytesMax
        }
        session.limits = limits
    }

    /// Lets a session in that names a user and proves it.
    func authenticate(_ session: Session, user: ByteView, password: ByteView) throws(Refusal) {
        let expected = config.settings.password
        let matches = expected.isEmpty || expected.withView { Engine.equalInConstantTime($0, password) }
        guard user == ByteView("default"), matches else {
            stats.deniedLogins += 1
            throw .custom("WRONGPASS invalid username-password pair or user is disabled.")
        }
        session.refusals.remove(.needsAuth)
        limit(session)
    }

    /// Compares a secret: the time taken depends on the lengths only.
    private static func equalInConstantTime(_ secret: ByteView, _ given: ByteView) -> Bool {
        var difference = secret.count ^ given.count
        for i in 0..<given.count {
            let other = secret.isEmpty ? 0 : secret[i % secret.count]
            difference |= Int(other ^ given[i])
        }
        return difference == 0
    }
}

extension Session {
    /// Called after each command while replies are muted: a skip reaches over one command.
    func stepReplyMode(_ reply: Reply) {
        switch replyMode {
        case .on: reply.isMuted = false
        case .off: break
        case .skipNext: replyMode = .skipping
        case .skipping:
            replyMode = .on
            reply.isMuted = false
        }
    }
}

extension Reply {
    /// What a container's HELP answers: its name, the lines given, and HELP itself.
    func help(_ container: StaticString, _ lines: [StaticString]) {
        array(lines.count + 3)
        let title = "\(container) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"
        Array(title.utf8).withView { simple($0) }
        for line in lines { simple(line) }
        simple("HELP")
        simple("    Prints this help.")
    }
}
