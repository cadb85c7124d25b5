// SPDX-License-Identifier: Apache-2.0
import Engine
import Keyspace
import RESP

/// EXEC of a queue with a command that may stop in the middle: it goes on behind it, in a later turn, and so its replies
/// wait in a place of their own.
final class StoppableQueue: Continuation {
    private let transaction: Transaction
    private let session: Session
    private let frame: Frame
    private var next = 0
    /// What EXEC replies.
    let reply: Reply

    init(_ transaction: Transaction, _ call: Call, _ outer: Reply) {
        self.transaction = transaction
        session = call.session
        reply = Reply(call.engine.keys.heap)
        reply.isRESP3 = outer.isRESP3
        reply.isMuted = outer.isMuted
        reply.array(transaction.queue.count)
        frame = call.engine.openFrame(session, reply)
    }

    func goOn(_ engine: Engine) -> Bool {
        while next < transaction.queue.count {
            let command = transaction.queue[next]
            next += 1
            reply.isRESP3 = session.isRESP3
            command.withArguments(frame.call.list) { engine.perform(command.index, $0, session, frame.call) }
            if frame.call.hasStopped {
                frame.call.stop(behind: self)
                return false
            }
        }
        engine.closeFrame(frame, restoresSession: false)
        return true
    }
}
