// SPDX-License-Identifier: Apache-2.0
import RESP

/// Keeps the commands of a session that wants them run together later (MULTI).
public protocol CommandQueue: AnyObject {
    /// Flags of all its commands together.
    var flags: CommandFlags { get }
    /// Bytes of its commands.
    var queuedBytes: Int { get }
    /// Bytes that it holds altogether.
    var bytes: Int { get }
    /// Takes a command in and replies to it.
    func enqueue(_ index: Int, _ args: Arguments, _ session: Session, _ call: Call)
    /// A command could not be queued: the queue will not be run.
    func spoil()
}

extension Session {
    /// Forgets what is queued, and leaves MULTI.
    public func dropQueue() {
        isInMulti = false
        queue = nil
    }
}
