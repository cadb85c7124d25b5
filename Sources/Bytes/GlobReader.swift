// SPDX-License-Identifier: Apache-2.0

/// Reads a pattern from left to right, run by run.
struct GlobReader {
    private let pattern: ByteView
    private let ignoresCase: Bool
    private var at = 0
    /// The sets that occur, each once, as four words.
    private(set) var sets: [UInt64] = []
    private var numbers: [ByteSet: UInt32] = [:]

    init(_ pattern: ByteView, ignoringCase: Bool) {
        self.pattern = pattern
        ignoresCase = ignoringCase
    }

    private var byte: UInt8 { pattern.start.u8(at) }
    private var left: Int { pattern.count - at }

    /// Whether there is a star here; it and its neighbours are passed.
    mutating func skipStars() -> Bool {
        guard left > 0 else { return false }
        while left > 0, byte == UInt8(ascii: "*") { at += 1 }
        return true
    }

    /// The elements up to the next star or the end: bytes, or 256 and the number of a set.
    mutating func readRun() -> [UInt32] {
        var run: [UInt32] = []
        while left > 0, byte != UInt8(ascii: "*") {
            switch byte {
            case UInt8(ascii: "?"):
                at += 1
                run.append(number(of: .all))
            case UInt8(ascii: "["):
                at += 1
                run.append(number(of: readClass()))
            default:
                // A backslash at the very end stands for itself.
                if byte == UInt8(ascii: "\\"), left > 1 { at += 1 }
                run.append(number(of: either(byte)))
                at += 1
            }
        }
        return run
    }

    private mutating func number(of set: ByteSet) -> UInt32 {
        if let byte = set.onlyByte { return UInt32(byte) }
        if let known = numbers[set] { return known }
        let number = UInt32(256 + sets.count / 4)
        numbers[set] = number
        for i in 0..<4 { sets.append(set.words[i]) }
        return number
    }

    private func either(_ byte: UInt8) -> ByteSet {
        var set = ByteSet(byte)
        if ignoresCase {
            set.insert(byte.asciiLower)
            set.insert(byte.asciiUpper)
        }
        return set
    }

    /// The class whose opening bracket was passed.
    private mutating func readClass() -> ByteSet {
        let isNegated = left > 0 && byte == UInt8(ascii: "^")
        if isNegated { at += 1 }
        var set = ByteSet()
        while left > 0 {
            if byte == UInt8(ascii: "\\"), left > 1 {
                // What is escaped is taken as it is, whatever is said of its case.
                set.insert(pattern.start.u8(at + 1))
                at += 2
            } else if byte == UInt8(ascii: "]") {
                at += 1
                break
            } else if left > 2, pattern.start.u8(at + 1) == UInt8(ascii: "-") {
                set.formUnion(range(byte, pattern.start.u8(at + 2)))
                at += 3
            } else {
                set.formUnion(either(byte))
                at += 1
            }
        }
        return isNegated ? set.inverted : set
    }

    /// The bytes between two. They are put in order before their case is forgotten, so that `[a-Z]`, which is turned
    /// round, holds nothing at all then.
    private func range(_ a: UInt8, _ b: UInt8) -> ByteSet {
        let (x, y) = (Int8(bitPattern: a), Int8(bitPattern: b))
        var (low, high) = (UInt8(bitPattern: min(x, y)), UInt8(bitPattern: max(x, y)))
        guard ignoresCase else { return ByteSet(signedFrom: low, through: high) }
        (low, high) = (low.asciiLower, high.asciiLower)
        return ByteSet(signedFrom: low, through: high).ofEitherCase
    }
}

/// A set of bytes.
struct ByteSet: Hashable, Sendable {
    private(set) var words = SIMD4<UInt64>.zero

    static var all: ByteSet { ByteSet().inverted }

    init() {}
    init(_ byte: UInt8) { insert(byte) }

    /// The bytes that are not below one and not above the other, as signed numbers; none when the first is the larger.
    init(signedFrom low: UInt8, through high: UInt8) {
        guard Int8(bitPattern: low) <= Int8(bitPattern: high) else { return }
        // In signed order the upper half comes first.
        if low < 128 || high >= 128 {
            insert(low, through: high)
        } else {
            insert(low, through: 255)
            insert(0, through: high)
        }
    }

    mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }

    private mutating func insert(_ low: UInt8, through high: UInt8) {
        for word in Int(low >> 6)...Int(high >> 6) {
            let first = max(Int(low) - word * 64, 0)
            let last = min(Int(high) - word * 64, 63)
            words[word] |= UInt64.max << UInt64(first) & UInt64.max >> UInt64(63 - last)
        }
    }

    mutating func formUnion(_ other: ByteSet) { words |= other.words }

    var inverted: ByteSet {
        var set = self
        set.words = ~words
        return set
    }

    /// Both cases of the small letters in the set, and what is no letter.
    var ofEitherCase: ByteSet {
        var set = self
        // Letters lie in the second word: large ones from bit 1 on, small ones 32 above them.
        let large: UInt64 = 0x07FF_FFFE
        set.words[1] = words[1] & ~large | (words[1] >> 32 & large)
        return set
    }

    /// The byte of a set that holds no other.
    var onlyByte: UInt8? {
        var found: UInt8?
        for word in 0..<4 where words[word] != 0 {
            guard found == nil, words[word].nonzeroBitCount == 1 else { return nil }
            found = UInt8(word * 64 + words[word].trailingZeroBitCount)
        }
        return found
    }
}
