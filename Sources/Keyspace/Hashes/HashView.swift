// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// Reading access to a hash in any of its encodings. Valid until the next edit.
///
/// *Dead fields*. A field whose deadline has passed is never shown, whether or not somebody has deleted it yet; only
/// the source of an import still sees it (`DeadKeys.alive`). A view only reads: to look at single fields so that dead
/// ones are deleted when they are met, as dead keys are, use `Keyspace.field(_:in:)`. Only `count` includes dead
/// fields, as DBSIZE includes dead keys.
public struct HashView {
    let value: Value
    let keys: Keyspace

    /// The hash of a found key of type hash.
    public init(_ value: Value, _ keys: Keyspace) {
        self.value = value
        self.keys = keys
    }

    /// Number of fields, dead ones that are not deleted yet included (HLEN).
    public var count: Int { HashOperations.count(value) }

    /// Number of fields that may be shown: what the visits below will visit. The same as `count` unless fields are
    /// dead; then it takes a look at every segment that has dead ones.
    public var liveCount: Int { preconditionFailure("follows") }

    /// Whether fields are found by hash rather than by a search through all.
    public var isTable: Bool { preconditionFailure("follows") }
    /// Whether any field has a deadline.
    public var hasDeadlines: Bool { preconditionFailure("follows") }
    /// Whether there may be fields that are dead and not deleted yet; false is certain.
    public var mayHoldDead: Bool { preconditionFailure("follows") }

    /// Finds a field. A dead one is not there.
    public func field(_ name: ByteView) -> FoundField { preconditionFailure("follows") }

    /// Visits all live fields with their values and deadlines (Unix ms, nil for none), in no order that means anything.
    public func forEach(_ visit: (_ name: ByteView, _ value: FieldValue, _ deadline: Int64?) -> Void) {
        preconditionFailure("follows")
    }

    /// Visits live fields until `visit` answers false.
    public func forEachWhile(
        _ visit: (_ name: ByteView, _ value: FieldValue, _ deadline: Int64?) -> Bool
    ) { preconditionFailure("follows") }

    /// Visits live fields from a SCAN cursor on, about `count` of them; packed hashes are visited whole. Whoever calls
    /// it until it answers 0 has seen every field at least once that was there throughout.
    /// - Returns: the cursor to go on with; 0 at the end.
    public func scan(
        _ cursor: UInt64, count: Int,
        _ visit: (_ name: ByteView, _ value: FieldValue, _ deadline: Int64?) -> Void
    ) -> UInt64 { preconditionFailure("follows") }

    /// A live field picked uniformly; nil when all are dead. What `body` is lent lives for its time.
    public func withRandomField<R>(
        _ random: inout SeededRandom, _ body: (_ name: ByteView, _ value: FieldValue) -> R
    ) -> R? { preconditionFailure("follows") }

    /// Visits `count` different live fields, every choice being equally likely; `count` is at most `liveCount`.
    public func forEachRandom(
        _ count: Int, _ random: inout SeededRandom, _ visit: (_ name: ByteView, _ value: FieldValue) -> Void
    ) { preconditionFailure("follows") }
}
