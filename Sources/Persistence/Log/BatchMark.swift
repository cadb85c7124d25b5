// SPDX-License-Identifier: Apache-2.0
import Bytes

// The line that stands in front of a batch of commands in the log and tells what is to come:
//
//     #NT:1 <at> <back> <sum of those> <count> <synced> <position> <sums> <checksum>\r\n
//
// All numbers are hexadecimal. To Redis and its tools it is a remark, which they pass over.
//
// *What is covered.* The `count` bytes behind the line, the `back` bytes in front of it, and the line itself. Few bytes
// need no mark of their own: what stays within one sector of the disk is there as a whole or not at all, so the next
// mark covers it.
//
// *A torn end.* Sectors that were on their way to the disk when the power failed may be there or not, in any order.
// `synced` tells how much of the file was on the disk for sure when the mark was written: a batch that is damaged
// though some later mark says that it was on the disk has been damaged since, and the file is not to be trusted. Without
// such a mark it is what the power cut off, and goes. `sums` are checksums of the sectors of the batch, so that the
// front of a batch that was cut off can still be told from garbage.

/// What is known of a batch of commands in a log.
public struct BatchMark: Equatable, Sendable {
    /// Where its line begins, in bytes of the file.
    public var at = 0
    /// Bytes in front of the line that it covers.
    public var back = 0
    /// The checksum of those.
    public var backSum: UInt32 = 0
    /// Bytes behind the line that it covers.
    public var count = 0
    /// So many bytes of the file were on the disk when it was written.
    public var synced = 0
    /// Where in the stream of commands the bytes behind the line begin.
    public var position: UInt64 = 0
    /// The checksum (CRC-32C) of the bytes in front, the bytes behind, and the line up to here.
    public var checksum: UInt32 = 0
    /// Checksums of the parts behind the line that end where a sector of the file ends; there may be fewer.
    public var sums: [UInt32] = []

    /// What its line begins with.
    public static let prefix: StaticString = "#NT:1 "
    /// Disks write so many bytes at once or not at all.
    public static let sectorBytes = 512
    /// Batches of more bytes have no sums: Redis reads remarks of at most 1024 bytes.
    static let summedBytesMax = 32 << 10

    /// A mark that covers nothing.
    public init() {}

    // MARK: Writing

    /// The mark for bytes that are about to be written.
    /// - Parameter line: is given the mark's line.
    static func write<E: Error>(_ mark: BatchMark, _ pieces: [ByteView], _ line: (ByteView) throws(E) -> Void)
        throws(E)
    {
        var head = mark.head
        let headBytes = head.count
        var sums: [UInt32] = []
        if mark.count > sectorBytes, mark.count <= summedBytesMax, pieces.count == 1 {
            // The more sums there are, the longer is the line, and the further back are the sectors.
            var count = 0
            while true {
                let from = mark.at + headBytes + lengthBehindHead(sums: count)
                let needed = sectorEnds(from: from, count: mark.count)
                if needed <= count { break }
                count = needed
            }
            let from = mark.at + headBytes + lengthBehindHead(sums: count)
            sums = sectorSums(pieces[0], from: from)
            while sums.count < count { sums.append(0) }
        }
        if sums.isEmpty { head.append(UInt8(ascii: "-")) }
        for sum in sums { head.append(hex: sum) }
        head.append(UInt8(ascii: " "))
        var checksum = mark.backSum
        for piece in pieces { checksum = CRC32C.update(checksum, piece) }
        checksum = head.withView { CRC32C.update(checksum, $0) }
        head.append(hex: checksum)
        head.append("\r\n")
        try head.withView(line)
    }

    private var head: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(640)
        text.append(BatchMark.prefix)
        for number in [at, back, Int(backSum), count, synced] { text.append(plainHex: UInt64(number)) }
        text.append(plainHex: position)
        return text
    }

    /// How long the line is behind its numbers.
    private static func lengthBehindHead(sums: Int) -> Int { max(1, sums * 8) + 11 }

    /// How many sectors end within `count` bytes that begin at `from`.
    static func sectorEnds(from: Int, count: Int) -> Int {
        (from + count) / sectorBytes - from / sectorBytes
    }

    private static func sectorSums(_ bytes: ByteView, from: Int) -> [UInt32] {
        var sums: [UInt32] = []
        forEachSector(bytes, from: from) { sums.append(CRC32C.update(0, $0)) }
        return sums
    }

    /// Gives the parts of bytes that end where a sector ends.
    private static func forEachSector(_ bytes: ByteView, from: Int, _ body: (ByteView) -> Void) {
        var at = 0
        while true {
            let end = (from + at) / sectorBytes * sectorBytes + sectorBytes - from
            guard end <= bytes.count else { return }
            body(bytes[at..<end])
            at = end
        }
    }

    // MARK: Reading

    /// Reads a line without its line break; nil where it is no mark.
    public init?(line: ByteView) {
        let prefix = ByteView(BatchMark.prefix)
        guard line.count > prefix.count, line[0..<prefix.count] == prefix else { return nil }
        var numbers: [UInt64] = []
        var at = prefix.count
        for _ in 0..<6 {
            guard let number = BatchMark.hexNumber(line, &at) else { return nil }
            numbers.append(number)
        }
        guard numbers[..<5].allSatisfy({ $0 <= UInt64(Int32.max) << 24 }), numbers[2] <= UInt64(UInt32.max)
        else { return nil }
        if at < line.count, line[at] == UInt8(ascii: "-") {
            at += 1
        } else {
            while at + 8 <= line.count, let sum = BatchMark.hexWord(line, at) {
                sums.append(sum)
                at += 8
            }
        }
        guard at + 9 == line.count, line[at] == UInt8(ascii: " "), let sum = BatchMark.hexWord(line, at + 1)
        else { return nil }
        (self.at, back, backSum) = (Int(numbers[0]), Int(numbers[1]), UInt32(numbers[2]))
        (count, synced, position) = (Int(numbers[3]), Int(numbers[4]), numbers[5])
        checksum = sum
    }

    /// Whether the bytes behind the line are those that were written.
    /// - Parameter line: the mark's line without its line break.
    public func covers(_ bytes: ByteView, line: ByteView) -> Bool {
        guard bytes.count == count, line.count > 8 else { return false }
        let all = CRC32C.update(CRC32C.update(backSum, bytes), line[0..<(line.count - 8)])
        return all == checksum
    }

    /// How much of the front of a damaged batch, or of one that was cut off, is what was written.
    /// - Parameters:
    ///   - bytes: what is there of the batch.
    ///   - from: where in the file it begins.
    public func soundPrefix(of bytes: ByteView, from: Int) -> Int {
        guard !sums.isEmpty else { return 0 }
        var (sound, index, isSound) = (0, 0, true)
        BatchMark.forEachSector(bytes, from: from) { part in
            isSound = isSound && index < sums.count && CRC32C.update(0, part) == sums[index]
            index += 1
            if isSound { sound += part.count }
        }
        // Where a file ends within a sector nothing but its end was lost.
        return isSound && bytes.count < count ? bytes.count : sound
    }

    /// A number with the blank behind it.
    private static func hexNumber(_ line: ByteView, _ at: inout Int) -> UInt64? {
        var (number, digits): (UInt64, Int) = (0, 0)
        while at < line.count, line[at] != UInt8(ascii: " ") {
            guard let digit = digit(line[at]), digits < 16 else { return nil }
            number = number << 4 | UInt64(digit)
            digits += 1
            at += 1
        }
        guard digits > 0, at < line.count else { return nil }
        at += 1
        return number
    }

    private static func hexWord(_ line: ByteView, _ at: Int) -> UInt32? {
        guard at + 8 <= line.count else { return nil }
        var number: UInt32 = 0
        for index in at..<(at + 8) {
            guard let digit = digit(line[index]) else { return nil }
            number = number << 4 | UInt32(digit)
        }
        return number
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 97...102: byte - 87
        default: nil
        }
    }
}

extension Array where Element == UInt8 {
    /// Adds eight hexadecimal digits.
    fileprivate mutating func append(hex number: UInt32) {
        for shift in stride(from: UInt32(28), through: 0, by: -4) { append(digit: number >> shift) }
    }

    /// Adds a hexadecimal number without zeros in front, and a blank.
    fileprivate mutating func append(plainHex number: UInt64) {
        var shift = number == 0 ? 0 : (63 - number.leadingZeroBitCount) / 4 * 4
        while shift >= 0 {
            append(digit: UInt32(truncatingIfNeeded: number >> UInt64(shift)))
            shift -= 4
        }
        append(UInt8(ascii: " "))
    }

    private mutating func append(digit: UInt32) {
        let value = UInt8(truncatingIfNeeded: digit & 15)
        append(value < 10 ? 48 + value : 87 + value)
    }
}
