// SPDX-License-Identifier: Apache-2.0
import Bytes
import Commands
import Loop

/// A session and its socket, with the output of the current turn. Hands what arrives to the engine.
final class Connection: StreamDelegate {
    let session: Session
    let stream: Stream
    /// The server outlives its connections; a counted reference would cost two atomic operations per read.
    private unowned(unsafe) let server: Server
    /// The part of the turn's reply buffer that belongs here; empty when there is none.
    var output = 0..<0
    var isListed = false

    init(_ session: Session, _ stream: Stream, _ server: Server) {
        self.session = session
        self.stream = stream
        unsafe self.server = server
    }

    func directTarget() -> (at: Address, count: Int)? { session.directTarget }

    func received(_ bytes: ByteView) { unsafe server.received(bytes, self) }

    func receivedDirect(_ count: Int) { unsafe server.engine.receivedDirect(count, from: session) }

    func ended() {
        // A client may end its side right behind its commands and still read.
        if isListed { unsafe server.output.flush() }
        unsafe server.disconnect(self)
    }

    func drained() {
        session.queuedOutputBytes = 0
        if session.isClosing { unsafe server.disconnect(self) }
    }
}
