// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// Counters that INFO shows.
public struct KeyspaceStats: Sendable {
    public var hits = 0
    public var misses = 0
    public var expired = 0
    public var evicted = 0
    /// Changes since the last save.
    public var dirty = 0
    public init() {}
}

/// Up to which size collections stay compact; Redis's directives of the same names.
public struct EncodingLimits: Sendable {
    public var setIntsetEntries = 512
    public var setListpackEntries = 128
    public var setListpackValueBytes = 64
}

/// The databases, and everything a change to a key entails: expiry, versions for WATCH, effects, cuts, reclaiming.
///
/// It knows neither clients nor replies. Time and randomness come from outside.
public final class Keyspace {
    public let store: Store
    public let heap: Heap
    let wheel: TimingWheel
    public let databaseCount: Int
    public let effects = EffectLog()
    public let watches = WatchVersions()
    /// Who has to hear of changes.
    public var listeners: ChangeListeners = []
    public let reclaimer: Reclaimer
    /// The memory limit, and who goes when it is reached.
    public let eviction = Eviction()
    /// What packs the pages of the heap.
    public let defragmenter: Defragmenter

    /// Unix time in ms; set by the engine before each unit, fixed within it.
    public var nowMs: Int64 = 0 {
        didSet { lruClock = UInt32(truncatingIfNeeded: nowMs / 1000) & 0xFF_FFFF }
    }
    /// What the clock showed beyond `nowMs`, in microseconds: 0 to 999.
    private var beyondMsUs: Int64 = 0
    /// Unix time in microseconds; setting it sets `nowMs` too.
    public var nowUs: Int64 {
        get { nowMs * 1000 + beyondMsUs }
        set {
            nowMs = newValue / 1000
            beyondMsUs = newValue % 1000
        }
    }
    /// Seconds, 24 bits.
    @usableFromInline var lruClock: UInt32 = 0
    public var random: SeededRandom
    public var stats = KeyspaceStats()
    public var limits = EncodingLimits()
    /// Access bits hold LFU counters instead of the LRU clock.
    public var usesLFU = false
    public var lfuLogFactor = 10
    public var lfuDecayMinutes = 1
    /// False while a client reads with NO-TOUCH, or for introspecting commands.
    public var touches = true
    /// Whether due keys are deleted in the background (DEBUG SET-ACTIVE-EXPIRE).
    public var expiresActively = true
    /// What becomes of a dead key that is met; see `DeadKeys`.
    public var deadKeys = DeadKeys.deleted
    /// The data stands still: nothing is deleted because it is due (CLIENT PAUSE, import mode).
    public var expiryIsPaused = false
    /// The data stands still: nothing is evicted.
    public var evictionIsPaused = false

    /// The database that the running command works on.
    @usableFromInline var currentIndex = 0
    @usableFromInline var table: Table
    let roots: Address
    /// Edits committed so far; the dispatcher compares it around a call.
    public internal(set) var commits = 0
    @usableFromInline var editIsOpen = false
    /// Open cuts by lane.
    var cuts: [Cut?] = Array(repeating: nil, count: Store.laneCount)
    private let scratch: Address
    private var scratchTurn = 0
    var dueEntries: [Address] = []
    /// How far `tidy` has come, in hash space.
    var tidyPosition: UInt64 = 0

    /// Keys about to be looked up; see `KeyHints.swift`.
    @usableFromInline let hints = FixedArray(repeating: KeyHint(), count: Keyspace.hintsMax)
    @usableFromInline var hintCount = 0
    @usableFromInline var hintCursor = Keyspace.hintsMax

    static let scratchBytes = 64

    public init(databases: Int = 16, seed: UInt64 = 0, hashSeed: UInt64 = 0, nowMs: Int64 = 0) {
        store = Store(seed: hashSeed, nowMs: nowMs)
        heap = store.heap
        wheel = store.wheel
        databaseCount = databases
        random = SeededRandom(seed: seed)
        reclaimer = Reclaimer()
        defragmenter = Defragmenter(store.heap)
        roots = heap.allocateZeroed(databases * 8)
        scratch = heap.allocate(Keyspace.scratchBytes)
        for i in 0..<databases {
            roots.setAddress(i * 8, Table.create(store, keyOffset: 4, owner: UInt32(i)).root)
        }
        table = Table(root: roots.address(0))
        self.nowMs = nowMs
        lruClock = UInt32(truncatingIfNeeded: nowMs / 1000) & 0xFF_FFFF
    }

    deinit {
        for cut in cuts { cut?.abandon(self) }
        for i in 0..<databaseCount { reclaimer.add(database: Table(root: roots.address(i * 8))) }
        while reclaimer.slice(self, max: 1 << 20) {}
        heap.free(roots, databaseCount * 8)
        heap.free(scratch, Keyspace.scratchBytes)
    }

    // MARK: Databases

    /// The selected database; the index must exist.
    @inlinable public var current: Int {
        @inline(__always) get { currentIndex }
        set { if newValue != currentIndex { select(newValue) } }
    }

    @usableFromInline func select(_ index: Int) {
        precondition(index >= 0 && index < databaseCount, "no such database")
        currentIndex = index
        table = Table(root: roots.address(index * 8))
    }

    @usableFromInline func table(of database: Int) -> Table { Table(root: roots.address(database * 8)) }

    /// Number of keys, dead ones not yet deleted included.
    public func count(of database: Int) -> Int { table(of: database).count }
    /// Number of keys with a deadline.
    public func volatileCount(of database: Int) -> Int { table(of: database).volatileCount }
    public func segmentCount(of database: Int) -> Int { table(of: database).segmentCount }

    /// Exchanges two databases, for all sessions at once.
    public func swap(_ a: Int, _ b: Int) {
        watches.touch(exchanging: a, b, self)
        let first = roots.address(a * 8)
        roots.setAddress(a * 8, roots.address(b * 8))
        roots.setAddress(b * 8, first)
        table(of: a).owner = UInt32(a)
        table(of: b).owner = UInt32(b)
        table = table(of: currentIndex)
        commits += 1
    }

    /// Empties a database; the reclaimer takes its keys apart later.
    /// - Returns: how many keys there were.
    @discardableResult public func flush(_ database: Int) -> Int {
        let old = table(of: database)
        let count = old.count
        if listeners.contains(.tracking) { effects.flush(database: database) }
        guard count > 0 else { return 0 }
        watches.touch(database: database, self)
        roots.setAddress(database * 8, Table.create(store, keyOffset: 4, owner: UInt32(database)).root)
        table = table(of: currentIndex)
        old.owner = Reclaimer.detachedOwner
        if old.lanes != 0 { handToCuts(database: old) } else { reclaimer.add(database: old) }
        commits += 1
        stats.dirty += count
        return count
    }

    // MARK: Lookup

    /// Where `key` lies in a database (the current one by default). A dead key is deleted first. Touches nothing else.
    @inlinable @inline(__always) public func peek(_ key: ByteView) -> Found {
        let hash = self.hash(of: key)
        let slot = table.find(hash, key)
        let found = Found(key: key, hash: hash, slot: slot, database: currentIndex)
        if !slot.isNone, slot.entry.u8(4) & 128 != 0 { return alive(found) }
        return found
    }

    public func peek(_ key: ByteView, in database: Int) -> Found {
        let hash = Table.hash(key, store)
        let slot = table(of: database).find(hash, key)
        return alive(Found(key: key, hash: hash, slot: slot, database: database))
    }

    @usableFromInline @inline(never) func alive(_ found: Found) -> Found {
        guard found.exists else { return found }
        let table = table(of: found.database)
        guard table.deadline(found.slot) <= nowMs else { return found }
        switch deadKeys {
        case .deleted: expire(found)
        case .hidden: break
        case .alive: return found
        }
        return Found(key: found.key, hash: found.hash, slot: .none, database: found.database)
    }

    /// Looks a key up for reading: counts a hit or a miss and notes the access.
    @inlinable @inline(__always) public func read(_ key: ByteView) -> Found {
        let found = peek(key)
        if found.exists {
            stats.hits &+= 1
            noteAccess(found)
        } else {
            missed(key)
        }
        return found
    }

    @usableFromInline @inline(never) func missed(_ key: ByteView) {
        stats.misses &+= 1
        effects.event("keymiss", EventClass.miss, key, database: currentIndex)
    }

    /// Looks a key up for writing: notes the access, counts nothing.
    @inlinable @inline(__always) public func locate(_ key: ByteView) -> Found {
        let found = peek(key)
        if found.exists { noteAccess(found) }
        return found
    }

    @inlinable @inline(__always) func noteAccess(_ found: Found) {
        guard touches else { return }
        let value = found.value
        value.access = usesLFU ? countedAccess(value.access) : lruClock
    }

    /// The deadline of a found key in Unix ms; nil when it has none.
    public func deadline(_ found: Found) -> Int64? {
        Keyspace.deadline(kept: table(of: found.database).deadline(found.slot))
    }

    /// The deadline of a value of the current database in Unix ms; nil when it has none.
    public func deadline(of value: Value) -> Int64? {
        guard value.entry.u8(4) & 128 != 0 else { return nil }
        return Keyspace.deadline(kept: table.deadline(table.find(Table.hash(value.key, store), value.key)))
    }

    /// The bytes of a string value; integers are printed to a scratch place that the next two calls reuse.
    @inlinable @inline(__always) public func string(_ value: Value) -> ByteView {
        value.isInteger ? printed(value.integer) : value.stringBytes
    }

    @usableFromInline @inline(never) func printed(_ integer: Int64) -> ByteView {
        scratchTurn ^= 1
        let end = scratch + (scratchTurn + 1) * 32
        let count = writeDecimal(integer, endingAt: end)
        return (end + -count).view(0, count)
    }

    // MARK: Access bits

    /// Access bits of a new key: now, or an LFU counter that gives it a chance.
    @inlinable @inline(__always) var freshAccess: UInt32 { usesLFU ? freshFrequency : lruClock }
    @usableFromInline var freshFrequency: UInt32 { (lfuMinutes << 8) | LFU.initialCount }
    @usableFromInline var lfuMinutes: UInt32 { UInt32(truncatingIfNeeded: nowMs / 60000) & 0xFFFF }

    /// Seconds since the value was last touched (LRU policies).
    public func idleSeconds(_ value: Value) -> Int64 { Int64((lruClock &- value.access) & 0xFF_FFFF) }
    /// The decayed LFU counter (LFU policies).
    public func frequency(_ value: Value) -> Int64 {
        Int64(LFU.decayed(value.access, minutes: lfuMinutes, decay: lfuDecayMinutes))
    }

    @usableFromInline @inline(never) func countedAccess(_ access: UInt32) -> UInt32 {
        var count = LFU.decayed(access, minutes: lfuMinutes, decay: lfuDecayMinutes)
        count = LFU.incremented(count, logFactor: lfuLogFactor, &random)
        return lfuMinutes << 8 | count
    }

    // MARK: Walks

    /// Visits keys from a SCAN cursor on; the keyspace must not change meanwhile. Dead keys go to `dead`, for the
    /// caller to delete afterwards (`deleteDead`), or are left out.
    public func scan(
        _ cursor: UInt64, count: Int, dead: (Value) -> Void = { _ in }, _ visit: (Value) -> Void
    ) -> UInt64 {
        let table = self.table
        return table.scan(cursor, count: count) { entry in
            if isDead(entry, table) { dead(Value(entry)) } else { visit(Value(entry)) }
        }
    }

    /// Deletes a key of the current database that a walk found dead.
    public func deleteDead(_ value: Value) { _ = peek(value.key) }

    /// Visits all live keys of the current database; the keyspace must not change meanwhile.
    public func forEach(_ visit: (Value) -> Void) {
        let table = self.table
        table.forEach { entry in
            if !isDead(entry, table) { visit(Value(entry)) }
        }
    }

    private func isDead(_ entry: Address, _ table: Table) -> Bool {
        guard entry.u8(4) & 128 != 0, deadKeys != .alive else { return false }
        let key = Value(entry).key
        return table.deadline(table.find(Table.hash(key, store), key)) <= nowMs
    }

    /// Roughly how long the volatile keys of a database have left, in ms: the mean over some hundreds of keys.
    public func averageTTLMs(of database: Int) -> Int64 {
        let table = table(of: database)
        guard table.volatileCount > 0 else { return 0 }
        var sum: Int64 = 0
        var count: Int64 = 0
        var visits = 0
        var cursor: UInt64 = 0
        repeat {
            cursor = table.scan(cursor, count: 64) { entry in
                visits += 1
                guard entry.u8(4) & 128 != 0 else { return }
                let key = Value(entry).key
                let left = table.deadline(table.find(Table.hash(key, store), key)) - nowMs
                // A deadline may lie centuries ahead: it is bounded so that the sum cannot overflow.
                sum += min(max(left, 0), 1 << 50)
                count += 1
            }
        } while cursor != 0 && visits < 1024
        return count == 0 ? 0 : sum / count
    }

    /// A uniformly picked live key; dead ones met on the way are deleted. Nil in an empty database. Where dead keys are
    /// only hidden and most are dead, it may be a dead one.
    public func randomKey() -> Value? {
        var attempts = 0
        while true {
            let slot = table.randomSlot(&random)
            guard !slot.isNone else { return nil }
            let key = Value(slot.entry).key
            let found = peek(key)
            if found.exists { return found.value }
            attempts += 1
            if deadKeys == .hidden, attempts == 100 { return Value(slot.entry) }
        }
    }

    /// Traps on a broken invariant (tests and fuzzers).
    public func checkInvariants() {
        heap.checkInvariants()
        for i in 0..<databaseCount {
            let table = table(of: i)
            precondition(table.owner == UInt32(i), "a table does not know its database")
            table.checkInvariants(store)
            table.forEach { entry in
                let value = Value(entry)
                value.operations.table(value)?.checkInvariants(store)
            }
        }
    }
}
