// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// MULTI's queue and WATCH's tickets of one session.
final class Transaction {
    /// A queued command: its bytes end to end, and the blocks of large arguments.
    struct Queued {
        let commandIndex: Int
        let counts: [Int]
        let bytes: [UInt8]
    }
    var queue: [Queued] = []
    var tickets: [WatchVersions.Ticket] = []
    /// A command could not be queued: EXEC will refuse.
    var isSpoiled = false
    /// Flags of all queued commands together, for the refusals of EXEC.
    var flags: CommandFlags = []
    var queuedBytes: Int { queue.reduce(0) { $0 + $1.bytes.count + $1.counts.count * 8 } }

    func enqueue(_ index: Int, _ args: Arguments) {
        var bytes: [UInt8] = []
        var counts: [Int] = []
        for i in 0..<args.count {
            bytes.append(args[i])
            counts.append(args[i].count)
        }
        queue.append(Queued(commandIndex: index, counts: counts, bytes: bytes))
    }
}

extension Transaction.Queued {
    /// Lays the arguments into a list for the time of `body`.
    func withArguments(_ list: ArgumentList, _ body: (Arguments) -> Void) {
        bytes.withView { all in
            list.reset()
            var at = 0
            for count in counts {
                list.append(all[at..<(at + count)])
                at += count
            }
            body(list.arguments)
            list.reset()
        }
    }
}
