// SPDX-License-Identifier: Apache-2.0
import Bytes

// Connections that the server makes itself. A feature asks its host for a link and hears of everything through
// `LinkOwner`; it never sees a socket, and in a test the host is the other side.

/// Where a link is to go.
public struct LinkTarget: Sendable, Equatable {
    /// A name, or an address in numbers.
    public var host: ByteString
    public var port: Int
    /// An address of this machine, in numbers, that it is to come from; empty: any.
    public var source: ByteString = ""
    /// How long it may take until the other side has answered, in ms.
    public var timeoutMs: Int64
    /// After how much silence the kernel asks whether the other side is still there, in seconds; 0: never.
    public var keepaliveSeconds = 0

    /// A target that is given up when it has not answered after `timeoutMs`.
    public init(host: ByteString, port: Int, timeoutMs: Int64) {
        self.host = host
        self.port = port
        self.timeoutMs = timeoutMs
    }
}

/// Why a link never came to be.
public struct LinkProblem: Error, Equatable, Sendable {
    /// The system's words.
    public let reason: ByteString
    /// Nobody has answered in time.
    public let isTimeout: Bool
    /// The name of the host means nothing to anybody.
    public let isUnknownHost: Bool

    /// A problem in these words.
    public init(_ reason: ByteString, isTimeout: Bool = false, isUnknownHost: Bool = false) {
        self.reason = reason
        self.isTimeout = isTimeout
        self.isUnknownHost = isUnknownHost
    }
}

/// A connection that the server has asked for. It tells its owner nothing more once it was closed.
public protocol Link: AnyObject {
    /// Sends bytes behind those that were sent before; before it is open, or once it is closed, they are forgotten.
    func send(_ bytes: ByteView)
    /// Likewise, and takes the bytes of a chain over: it is empty afterwards. Its memory must come from the engine's heap.
    func send(_ chain: inout ByteChain, _ heap: Heap)
    /// Bytes that the kernel has not taken yet.
    var unsentBytes: Int { get }
    /// Hands nothing on until `resumeReading`.
    func pauseReading()
    func resumeReading()
    /// The addresses of both sides as `ip:port`; empty before it is open.
    var peerAddress: ByteString { get }
    var localAddress: ByteString { get }
    /// Ends it, or gives it up before it is open. Closing twice does nothing.
    func close()
}

/// Hears of everything that happens on a link, on the loop and between units, never from within a call to the link. The
/// link keeps its owner alive until it is closed or has ended.
public protocol LinkOwner: AnyObject {
    /// The other side has answered: from now on bytes can be sent, and arrive.
    func opened(_ link: any Link)
    /// There is no connection, and there will be none.
    func failed(_ link: any Link, _ problem: LinkProblem)
    /// Bytes have arrived; they are gone when the call returns.
    func received(_ bytes: ByteView, _ link: any Link)
    /// Everything that was sent is in the kernel's hands.
    func drained(_ link: any Link)
    /// The other side has closed the connection, or it broke for the reason given.
    func ended(_ link: any Link, _ reason: ByteString?)
}

extension LinkOwner {
    public func drained(_ link: any Link) {}
}

/// A link whose other side is a test.
public final class QuietLink: Link {
    /// Where it was to go.
    public let target: LinkTarget
    /// What was sent since the last look.
    private var sent: [UInt8] = []
    private var owner: (any LinkOwner)?
    private var isOpen = false
    /// Whether what is sent stays in this side's memory.
    public var isFull = false
    /// Whether its owner has paused it, and whether it was closed from this side.
    public private(set) var isPaused = false
    public private(set) var isClosed = false

    init(_ target: LinkTarget, _ owner: any LinkOwner) {
        self.target = target
        self.owner = owner
    }

    public func send(_ bytes: ByteView) { if isOpen { sent.append(bytes) } }
    public func send(_ chain: inout ByteChain, _ heap: Heap) {
        chain.forEachPiece { send($0) }
        chain.drop(heap)
    }
    public var unsentBytes: Int { isFull ? sent.count : 0 }
    public func pauseReading() { isPaused = true }
    public func resumeReading() { isPaused = false }
    public var peerAddress: ByteString { isOpen ? "\(target.host):\(target.port)" : "" }
    public var localAddress: ByteString { isOpen ? "127.0.0.1:1" : "" }
    public func close() {
        isClosed = true
        isOpen = false
        owner = nil
    }

    // MARK: The other side

    /// What was sent since the last look.
    public func take() -> [UInt8] {
        defer { sent = [] }
        return sent
    }

    /// The other side answers.
    public func open() {
        guard let owner else { return }
        isOpen = true
        owner.opened(self)
    }

    /// There is nobody.
    public func fail(_ problem: LinkProblem) {
        let owner = owner
        close()
        isClosed = false
        owner?.failed(self, problem)
    }

    /// The other side sends bytes.
    public func feed(_ bytes: [UInt8]) { bytes.withView { owner?.received($0, self) } }

    /// The kernel has taken everything.
    public func drain() {
        isFull = false
        owner?.drained(self)
    }

    /// The other side closes.
    public func end(_ reason: ByteString? = nil) {
        let owner = owner
        close()
        isClosed = false
        owner?.ended(self, reason)
    }
}
