// SPDX-License-Identifier: Apache-2.0

/// How far the log of commands has come. Positions are bytes that were given to a log since the process began: they go on
/// where they were when a log is closed and another one opened.
///
/// Who is told of a change that is not on disk yet must not hear of it before it is: replies and messages wait at the
/// output barrier until `synced` has passed the position they depend on. The feature that keeps the log moves both.
public struct LogProgress: Sendable {
    /// Behind the last unit that the log was given.
    public var written: UInt64 = 0
    /// Everything before this position is on disk. Without a log nobody waits for anything.
    public var synced: UInt64 = .max

    /// Whether something that was given to the log is not on disk.
    public var isBehind: Bool { written > synced }
}

extension Engine {
    /// The replies to a session wait from now on until everything that the log was given so far is on disk.
    public func awaitLog(_ session: Session) {
        session.awaitedPosition = max(session.awaitedPosition, logProgress.written)
    }
}
