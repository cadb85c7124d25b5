// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

/// The stream of commands that one reader of units gets, as Redis writes it to append-only files and replicas: each unit
/// with changes as its commands, in MULTI and EXEC if there are several, and SELECT in front of a command for another
/// database than the last one.
///
///     var stream = PropagationStream(for: EffectLog.Reader.aof)
///     func unitEnded(_ log: EffectLog) { stream.append(log, to: &chain, heap) }
///
/// Each reader has one of its own: what is selected depends on what that reader has got so far.
public struct PropagationStream {
    /// Whom it is for: a bit of `EffectLog.Reader`.
    public let reader: UInt8
    private var selected: Int32 = -1

    /// A stream that has selected nothing yet.
    /// - Parameter reader: a bit of `EffectLog.Reader`; effects that are not meant for it are left out.
    public init(for reader: UInt8) { self.reader = reader }

    /// The database that whoever has read everything so far has selected; nil when that is not known.
    public var database: Int? { selected < 0 ? nil : Int(selected) }

    /// The next command selects its database in any case: who reads on from here has not read what was before, as at the
    /// beginning of a file and behind a full synchronisation.
    public mutating func forgetDatabase() { selected = -1 }

    /// Adds what a unit has for the reader: copies of small pieces, holds on the blocks of large ones.
    /// - Parameter heap: what the chain's memory comes from; the log's.
    public mutating func append(_ log: EffectLog, to chain: inout ByteChain, _ heap: Heap) {
        forEachPiece(of: log) { piece, block in
            if let block { return chain.append(block, heap) }
            if !chain.appendInPlace(piece) { chain.append(piece, heap) }
        }
    }

    /// Gives what a unit has for the reader to `body`, in order and in pieces; nothing for a unit without commands.
    /// Pieces are valid for the time of the call; a large one comes with the block that it fills, which whoever wants to
    /// keep it may retain.
    @inline(__always)
    public mutating func forEachPiece(of log: EffectLog, _ body: (ByteView, Block?) -> Void) {
        let isTransaction = log.isTransaction(for: reader)
        if isTransaction { body(ByteView("*1\r\n$5\r\nMULTI\r\n"), nil) }
        for effect in log.effects where effect.kind == .command && effect.targets & reader != 0 {
            if effect.database != selected { select(effect.database, body) }
            log.forEachPiece(of: effect, body)
        }
        if isTransaction { body(ByteView("*1\r\n$4\r\nEXEC\r\n"), nil) }
    }

    @inline(never) private mutating func select(_ database: Int32, _ body: (ByteView, Block?) -> Void) {
        selected = database
        var number = DecimalText(Int64(database))
        number.withView { digits in
            var count = DecimalText(Int64(digits.count))
            body(ByteView("*2\r\n$6\r\nSELECT\r\n$"), nil)
            count.withView { body($0, nil) }
            body(ByteView("\r\n"), nil)
            body(digits, nil)
            body(ByteView("\r\n"), nil)
        }
    }
}
