// SPDX-License-Identifier: Apache-2.0
import Bytes

/// One thing that the outside must hear of: a command to repeat, an event on a key, or a change that makes what a
/// client remembers of a key untrue.
public struct Effect: Sendable {
    public enum Kind: Sendable {
        case command, event
        /// A key was changed, whether or not there is an event; recorded while `ChangeListeners.tracking` listens.
        case change
        /// A database was emptied, or was empty and asked to be; recorded likewise.
        case flush
    }
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
        public static let aof: UInt8 = 1
        public static let replicas: UInt8 = 2
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

    public private(set) var effects: [Effect] = []
    public private(set) var bytes: [UInt8] = []
    /// How many of the effects are commands.
    public private(set) var commandCount = 0
    /// How many of the commands delete a key that was due or had to make room.
    private var expiryCount = 0
    /// How many of the effects subscribers and tracking clients have been told already, within the unit.
    public var toldCount = 0
    private var start = 0
    private var database: Int32 = 0

    public init() {}

    @inlinable public var isWanted: Bool { readers != 0 }
    /// Whether nothing was recorded since the last `clear`.
    public var isEmpty = true

    /// Whether the unit consists of several commands, which a reader wraps in MULTI and EXEC: whoever repeats the unit
    /// must not stop in the middle. SELECTs that a reader adds go inside. Deletions of due or evicted keys alone have
    /// nothing to do with each other.
    public var isTransaction: Bool { commandCount > 1 && commandCount > expiryCount }

    /// Begins a command of `count` arguments; `append` each, then `end`.
    public func begin(_ count: Int, database: Int) {
        start = bytes.count
        self.database = Int32(database)
        bytes.append(UInt8(ascii: "*"))
        appendNumber(count)
    }

    public func append(_ argument: ByteView) {
        bytes.append(UInt8(ascii: "$"))
        appendNumber(argument.count)
        bytes.append(argument)
        bytes.append("\r\n")
    }

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
    public func event(_ name: StaticString, _ eventClass: UInt16, _ key: ByteView, database: Int) {
        if eventMask & eventClass != 0 { keepEvent(name, eventClass, key, database) }
    }

    @usableFromInline func keepEvent(
        _ name: StaticString, _ eventClass: UInt16, _ key: ByteView, _ database: Int
    ) {
        let from = bytes.count
        bytes.append(name)
        let nameCount = bytes.count - from
        bytes.append(key)
        isEmpty = false
        effects.append(
            Effect(
                kind: .event, database: Int32(database), targets: 0, origin: origin, eventClass: eventClass,
                range: from..<bytes.count, nameCount: nameCount))
    }

    /// Records that a key was changed; by the server itself if `origin` is 0.
    func change(_ key: ByteView, database: Int, origin: UInt64) {
        let from = bytes.count
        bytes.append(key)
        record(.change, database, origin, from..<bytes.count)
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
    public struct Mark { let effects: Int, bytes: Int, commands: Int, expiries: Int }
    public var mark: Mark {
        Mark(effects: effects.count, bytes: bytes.count, commands: commandCount, expiries: expiryCount)
    }
    public func cutBack(to mark: Mark) {
        effects.removeLast(effects.count - mark.effects)
        bytes.removeLast(bytes.count - mark.bytes)
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
        commandCount = 0
        expiryCount = 0
        toldCount = 0
    }

    private func appendNumber(_ number: Int) {
        var text = DecimalText(Int64(number))
        text.withView { bytes.append($0) }
        bytes.append("\r\n")
    }
}

/// Classes of keyspace events, as `notify-keyspace-events` names them.
public enum EventClass {
    public static let generic: UInt16 = 1 << 0  // g
    public static let string: UInt16 = 1 << 1  // $
    public static let list: UInt16 = 1 << 2  // l
    public static let set: UInt16 = 1 << 3  // s
    public static let hash: UInt16 = 1 << 4  // h
    public static let zset: UInt16 = 1 << 5  // z
    public static let expired: UInt16 = 1 << 6  // x
    public static let evicted: UInt16 = 1 << 7  // e
    public static let stream: UInt16 = 1 << 8  // t
    public static let miss: UInt16 = 1 << 9  // m
    public static let new: UInt16 = 1 << 10  // n
}
