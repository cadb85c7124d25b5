// SPDX-License-Identifier: Apache-2.0
import CLibUV

// Work on the threads of libuv's pool.

/// Work that waits for a thread, or has one.
private final class PoolWork {
    let work: @Sendable () -> Void
    let done: () -> Void

    init(_ work: @escaping @Sendable () -> Void, _ done: @escaping () -> Void) {
        self.work = work
        self.done = done
    }
}

extension EventLoop {
    /// Starts the threads of libuv's pool, which it otherwise does at the first work: they inherit what the calling
    /// thread is bound to.
    public func startPool() { _ = onPool({}, then: {}) }

    /// Runs `work` on a thread of the pool, and `done` on the loop afterwards. Work begins in the order in which it was
    /// given, as threads become free. The loop does not end before it is done, unless it is stopped.
    /// - Returns: false when the pool does not take it.
    public func onPool(_ work: @escaping @Sendable () -> Void, then done: @escaping () -> Void) -> Bool {
        let request = UnsafeMutablePointer<uv_work_t>.allocate(capacity: 1)
        let body = unsafe Unmanaged.passRetained(PoolWork(work, done))
        unsafe request.pointee.data = body.toOpaque()
        let status = unsafe uv_queue_work(
            raw, request,
            {
                unsafe Unmanaged<PoolWork>.fromOpaque($0!.pointee.data)._withUnsafeGuaranteedRef { $0.work() }
            },
            { request, _ in
                let body = unsafe Unmanaged<PoolWork>.fromOpaque(request!.pointee.data).takeRetainedValue()
                unsafe request!.deallocate()
                body.done()
            })
        guard status != 0 else { return true }
        unsafe body.release()
        unsafe request.deallocate()
        return false
    }
}
