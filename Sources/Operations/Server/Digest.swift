// SPDX-License-Identifier: Apache-2.0
import Bytes
import CCrypto
import Engine
import Keyspace

/// The dataset digest of DEBUG DIGEST: SHA-1 sums mixed so that equal data gives Redis's digest, whatever the order of
/// keys and members.
public struct Digest: ValueDigest {
    /// The digest so far: 20 bytes, zeros for no data.
    public private(set) var bytes = [UInt8](repeating: 0, count: 20)

    public init() {}

    /// Folds a piece in whose order among its like does not matter.
    public mutating func fold(_ piece: ByteView) {
        let sum = Digest.sha1(piece)
        for i in 0..<20 { bytes[i] ^= sum[i] }
    }

    /// Folds a piece in whose place in the order matters.
    public mutating func mix(_ piece: ByteView) {
        fold(piece)
        bytes = bytes.withView { Digest.sha1($0) }
    }

    mutating func mix(number: UInt32) {
        let big: [UInt8] = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
        big.withView { mix($0) }
    }

    public mutating func combine(_ other: Digest) { other.bytes.withView { fold($0) } }

    private static func sha1(_ piece: ByteView) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 20) { out, used in
            var length: UInt32 = 0
            unsafe piece.withBytes { input in
                _ = unsafe EVP_Digest(
                    input.baseAddress, input.count, out.baseAddress, &length, EVP_sha1(), nil)
            }
            used = 20
        }
    }

    static func sha256(_ piece: ByteView) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 32) { out, used in
            var length: UInt32 = 0
            unsafe piece.withBytes { input in
                _ = unsafe EVP_Digest(
                    input.baseAddress, input.count, out.baseAddress, &length, EVP_sha256(), nil)
            }
            used = 32
        }
    }

    /// The digest as 40 hexadecimal digits.
    public var hex: [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    /// The number that Redis gives a type in its digests.
    private static func number(_ type: ValueType) -> UInt32 { type == .stream ? 6 : UInt32(type.rawValue) }

    /// Mixes in a value with its deadline.
    mutating func mix(_ value: Value, deadlineMs: Int64?, _ keys: Keyspace) {
        mix(number: Digest.number(value.type))
        value.mix(into: &self, keys)
        if deadlineMs != nil { fold(ByteView("!!expire!!")) }
    }

    /// The digest of one value (DEBUG DIGEST-VALUE); zeros for a missing key.
    public static func ofValue(_ key: ByteView, _ keys: Keyspace) -> Digest {
        var digest = Digest()
        let found = keys.peek(key)
        if found.exists { digest.mix(found.value, deadlineMs: keys.deadline(found), keys) }
        return digest
    }

    /// The digest of all databases. Dead keys do not count.
    public static func ofDataset(_ keys: Keyspace) -> Digest {
        var total = Digest()
        let selected = keys.current
        defer { keys.current = selected }
        for database in 0..<keys.databaseCount where keys.count(of: database) > 0 {
            keys.current = database
            total.mix(number: UInt32(database))
            keys.forEach { value in
                var digest = Digest()
                digest.mix(value.key)
                digest.mix(value, deadlineMs: keys.deadline(of: value), keys)
                total.combine(digest)
            }
        }
        return total
    }
}
