// SPDX-License-Identifier: Apache-2.0

/// Lets something happen once in a while at most: a line of the log that anybody from outside could cause at will.
public struct RateLimit: Sendable {
    private let everyMs: Int64
    private var lastMs: Int64?

    /// - Parameter everyMs: how long it may not happen again, in ms.
    public init(everyMs: Int64) { self.everyMs = everyMs }

    /// Whether it may happen now (`nowMs`, on any clock); if so, it counts as having happened.
    public mutating func allows(_ nowMs: Int64) -> Bool {
        // A clock that was set back must not silence it for long.
        if let lastMs, nowMs >= lastMs, nowMs - lastMs < everyMs { return false }
        lastMs = nowMs
        return true
    }
}
