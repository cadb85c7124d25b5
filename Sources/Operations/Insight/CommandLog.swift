// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import RESP

/// The commands that took long, or were large, or had large replies: one log for each, the newest entries of a bounded
/// number.
public final class CommandLog {
    /// What makes a command conspicuous.
    public enum Kind: Int, CaseIterable, Sendable {
        /// It took long, its arguments were large, or its reply was.
        case slow, largeRequest, largeReply

        /// The kind by its name in COMMANDLOG.
        init?(_ name: ByteView) {
            if name.matches("SLOW") {
                self = .slow
            } else if name.matches("LARGE-REQUEST") {
                self = .largeRequest
            } else if name.matches("LARGE-REPLY") {
                self = .largeReply
            } else {
                return nil
            }
        }
    }

    /// A command that was logged.
    public struct Entry: Sendable {
        /// Rises by one from entry to entry of a log, and is not used again.
        public let id: Int
        /// When it was logged, in Unix seconds.
        public let unixSeconds: Int64
        /// Microseconds, or bytes.
        public let value: Int
        /// Clipped, secrets left out.
        public let arguments: [[UInt8]]
        /// Who sent it: the client's address and name.
        public let address: ByteString
        public let clientName: [UInt8]
    }

    static let argumentsMax = 32
    static let argumentBytesMax = 128

    /// The entries of one log, the oldest first; those before `first` are gone already.
    private struct Entries {
        var all: [Entry] = []
        var first = 0
        var nextID = 0
        var max = 128

        var count: Int { all.count - first }

        mutating func trim() {
            first = Swift.max(first, all.count - max)
            // Rarely, so that a long log costs little per entry; but what is gone holds no memory for long.
            guard first > 64 + all.count / 2 || count == 0 else { return }
            all.removeFirst(first)
            first = 0
        }
    }

    private var logs = [Entries](repeating: Entries(), count: Kind.allCases.count)

    func setMax(_ settings: InsightSettings) {
        let bounds = [settings.slowLogMax, settings.requestLogMax, settings.replyLogMax]
        for (index, max) in bounds.enumerated() {
            logs[index].max = max
            logs[index].trim()
        }
    }

    func add(
        _ kind: Kind, _ value: Int, _ args: Arguments, _ secrets: Set<Int>, _ session: Session,
        _ nowMs: Int64
    ) {
        guard logs[kind.rawValue].max > 0 else { return }
        logs[kind.rawValue].all.append(
            Entry(
                id: logs[kind.rawValue].nextID, unixSeconds: nowMs / 1000, value: value,
                arguments: CommandLog.clipped(args, secrets), address: session.address,
                clientName: session.name))
        logs[kind.rawValue].nextID += 1
        logs[kind.rawValue].trim()
    }

    /// How many entries a log holds.
    public func count(_ kind: Kind) -> Int { logs[kind.rawValue].count }

    /// The newest entries of a log, the newest first.
    public func newest(_ kind: Kind, max: Int) -> [Entry] {
        let log = logs[kind.rawValue]
        return log.all[log.first...].suffix(max).reversed()
    }

    /// Empties a log; its numbers go on.
    func reset(_ kind: Kind) {
        logs[kind.rawValue].all = []
        logs[kind.rawValue].first = 0
    }

    private static func clipped(_ args: Arguments, _ secrets: Set<Int>) -> [[UInt8]] {
        let kept = args.count > argumentsMax ? argumentsMax - 1 : args.count
        var words = (0..<kept).map { index in
            secrets.contains(index) ? Redaction.mark : clipped(args[index])
        }
        if kept < args.count { words.append(Array("... (\(args.count - kept) more arguments)".utf8)) }
        return words
    }

    private static func clipped(_ argument: ByteView) -> [UInt8] {
        guard argument.count > argumentBytesMax else { return argument.array }
        let rest = "... (\(argument.count - argumentBytesMax) more bytes)"
        return argument[0..<argumentBytesMax].array + rest.utf8
    }
}
