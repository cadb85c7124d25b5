// SPDX-License-Identifier: Apache-2.0

/// Commands in wire form, written one after the other.
struct CommandText {
    var bytes: [UInt8] = []

    mutating func command(_ argumentCount: Int) { header(UInt8(ascii: "*"), argumentCount) }

    mutating func argument(_ text: String) {
        header(UInt8(ascii: "$"), text.utf8.count)
        bytes.append(contentsOf: text.utf8)
        bytes.append(0x0d)
        bytes.append(0x0a)
    }

    /// `prefix` and 12 decimal digits, the form of the keys that `redis-benchmark` makes.
    mutating func numbered(_ prefix: StaticString, _ number: Int) {
        header(UInt8(ascii: "$"), prefix.utf8CodeUnitCount + 12)
        bytes.append(
            contentsOf: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
        var divisor = 100_000_000_000
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
        bytes.append(0x0d)
        bytes.append(0x0a)
    }

    /// A value of `size` bytes that begins with up to 8 letters drawn from `number`, so that values differ and
    /// none reads as an integer.
    mutating func value(_ number: Int, size: Int) {
        header(UInt8(ascii: "$"), size)
        var letters = CommandText.scramble(number)
        for _ in 0..<min(8, size) {
            bytes.append(UInt8(ascii: "a") + UInt8(letters % 26))
            letters /= 26
        }
        if size > 8 { bytes.append(contentsOf: repeatElement(UInt8(ascii: "x"), count: size - 8)) }
        bytes.append(0x0d)
        bytes.append(0x0a)
    }

    mutating func integer(_ number: Int) { argument(String(number)) }

    /// A well-mixed number below 2^63 for each index.
    static func scramble(_ index: Int) -> Int {
        var x = UInt64(truncatingIfNeeded: index) &+ 0x9e37_79b9_7f4a_7c15
        x = (x ^ (x >> 30)) &* 0xbf58_476d_1ce4_e5b9
        x = (x ^ (x >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int(truncatingIfNeeded: (x ^ (x >> 31)) >> 1)
    }

    private mutating func header(_ mark: UInt8, _ number: Int) {
        bytes.append(mark)
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
        bytes.append(0x0d)
        bytes.append(0x0a)
    }
}
