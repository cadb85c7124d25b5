// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// The value of a hash's field as it lies in the store. Valid until the next edit of the keyspace.
@frozen public enum FieldValue {
    /// A number that is kept as one; its text is the canonical decimal.
    case integer(Int64)
    case bytes(ByteView)
    /// 16 KB and more, in a counted block that replies and others may share.
    case block(Block)

    /// Length of the value's text in bytes (HSTRLEN).
    public var count: Int {
        switch self {
        case .integer(let number): decimalLength(number)
        case .bytes(let view): view.count
        case .block(let block): block.count
        }
    }

    /// The signed 64-bit integer that the value's text is, or nil (HINCRBY).
    public var integer: Int64? {
        switch self {
        case .integer(let number): number
        case .bytes(let view): view.integer
        case .block: nil
        }
    }

    /// Lends the value's text for the time of `body`.
    @inlinable public func withText<R, E: Error>(_ body: (ByteView) throws(E) -> R) throws(E) -> R {
        switch self {
        case .integer(let number):
            var text = DecimalText(number)
            var result: Result<R, E>?
            text.withView { view in
                do throws(E) { result = .success(try body(view)) } catch { result = .failure(error) }
            }
            guard let result else { preconditionFailure("no text was lent") }
            return try result.get()
        case .bytes(let view): return try body(view)
        case .block(let block): return try body(block.view)
        }
    }

    /// A copy of the value's text.
    public var array: [UInt8] { withText { $0.array } }
}

/// Where a field of a hash lies, or would lie. Valid until the hash changes: after a change made through one, look
/// the next one up again.
public struct FoundField {
    /// The name that was looked for; it belongs to whoever asked.
    public let name: ByteView
    let hash: UInt64
    let place: FieldPlace
    /// When the field dies, in Unix ms; nil when it never does, or is not there.
    public let deadline: Int64?

    /// Whether the hash has the field. Where dead fields are deleted or hidden, a dead one is not there.
    public var exists: Bool {
        if case .none = place { false } else { true }
    }
    /// The value; only where `exists`.
    public var value: FieldValue { place.value }
}

/// A place in either encoding.
enum FieldPlace {
    case none
    /// A slot of the hash's table.
    case slot(Slot)
    /// The `index`-th pair of the packed form, whose value stands at `value`.
    case pair(index: Int, name: Listpack.Position, value: Listpack.Position, in: Listpack)

    var value: FieldValue {
        switch self {
        case .none: preconditionFailure("the value of a field that is not there")
        case .slot(let slot): Field.value(slot.entry)
        case .pair(_, _, let value, let listpack): FieldValue(listpack[value])
        }
    }
}

extension FieldValue {
    init(_ element: Listpack.Element) {
        switch element {
        case .integer(let number): self = .integer(number)
        case .bytes(let view): self = .bytes(view)
        }
    }
}
