// SPDX-License-Identifier: Apache-2.0
import CShims
import Glibc

// Redis's globs: `*`, `?`, `[a-c]`, `[^x]`, `\` escapes.
//
// *Idea*. A pattern is read once. Between its stars lie runs of elements, each of which takes exactly one byte: that
// byte, or one out of a set. The first run belongs to the beginning of the text, the last one to its end, and those in
// between are looked for one after the other, each at its leftmost place behind the one before: no choice made that way
// ever has to be taken back.
//
// *Bound*. A class is a set of 256 bits however long it is written. A run without sets is found by memmem. Any other is
// tried place by place as long as that costs a few steps per byte, as it does with nearly all patterns and texts, and
// after that by `find` in `Glob+Search.swift`, which takes 256 elements at each byte in some ten instructions. So a match
// costs in proportion to the text, times the elements of its longest run divided by 256.

/// A pattern, read once to be held against many texts.
///
/// It is Redis's matcher to the bit, with what is odd about it: an empty text matches the empty pattern only, not even a
/// star; bounds of a range may be in any order and are compared as signed bytes; a class that never closes ends with
/// the pattern; a pattern in which more than `starsMax` stars are followed by something matches nothing.
public final class Glob {
    /// How many stars may be followed by something else; neighbours count as one.
    public static let starsMax = 1000

    /// Elements without a star among them.
    struct Run {
        /// In `bytes` if the run is plain, in `elements` otherwise.
        var start = 0
        var count = 0
        /// Every element is one byte.
        var isPlain = true
    }

    /// What plain runs consist of.
    private let bytes: FixedArray<UInt8>
    /// What the others do: a byte, or 256 and the number of a set.
    let elements: FixedArray<UInt32>
    /// Four words for each set.
    let sets: FixedArray<UInt64>
    private let head: Run
    private let inner: [Run]
    private let tail: Run
    private let hasStar: Bool
    /// A star and nothing else.
    private let isLoneStar: Bool
    private let isEmpty: Bool
    /// Bytes that a text must have; no text is enough for too many stars.
    private let textBytesMin: Int

    /// Reads a pattern. Every sequence of bytes is one.
    public init(_ pattern: ByteView, ignoringCase: Bool = false) {
        var reader = GlobReader(pattern, ignoringCase: ignoringCase)
        var (bytes, elements): ([UInt8], [UInt32]) = ([], [])
        var runs: [Run] = []
        repeat {
            let run = reader.readRun()
            let isPlain = run.allSatisfy { $0 < 256 }
            runs.append(
                Run(start: isPlain ? bytes.count : elements.count, count: run.count, isPlain: isPlain))
            if isPlain { bytes += run.map { UInt8($0) } } else { elements += run }
        } while reader.skipStars()
        self.bytes = FixedArray(bytes)
        self.elements = FixedArray(elements)
        sets = FixedArray(reader.sets)
        isEmpty = pattern.isEmpty
        head = runs[0]
        hasStar = runs.count > 1
        isLoneStar = hasStar && pattern.count == 1
        tail = hasStar ? runs[runs.count - 1] : Run()
        inner = hasStar ? Array(runs[1..<(runs.count - 1)]) : []
        let hasTooMany = inner.count + min(tail.count, 1) > Glob.starsMax
        textBytesMin = hasTooMany ? Int.max : runs.reduce(0) { $0 + $1.count }
    }

    /// What the pattern takes beside its own bytes, in bytes.
    public var memoryBytes: Int {
        256 + bytes.count + elements.count * 4 + sets.count * 8 + inner.count * MemoryLayout<Run>.stride
    }

    /// Whether the whole text matches.
    public func matches(_ text: ByteView) -> Bool { matches(text, patience: Glob.patience) }

    /// Whether KEYS and the SCANs choose the text: to them a lone star means everything, the empty name too.
    public func selects(_ text: ByteView) -> Bool { isLoneStar || matches(text) }

    /// Steps that are spent on trying place by place before a run is looked for in the other way.
    static let patience = 512

    func matches(_ text: ByteView, patience: Int) -> Bool {
        if text.isEmpty { return isEmpty }
        guard text.count >= textBytesMin, hasStar || text.count == textBytesMin else { return false }
        guard stands(head, text, at: 0) else { return false }
        guard hasStar else { return true }
        let end = text.count - tail.count
        guard stands(tail, text, at: end) else { return false }
        var from = head.count
        for run in inner {
            guard let place = place(of: run, text, from, end, patience: patience) else { return false }
            from = place + run.count
        }
        return true
    }

    /// Whether a run matches at one place; it must fit there.
    @inline(__always) private func stands(_ run: Run, _ text: ByteView, at place: Int) -> Bool {
        if run.count == 0 { return true }
        if run.isPlain { return equals(run, text.start + place) }
        return matchingCount(run, text.start + place) == run.count
    }

    @inline(__always) private func equals(_ run: Run, _ place: Address) -> Bool {
        unsafe memcmp(bytes.base + run.start, place.pointer, run.count) == 0
    }

    /// How many elements of a run match from a place on, until one does not.
    @inline(__always) private func matchingCount(_ run: Run, _ place: Address) -> Int {
        let wanted = unsafe elements.base + run.start
        var count = 0
        while count < run.count {
            let (element, byte) = unsafe (Int(wanted[count]), place.u8(count))
            if element < 256 {
                guard element == Int(byte) else { break }
            } else {
                let words = unsafe sets.base + (element &- 256) &* 4
                guard unsafe words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 != 0 else { break }
            }
            count &+= 1
        }
        return count
    }

    /// The leftmost place of a run within a part of the text.
    private func place(of run: Run, _ text: ByteView, _ from: Int, _ end: Int, patience: Int) -> Int? {
        guard end - from >= run.count else { return nil }
        if run.isPlain { return place(ofPlain: run, text, from, end) }
        var steps = 0
        for place in from...(end - run.count) {
            if steps > 4 * (place - from) + patience { return find(run, text, place, end) }
            let count = matchingCount(run, text.start + place)
            if count == run.count { return place }
            steps += count + 1
        }
        return nil
    }

    /// Short texts, most keys, are searched here: memmem prepares itself for longer than that takes.
    private func place(ofPlain run: Run, _ text: ByteView, _ from: Int, _ end: Int) -> Int? {
        guard end - from <= Glob.shortTextBytesMax else {
            let hit = unsafe nt_find(
                (text.start + from).pointer, end - from, bytes.base + run.start, run.count)
            return unsafe hit.map { unsafe Address($0) - text.start }
        }
        let first = bytes[run.start]
        for place in from...(end - run.count)
        where text.start.u8(place) == first && equals(run, text.start + place) {
            return place
        }
        return nil
    }

    private static let shortTextBytesMax = 128
}

/// Whether a text matches a pattern that is needed only once.
public func globMatches(_ pattern: ByteView, _ text: ByteView, ignoringCase: Bool = false) -> Bool {
    Glob(pattern, ignoringCase: ignoringCase).matches(text)
}
