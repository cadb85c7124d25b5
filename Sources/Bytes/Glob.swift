// SPDX-License-Identifier: Apache-2.0

/// Redis's glob: `*`, `?`, `[a-c]`, `[^x]`, `\` escapes.
///
/// A star never recurses: on a mismatch the match resumes at the last star, one byte further, so that a hostile
/// pattern costs at most pattern × text steps. A pattern that needs more than `globStarsMax` stars matches nothing, as
/// in Redis.
public func globMatches(_ pattern: ByteView, _ text: ByteView, ignoringCase: Bool = false) -> Bool {
    var p = 0
    var t = 0
    var afterStar = -1
    var starText = 0
    var stars = 0
    while t < text.count {
        if p < pattern.count {
            if pattern.start.u8(p) == UInt8(ascii: "*") {
                p = behindStars(pattern, p)
                if p == pattern.count { return true }
                stars += 1
                if stars > globStarsMax { return false }
                afterStar = p
                starText = t
                continue
            }
            if let next = matchOne(pattern, p, text.start.u8(t), ignoringCase) {
                p = next
                t += 1
                continue
            }
        }
        guard afterStar >= 0 else { return false }
        p = afterStar
        starText += 1
        t = starText
    }
    return behindStars(pattern, p) == pattern.count
}

/// How many stars of one pattern may be followed by more; neighbours count as one.
public let globStarsMax = 1000

/// The index behind the stars that begin at `p`.
private func behindStars(_ pattern: ByteView, _ p: Int) -> Int {
    var p = p
    while p < pattern.count, pattern.start.u8(p) == UInt8(ascii: "*") { p += 1 }
    return p
}

/// Matches one byte against the pattern element at `p`; the index behind the element, or nil when it does not match.
private func matchOne(_ pattern: ByteView, _ p: Int, _ byte: UInt8, _ ignoringCase: Bool) -> Int? {
    let fold: (UInt8) -> UInt8 = { ignoringCase ? $0.asciiLower : $0 }
    switch pattern.start.u8(p) {
    case UInt8(ascii: "?"):
        return p + 1
    case UInt8(ascii: "["):
        return matchClass(pattern, p, byte, fold)
    case UInt8(ascii: "\\") where p + 1 < pattern.count:
        return fold(pattern.start.u8(p + 1)) == fold(byte) ? p + 2 : nil
    default:
        return fold(pattern.start.u8(p)) == fold(byte) ? p + 1 : nil
    }
}

private func matchClass(_ pattern: ByteView, _ open: Int, _ byte: UInt8, _ fold: (UInt8) -> UInt8) -> Int? {
    var p = open + 1
    let negated = p < pattern.count && pattern.start.u8(p) == UInt8(ascii: "^")
    if negated { p += 1 }
    var hit = false
    while p < pattern.count {
        let c = pattern.start.u8(p)
        if c == UInt8(ascii: "\\"), p + 1 < pattern.count {
            if pattern.start.u8(p + 1) == byte { hit = true }
            p += 2
        } else if c == UInt8(ascii: "]") {
            return hit != negated ? p + 1 : nil
        } else if p + 2 < pattern.count, pattern.start.u8(p + 1) == UInt8(ascii: "-") {
            let a = fold(c)
            let b = fold(pattern.start.u8(p + 2))
            if min(a, b) <= fold(byte), fold(byte) <= max(a, b) { hit = true }
            p += 3
        } else {
            if fold(c) == fold(byte) { hit = true }
            p += 1
        }
    }
    // A class that never closes ends with the pattern, as it does in Redis.
    return hit != negated ? p : nil
}
