// SPDX-License-Identifier: Apache-2.0
import Bytes

/// One thing that the outside must hear of: a command to repeat, an event on a key, or a change that makes what a
/// client remembers of a key untrue.
public struct Effect: Sendable {
    /// What the outside must hear of.
    public enum Kind: Sendable {
        /// A command for whoever repeats the data, and an event on a key.
        case command, event
        /// A key was changed, whether or not there is an event; recorded while `ChangeListeners.tracking` listens.
        case change
        /// A collection was changed and has elements, or is no longer there; recorded while `Keyspace.tellsReady`.
        case ready
        /// A database was emptied, or was empty and asked to be; recorded while either is so.
        case flush
    }
    /// What it is; this decides which of the fields below are used.
    public let kind: Kind
    /// Database that the command or key belongs to.
    public let database: Int32
    /// Who is to read it: a mask over `EffectLog.Reader`.
    public let targets: UInt8
    /// The session that caused it; 0 for the server itself, which deletes what is due also during a client's command.
    public let origin: UInt64
    /// The event class (others: 0).
    public let eventClass: UInt16
    /// Where the encoded command, the event's name and key, or the changed key lie in the log.
    public let range: Range<Int>
    /// Length of the event's name at the front of `range`.
    public let nameCount: Int
}

/// The list of effects of the running unit: what AOF, replicas, keyspace events and tracking read when it ends.
///
/// Commands are encoded as RESP arrays when their call ends, because arguments die early. Nothing is encoded while
/// nobody reads.
public final class EffectLog {
    /// Bits of `readers` and of an effect's targets.
    public enum Reader {
        /// The log of commands on disk.
        public static let aof: UInt8 = 1
        /// The replicas' stream of commands.
        public static let replicas: UInt8 = 2
        /// A second engine that is fed with the effects alone (tests).
        public static let twin: UInt8 = 4
        /// Those that pass on what is no change of data, such as PUBLISH.
        public static let allButAOF = replicas | twin
    }

    /// Who reads commands at present.
    public var readers: UInt8 = 0
    /// Which event classes somebody listens to; see `EventClass`.
    public var eventMask: UInt16 = 0
    /// The session whose command runs.
    public var origin: UInt64 = 0

    /// What was recorded since the last `clear`, in its order.
    public private(set) var effects: [Effect] = []
    /// What was encoded, but for the large arguments of commands: `forEachPiece` gives all of a command.
    public private(set) var bytes: [UInt8] = []
    /// Arguments that fill a block of their own, by where in `bytes` they belong. The log holds one reference to each.
    private var splices: [(offset: Int, block: Block)] = []
    private let heap: Heap
    /// How many of the effects are commands.
    public private(set) var commandCount = 0
    /// How many of the commands delete a key that was due or had to make room.
    private var expiryCount = 0
    /// How many of the effects subscribers and tracking clients have been told already, within the unit.
    public var toldCount = 0
    private var start = 0
    private var database: Int32 = 0

    /// An empty log that nobody reads; `heap` is where the blocks of its commands come from.
    public init(_ heap: Heap) { self.heap = heap }

    deinit { dropSplices(to: 0) }

    /// Whether anybody reads commands: if not, none is encoded.
    @inlinable public var isWanted: Bool { readers != 0 }
    /// Whether nothing was recorded since the last `clear`.
    public var isEmpty = true

    /// Whether the unit consists of several commands, which a reader wraps in MULTI and EXEC: whoever repeats the unit
    /// must not stop in the middle. SELECTs that a reader adds go inside. Deletions of due or evicted keys alone have
    /// nothing to do with each other.
    /// - Parameter reader: as this reader sees the unit: what is not meant for it does not count.
    public func isTransaction(for reader: UInt8) -> Bool {
        if effects.count <= 1 || commandCount <= expiryCount { return false }
        var count = 0
        for effect in effects where effect.kind == .command && effect.targets & reader != 0 { count += 1 }
        return count > 1
    }

    /// Visits the encoded bytes of a command, in order and in pieces: large arguments are not copied.
    public func forEachPiece(of effect: Effect, _ visit: (ByteView) -> Void) {
        forEachPiece(of: effect) { piece, _ in visit(piece) }
    }

    /// Visits the encoded bytes of a command, in order and in pieces; a large argument comes with its block, which
    /// whoever wants to keep it may retain.
    @inline(__always) public func forEachPiece(of effect: Effect, _ visit: (ByteView, Block?) -> Void) {
        bytes.withView { all in
            if splices.isEmpty { return visit(all[effect.range], nil) }
            forEachSplicedPiece(all, effect.range, visit)
        }
    }

    @inline(never)
    private func forEachSplicedPiece(
        _ all: ByteView, _ range: Range<Int>, _ visit: (ByteView, Block?) -> Void
    ) {
        var at = range.lowerBound
        var next = firstSplice(behind: at)
        while next < splices.count, splices[next].offset <= range.upperBound {
            visit(all[at..<splices[next].offset], nil)
            visit(splices[next].block.view, splices[next].block)
            at = splices[next].offset
            next += 1
        }
        visit(all[at..<range.upperBound], nil)
    }

    /// Begins a command of `count` arguments; `append` each, then `end`.
    public func begin(_ count: Int, database: Int) {
        start = bytes.count
        self.database = Int32(database)
        bytes.append(UInt8(ascii: "*"))
        appendNumber(count)
    }

    /// Adds an argument to the command that was begun.
    public func append(_ argument: ByteView) {
        bytes.append(UInt8(ascii: "$"))
        appendNumber(argument.count)
        bytes.append(argument)
        bytes.append("\r\n")
    }

    /// Appends an argument that may fill a block of its own, which the log then shares instead of copying it.
    public func append(_ argument: ByteView, _ block: Block?) {
        assert(block.map { $0.view == argument } ?? true, "a block that holds something else")
        guard let block else { return append(argument) }
        bytes.append(UInt8(ascii: "$"))
        appendNumber(argument.count)
        block.retain()
        splices.append((bytes.count, block))
        bytes.append("\r\n")
    }

    /// Adds an argument that is a number, as its decimal text.
    public func append(_ number: Int64) {
        var text = DecimalText(number)
        text.withView { append($0) }
    }

    /// - Parameter targets: who is to read it, of those who do.
    public func end(targets: UInt8 = UInt8.max) {
        isEmpty = false
        commandCount += 1
        effects.append(
            Effect(
                kind: .command, database: database, targets: readers & targets, origin: origin, eventClass: 0,
                range: start..<bytes.count, nameCount: 0))
    }

    /// Records the deletion of a key that was due or had to make room.
    func deletion(_ key: ByteView, database: Int) {
        guard isWanted else { return }
        command("DEL", key, database: database)
        expiryCount += 1
    }

    /// Records the deletion of fields that were due: `count` names, which `append` writes.
    func fieldDeletions(of key: ByteView, _ count: Int, database: Int, _ append: (EffectLog) -> Void) {
        guard isWanted else { return }
        begin(count + 2, database: database)
        self.append(ByteView("HDEL"))
        self.append(key)
        append(self)
        end()
        expiryCount += 1
    }

    /// Records `name key` as a whole command: what expiry, eviction and flushes need.
    public func command(_ name: StaticString, _ key: ByteView, database: Int) {
        guard isWanted else { return }
        begin(2, database: database)
        append(ByteView(name))
        append(key)
        end()
    }

    /// Records a keyspace event if anybody listens to its class.
    @inlinable @inline(__always)
    public func event(_ event: Event, _ key: ByteView, database: Int) {
        if eventMask & event.eventClass != 0 { keepEvent(event, key, database) }
    }

    @usableFromInline func keepEvent(_ event: Event, _ key: ByteView, _ database: Int) {
        let from = bytes.count
        bytes.append(event.name)
        let nameCount = bytes.count - from
        bytes.append(key)
        isEmpty = false
        effects.append(
            Effect(
                kind: .event, database: Int32(database), targets: 0, origin: origin,
                eventClass: event.eventClass,
                range: from..<bytes.count, nameCount: nameCount))
    }

    /// Records that a key was changed; by the server itself if `origin` is 0.
    func change(_ key: ByteView, database: Int, origin: UInt64) {
        let from = bytes.count
        bytes.append(key)
        record(.change, database, origin, from..<bytes.count)
    }

    /// Records that a collection may be what somebody waits for.
    @usableFromInline func ready(_ key: ByteView, database: Int) {
        let from = bytes.count
        bytes.append(key)
        record(.ready, database, origin, from..<bytes.count)
    }

    /// Records that a database is being emptied.
    func flush(database: Int) { record(.flush, database, origin, bytes.count..<bytes.count) }

    private func record(_ kind: Effect.Kind, _ database: Int, _ origin: UInt64, _ range: Range<Int>) {
        isEmpty = false
        effects.append(
            Effect(
                kind: kind, database: Int32(database), targets: 0, origin: origin, eventClass: 0,
                range: range,
                nameCount: 0))
    }

    /// A point to which the log can be cut back.
    public struct Mark { let effects: Int, bytes: Int, commands: Int, expiries: Int, splices: Int }
    /// The end of the log as it is now.
    public var mark: Mark {
        Mark(
            effects: effects.count, bytes: bytes.count, commands: commandCount, expiries: expiryCount,
            splices: splices.count)
    }
    /// Forgets what was recorded since the mark, which must be of this log and not older than its last `clear`.
    public func cutBack(to mark: Mark) {
        effects.removeLast(effects.count - mark.effects)
        bytes.removeLast(bytes.count - mark.bytes)
        dropSplices(to: mark.splices)
        isEmpty = effects.isEmpty
        commandCount = mark.commands
        expiryCount = mark.expiries
        toldCount = min(toldCount, effects.count)
    }

    /// Forgets what has been read; keeps moderate capacity.
    public func clear() {
        isEmpty = true
        effects.removeAll(keepingCapacity: effects.count < 4096)
        bytes.removeAll(keepingCapacity: bytes.count < 1 << 20)
        dropSplices(to: 0)
        commandCount = 0
        expiryCount = 0
        toldCount = 0
    }

    private func firstSplice(behind offset: Int) -> Int {
        var low = 0
        var high = splices.count
        while low < high {
            let middle = (low + high) / 2
            if splices[middle].offset <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func dropSplices(to count: Int) {
        while splices.count > count { splices.removeLast().block.release(heap) }
    }

    private func appendNumber(_ number: Int) {
        var text = DecimalText(Int64(number))
        text.withView { bytes.append($0) }
        bytes.append("\r\n")
    }
}
