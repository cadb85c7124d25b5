// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// Counters that INFO shows.
public struct KeyspaceStats: Sendable {
    /// Lookups by commands that read, and found or did not find their key.
    public var hits = 0
    public var misses = 0
    /// Keys that died of their deadline.
    public var expired = 0
    /// Fields of hashes that died.
    public var expiredFields = 0
    /// Keys that went because memory had reached its limit.
    public var evicted = 0
    /// Changes since the last save.
    public var dirty = 0
    public init() {}
}

/// The databases, and everything a change to a key entails: expiry, versions for WATCH, effects, cuts, reclaiming.
///
/// It knows neither clients nor replies. Time and randomness come from outside.
public final class Keyspace {
    /// What the tables of all databases share.
    public let store: Store
    /// Where entries and collections are allocated; its ledger says what they take.
    public let heap: Heap
    let wheel: TimingWheel
    /// How many databases there are, numbered from 0.
    public let databaseCount: Int
    /// What changes leave for the log of commands, replicas and listeners to read.
    public let effects: EffectLog
    /// The versions of the keys that clients watch for EXEC.
    public let watches = WatchVersions()
    /// Whether somebody waits for collections: each that is changed and not emptied is told to the effect log.
    public var tellsReady = false
    /// Who has to hear of changes.
    public var listeners: ChangeListeners = []
    /// When changes may be heard of, while that depends on the log of commands.
    public var changeMarks: ChangeMarks?
    /// Frees what is large in slices.
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
    /// The only source of chance for samples and random picks.
    public var random: SeededRandom
    /// What has happened since the start or the last reset.
    public var stats = KeyspaceStats()
    /// Up to which size values are packed; holds for changes from now on.
    public var limits = EncodingLimits()
    /// Access bits hold LFU counters instead of the LRU clock.
    public var usesLFU = false
    /// How slowly LFU counters rise, `lfu-log-factor`: the larger, the more accesses each step takes.
    public var lfuLogFactor = 10
    /// After how many minutes without access an LFU counter falls by one, `lfu-decay-time`; 0: never.
    public var lfuDecayMinutes = 1
    /// False while a client reads with NO-TOUCH, or for introspecting commands.
    public var touches = true
    /// Whether due keys are deleted in the background (DEBUG SET-ACTIVE-EXPIRE).
    public var expiresActively = true
    /// What becomes of a dead key that is met; see `DeadKeys`.
    public var deadKeys = DeadKeys.deleted
    /// The data stands still: nothing is deleted because it is due (CLIENT PAUSE, import mode).
    public var expiryIsPaused = false
    /// Whether keys may be evicted, and what becomes of writes that would need it; see `EvictionMode`.
    public var evictionMode = EvictionMode.active

    /// The database that the running command works on.
    @usableFromInline var selected: Database
    let databases: FixedArray<Database>
    /// Counts of values by size, for each database; see `KeySizes.swift`.
    @usableFromInline let sizes: FixedArray<Address>
    /// Edits committed so far; the dispatcher compares it around a call.
    public internal(set) var commits = 0
    #if DEBUG
        /// Where edits are counted that have ended: what was found before is stale.
        @usableFromInline let editCounter: Address
    #endif
    @usableFromInline var editIsOpen = false
    /// Open cuts by lane.
    var cuts: [Cut?] = Array(repeating: nil, count: Store.laneCount)
    /// Bytes of pre-images that one cut keeps in memory; what is more goes to its sink's spool.
    var cutBytesMax = 32 << 20
    private let scratch: Address
    private var scratchTurn = 0
    var dueEntries: [Address] = []
    /// How far `tidy` has come, in hash space.
    var tidyPosition: UInt64 = 0

    /// Keys about to be looked up; see `KeyHints.swift`.
    @usableFromInline let hints = FixedArray(repeating: KeyHint(), count: Keyspace.hintsMax)
    /// Databases of more keys are worth looking ahead for. Tests look ahead in small ones as well.
    public var warmedCountMin = 16384
    @usableFromInline var hintCount = 0
    @usableFromInline var hintCursor = Keyspace.hintsMax
    @usableFromInline var hintsReadBeyondEntries = false

    static let scratchBytes = 64

    /// Empty databases at `nowMs` (Unix time). Equal seeds give equal picks, and equal hash keys equal orders of keys.
    public convenience init(databases: Int = 16, seed: UInt64 = 0, hashKey: HashKey, nowMs: Int64 = 0) {
        self.init(Store(key: hashKey, nowMs: nowMs), databases: databases, seed: seed, nowMs: nowMs)
    }

    init(_ store: Store, databases: Int, seed: UInt64, nowMs: Int64) {
        self.store = store
        heap = store.heap
        effects = EffectLog(store.heap)
        wheel = store.wheel
        databaseCount = databases
        random = SeededRandom(seed: seed)
        reclaimer = Reclaimer()
        defragmenter = Defragmenter(store.heap)
        scratch = heap.allocate(Keyspace.scratchBytes)
        #if DEBUG
            editCounter = heap.allocate(8)
            editCounter.setU64(0, 0)
        #endif
        sizes = FixedArray(repeating: .null, count: databases)
        self.databases = FixedArray((0..<databases).map { Database.create(index: $0, store) })
        selected = self.databases[0]
        self.nowMs = nowMs
        lruClock = UInt32(truncatingIfNeeded: nowMs / 1000) & 0xFF_FFFF
    }

    deinit {
        for cut in cuts { cut?.abandon(self) }
        for i in 0..<databaseCount {
            for table in databases[i].tables { reclaimer.add(database: FormerDatabase(table: table)) }
        }
        while reclaimer.slice(self, max: 1 << 20) {}
        heap.free(scratch, Keyspace.scratchBytes)
        freeSizes()
        #if DEBUG
            heap.free(editCounter, 8)
        #endif
    }

    // MARK: Databases

    /// The number of the selected database, which must exist.
    @inlinable public var current: Int {
        @inline(__always) get { selected.index }
        set { if newValue != selected.index { select(newValue) } }
    }

    @usableFromInline func select(_ index: Int) {
        precondition(index >= 0 && index < databaseCount, "no such database")
        selected = databases[index]
    }

    // MARK: Lookup

    /// Where `key` lies in a database (the current one by default). A dead key is deleted first. Touches nothing else.
    @inlinable @inline(__always) public func peek(_ key: ByteView) -> Found {
        let hash = self.hash(of: key)
        let slot = selected.table(of: key).find(hash, key)
        let found = Found(key: key, hash: hash, slot: slot, database: selected.index, self)
        if !slot.isNone, slot.entry.u8(4) & 128 != 0 { return alive(found) }
        return found
    }

    /// Where `key` lies in the database of this number. A dead key is deleted first. Touches nothing else.
    public func peek(_ key: ByteView, in database: Int) -> Found {
        let hash = Table.hash(key, store)
        let slot = databases[database].table(of: key).find(hash, key)
        return alive(Found(key: key, hash: hash, slot: slot, database: database, self))
    }

    /// Starts loading what a lookup of `key` in the database of this number will read: for callers who have other work
    /// before that. Does nothing for a database that is not there.
    public func warm(_ key: ByteView, in database: Int) {
        guard database < databaseCount else { return }
        let hash = Table.hash(key, store)
        let segment = databases[database].table(of: key).warmSegment(hash)
        _ = Table.warmBucket(segment, hash)
    }

    @usableFromInline @inline(never) func alive(_ found: Found) -> Found {
        guard found.exists else { return found }
        guard table(of: found).deadline(found.slot) <= nowMs else { return found }
        switch deadKeys {
        case .deleted: expire(found)
        case .hidden: break
        case .alive: return found
        }
        return Found(key: found.key, hash: found.hash, slot: .none, database: found.database, self)
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
        effects.event(.keymiss, key, database: selected.index)
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
        Keyspace.deadline(kept: table(of: found).deadline(found.slot))
    }

    /// The deadline of a value of the current database in Unix ms; nil when it has none.
    public func deadline(of value: Value) -> Int64? {
        guard value.entry.u8(4) & 128 != 0 else { return nil }
        return Keyspace.deadline(kept: selected.table(of: value.key).deadline(of: value.entry, store))
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
        selected.scan(cursor, count: count, store) { entry, table in
            if isDead(entry, table) { dead(Value(entry)) } else { visit(Value(entry)) }
        }
    }

    /// Deletes a key of the current database that a walk found dead.
    public func deleteDead(_ value: Value) { _ = peek(value.key) }

    /// Visits all live keys of the current database; the keyspace must not change meanwhile.
    public func forEach(_ visit: (Value) -> Void) {
        selected.forEach { entry, table in
            if !isDead(entry, table) { visit(Value(entry)) }
        }
    }

    private func isDead(_ entry: Address, _ table: Table) -> Bool {
        guard entry.u8(4) & 128 != 0, deadKeys != .alive else { return false }
        return table.deadline(of: entry, store) <= nowMs
    }

    /// Roughly how long the volatile keys of a database have left, in ms: the mean over a hundred of them or so, picked
    /// among those that have a deadline, however many have none.
    public func averageTTLMs(of index: Int) -> Int64 {
        let database = databases[index]
        guard database.volatileCount > 0 else { return 0 }
        // The same picks each time: the figure moves only when the keys do, and nobody else's random numbers do.
        var picks = SeededRandom(seed: UInt64(index))
        var sum: Int64 = 0
        var count: Int64 = 0
        for _ in 0..<32 where count < 128 {
            database.anyTable(isVolatile: true, &picks).sampleVolatile(&picks) { _, deadline in
                // A deadline may lie ages ahead, or behind: what is left is bounded so that nothing can overflow.
                sum += min(max(deadline, nowMs) - nowMs, 1 << 50)
                count += 1
            }
        }
        return count == 0 ? 0 : sum / count
    }

    /// A uniformly picked live key; dead ones met on the way are deleted. Nil in an empty database. Where dead keys are
    /// only hidden and most are dead, it may be a dead one.
    public func randomKey() -> Value? {
        var attempts = 0
        while true {
            let slot = selected.randomSlot(&random)
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
        for index in 0..<databaseCount {
            precondition(databases[index].index == index, "a database under another's number")
            for table in databases[index].tables {
                precondition(table.owner == UInt32(index), "a table does not know its database")
                table.checkInvariants(store)
                table.forEach { Value($0).operations.checkInvariants(Value($0), self) }
                checkDated(table)
            }
            checkSizes(of: index)
        }
    }
}
