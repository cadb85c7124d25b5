// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// What a type of values declares once. Whoever handles values of any type (cuts, the reclaimer, defragmentation, COPY,
/// OBJECT, digests, DEBUG) asks the row and names no type; a new type is a folder beside this file and a row in
/// `ValueType.operations`.
protocol ValueOperations: SendableMetatype {
    /// Up to where values of the type are packed, as the directives that users set.
    static var limits: [EncodingLimit] { get }
    /// Whether a value without elements stays.
    static var outlivesElements: Bool { get }
    /// The name of the encoding as OBJECT ENCODING has it.
    static func encodingName(_ value: Value) -> StaticString
    /// Bytes of what hangs on the entry.
    static func bytes(_ value: Value) -> Int
    /// What DEBUG OBJECT tells of the encoding beyond its name: fields with a blank in front of each.
    static func shape(_ value: Value) -> String
    /// Number of elements; 1 for a string.
    static func count(_ value: Value) -> Int
    /// Whether any element has a deadline.
    static func hasDeadlines(_ value: Value) -> Bool

    /// Frees what hangs on the entry, not the entry itself.
    static func free(_ value: Value, _ keys: Keyspace)
    /// Makes what hangs on `entry` (a copied entry) its own.
    static func detach(_ entry: Address, _ keys: Keyspace)
    /// The value hangs on another entry from now on, or for the first time: what knows its entry is told.
    static func settleIn(_ value: Value, _ store: Store)

    /// Visits all elements with all their parts, dead fields included, in an order that means something only where
    /// the type has one.
    static func forEachElement(_ value: Value, _ keys: Keyspace, _ visit: (ValueElement) -> Void)
    /// The value in one piece, as RDB files carry it; nil when its encoding has no such form.
    static func packed(_ value: Value) -> ByteView?
    /// Whether bytes are a value in one piece; everything in them is looked at.
    static func validate(packed: ByteView, encoding: UInt8) -> Bool
    /// Visits the elements of a valid value in one piece.
    static func forEachElement(packed: ByteView, encoding: UInt8, _ visit: (ValueElement) -> Void)
    /// A copy of a valid value in one piece as it is: nil when its elements are too many, too long, out of order or
    /// not all different, so that it has to be put together anew.
    static func adopted(packed: ByteView, encoding: UInt8, _ keys: Keyspace) -> Address?
    /// The value as a collection that is walked and freed in slices; nil when it is small enough to be handled at once.
    static func large(_ value: Value) -> (any LargeCollection)?
    /// The value's table, for those who look inside (DEBUG); nil when it has none.
    static func table(_ value: Value) -> Table?
    /// Mixes the value into a digest as Redis does.
    static func digest<Digest: ValueDigest>(_ value: Value, _ keys: Keyspace, into digest: inout Digest)
    /// Begins a value that is put together from pieces.
    static func builder(expecting count: Int, _ keys: Keyspace) -> any ValueBuilder

    /// Moves what hangs on the entry to fuller pages, elements of a large collection excepted.
    static func settle(_ value: Value, _ mover: Mover, _ store: Store)
    /// Moves some hundred elements of a large collection to fuller pages, from a position on.
    /// - Returns: where to go on; nil at the end.
    static func settleElements(_ value: Value, from position: UInt64, _ mover: Mover, _ store: Store)
        -> UInt64?
    /// Traps on a broken invariant of what hangs on the entry.
    static func checkInvariants(_ value: Value, _ keys: Keyspace)
}

extension ValueOperations {
    static var limits: [EncodingLimit] { [] }
    static var outlivesElements: Bool { false }
    static func shape(_ value: Value) -> String { "" }
    static func hasDeadlines(_ value: Value) -> Bool { false }
    static func settleIn(_ value: Value, _ store: Store) {}
    static func packed(_ value: Value) -> ByteView? { nil }
    static func validate(packed: ByteView, encoding: UInt8) -> Bool { false }
    static func forEachElement(packed: ByteView, encoding: UInt8, _ visit: (ValueElement) -> Void) {}
    static func adopted(packed: ByteView, encoding: UInt8, _ keys: Keyspace) -> Address? { nil }
    static func large(_ value: Value) -> (any LargeCollection)? { nil }
    static func table(_ value: Value) -> Table? { nil }
    static func settle(_ value: Value, _ mover: Mover, _ store: Store) {}
    static func settleElements(_ value: Value, from position: UInt64, _ mover: Mover, _ store: Store)
        -> UInt64?
    {
        nil
    }
}

extension ValueType {
    /// The types of which there can be values.
    static let built: [ValueType] = [.string, .list, .set, .zset, .hash, .stream]

    /// The limits of the encodings of all types.
    public static let encodingLimits = built.flatMap { $0.operations.limits }

    /// The list of rows.
    var operations: any ValueOperations.Type {
        switch self {
        case .string: StringOperations.self
        case .set: SetOperations.self
        case .hash: HashOperations.self
        case .list: ListOperations.self
        case .zset: SortedSetOperations.self
        case .stream: StreamOperations.self
        }
    }
}

/// Takes pieces of values in: a sum that is the same whenever the data is.
public protocol ValueDigest {
    /// The digest of no data.
    init()
    /// Folds a piece in whose order among its like does not matter.
    mutating func fold(_ piece: ByteView)
    /// Folds a piece in whose place in the order matters.
    mutating func mix(_ piece: ByteView)
    /// Folds a digest in whose order among its like does not matter.
    mutating func combine(_ other: Self)
}

/// Puts a value together from its elements: what a dump, a file or an undo brings back.
///
/// *Who frees*. The builder, unless `Edit.setValue` took the value over.
protocol ValueBuilder: AnyObject {
    /// Adds an element, whose bytes are none of the builder's.
    /// - Returns: false when it is there already, or no element of this type.
    func add(_ element: ValueElement) -> Bool
    /// Adds a valid listpack of elements behind the others, where the type has an order.
    /// - Returns: false when it has none.
    func append(_ listpack: Listpack) -> Bool
    /// Hands the value over; the builder is empty afterwards.
    func take() -> BuiltValue
}

extension ValueBuilder {
    func append(_ listpack: Listpack) -> Bool { false }
}

/// A value that hangs on no entry yet.
enum BuiltValue {
    case string(StoredBytes)
    case collection(encoding: UInt8, at: Address)
}

extension Value {
    var operations: any ValueOperations.Type { type.operations }

    /// The name of the encoding as OBJECT ENCODING has it.
    public var encodingName: StaticString { operations.encodingName(self) }

    /// What DEBUG OBJECT tells of the encoding beyond its name: fields with a blank in front of each.
    public var encodingShape: String { operations.shape(self) }

    /// Whether any element has a deadline.
    public var hasDeadlines: Bool { operations.hasDeadlines(self) }

    /// Number of elements; 1 for a string.
    public var elementCount: Int { inlinedElementCount }

    /// The same, quick for small collections: every change to one asks, before and after.
    @inline(__always) var inlinedElementCount: Int {
        guard encoding == Encoding.listpack, typeBits != 0 else { return otherElementCount }
        let count = Listpack(at: collection).count
        return typeBits == ValueType.zset.rawValue || typeBits == ValueType.hash.rawValue ? count / 2 : count
    }

    @inline(never) private var otherElementCount: Int {
        if typeBits == ValueType.set.rawValue, encoding == Encoding.table {
            return Table(root: collection).count
        }
        return operations.count(self)
    }

    /// Everything the key occupies in bytes: slot, entry and what hangs on it.
    public var totalBytes: Int { Heap.roundedBytes(entryBytes) + operations.bytes(self) + 10 }

    /// Visits all elements with all their parts, dead fields included.
    public func forEachElement(_ keys: Keyspace, _ visit: (ValueElement) -> Void) {
        operations.forEachElement(self, keys, visit)
    }

    /// Mixes the value into a digest as Redis does. Dead fields do not count.
    public func mix<Digest: ValueDigest>(into digest: inout Digest, _ keys: Keyspace) {
        operations.digest(self, keys, into: &digest)
    }
}

extension Keyspace {
    /// A copy of a value, ready to be `put` under another key.
    public func copy(_ found: Found) -> TakenValue {
        let old = found.value
        let bytes = old.entryBytes
        let entry = heap.allocate(bytes)
        entry.copy(from: old.entry, count: bytes)
        entry.setU8(4, entry.u8(4) & 127)
        old.operations.detach(entry, self)
        return TakenValue(entry: entry, deadline: table(of: found).deadline(found.slot))
    }
}
