// SPDX-License-Identifier: Apache-2.0
import CCrypto
import CShims
import Testing

@testable import Bytes

@Suite struct KeyedHashTests {
    /// The key of the published vectors: bytes 0 to 15.
    private static let low: UInt64 = 0x0706_0504_0302_0100
    private static let high: UInt64 = 0x0F0E_0D0C_0B0A_0908

    /// SipHash-1-3 as OpenSSL computes it.
    private static func reference(_ input: [UInt8], _ low: UInt64, _ high: UInt64) -> UInt64 {
        let mac = EVP_MAC_fetch(nil, "SIPHASH", nil)
        let context = EVP_MAC_CTX_new(mac)
        defer {
            EVP_MAC_CTX_free(context)
            EVP_MAC_free(mac)
        }
        let numbers = UnsafeMutablePointer<UInt>.allocate(capacity: 3)
        defer { numbers.deallocate() }
        let settings: [(StaticString, UInt)] = [("c-rounds", 1), ("d-rounds", 3), ("size", 8)]
        var parameters: [OSSL_PARAM] = []
        for (i, (name, value)) in settings.enumerated() {
            numbers[i] = value
            // Type 2 is an unsigned integer of any size.
            parameters.append(
                OSSL_PARAM(
                    key: UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self), data_type: 2,
                    data: numbers + i, data_size: 8, return_size: 0))
        }
        parameters.append(OSSL_PARAM(key: nil, data_type: 0, data: nil, data_size: 0, return_size: 0))
        let key = bytes(low) + bytes(high)
        var out = [UInt8](repeating: 0, count: 8)
        var length = 0
        #expect(EVP_MAC_init(context, key, key.count, parameters) == 1)
        #expect(EVP_MAC_update(context, input, input.count) == 1)
        #expect(EVP_MAC_final(context, &out, &length, 8) == 1 && length == 8)
        return word(out)
    }

    private static func bytes(_ word: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
    }
    private static func word(_ bytes: some Collection<UInt8>) -> UInt64 {
        bytes.prefix(8).enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
    }
    private static func input(_ count: Int, _ random: inout SeededRandom) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    @Test func sipHashIsTheReferences() {
        // Of the input 00 01 02 …, for the first lengths.
        let published: [UInt64] = [0xABAC_0158_050F_C4DC, 0xC9F4_9BF3_7D57_CA93]
        for (count, expected) in published.enumerated() {
            let input = (0..<count).map { UInt8($0) }
            #expect(nt_siphash13(input, count, Self.low, Self.high) == expected)
        }
        // CPython's hash of bytes under PYTHONHASHSEED=0.
        #expect(nt_siphash13("a", 1, 0, 0) == 0x4074_48D2_B89B_1813)
        #expect(nt_siphash13("abcdefghij", 10, 0, 0) == 0xF47C_2648_06C4_0FF1)
        var random = SeededRandom(seed: bytesSeed())
        for count in 0...200 {
            let input = Self.input(count, &random)
            let (low, high) = (random.next(), random.next())
            #expect(
                nt_siphash13(input, count, low, high) == Self.reference(input, low, high), "\(count) bytes")
        }
    }

    /// A key that others have means SipHash-1-3 for all lengths, wherever it runs.
    @Test func sharedKeysAreSipHash() {
        var random = SeededRandom(seed: bytesSeed())
        let key = HashKey(low: random.next(), high: random.next(), isShared: true)
        let hash = KeyedHash(key)
        defer { hash.free() }
        for count in 0...100 {
            let input = Self.input(count, &random)
            #expect(input.withView { hash($0) } == Self.reference(input, key.low, key.high))
        }
    }

    /// The form on AES rounds against the definition in the header, by an AES that is written as the standard reads.
    @Test func blocksAreWhatTheHeaderSays() throws {
        var random = SeededRandom(seed: bytesSeed())
        let key = HashKey(low: random.next(), high: random.next())
        let hash = KeyedHash(key)
        defer { hash.free() }
        let prepared = UnsafePointer(hash.prepared.pointer.assumingMemoryBound(to: nt_hash_key.self))
        guard prepared.pointee.block_bytes_max == 32 else { return }
        let first = PlainAES(key: Self.bytes(key.low) + Self.bytes(key.high))
        let drawn = (0..<39).map { first.encrypt([UInt8($0)] + [UInt8](repeating: 0, count: 15)) }
        let last = PlainAES(key: drawn[1])
        for count in 0...80 {
            let input = Self.input(count, &random)
            var block = drawn[6 + min(count, 32)]
            if count > 32 {
                let expected = Self.reference(input, Self.word(drawn[0]), Self.word(drawn[0].dropFirst(8)))
                #expect(input.withView { hash($0) } == expected)
                continue
            } else if count > 16 {
                var folded = Array(input.prefix(16))
                for i in 2..<6 { folded = PlainAES.round(PlainAES.xor(folded, drawn[i])) }
                block = PlainAES.xor(PlainAES.xor(block, folded), Array(input.suffix(16)))
            } else if count >= 8 {
                block = PlainAES.xor(block, input.prefix(8) + input.suffix(8))
            } else {
                block = PlainAES.xor(block, input + [UInt8](repeating: 0, count: 16 - count))
            }
            // The block of the length stands for the first addition of the key.
            let expected = last.encrypt(PlainAES.xor(block, last.keys[0]))
            #expect(input.withView { hash($0) } == Self.word(expected), "\(count) bytes")
        }
    }

    @Test func thePlainAESIsTheStandards() {
        let key: [UInt8] = [
            0x2B, 0x7E, 0x15, 0x16, 0x28, 0xAE, 0xD2, 0xA6, 0xAB, 0xF7, 0x15, 0x88, 0x09, 0xCF, 0x4F, 0x3C,
        ]
        let text: [UInt8] = [
            0x32, 0x43, 0xF6, 0xA8, 0x88, 0x5A, 0x30, 0x8D, 0x31, 0x31, 0x98, 0xA2, 0xE0, 0x37, 0x07, 0x34,
        ]
        let secret: [UInt8] = [
            0x39, 0x25, 0x84, 0x1D, 0x02, 0xDC, 0x09, 0xFB, 0xDC, 0x11, 0x85, 0x97, 0x19, 0x6A, 0x0B, 0x32,
        ]
        #expect(PlainAES(key: key).encrypt(text) == secret)
    }

    /// Every bit of key and input counts, and so does the length: equal bytes of another length are another input.
    @Test(arguments: [false, true]) func everythingCounts(isShared: Bool) {
        var random = SeededRandom(seed: bytesSeed())
        let key = HashKey(low: random.next(), high: random.next(), isShared: isShared)
        let hash = KeyedHash(key)
        defer { hash.free() }
        var seen: Set<UInt64> = []
        for count in 0...70 { seen.insert([UInt8](repeating: 0, count: count).withView { hash($0) }) }
        #expect(seen.count == 71)
        for count in [1, 3, 4, 7, 8, 15, 16, 17, 24, 31, 32, 33, 40, 63] {
            let input = Self.input(count, &random)
            let plain = input.withView { hash($0) }
            for bit in 0..<(count * 8) {
                var other = input
                other[bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(other.withView { hash($0) } != plain, "bit \(bit) of \(count) bytes")
            }
            for bit in 0..<128 {
                let (low, high) =
                    bit < 64 ? (UInt64(1) << UInt64(bit), 0) : (0, UInt64(1) << UInt64(bit - 64))
                let other = KeyedHash(HashKey(low: key.low ^ low, high: key.high ^ high, isShared: isShared))
                #expect(input.withView { other($0) } != plain, "bit \(bit) of the key")
                other.free()
            }
        }
    }

    /// The top bits choose buckets: they are spread evenly even for keys that differ by a counter.
    @Test(arguments: [false, true]) func countersAreSpread(isShared: Bool) {
        let hash = KeyedHash(HashKey(seed: bytesSeed(), isShared: isShared))
        defer { hash.free() }
        for form in [
            "%d", "key:%012d", "session:%016d:profile", "a much longer name of one key among many: %d",
        ] {
            var buckets = [Int](repeating: 0, count: 256)
            for i in 0..<25_600 {
                let name = Array(
                    form.replacing("%012d", with: "\(100_000_000_000 + i)").replacing(
                        "%016d", with: "\(1_000_000_000_000_000 + i)"
                    ).replacing("%d", with: "\(i)").utf8)
                buckets[Int(name.withView { hash($0) } >> 56)] += 1
            }
            // Poisson with mean 100: eight times the spread does not happen.
            #expect(buckets.allSatisfy { (20...180).contains($0) }, "\(form): \(buckets)")
        }
    }

    @Test func randomKeysDiffer() {
        #expect(HashKey.random() != HashKey.random())
    }
}

/// AES-128 as FIPS 197 describes it, byte by byte.
private struct PlainAES {
    let keys: [[UInt8]]

    init(key: [UInt8]) {
        var words = (0..<4).map { Array(key[($0 * 4)..<($0 * 4 + 4)]) }
        var constant: UInt8 = 1
        for i in 4..<44 {
            var word = words[i - 1]
            if i % 4 == 0 {
                word = [word[1], word[2], word[3], word[0]].map(Self.substitute)
                word[0] ^= constant
                constant = Self.times(constant, 2)
            }
            words.append(Self.xor(words[i - 4], word))
        }
        keys = (0..<11).map { Array(words[($0 * 4)..<($0 * 4 + 4)].joined()) }
    }

    func encrypt(_ block: [UInt8]) -> [UInt8] {
        var state = Self.xor(block, keys[0])
        for i in 1..<10 { state = Self.xor(Self.round(state), keys[i]) }
        return Self.xor(Self.shift(state.map(Self.substitute)), keys[10])
    }

    /// A round up to the addition of its key.
    static func round(_ state: [UInt8]) -> [UInt8] { mix(shift(state.map(substitute))) }

    static func xor(_ a: some Sequence<UInt8>, _ b: some Sequence<UInt8>) -> [UInt8] {
        zip(a, b).map { $0 ^ $1 }
    }

    /// The product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
    private static func times(_ a: UInt8, _ b: UInt8) -> UInt8 {
        var (a, product) = (a, UInt8(0))
        for bit in 0..<8 {
            if b >> UInt8(bit) & 1 != 0 { product ^= a }
            a = a << 1 ^ (a & 128 != 0 ? 0x1B : 0)
        }
        return product
    }

    private static let box: [UInt8] = (0..<256).map { byte in
        // The inverse is the power 254.
        var inverse: UInt8 = 1
        for _ in 0..<254 { inverse = times(inverse, UInt8(byte)) }
        let b = byte == 0 ? 0 : inverse
        func turned(_ bits: UInt8) -> UInt8 { b << bits | b >> (8 - bits) }
        return b ^ turned(1) ^ turned(2) ^ turned(3) ^ turned(4) ^ 0x63
    }
    private static func substitute(_ byte: UInt8) -> UInt8 { box[Int(byte)] }

    private static func shift(_ s: [UInt8]) -> [UInt8] {
        (0..<16).map { s[($0 / 4 + $0 % 4) % 4 * 4 + $0 % 4] }
    }

    private static func mix(_ s: [UInt8]) -> [UInt8] {
        (0..<16).map { i in
            let column = i / 4 * 4
            func at(_ row: Int) -> UInt8 { s[column + (i + row) % 4] }
            return times(at(0), 2) ^ times(at(1), 3) ^ at(2) ^ at(3)
        }
    }
}
