// SPDX-License-Identifier: Apache-2.0
import CShims

/// 128 bits that choose one function of the family of keyed hashes.
public struct HashKey: Equatable, Sendable {
    /// The two halves of the key.
    public let low: UInt64
    public let high: UInt64
    /// Other servers have the key too, and must come to the same hashes on whatever machine. A key that nobody else
    /// has may choose what is fastest here.
    public let isShared: Bool

    /// The hash key of these halves; `isShared` if other servers hash with it too.
    public init(low: UInt64, high: UInt64, isShared: Bool = false) {
        self.low = low
        self.high = high
        self.isShared = isShared
    }

    /// A key from the system's random source.
    public static func random() -> HashKey {
        var source = SystemRandomNumberGenerator()
        return HashKey(low: source.next(), high: source.next())
    }

    /// A key for runs that must repeat: nothing that strangers talk to may have one.
    public init(seed: UInt64, isShared: Bool = false) {
        var random = SeededRandom(seed: seed)
        self.init(low: random.next(), high: random.next(), isShared: isShared)
    }
}

/// A keyed hash: who does not know the key can't find inputs that collide, whatever outputs he has seen. See
/// `KeyedHash.h` for the functions, and why.
///
/// *Who frees*: whoever made it, by `free`; copies name the same key.
@safe @frozen public struct KeyedHash: Sendable {
    @usableFromInline let prepared: Address

    /// The hash under this key. What is prepared of it lies in memory of its own until `free`.
    public init(_ key: HashKey) {
        guard let memory = unsafe nt_hash_key_new(key.low, key.high, key.isShared) else {
            preconditionFailure("out of memory")
        }
        prepared = unsafe Address(UnsafeMutableRawPointer(memory))
    }

    /// A hash that is the first eight bytes of its input, least significant first, where there are so many: tests
    /// choose with it what an attacker who knew the key could choose.
    init(transparentWith key: HashKey) {
        self.init(HashKey(low: key.low, high: key.high, isShared: true))
        unsafe prepared.pointer.assumingMemoryBound(to: nt_hash_key.self).pointee.is_transparent = true
    }

    /// Gives the memory back; no copy of the hash may be used afterwards.
    public func free() { unsafe CShims.free(prepared.pointer) }

    /// The hash of the bytes.
    @inlinable @inline(__always) public func callAsFunction(_ bytes: ByteView) -> UInt64 {
        unsafe nt_keyed_hash(
            bytes.start.pointer, bytes.count,
            UnsafePointer(prepared.pointer.assumingMemoryBound(to: nt_hash_key.self))
        )
    }
}
