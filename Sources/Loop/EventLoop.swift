// SPDX-License-Identifier: Apache-2.0
import CLibUV
import Glibc

/// The one libuv loop: all sockets, timers and signals of the server.
@safe public final class EventLoop {
    let raw: UnsafeMutablePointer<uv_loop_t>
    private var hasMarkedReserve = false

    /// A loop without handles. Traps when the system does not provide it. From then on the process ignores SIGPIPE:
    /// writing to a connection that is gone is to be an error.
    public init() {
        signal(SIGPIPE, SIG_IGN)
        unsafe raw = .allocate(capacity: 1)
        let status = unsafe uv_loop_init(raw)
        precondition(status == 0, "the event loop cannot start")
    }

    /// Runs until `stop`.
    public func run() { _ = unsafe uv_run(raw, UV_RUN_DEFAULT) }

    /// One turn: handles what has happened, and before that waits for something if it is to.
    public func runOnce(waits: Bool) { _ = unsafe uv_run(raw, waits ? UV_RUN_ONCE : UV_RUN_NOWAIT) }

    /// Lets `run` return at the end of the current turn.
    public func stop() { unsafe uv_stop(raw) }

    /// A new handle for a socket, TCP or Unix; whoever asked for it frees it once it is closed.
    func makeSocket(isTCP: Bool) -> UnsafeMutablePointer<uv_stream_t> {
        if isTCP {
            let tcp = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
            _ = unsafe uv_tcp_init(raw, tcp)
            return unsafe UnsafeMutableRawPointer(tcp).assumingMemoryBound(to: uv_stream_t.self)
        }
        let pipe = UnsafeMutablePointer<uv_pipe_t>.allocate(capacity: 1)
        _ = unsafe uv_pipe_init(raw, pipe, 0)
        return unsafe UnsafeMutableRawPointer(pipe).assumingMemoryBound(to: uv_stream_t.self)
    }

    /// The text of a C string in an array.
    static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The text of a libuv status; the C library's where it comes from the system.
    public static func message(_ status: Int32) -> String {
        if status < 0, status > -4000 { return unsafe String(cString: strerror(-status)) }
        return unsafe String(cString: uv_strerror(status))
    }

    // MARK: Descriptors

    /// What the system says when no descriptor is left.
    public static var tooManyFiles: String { message(-EMFILE) }

    /// Whether connections were shed since the last call because no descriptor was left for them.
    ///
    /// libuv does so without a word: it closes a descriptor that it keeps in reserve, takes the connections in on that
    /// number, closes them, and opens the reserve anew. A flag that we set on the reserve is gone then.
    public func takeShedding() -> Bool {
        let reserve = unsafe raw.pointee.emfile_fd
        guard reserve >= 0 else { return false }
        let flags = fcntl(reserve, F_GETFL)
        guard flags >= 0, flags & O_NONBLOCK == 0 else { return false }
        _ = fcntl(reserve, F_SETFL, flags | O_NONBLOCK)
        // The first time it is new in any case.
        defer { hasMarkedReserve = true }
        return hasMarkedReserve
    }
}

/// A callback at a fixed place of every turn, or a repeated one, owned by a libuv handle.
///
/// Handles live as long as the process: the server makes a handful at its start.
@safe public final class Hook {
    /// When a hook is called.
    public enum Place {
        /// Before the loop waits for events: the end of a turn.
        case beforeWait
        /// Behind the events, before closed handles are freed.
        case afterEvents
        /// Keeps the loop from waiting while it is started.
        case idle
    }

    private let place: Place
    private let handle: UnsafeMutableRawPointer
    private let body: () -> Void

    /// Makes the hook; `body` is called once it was started.
    public init(_ loop: EventLoop, _ place: Place, _ body: @escaping () -> Void) {
        self.place = place
        self.body = body
        switch place {
        case .beforeWait:
            let prepare = UnsafeMutablePointer<uv_prepare_t>.allocate(capacity: 1)
            _ = unsafe uv_prepare_init(loop.raw, prepare)
            unsafe handle = UnsafeMutableRawPointer(prepare)
            unsafe prepare.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        case .afterEvents:
            let check = UnsafeMutablePointer<uv_check_t>.allocate(capacity: 1)
            _ = unsafe uv_check_init(loop.raw, check)
            unsafe handle = UnsafeMutableRawPointer(check)
            unsafe check.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        case .idle:
            let idle = UnsafeMutablePointer<uv_idle_t>.allocate(capacity: 1)
            _ = unsafe uv_idle_init(loop.raw, idle)
            unsafe handle = UnsafeMutableRawPointer(idle)
            unsafe idle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        }
    }

    /// Has the body called in every turn from now on.
    public func start() {
        switch place {
        case .beforeWait:
            _ = unsafe uv_prepare_start(handle.assumingMemoryBound(to: uv_prepare_t.self)) { prepare in
                unsafe Unmanaged<Hook>.fromOpaque(prepare!.pointee.data)._withUnsafeGuaranteedRef {
                    $0.body()
                }
            }
        case .afterEvents:
            _ = unsafe uv_check_start(handle.assumingMemoryBound(to: uv_check_t.self)) { check in
                unsafe Unmanaged<Hook>.fromOpaque(check!.pointee.data)._withUnsafeGuaranteedRef { $0.body() }
            }
        case .idle:
            _ = unsafe uv_idle_start(handle.assumingMemoryBound(to: uv_idle_t.self)) { idle in
                unsafe Unmanaged<Hook>.fromOpaque(idle!.pointee.data)._withUnsafeGuaranteedRef { $0.body() }
            }
        }
    }

    /// Has the body called no longer, until the next `start`.
    public func stop() {
        switch place {
        case .beforeWait: _ = unsafe uv_prepare_stop(handle.assumingMemoryBound(to: uv_prepare_t.self))
        case .afterEvents: _ = unsafe uv_check_stop(handle.assumingMemoryBound(to: uv_check_t.self))
        case .idle: _ = unsafe uv_idle_stop(handle.assumingMemoryBound(to: uv_idle_t.self))
        }
    }
}

/// The one timer of the server.
@safe public final class Timer {
    private let handle: UnsafeMutablePointer<uv_timer_t>
    private let body: () -> Void

    /// Makes the timer; `body` is called each time it runs out.
    public init(_ loop: EventLoop, _ body: @escaping () -> Void) {
        self.body = body
        unsafe handle = .allocate(capacity: 1)
        _ = unsafe uv_timer_init(loop.raw, handle)
        unsafe handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    }

    /// Calls the body once, `ms` from now; replaces an earlier arming.
    public func arm(inMs ms: Int64) {
        let delay = UInt64(max(0, ms))
        unsafe uv_update_time(handle.pointee.loop)
        _ = unsafe uv_timer_start(
            handle,
            { timer in
                unsafe Unmanaged<Timer>.fromOpaque(timer!.pointee.data)._withUnsafeGuaranteedRef { $0.body() }
            }, delay, 0)
    }
}

/// Calls its body on the loop soon after it was asked to, from any thread or signal handler.
///
/// Lives as long as the process.
@safe public final class Wakeup {
    private let handle: UnsafeMutablePointer<uv_async_t>
    private let body: () -> Void

    /// Makes the wakeup; `body` runs on the loop's thread, once for any number of calls that come close together.
    public init(_ loop: EventLoop, _ body: @escaping () -> Void) {
        self.body = body
        unsafe handle = .allocate(capacity: 1)
        _ = unsafe uv_async_init(loop.raw, handle) { wakeup in
            unsafe Unmanaged<Wakeup>.fromOpaque(wakeup!.pointee.data)._withUnsafeGuaranteedRef { $0.body() }
        }
        unsafe handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    }

    /// Asks for a call; several requests before it comes are one.
    public func send() { _ = unsafe uv_async_send(handle) }
}
