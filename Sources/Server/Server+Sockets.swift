// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Loop

// Listening, accepting and closing; what arrives goes to the engine.

extension Server {
    /// Opens all sockets of the configuration.
    /// - Returns: false when none could be opened, or the Unix socket could not.
    func listen() -> Bool {
        let settings = engine.config.settings
        let listensOnTCP = settings.port > 0 && !settings.bind.isEmpty
        var opened = 0
        if listensOnTCP { opened += listenTCP(settings) }
        listening = (settings.port, settings.bind)
        // Whoever asked for it would wait in vain.
        if !settings.unixSocket.isEmpty {
            guard listenUnix(settings) else { return false }
            opened += 1
        }
        if opened == 0 {
            if listensOnTCP { log.warning("Failed listening on port \(settings.port) (tcp), aborting.") }
            if !listensOnTCP { log.warning("Configured to not listen anywhere, exiting.") }
            return false
        }
        allowAccepts()
        return true
    }

    /// Tells the log that clients are served: those who start the server wait for these lines.
    func announceReadiness() {
        if !tcpListeners.isEmpty { log.notice("Ready to accept connections tcp") }
        if !engine.config.settings.unixSocket.isEmpty { log.notice("Ready to accept connections unix") }
    }

    /// Lets the clients of the next turn in.
    func allowAccepts() {
        let count = engine.config.settings.sockets.acceptsPerTurn
        for listener in tcpListeners { listener.allow(accepts: count) }
        for listener in listeners { listener.allow(accepts: count) }
    }

    /// Opens the TCP sockets of `settings`. An address marked with `-` may be missing.
    /// - Returns: how many were opened; 0 when one that may not be missing could not be.
    func listenTCP(_ settings: Settings) -> Int {
        var opened: [Listener] = []
        var options = Listener.Options()
        options.mark = settings.sockets.mark
        options.isMultipath = settings.sockets.isMultipath
        for entry in settings.bind {
            let isOptional = entry.hasPrefix("-")
            let address = isOptional ? entry.dropFirst() : entry
            do throws(Listener.Failure) {
                let listener = try Listener.tcp(
                    loop, address: address, port: settings.port, backlog: settings.tcpBacklog,
                    options: options, buffer,
                    onAccept: { [unowned self] in accepted($0, isTCP: true) },
                    onError: { [unowned self] in acceptFailed($0) })
                opened.append(listener)
            } catch {
                log.warning(
                    "Could not create server TCP listening socket \(address):\(settings.port): \(error.message)"
                )
                if isOptional { continue }
                for listener in opened { listener.close() }
                return 0
            }
        }
        for listener in opened { listener.allow(accepts: settings.sockets.acceptsPerTurn) }
        tcpListeners += opened
        return opened.count
    }

    private func listenUnix(_ settings: Settings) -> Bool {
        do throws(Listener.Failure) {
            let listener = try Listener.unix(
                loop, path: settings.unixSocket, permissions: settings.unixSocketPermissions,
                group: settings.sockets.unixGroup, backlog: settings.tcpBacklog, buffer,
                onAccept: { [unowned self] in accepted($0, isTCP: false) },
                onError: { [unowned self] in acceptFailed($0) })
            listeners.append(listener)
            return true
        } catch {
            log.warning("Failed opening Unix socket: \(error.message)")
            return false
        }
    }

    private func acceptFailed(_ message: String) {
        refreshTime()
        // An attacker must not fill the disk.
        guard acceptErrorLog.allows(keys.nowMs) else { return }
        log.warning("Error accepting a client connection: accept: \(message)")
    }

    /// To be called now and then: logs that connections were shed for want of descriptors.
    func noteShedConnections() {
        guard loop.takeShedding(), acceptErrorLog.allows(keys.nowMs) else { return }
        log.warning("Error accepting a client connection: accept: \(EventLoop.tooManyFiles)")
    }

    private func accepted(_ stream: Stream, isTCP: Bool) {
        if !timeIsFresh { refreshTime() }
        hasAccepted = true
        let settings = engine.config.settings
        guard connections.count < settings.clientsMax else {
            engine.stats.rejectedConnections += 1
            _ = stream.write(ByteView("-ERR max number of clients reached\r\n"))
            return stream.close()
        }
        let peer = isTCP ? ByteString(stream.peerAddress) : settings.unixSocket + ":0"
        if let refusal = engine.denial(of: peer) {
            engine.stats.rejectedConnections += 1
            _ = stream.write(ByteView(refusal))
            return stream.close()
        }
        if isTCP { stream.configureTCP(keepaliveSeconds: settings.tcpKeepaliveSeconds) }
        let local = isTCP ? ByteString(stream.localAddress) : settings.unixSocket + ":0"
        let session = engine.clients.connect(address: peer, localAddress: local, nowMs: engine.keys.nowMs)
        engine.admit(session)
        session.descriptor = stream.descriptor
        engine.stats.connections += 1
        let connection = Connection(session, stream, self)
        connections[session.id] = connection
        output.enter(connection)
        stream.startReading(connection)
        log.verbose("Accepted \(peer)")
    }

    /// Takes in what arrived: it runs at once, or together with what others have sent.
    @inline(__always) func received(_ bytes: ByteView, _ connection: Connection) {
        if !timeIsFresh { refreshTime() }
        engine.stats.reads &+= 1
        if engine.gather(bytes, from: connection.session) { return gathered(bytes.count, connection) }
        // In the order in which it came.
        runGathered()
        serve(connection) { engine.receive(bytes, from: connection.session) }
    }

    /// Runs commands of a connection by `body`; the replies wait in the turn's buffer.
    @inline(__always) func serve(_ connection: Connection, _ body: () -> Void) {
        if connection.session.hasPushes, !sendPushes(connection) { return }
        let start = engine.reply.count
        body()
        output.add(connection, from: start)
        if !engine.outbox.isEmpty { output.notePushes() }
    }

    /// Sends what a session was told before its next commands run. A peer that has reset the connection can be read from
    /// and not written to: then it ends here, with what it sent last.
    /// - Returns: whether the connection is still there.
    @inline(never) private func sendPushes(_ connection: Connection) -> Bool {
        output.sendPushes(connection)
        return !connection.stream.isClosed
    }

    /// Runs what a session has waited with. It may have gone meanwhile.
    func resume(_ session: Session, max: Int) {
        guard let connection = connections[session.id] else { return engine.unhold(session) }
        serve(connection) { engine.resume(session, max: max) }
    }

    /// The client has closed its side, or the connection has broken.
    func ended(_ connection: Connection, _ problem: String?) {
        // What was written last may have told us already.
        if connections[connection.session.id] != nil {
            if let problem {
                log.verbose("Reading from client: \(problem)")
            } else if log.wants(.verbose) {
                engine.log(.verbose, "Client closed connection ", connection.session)
            }
        }
        disconnect(connection)
    }

    /// Closes a connection and forgets its session.
    func disconnect(_ connection: Connection) {
        guard connections.removeValue(forKey: connection.session.id) != nil else { return }
        engine.disconnected(connection.session)
        output.leave(connection)
        connection.stream.close()
        connection.queue.drop(keys.heap)
        connection.barred.drop(keys.heap)
    }
}
