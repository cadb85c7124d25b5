// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// The head of a key that a cut hands over. Valid for the time of the call.
public struct CutKey {
    /// The key's name.
    public let key: ByteView
    /// The number of the database that the key was in at the cut.
    public let database: Int
    /// The type of the key's value.
    public let type: ValueType
    /// How the value is kept: one of `Encoding`.
    public let encoding: UInt8
    /// When the key dies, in Unix ms; nil when it never does.
    public let deadlineMs: Int64?
    /// The 24 access bits, LRU seconds or LFU minutes and counter, as `Value.access` has them.
    public let access: UInt32
    /// Number of elements at the cut.
    public let count: Int
    /// Whether any element had a deadline at the cut.
    public let hasDeadlines: Bool
    /// Of a stream: how many of the elements are nodes. They come in their order; 0 for other types.
    public var nodeCount = 0

    /// Visits the elements of a value that came in one piece.
    public func forEachElement(of packed: ByteView, _ visit: (ValueElement) -> Void) {
        type.operations.forEachElement(packed: packed, encoding: encoding, visit)
    }
}

/// Receives a cut, key by key in no particular order.
public protocol CutSink: AnyObject {
    /// A key whose value comes in one piece, as RDB files carry it: an intset or a listpack.
    func key(_ head: CutKey, packed: ByteView)
    /// A key whose value comes in elements: as many as the head has counted, then `endKey`.
    func beginKey(_ head: CutKey)
    /// An element with all its parts. Large ones come in blocks: whoever wants to keep one retains it.
    func element(_ element: ValueElement)
    /// All elements of the key that `beginKey` began have come.
    func endKey()

    /// Whether so much waits to be taken away that the walk is to pause. What changes meanwhile is handed over all the
    /// same.
    var isFull: Bool { get }
    /// The cut is over: everything was handed over, or it was given up.
    func cutEnded(isWhole: Bool)

    /// Where pre-images go that are too many to be kept in memory; nil keeps them there nevertheless.
    var spool: (any CutSpool)? { get }
}

extension CutSink {
    /// Whatever comes is taken.
    public var isFull: Bool { false }
    /// Nothing is to be done, unless a sink says otherwise.
    public func cutEnded(isWhole: Bool) {}
    /// Nowhere, unless a sink says otherwise: pre-images stay in memory.
    public var spool: (any CutSpool)? { nil }
}

/// A place outside memory for pre-images that have to wait until the key they belong to is written.
public protocol CutSpool: AnyObject {
    /// Keeps bytes.
    /// - Returns: where they are: any number that `read` understands.
    func append(_ bytes: ByteView) -> Int
    /// The bytes that were kept at a place.
    func read(_ place: Int, count: Int) -> [UInt8]
}
