// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine

// The longest common subsequence of two strings.
//
// *Idea*. Let L(i, j) be the length for the first i bytes of `left` and the first j of `right`. From one j to the next
// it stays or grows by one, so a whole row is one bit per byte of `right`, clear where it grows; and a row follows
// from the one above by an addition and two masks (Crochemore, Iliopoulos, Pinzon and Reid 2001; Hyyrö 2004): 64 cells
// at a time, and a bit for a cell where the usual table has four bytes. The bits suffice to walk the path back: where
// the last bytes differ, L grew at (i, j) exactly if the byte of `left` can be left out.
//
// *Memory*. The rows take a bit per cell and less than a byte more per row; the masks, one row for each different byte
// of `left`, no more than that.

/// What two strings have in common.
struct CommonSubsequence {
    /// Bytes that are next to each other in both strings.
    struct Match: Equatable {
        var leftStart: Int
        var rightStart: Int
        var count: Int
    }

    private let left: ByteView
    private let right: ByteView
    /// The rows one after the other, lowest bits first; empty if only the length was wanted.
    private var rows: [UInt8] = []
    private let rowBytes: Int
    private(set) var length = 0

    /// - Parameter withPath: whether `forEachMatch` will be asked.
    init(_ left: ByteView, _ right: ByteView, withPath: Bool) {
        self.left = left
        self.right = right
        rowBytes = (right.count + 7) / 8
        guard left.count > 0, right.count > 0 else { return }
        let words = (right.count + 63) / 64
        let masks = CommonSubsequence.masks(left, right, words)
        var row = [UInt64](repeating: .max, count: words)
        if withPath { rows.reserveCapacity(left.count * rowBytes) }
        for i in 0..<left.count {
            let first = masks.firstWord[Int(left[i])]
            var carry: UInt64 = 0
            for word in 0..<words {
                let (old, mask) = (row[word], masks.words[first + word])
                let (sum, overflow) = old.addingReportingOverflow(old & mask)
                let (carried, overflowAgain) = sum.addingReportingOverflow(carry)
                carry = overflow || overflowAgain ? 1 : 0
                row[word] = carried | old & ~mask
            }
            if withPath { keep(row) }
        }
        // Bits behind the last byte of `right` match nothing and stay set.
        length = row.reduce(0) { $0 + (~$1).nonzeroBitCount }
    }

    /// For each byte that `left` has: at which places `right` has it.
    private static func masks(
        _ left: ByteView, _ right: ByteView, _ words: Int
    ) -> (firstWord: [Int], words: [UInt64]) {
        var firstWord = [Int](repeating: -1, count: 256)
        var total = 0
        for i in 0..<left.count where firstWord[Int(left[i])] < 0 {
            firstWord[Int(left[i])] = total
            total += words
        }
        var masks = [UInt64](repeating: 0, count: total)
        for j in 0..<right.count {
            let first = firstWord[Int(right[j])]
            if first >= 0 { masks[first + j >> 6] |= 1 << UInt64(j & 63) }
        }
        return (firstWord, masks)
    }

    private mutating func keep(_ row: [UInt64]) {
        for byte in 0..<rowBytes {
            rows.append(UInt8(truncatingIfNeeded: row[byte >> 3] >> UInt64((byte & 7) * 8)))
        }
    }

    /// Visits the matches from the end of the strings to their start.
    func forEachMatch(_ visit: (Match) -> Void) {
        guard length > 0 else { return }
        precondition(!rows.isEmpty, "the path was not kept")
        var (i, j) = (left.count, right.count)
        while i > 0, j > 0 {
            if left[i - 1] == right[j - 1] {
                let end = i
                repeat {
                    i -= 1
                    j -= 1
                } while i > 0 && j > 0 && left[i - 1] == right[j - 1]
                visit(Match(leftStart: i, rightStart: j, count: end - i))
            } else if rows[(i - 1) * rowBytes + (j - 1) >> 3] >> UInt8((j - 1) & 7) & 1 == 0 {
                i -= 1
            } else {
                j -= 1
            }
        }
    }
}
