// SPDX-License-Identifier: Apache-2.0
import Bytes
import CLibUV
import Glibc

// Connecting to others. Names are looked up on libuv's pool, and each address that a name has is tried in turn, all of it
// within one limit of time; the loop never waits.
//
// *Who frees*. Every request and handle is freed by the call that libuv makes at its end. The attempt lives until none is
// left, whether its owner keeps it or not.

/// An attempt to connect to an address over TCP.
@safe public final class Connector {
    /// Why there is no connection.
    public struct Failure: Error, Equatable {
        /// The system's words.
        public let message: String
        /// The time was over before anybody had answered.
        public let isTimeout: Bool
        /// The name of the host means nothing to anybody.
        public let isUnknownHost: Bool
    }

    private let loop: EventLoop
    private let buffer: Stream.SharedBuffer
    private let port: Int
    /// An address of this machine that the connection comes from.
    private let source: SocketAddress?
    /// Told once, on the loop and never from within `init`; nil when that is over.
    private var done: ((Result<Stream, Failure>) -> Void)?
    /// Those that are still to be tried, the next one last.
    private var addresses: [SocketAddress] = []
    private var stream: Stream?
    private var timer: UnsafeMutablePointer<uv_timer_t>?
    private var lookup: UnsafeMutablePointer<uv_getaddrinfo_t>?
    private var lastStatus = UV_ECONNREFUSED.rawValue
    /// The name of the host is none that anybody could be asked for.
    private var isNameRefused = false

    /// Begins to connect.
    /// - Parameters:
    ///   - host: a name, or an IPv4 or IPv6 address.
    ///   - port: 0 to 65535.
    ///   - source: an address of this machine, in numbers, that the connection is to come from; empty: any.
    ///   - timeoutMs: how long it may take until somebody has answered, at least 1.
    ///   - buffer: what is read goes here.
    ///   - done: told how it went; not when it was cancelled.
    public init(
        _ loop: EventLoop, host: ByteString, port: Int, source: ByteString = "", timeoutMs: Int64,
        _ buffer: Stream.SharedBuffer, done: @escaping (Result<Stream, Failure>) -> Void
    ) {
        self.loop = loop
        self.buffer = buffer
        self.port = port
        self.source = source.isEmpty ? nil : SocketAddress(numeric: source, port: 0)
        self.done = done
        startTimer(max(1, timeoutMs))
        if !source.isEmpty, self.source == nil {
            lastStatus = UV_EINVAL.rawValue
            startSoon()
        } else if let address = SocketAddress(numeric: host, port: port) {
            addresses = [address]
            startSoon()
        } else {
            lookUp(host)
        }
    }

    /// Gives the attempt up; nothing is told any more.
    public func cancel() {
        done = nil
        end()
    }

    private func end() {
        stopTimer()
        if let lookup = unsafe lookup {
            // One that a thread has begun ends by itself and finds nobody who waits.
            _ = unsafe uv_cancel(
                UnsafeMutableRawPointer(lookup).assumingMemoryBound(to: uv_req_t.self))
        }
        addresses = []
        let stream = self.stream
        self.stream = nil
        stream?.close()
    }

    private func finish(_ result: Result<Stream, Failure>) {
        if case .success = result { stream = nil }
        end()
        let done = self.done
        self.done = nil
        done?(result)
    }

    private func fail(_ status: Int32, isUnknownHost: Bool = false) {
        finish(
            .failure(
                Failure(
                    message: EventLoop.message(status), isTimeout: false, isUnknownHost: isUnknownHost)))
    }

    // MARK: Time

    /// The time is running, or, with a delay of 0, the next thing is done at once: but not within the caller's call.
    private var startsSoon = false
    private var timeoutMs: Int64 = 0

    private func startTimer(_ ms: Int64) {
        let timer = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
        _ = unsafe uv_timer_init(loop.raw, timer)
        unsafe timer.pointee.data = Unmanaged.passRetained(self).toOpaque()
        unsafe self.timer = timer
        timeoutMs = ms
        arm(ms)
    }

    private func startSoon() {
        startsSoon = true
        arm(0)
    }

    private func arm(_ ms: Int64) {
        guard let timer = unsafe timer else { return }
        unsafe uv_update_time(loop.raw)
        _ = unsafe uv_timer_start(
            timer,
            { timer in
                unsafe Unmanaged<Connector>.fromOpaque(timer!.pointee.data).takeUnretainedValue().rang()
            }, UInt64(ms), 0)
    }

    private func rang() {
        if startsSoon {
            startsSoon = false
            arm(timeoutMs)
            return tryNext()
        }
        finish(
            .failure(Failure(message: EventLoop.message(-ETIMEDOUT), isTimeout: true, isUnknownHost: false)))
    }

    private func stopTimer() {
        guard let timer = unsafe timer else { return }
        unsafe self.timer = nil
        unsafe uv_close(UnsafeMutableRawPointer(timer).assumingMemoryBound(to: uv_handle_t.self)) { handle in
            unsafe Unmanaged<Connector>.fromOpaque(handle!.pointee.data).release()
            unsafe UnsafeMutableRawPointer(handle!).deallocate()
        }
    }

    // MARK: Addresses

    private func lookUp(_ host: ByteString) {
        let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
        unsafe request.pointee.data = Unmanaged.passRetained(self).toOpaque()
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        let status = unsafe uv_getaddrinfo(
            loop.raw, request,
            { request, status, list in
                let connector = unsafe Unmanaged<Connector>.fromOpaque(request!.pointee.data)
                    .takeRetainedValue()
                unsafe connector.lookup = nil
                unsafe connector.found(status, list)
                unsafe uv_freeaddrinfo(list)
                unsafe request!.deallocate()
            }, host.cString, nil, &hints)
        if status == 0 {
            unsafe lookup = request
            return
        }
        unsafe Unmanaged<Connector>.fromOpaque(request.pointee.data).release()
        unsafe request.deallocate()
        lastStatus = status
        isNameRefused = true
        startSoon()
    }

    private func found(_ status: Int32, _ list: UnsafeMutablePointer<addrinfo>?) {
        guard done != nil else { return }
        guard status == 0 else { return fail(status, isUnknownHost: true) }
        var next = unsafe list
        while unsafe next != nil {
            guard let entry = unsafe next else { break }
            if let address = unsafe SocketAddress(found: entry.pointee, port: port) {
                addresses.insert(address, at: 0)
            }
            unsafe next = entry.pointee.ai_next
        }
        tryNext()
    }

    // MARK: Connecting

    private func tryNext() {
        guard done != nil else { return }
        guard var address = addresses.popLast() else {
            return fail(lastStatus, isUnknownHost: isNameRefused)
        }
        let stream = Stream(loop, isTCP: true, buffer)
        self.stream = stream
        let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
        unsafe request.pointee.data = Unmanaged.passRetained(self).toOpaque()
        var status: Int32 = 0
        if var source { status = unsafe source.with { unsafe stream.bind(to: $0) } }
        if status == 0 {
            status = unsafe address.with { pointer in
                unsafe stream.connect(request, to: pointer) { request, status in
                    let connector = unsafe Unmanaged<Connector>.fromOpaque(request!.pointee.data)
                        .takeRetainedValue()
                    unsafe request!.deallocate()
                    connector.connected(status)
                }
            }
        }
        guard status != 0 else { return }
        unsafe Unmanaged<Connector>.fromOpaque(request.pointee.data).release()
        unsafe request.deallocate()
        connected(status)
    }

    private func connected(_ status: Int32) {
        // The time was over, or nobody wants it any more: the stream is closed already.
        guard done != nil, let stream else { return }
        if status == 0 { return finish(.success(stream)) }
        lastStatus = status
        self.stream = nil
        stream.close()
        tryNext()
    }
}
