// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

/// What a snapshot says of itself and of its keys.
struct SnapshotFacts {
    /// The version that is written.
    var version = RDBVersion.plain
    /// The version of the server, as other servers understand it.
    var serverVersion = ""
    /// Unix time in seconds.
    var createdSeconds: Int64 = 0
    var usedBytes = 0
    /// Whether it is the base of a log of commands.
    var isLogBase = false
    /// What keys are remembered by: their last use, or how often they were used.
    var access = Access.none
    /// Now, as access bits count it: seconds of the LRU clock.
    var nowSeconds: Int64 = 0
    /// Keys of each database, and how many of them have deadlines.
    var sizes: [(keys: Int, volatile: Int)] = []
    /// Texts of function libraries.
    var functions: [[UInt8]] = []
    /// The time stands at the beginning of what is written as commands.
    var hasTimestamp = false

    enum Access { case none, idle, frequency }
}

/// Writes the elements of a value as they are handed over.
private struct ElementWriter {
    private let codec: any ValueCodec.Type
    private let rdbType: UInt8
    /// Takes the elements where they do not come in the order of the file.
    private let arranger: (any ElementArranger)?

    /// Writes what stands in front of the elements.
    init(_ codec: any ValueCodec.Type, _ head: CutKey, _ rdbType: UInt8, _ out: RDBOutput) {
        (self.codec, self.rdbType) = (codec, rdbType)
        arranger = codec.arranger(head, rdbType, out)
        if arranger == nil { codec.begin(head, rdbType, out) }
    }

    func write(_ element: ValueElement, _ out: RDBOutput) {
        if let arranger { arranger.write(element) } else { codec.write(element, rdbType, out) }
    }

    /// Whether `end` may find that the elements do not make a value.
    var mayFail: Bool { arranger != nil }

    /// Writes what stands behind the elements.
    /// - Returns: false when they do not make a value.
    func end() -> Bool { arranger?.end() ?? true }
}

/// Writes all data, handed over by a cut, in some form.
protocol SnapshotEncoder: CutSink {
    /// Where the bytes go.
    var out: RDBOutput { get }
    /// The first key that the form cannot hold.
    var refusedKey: ByteString? { get }
    /// Keys written so far.
    var keyCount: Int { get }
    /// Asked whether the walk is to pause.
    var fullness: () -> Bool { get set }
    /// Told when the cut is over.
    var onEnd: (_ isWhole: Bool) -> Void { get set }
    /// Where pre-images go that are too many for memory.
    var spool: (any CutSpool)? { get set }
    /// Writes what stands behind the last key.
    func end()
}

/// Writes a whole RDB stream from a cut.
final class SnapshotWriter: SnapshotEncoder {
    let out: RDBOutput
    private let facts: SnapshotFacts
    private let values: ValueWriter
    private var database = -1
    /// Keys written so far.
    private(set) var keyCount = 0
    /// Asked whether the walk is to pause.
    var fullness: () -> Bool = { false }
    /// Told when the cut is over.
    var onEnd: (_ isWhole: Bool) -> Void = { _ in }
    /// Where pre-images go that are too many for memory.
    var spool: (any CutSpool)?

    init(_ facts: SnapshotFacts, _ out: RDBOutput) {
        self.facts = facts
        self.out = out
        values = ValueWriter(facts.version, out)
        values.prologue = { [unowned self] in begin($0, $1) }
        begin()
    }

    private func begin() {
        facts.version.header.withView { out.append(raw: $0) }
        aux("redis-ver", facts.serverVersion)
        aux("redis-bits", "64")
        aux("ctime", "\(facts.createdSeconds)")
        aux("used-mem", "\(facts.usedBytes)")
        aux("aof-base", facts.isLogBase ? "1" : "0")
        for library in facts.functions { library.withView { out.function($0) } }
    }

    private func aux(_ name: StaticString, _ value: String) {
        Array(value.utf8).withView { out.aux(ByteView(name), $0) }
    }

    /// Writes the end but for the checksum, which is known where the bytes are written.
    func end() { out.end() }

    /// The first key that the version cannot hold.
    var refusedKey: ByteString? { values.refusedKey }

    // MARK: From the cut

    var isFull: Bool { fullness() }
    func cutEnded(isWhole: Bool) { onEnd(isWhole) }
    func key(_ head: CutKey, packed: ByteView) { values.key(head, packed: packed) }
    func beginKey(_ head: CutKey) { values.beginKey(head) }
    func element(_ element: ValueElement) { values.element(element) }
    func endKey() { values.endKey() }

    private func begin(_ head: CutKey, _ rdbType: UInt8) {
        if head.database != database { select(head.database) }
        let idle = Int64((UInt32(truncatingIfNeeded: facts.nowSeconds) &- head.access) & 0xFF_FFFF)
        out.head(
            head.key, rdbType, deadlineMs: head.deadlineMs, idleSeconds: facts.access == .idle ? idle : nil,
            frequency: facts.access == .frequency ? UInt8(truncatingIfNeeded: head.access) : nil)
        keyCount += 1
    }

    private func select(_ database: Int) {
        self.database = database
        guard database < facts.sizes.count else { return out.select(database, sizes: nil) }
        let sizes = facts.sizes[database]
        out.select(database, sizes: (UInt64(sizes.keys), UInt64(sizes.volatile)))
    }
}

/// Writes values: with nothing in front of them but their types, as DUMP has them, or with what `prologue` writes.
final class ValueWriter: CutSink {
    let out: RDBOutput
    private let version: RDBVersion
    /// Writes what stands in front of a value, its type included; nil for its type alone.
    var prologue: ((CutKey, _ rdbType: UInt8) -> Void)?
    /// Writes the value that is being handed over; nil while there is none, or none that the version can hold.
    private var elements: ElementWriter?
    private var openKey: ByteString = ""
    /// The first key that the version cannot hold.
    private(set) var refusedKey: ByteString?

    init(_ version: RDBVersion, _ out: RDBOutput) {
        self.version = version
        self.out = out
    }

    func key(_ head: CutKey, packed: ByteView) {
        guard let codec = ValueCodecs.writer(of: head.type) else { return refuse(head) }
        guard let rdbType = codec.packedType(head, version) else {
            beginKey(head)
            head.forEachElement(of: packed) { element($0) }
            return endKey()
        }
        begin(head, rdbType)
        codec.write(packed: packed, rdbType, out)
    }

    func beginKey(_ head: CutKey) {
        guard let codec = ValueCodecs.writer(of: head.type), let rdbType = codec.elementsType(head, version)
        else { return refuse(head) }
        begin(head, rdbType)
        let writer = ElementWriter(codec, head, rdbType, out)
        if writer.mayFail { openKey = ByteString(head.key) }
        elements = writer
    }

    private func begin(_ head: CutKey, _ rdbType: UInt8) {
        if let prologue { prologue(head, rdbType) } else { out.append(byte: rdbType) }
    }

    func element(_ element: ValueElement) { elements?.write(element, out) }

    func endKey() {
        if elements?.end() == false, refusedKey == nil { refusedKey = openKey }
        elements = nil
    }

    private func refuse(_ head: CutKey) {
        if refusedKey == nil { refusedKey = ByteString(head.key) }
    }
}
