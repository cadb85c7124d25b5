// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Glibc

/// The engine's view of the process it runs in.
final class ServerHost: Host {
    private(set) var shutdownRequested = false
    let facts: ProcessFacts? = ServerHost.readFacts()
    /// Carries run-time changes of directives out; set by the server.
    var onApply: (String, Settings) -> ByteString? = { _, _ in nil }

    /// Writes to the log; set by the server.
    var onLog: (LogLevel, ByteString) -> Void = { _, _ in }

    func requestShutdown() { shutdownRequested = true }

    let disk: any Disk = MachineDisk()
    /// Hands work to the pool; set by the server.
    var onAway: (_ work: @escaping @Sendable () -> Void, _ done: @escaping () -> Void) -> Void = {
        work, done in
        work()
        done()
    }
    func away(_ work: @escaping @Sendable () -> Void, then done: @escaping () -> Void) { onAway(work, done) }

    /// Begins to connect to somebody; set by the server.
    var onConnect: (LinkTarget, any LinkOwner) -> any Link = { _, _ in
        preconditionFailure("no server has set how links are made")
    }
    func connect(_ target: LinkTarget, _ owner: any LinkOwner) -> any Link { onConnect(target, owner) }

    // MARK: Ends and restarts

    var onCrash: (DeliberateCrash) -> Void = { _ in }
    var onRestart: (_ inOrder: Bool, _ delayMs: Int64) -> Bool = { _, _ in false }
    var supervision = "no"

    /// Calls off the end that a signal has asked for; false when none has.
    var onAbortShutdown: () -> Bool = { false }

    func abortShutdown() -> Bool { onAbortShutdown() }
    /// Remembers a file that goes when a signal ends the process at once.
    var onRemovesAtEnd: (ByteString?) -> Void = { _ in }
    func removesAtEnd(_ path: ByteString?) { onRemovesAtEnd(path) }
    func crash(_ crash: DeliberateCrash) { onCrash(crash) }
    func restart(inOrder: Bool, delayMs: Int64) -> Bool { onRestart(inOrder, delayMs) }

    var nowUs: Int64? { Clock.realtimeUs() }

    func sleep(us: Int64, nowUs: Int64) -> Int64 {
        guard us > 0 else { return nowUs }
        var wanted = timespec(tv_sec: Int(us / 1_000_000), tv_nsec: Int(us % 1_000_000) * 1000)
        var left = timespec()
        while unsafe nanosleep(&wanted, &left) != 0, errno == EINTR { wanted = left }
        return Clock.realtimeUs()
    }

    func log(_ level: LogLevel, _ text: ByteString) { onLog(level, text) }

    func apply(_ directive: String, _ settings: Settings) -> ByteString? { onApply(directive, settings) }

    /// The second field of /proc/self/statm, in pages.
    var residentBytes: Int {
        let file = unsafe Glibc.open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { Glibc.close(file) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
        let fields = bytes.prefix(max(0, count)).split(separator: 32)
        guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else { return 0 }
        return pages * Int(getpagesize())
    }
}
