// SPDX-License-Identifier: Apache-2.0

/// What the engine asks of the world around it. A test gives it a quiet one.
public protocol Host: AnyObject {
    /// Resident memory of the process in bytes.
    var residentBytes: Int { get }
    /// Blocks the whole server (DEBUG SLEEP).
    func sleep(us: Int64)
    /// A client asked for the end; the host stops at the end of the turn.
    func requestShutdown()
    /// A run-time change of a directive that concerns sockets or the process; a text says why it cannot be done.
    func apply(_ directive: String, _ settings: Settings) -> String?
}

/// A host without a world: for tests and tools.
public final class QuietHost: Host {
    public private(set) var shutdownRequested = false
    public private(set) var sleptUs: Int64 = 0
    public init() {}
    public var residentBytes: Int { 0 }
    public func sleep(us: Int64) { sleptUs += us }
    public func requestShutdown() { shutdownRequested = true }
    public func apply(_ directive: String, _ settings: Settings) -> String? { nil }
}
