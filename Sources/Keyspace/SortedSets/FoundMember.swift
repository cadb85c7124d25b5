// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// Where a member of a sorted set lies, or would lie. Valid until the sorted set changes.
public struct FoundMember {
    /// The member that was looked for; it belongs to whoever asked.
    public let member: ByteView
    /// Of the member; 0 where it was looked for in no table.
    let hash: UInt64
    let place: Place
    /// The member's score; only where `exists`.
    public let score: Double

    /// A place in either encoding.
    enum Place {
        case none
        /// A slot of the table of members.
        case slot(Slot)
        /// A pair of the packed form.
        case pair(Listpack.Pair)
    }

    /// The sorted set has no such member.
    static func none(_ member: ByteView, hash: UInt64 = 0) -> FoundMember {
        FoundMember(member: member, hash: hash, place: .none, score: 0)
    }

    /// Whether the sorted set has the member.
    public var exists: Bool {
        if case .none = place { false } else { true }
    }
}
