// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// Where a field of a hash lies, or would lie. Valid until the hash changes: after a change made through one, look
/// the next one up again.
public struct FoundField {
    /// The name that was looked for; it belongs to whoever asked.
    public let name: ByteView
    /// Of the name; only where the hash is a table.
    let hash: UInt64
    let place: FieldPlace
    /// When the field dies, in Unix ms; nil when it never does, or is not there.
    public let deadline: Int64?

    /// The hash has no such field, as far as the running command may see.
    static func none(_ name: ByteView, hash: UInt64 = 0) -> FoundField {
        FoundField(name: name, hash: hash, place: .none, deadline: nil)
    }

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
    /// A pair of the packed form.
    case pair(Listpack.Pair, in: Listpack)

    var value: FieldValue {
        switch self {
        case .none: preconditionFailure("the value of a field that is not there")
        case .slot(let slot): Field.value(slot.entry)
        case .pair(let pair, let pairs): FieldValue(pairs[pair.value])
        }
    }
}
