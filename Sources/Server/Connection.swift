// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Loop

/// A session and its socket, with the output of the current turn. Hands what arrives to the engine.
@safe final class Connection: StreamDelegate {
    let session: Session
    let stream: Stream
    /// The server outlives its connections; a counted reference would cost two atomic operations per read.
    private let server: Unmanaged<Server>
    /// The part of the turn's reply buffer that belongs here; empty when there is none.
    var output = 0..<0
    var isListed = false
    /// What the socket has not taken yet; the stream is busy with its beginning.
    var queue = ByteChain()
    /// What may not leave yet; it comes behind `queue`.
    var barred = BarredOutput()
    /// Whether there is any of that.
    var isBarred = false
    /// Nothing is read until the queued replies are gone.
    private var isPaused = false
    /// Nothing is read until the server says so.
    private var isHeld = false

    init(_ session: Session, _ stream: Stream, _ server: Server) {
        self.session = session
        self.stream = stream
        unsafe self.server = Unmanaged.passUnretained(server)
    }

    func directTarget() -> (at: Address, count: Int)? { session.directTarget }

    func received(_ bytes: ByteView) {
        unsafe server._withUnsafeGuaranteedRef { $0.received(bytes, self) }
    }

    func receivedDirect(_ count: Int) {
        unsafe server._withUnsafeGuaranteedRef { $0.engine.receivedDirect(count, from: session) }
    }

    func ended(_ problem: String?) {
        unsafe server._withUnsafeGuaranteedRef {
            $0.runGathered()
            // What ran may have led to its end already.
            if stream.isClosed { return }
            // A client may end its side right behind its commands and still read.
            if isListed { $0.output.flush() }
            if isBarred, problem == nil, !session.isDoomed { return leaveWhenTold() }
            $0.ended(self, problem)
        }
    }

    /// The client has ended its side and has still to be told what is not on disk yet: it is closed behind that.
    private func leaveWhenTold() {
        session.isClosing = true
        hold()
    }

    func sent(_ bytes: Int) {
        unsafe server._withUnsafeGuaranteedRef { $0.output.sent(bytes, self) }
    }

    /// Everything queued has been sent: what `pause` stopped goes on.
    func resume() {
        guard isPaused else { return }
        isPaused = false
        if !isHeld { stream.startReading(self) }
    }

    /// Stops reading until everything queued has been sent: a client that does not read must not fill the memory.
    func pause() {
        guard !isPaused else { return }
        isPaused = true
        if !isHeld { stream.stopReading() }
    }

    /// Stops reading until `release`.
    func hold() {
        guard !isHeld else { return }
        isHeld = true
        if !isPaused { stream.stopReading() }
    }

    func release() {
        guard isHeld else { return }
        isHeld = false
        if !isPaused { stream.startReading(self) }
    }
}
