// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Loop

/// A connection that the server has made itself, for a feature that asked for it.
final class ServerLink: Link, StreamDelegate {
    private unowned let server: Server
    private let target: LinkTarget
    /// Nil once nothing more is told.
    private var owner: (any LinkOwner)?
    private var connector: Connector?
    private var stream: Stream?
    /// What the kernel has not taken; the stream is busy with its beginning.
    private var queue = ByteChain()
    /// A chain stays where it is until the kernel has let go of it.
    private var isPaused = false
    private var isBroken = false

    /// Begins to connect.
    init(_ target: LinkTarget, _ owner: any LinkOwner, _ server: Server) {
        self.server = server
        self.target = target
        self.owner = owner
        connector = Connector(
            server.loop, host: target.host, port: target.port, source: target.source,
            timeoutMs: target.timeoutMs, server.buffer
        ) { [self] result in
            connector = nil
            connected(result)
        }
    }

    private var heap: Heap { server.keys.heap }

    // MARK: What happens

    /// Between units, and with the clock read: what the owner does is like a command.
    private func tell(_ body: (any LinkOwner) -> Void) {
        guard let owner else { return }
        server.runGathered()
        if !server.timeIsFresh { server.refreshTime() }
        body(owner)
    }

    private func connected(_ result: Result<Stream, Connector.Failure>) {
        switch result {
        case .failure(let failure):
            let problem = LinkProblem(
                ByteString(failure.message), isTimeout: failure.isTimeout,
                isUnknownHost: failure.isUnknownHost)
            tell { $0.failed(self, problem) }
            owner = nil
        case .success(let stream):
            self.stream = stream
            stream.configureTCP(keepaliveSeconds: target.keepaliveSeconds)
            if !isPaused { stream.startReading(self) }
            tell { $0.opened(self) }
        }
    }

    func directTarget() -> (at: Address, count: Int)? { nil }
    func receivedDirect(_ count: Int) {}
    func received(_ bytes: ByteView) { tell { $0.received(bytes, self) } }

    func ended(_ problem: String?) {
        let reason = problem ?? (isBroken ? stream?.problem : nil)
        tell { $0.ended(self, reason.map { ByteString($0) }) }
        close()
    }

    func sent(_ bytes: Int) {
        // A connection that broke is told of by the reader.
        guard bytes > 0 else { return fail() }
        queue.drop(first: bytes, heap)
        flush()
        if queue.isEmpty { tell { $0.drained(self) } }
    }

    // MARK: Sending

    var unsentBytes: Int { queue.count }

    func send(_ bytes: ByteView) {
        guard let stream, !isBroken else { return }
        var rest = bytes
        if queue.isEmpty {
            guard let taken = stream.write(bytes) else { return fail() }
            rest = bytes.dropFirst(taken)
        }
        guard !rest.isEmpty else { return }
        queue.append(rest, heap)
        flush()
    }

    func send(_ chain: inout ByteChain, _ heap: Heap) {
        guard stream != nil, !isBroken else { return chain.drop(heap) }
        queue.append(all: &chain, heap)
        flush()
    }

    /// Hands the kernel what it takes, and has the rest wait for it.
    private func flush() {
        guard let stream, !stream.isClosed, !stream.isBusy, !isBroken else { return }
        while !queue.isEmpty {
            guard let taken = stream.write(queue) else { return fail() }
            if taken == 0 {
                if !stream.submit(queue) { fail() }
                return
            }
            queue.drop(first: taken, heap)
        }
    }

    /// Nothing can be written any more: reading tells the owner of the end.
    private func fail() {
        isBroken = true
        queue.drop(heap)
        if isPaused { resumeReading() }
    }

    // MARK: Reading

    func pauseReading() {
        guard !isPaused else { return }
        isPaused = true
        stream?.stopReading()
    }

    func resumeReading() {
        guard isPaused else { return }
        isPaused = false
        stream?.startReading(self)
    }

    // MARK: The end

    var peerAddress: ByteString { stream.map { ByteString($0.peerAddress) } ?? "" }
    var localAddress: ByteString { stream.map { ByteString($0.localAddress) } ?? "" }

    func close() {
        owner = nil
        connector?.cancel()
        connector = nil
        let stream = self.stream
        self.stream = nil
        stream?.close()
        queue.drop(heap)
    }
}
