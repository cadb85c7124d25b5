// SPDX-License-Identifier: Apache-2.0
import Bytes
import CLibUV
import Glibc

/// Hears of everything that happens on one stream.
public protocol StreamDelegate: AnyObject {
    /// Where the next bytes may be written, beside the shared buffer: a large argument's block. Null for the buffer.
    func directTarget() -> (at: Address, count: Int)?
    /// Bytes arrived in the shared buffer; they are gone when the call returns, unless the buffer keeps them.
    func received(_ bytes: ByteView)
    /// Bytes arrived in the direct target.
    func receivedDirect(_ count: Int)
    /// The peer closed its side, or reading failed for the reason given.
    func ended(_ problem: String?)
    /// Of what was submitted so many bytes have been sent, all of them unless the connection broke.
    func sent(_ bytes: Int)
}

/// A connected socket, TCP or Unix.
///
/// The stream keeps itself alive until it is closed; its delegate must outlive it.
@safe public final class Stream {
    /// All streams of a loop read into one buffer, one after the other.
    @safe public final class SharedBuffer {
        let at: UnsafeMutablePointer<CChar>
        static let bytes = 64 << 10
        /// Bytes at the beginning that are still to be looked at.
        private var kept = 0

        /// Where the next read goes.
        @inline(__always) var free: (at: UnsafeMutablePointer<CChar>, count: Int) {
            unsafe (at + kept, SharedBuffer.bytes &- kept)
        }

        /// Keeps what was just read where it is until `release`; the next reads go behind it. At most a quarter of the
        /// buffer may be kept.
        public func keep(_ count: Int) {
            kept += count
            precondition(
                count >= 0 && kept <= SharedBuffer.bytes / 4, "too much is kept in the shared buffer")
        }

        /// What was kept is not needed any longer.
        public func release() { kept = 0 }

        /// A buffer of 64 KB.
        public init() { unsafe at = .allocate(capacity: SharedBuffer.bytes) }
        deinit { unsafe at.deallocate() }
    }

    private let handle: UnsafeMutablePointer<uv_stream_t>
    private let buffer: SharedBuffer
    /// Holds the delegate where it cannot change, so that a call for every read counts no reference.
    private final class Receiver {
        let delegate: any StreamDelegate
        init(_ delegate: any StreamDelegate) { self.delegate = delegate }
    }

    /// Kept alive by `keeper` until the stream is closed.
    private var receiver: Unmanaged<Receiver>?
    private var keeper: Receiver?
    private var isReadingDirect = false
    /// Whether the socket was closed from this side; nothing is read or written any more.
    public private(set) var isClosed = false
    /// Why nothing can be written any more, once that is so.
    public var problem: String { EventLoop.message(failure) }
    private var failure: Int32 = 0
    /// Bytes of the request that is under way.
    private var submittedBytes = 0
    /// Made for the first request that has to wait, and kept until the stream is closed.
    private var request: UnsafeMutablePointer<uv_write_t>?

    init(_ loop: EventLoop, isTCP: Bool, _ buffer: SharedBuffer) {
        self.buffer = buffer
        unsafe handle = loop.makeSocket(isTCP: isTCP)
        unsafe handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    }

    func accept(from server: UnsafeMutablePointer<uv_stream_t>) -> Bool {
        unsafe uv_accept(server, handle) == 0
    }

    /// Lets the connection that is to be made come from an address of this machine.
    func bind(to address: UnsafePointer<sockaddr>) -> Int32 {
        unsafe handle.withMemoryRebound(to: uv_tcp_t.self, capacity: 1) { unsafe uv_tcp_bind($0, address, 0) }
    }

    /// Begins to connect; `done` is called for the request unless the status that is returned tells of an error.
    func connect(
        _ request: UnsafeMutablePointer<uv_connect_t>, to address: UnsafePointer<sockaddr>,
        _ done: @escaping uv_connect_cb
    ) -> Int32 {
        unsafe handle.withMemoryRebound(to: uv_tcp_t.self, capacity: 1) {
            unsafe uv_tcp_connect(request, $0, address, done)
        }
    }

    /// Disables Nagle's algorithm; sends keepalive probes after `keepaliveSeconds` of silence (0: never).
    public func configureTCP(keepaliveSeconds: Int) {
        unsafe handle.withMemoryRebound(to: uv_tcp_t.self, capacity: 1) { tcp in
            _ = unsafe uv_tcp_nodelay(tcp, 1)
            if keepaliveSeconds > 0 { _ = unsafe uv_tcp_keepalive(tcp, 1, UInt32(keepaliveSeconds)) }
        }
    }

    /// The number of the socket.
    public var descriptor: Int {
        var fd: uv_os_fd_t = -1
        _ = unsafe uv_fileno(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self), &fd)
        return Int(fd)
    }

    // MARK: Reading

    /// Starts to hand on what arrives; the stream keeps its delegate alive until it is closed.
    public func startReading(_ delegate: any StreamDelegate) {
        // Reading may start again after a pause: whoever is being called then keeps what holds it.
        if keeper?.delegate !== delegate {
            let made = Receiver(delegate)
            keeper = made
            unsafe receiver = Unmanaged.passUnretained(made)
        }
        _ = unsafe uv_read_start(
            handle,
            { handle, _, out in
                unsafe Unmanaged<Stream>.fromOpaque(handle!.pointee.data)._withUnsafeGuaranteedRef {
                    unsafe $0.lend(out!)
                }
            },
            { handle, count, buffer in
                unsafe Unmanaged<Stream>.fromOpaque(handle!.pointee.data)._withUnsafeGuaranteedRef {
                    unsafe $0.read(count, buffer!.pointee.base)
                }
            })
    }

    /// Hands on nothing more until `startReading`.
    public func stopReading() { _ = unsafe uv_read_stop(handle) }

    @inline(__always) private func lend(_ out: UnsafeMutablePointer<uv_buf_t>) {
        if let target = unsafe receiver?._withUnsafeGuaranteedRef({ $0.delegate.directTarget() }) {
            isReadingDirect = true
            unsafe out.pointee = uv_buf_init(
                target.at.pointer.assumingMemoryBound(to: CChar.self), UInt32(min(target.count, 1 << 30)))
            return
        }
        isReadingDirect = false
        let free = unsafe buffer.free
        unsafe out.pointee = uv_buf_init(free.at, UInt32(free.count))
    }

    @inline(__always) private func read(_ count: Int, _ base: UnsafeMutablePointer<CChar>?) {
        if count > 0 {
            if isReadingDirect {
                unsafe receiver?._withUnsafeGuaranteedRef { $0.delegate.receivedDirect(count) }
            } else {
                let bytes = unsafe ByteView(start: Address(UnsafeMutableRawPointer(base!)), count: count)
                unsafe receiver?._withUnsafeGuaranteedRef { $0.delegate.received(bytes) }
            }
        } else if count < 0 {
            let problem = count == Int(UV_EOF.rawValue) ? nil : EventLoop.message(Int32(count))
            unsafe receiver?._withUnsafeGuaranteedRef { $0.delegate.ended(problem) }
        }
    }

    // MARK: Writing

    /// Whether something waits for the socket: then nothing else can be written.
    public var isBusy: Bool { submittedBytes > 0 }

    /// Sends as much as the kernel takes now.
    /// - Returns: the bytes taken; 0 when the socket is full or busy; nil when it is broken.
    public func write(_ bytes: ByteView) -> Int? {
        if submittedBytes > 0 { return 0 }
        var piece = unsafe Stream.piece(bytes)
        let taken = unsafe uv_try_write(handle, &piece, 1)
        if taken >= 0 { return Int(taken) }
        return notTaken(taken)
    }

    /// What a write returns that the kernel has taken nothing of.
    private func notTaken(_ status: Int32) -> Int? {
        if status == UV_EAGAIN.rawValue { return 0 }
        failure = status
        return nil
    }

    /// Not by `uv_buf_init`, whose length has 32 bits: replies may be longer.
    private static func piece(_ bytes: ByteView) -> uv_buf_t {
        unsafe uv_buf_t(base: bytes.start.pointer.assumingMemoryBound(to: CChar.self), len: bytes.count)
    }

    /// Sends as much of several pieces as the kernel takes now, in order.
    /// - Returns: the bytes taken in all; nil when the socket is broken.
    public func write(_ pieces: [ByteView]) -> Int? {
        if submittedBytes > 0 { return 0 }
        var total = 0
        var first = 0
        while first < pieces.count {
            let batch = pieces[first..<min(first + Stream.piecesMax, pieces.count)]
            let wanted = batch.reduce(0) { $0 + $1.count }
            let taken = unsafe withUnsafeTemporaryAllocation(of: uv_buf_t.self, capacity: batch.count) {
                buffers in
                for (index, piece) in batch.enumerated() {
                    unsafe buffers[index] = Stream.piece(piece)
                }
                return unsafe uv_try_write(handle, buffers.baseAddress, UInt32(batch.count))
            }
            if taken < 0 { return notTaken(taken).map { _ in total } }
            total += Int(taken)
            if Int(taken) < wanted { return total }
            first += batch.count
        }
        return total
    }

    /// The kernel takes at most so many pieces at once.
    private static let piecesMax = 1024
    /// Of a chain so many are sent at once: a megabyte, mostly.
    private static let chainPiecesMax = 64
    /// A request keeps so many pieces in itself; for more libuv allocates.
    private static let submittedPiecesMax = 4

    /// Sends as much from the beginning of a chain as the kernel takes now, up to a bound.
    /// - Returns: the bytes taken, which the caller drops; 0 when the socket is full or busy; nil when it is broken.
    public func write(_ chain: borrowing ByteChain) -> Int? {
        if submittedBytes > 0 { return 0 }
        let capacity = min(chain.nodeCount, Stream.chainPiecesMax)
        guard capacity > 1 else { return write(chain.first) }
        let taken = unsafe withUnsafeTemporaryAllocation(of: uv_buf_t.self, capacity: capacity) { buffers in
            unsafe uv_try_write(handle, buffers.baseAddress, Stream.list(chain, into: buffers).pieces)
        }
        return taken >= 0 ? Int(taken) : notTaken(taken)
    }

    /// Lists the first pieces of a chain for the kernel.
    private static func list(
        _ chain: borrowing ByteChain, into buffers: UnsafeMutableBufferPointer<uv_buf_t>
    ) -> (pieces: UInt32, bytes: Int) {
        var pieces = 0
        var bytes = 0
        chain.forEachPiece(max: buffers.count) { piece in
            unsafe buffers[pieces] = Stream.piece(piece)
            pieces += 1
            bytes += piece.count
        }
        return (UInt32(pieces), bytes)
    }

    /// What a stream takes once it has been busy, in bytes.
    public static let requestBytes = unsafe MemoryLayout<uv_write_t>.size

    /// Sends the first pieces of a chain when the socket has room, and tells the delegate. They stay where they are until
    /// then, or until the stream is closed. One request is under way at a time.
    /// - Returns: false when the connection is broken.
    public func submit(_ chain: borrowing ByteChain) -> Bool {
        precondition(submittedBytes == 0 && !isClosed, "a second request, or one to a closed stream")
        let request = unsafe self.request ?? .allocate(capacity: 1)
        unsafe self.request = request
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe request.pointee.data = context
        return unsafe withUnsafeTemporaryAllocation(of: uv_buf_t.self, capacity: Stream.submittedPiecesMax) {
            buffers in
            let listed = unsafe Stream.list(chain, into: buffers)
            submittedBytes = listed.bytes
            let status = unsafe uv_write(request, handle, buffers.baseAddress, listed.pieces) {
                request, status in
                // The stream lives until libuv is done with it, requests included.
                unsafe Unmanaged<Stream>.fromOpaque(request!.pointee.data)._withUnsafeGuaranteedRef {
                    $0.sent(status)
                }
            }
            if status != 0 {
                submittedBytes = 0
                failure = status
            }
            return status == 0
        }
    }

    private func sent(_ status: Int32) {
        let bytes = submittedBytes
        submittedBytes = 0
        if status != 0 { failure = status }
        if !isClosed { keeper?.delegate.sent(status == 0 ? bytes : 0) }
    }

    /// Closes the socket; what was submitted may be freed. The stream's memory goes when libuv is done with it.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        unsafe uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
            let stream = unsafe Unmanaged<Stream>.fromOpaque(handle!.pointee.data).takeRetainedValue()
            unsafe stream.request?.deallocate()
            unsafe stream.request = nil
            unsafe stream.receiver = nil
            stream.keeper = nil
            unsafe UnsafeMutableRawPointer(handle!).deallocate()
        }
    }

    // MARK: Addresses

    /// The peer's address as `ip:port`; empty for Unix sockets.
    public var peerAddress: String { address(peer: true) }
    /// The address the peer connected to.
    public var localAddress: String { address(peer: false) }

    private func address(peer: Bool) -> String {
        guard unsafe handle.pointee.type == UV_TCP else { return "" }
        var storage = sockaddr_storage()
        var length = Int32(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let status = unsafe handle.withMemoryRebound(to: uv_tcp_t.self, capacity: 1) { tcp in
                    unsafe peer
                        ? uv_tcp_getpeername(tcp, address, &length)
                        : uv_tcp_getsockname(tcp, address, &length)
                }
                return unsafe status == 0 ? Stream.text(address) : ""
            }
        }
    }

    private static func text(_ address: UnsafeMutablePointer<sockaddr>) -> String {
        var name = [CChar](repeating: 0, count: 64)
        if unsafe address.pointee.sa_family == sa_family_t(AF_INET) {
            return unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { v4 in
                _ = unsafe uv_ip4_name(v4, &name, 64)
                return unsafe "\(EventLoop.text(name)):\(UInt16(bigEndian: v4.pointee.sin_port))"
            }
        }
        return unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { v6 in
            _ = unsafe uv_ip6_name(v6, &name, 64)
            return unsafe "[\(EventLoop.text(name))]:\(UInt16(bigEndian: v6.pointee.sin6_port))"
        }
    }
}
