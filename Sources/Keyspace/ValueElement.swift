// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// Bytes as they lie in the store. Valid until the next edit of the keyspace.
@frozen public enum StoredBytes {
    /// A number that is kept as one; its text is the canonical decimal.
    case integer(Int64)
    case bytes(ByteView)
    /// A counted block that replies and others may share: large values are in one.
    case block(Block)

    /// Length of the text in bytes.
    public var count: Int {
        switch self {
        case .integer(let number): decimalLength(number)
        case .bytes(let view): view.count
        case .block(let block): block.count
        }
    }

    /// The signed 64-bit integer that the text is, or nil.
    public var integer: Int64? {
        switch self {
        case .integer(let number): number
        case .bytes(let view): view.integer
        case .block(let block): block.view.integer
        }
    }

    /// Lends the text for the time of `body`.
    @inlinable public func withText<R>(_ body: (ByteView) -> R) -> R {
        switch self {
        case .integer(let number):
            var text = DecimalText(number)
            return text.withView(body)
        case .bytes(let view): return body(view)
        case .block(let block): return body(block.view)
        }
    }

    /// A copy of the text.
    public var array: [UInt8] { withText { $0.array } }
}

extension StoredBytes {
    /// What an entry of a listpack holds.
    public init(_ element: Listpack.Element) {
        switch element {
        case .integer(let number): self = .integer(number)
        case .bytes(let view): self = .bytes(view)
        }
    }
}

/// The value of a hash's field.
public typealias FieldValue = StoredBytes

/// One element of a value, with all its parts. Valid while whoever lends it runs.
public struct ValueElement {
    /// The string itself, a member, or the name of a hash's field.
    public let bytes: StoredBytes
    /// The value of a hash's field; nil for other types.
    public let value: StoredBytes?
    /// When a hash's field dies, in Unix ms; nil when it never does.
    public let deadlineMs: Int64?
    /// The score of a sorted set's member; nil for other types.
    public let score: Double?

    /// An element; `value` is for hashes alone, and so is `deadlineMs` (Unix ms, nil for never), and `score` for sorted
    /// sets.
    public init(
        _ bytes: StoredBytes, value: StoredBytes? = nil, deadlineMs: Int64? = nil, score: Double? = nil
    ) {
        self.bytes = bytes
        self.value = value
        self.deadlineMs = deadlineMs
        self.score = score
    }
}
