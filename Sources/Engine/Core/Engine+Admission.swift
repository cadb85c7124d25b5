// SPDX-License-Identifier: Apache-2.0
import Bytes
import RESP

extension Engine {
    /// What a connection from `address` is told before it is closed, in protocol form; nil when it may stay. In
    /// protected mode nobody from outside gets in as long as there is no password.
    public func denial(of address: ByteString) -> StaticString? {
        let settings = config.settings
        guard settings.protectedMode, settings.password.isEmpty, !Session.isLocal(address) else { return nil }
        return """
            -DENIED The server runs in protected mode and has no password, so it accepts connections from this machine \
            only. To let others in, set a password (CONFIG SET requirepass, or requirepass in the configuration file), \
            or, where nobody unwelcome can reach the server, turn protected mode off (CONFIG SET protected-mode no from \
            the machine itself, protected-mode no in the file, or --protected-mode no on the command line).\r\n
            """
    }

    /// Receives a new session: until it has authenticated it may do little, where a password is set.
    public func admit(_ session: Session) {
        if !config.settings.password.isEmpty { session.refusals.insert(.needsAuth) }
        session.isRESP3 = config.settings.sockets.defaultProtocol == 3
        limit(session)
        for part in allParts { part.connected(session, self) }
        account(session)
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
    public func authenticate(_ session: Session, user: ByteView, password: ByteView) throws(Refusal) {
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
        // A command that waits has not been answered, and after one that was given up nothing is.
        if isHeld { return }
        if reply.hasOverflowed { return isClosing = true }
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
    public func help(_ container: StaticString, _ lines: [StaticString]) {
        array(lines.count + 3)
        let title = "\(container) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"
        Array(title.utf8).withView { simple($0) }
        for line in lines { simple(line) }
        simple("HELP")
        simple("    Prints this help.")
    }
}
