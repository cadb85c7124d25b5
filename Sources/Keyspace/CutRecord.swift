// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// What a cut has to hand over later: keys and elements that changed before their turn in the stream.
//
// *Layout*. A sequence of items in pieces of a megabyte, none of which is torn by the end of a piece:
//
//     1 head of a key: u32 length and bytes, u32 database, u8 type, u8 encoding, u32 access, u64 count, u8 whether
//       a deadline follows (1), and whether elements have any (2); i64 deadline
//     2 head of a key, then its packed value: u32 length and bytes
//     3 element: u8 which parts follow (1 value, 2 deadline, 4 score); each part a u32 length and its bytes, or the
//       length 0xFFFF_FFFF for the next of the retained blocks; i64 deadline; the score's 64 bits
//     4 end of a key
//
// Large strings are not copied: their blocks are retained. Pieces that are full can be moved to the cut's spool.
//
// *Who frees*. The record retains blocks until they were replayed or it is given up.

/// How much all records of a cut keep in memory, in bytes. Blocks are shared and do not count.
final class CutBudget {
    let bytesMax: Int
    fileprivate(set) var bytes = 0
    var isExceeded: Bool { bytes > bytesMax }

    init(bytesMax: Int) { self.bytesMax = bytesMax }
}

/// Records what a sink is to be told, and tells it later, in slices.
final class CutRecord: CutSink {
    private enum Piece {
        case memory([UInt8])
        case spooled(place: Int, count: Int)
    }

    private static let pieceBytes = 1 << 20
    private static let blockMark = UInt32.max

    private let heap: Heap
    private let budget: CutBudget
    private var pieces: [Piece] = []
    private var last: [UInt8] = []
    private var blocks: [Block] = []
    /// How far the replay has come.
    private var nextPiece = 0
    private var nextByte = 0
    private var nextBlock = 0
    private var opened: [UInt8] = []
    private var isInKey = false

    init(_ budget: CutBudget, _ heap: Heap) {
        self.budget = budget
        self.heap = heap
    }

    deinit {
        for block in blocks.dropFirst(nextBlock) { block.release(heap) }
        budget.bytes -= memoryBytes
    }

    private var memoryBytes: Int {
        pieces.dropFirst(nextPiece).reduce(last.count) {
            if case .memory(let bytes) = $1 { $0 + bytes.count } else { $0 }
        }
    }

    /// Whether nothing was ever recorded.
    var isEmpty: Bool { pieces.isEmpty && last.isEmpty && opened.isEmpty }

    // MARK: Recording

    func beginKey(_ head: CutKey) { note(1) { $0.append(head) } }

    func key(_ head: CutKey, packed: ByteView) {
        note(2) { record in
            record.append(head)
            record.append(framed: packed)
        }
    }

    func element(_ element: ValueElement) {
        note(3) { record in
            let (hasValue, hasDeadline) = (element.value != nil, element.deadlineMs != nil)
            let score = element.score
            record.append(UInt8((hasValue ? 1 : 0) + (hasDeadline ? 2 : 0) + (score == nil ? 0 : 4)))
            record.append(element.bytes)
            if let value = element.value { record.append(value) }
            if let deadline = element.deadlineMs { record.append(UInt64(bitPattern: deadline)) }
            if let score { record.append(score.bitPattern) }
        }
    }

    func endKey() { note(4) { _ in } }

    private func note(_ tag: UInt8, _ write: (CutRecord) -> Void) {
        let before = last.count
        last.append(tag)
        write(self)
        budget.bytes += last.count - before
        if last.count >= CutRecord.pieceBytes {
            pieces.append(.memory(last))
            last = []
        }
    }

    private func append(_ number: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: 0, to: number.bitWidth, by: 8) {
            last.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    private func append(_ head: CutKey) {
        append(framed: head.key)
        append(UInt32(truncatingIfNeeded: head.database))
        append(head.type.rawValue)
        append(head.encoding)
        append(head.access)
        append(UInt64(head.count))
        append(UInt8((head.deadlineMs == nil ? 0 : 1) + (head.hasDeadlines ? 2 : 0)))
        if let deadline = head.deadlineMs { append(UInt64(bitPattern: deadline)) }
    }

    private func append(framed bytes: ByteView) {
        append(UInt32(bytes.count))
        last.append(bytes)
    }

    private func append(_ bytes: StoredBytes) {
        if case .block(let block) = bytes {
            block.retain()
            blocks.append(block)
            append(CutRecord.blockMark)
        } else {
            bytes.withText { append(framed: $0) }
        }
    }

    /// Moves pieces out of memory: those that are full, or all.
    func spill(to spool: any CutSpool, all: Bool) {
        if all, !last.isEmpty {
            pieces.append(.memory(last))
            last = []
        }
        for index in pieces.indices.dropFirst(nextPiece) {
            guard case .memory(let bytes) = pieces[index] else { continue }
            let place = bytes.withView { spool.append($0) }
            pieces[index] = .spooled(place: place, count: bytes.count)
            budget.bytes -= bytes.count
        }
    }

    // MARK: Replaying

    /// Hands about `max` items over, in the order in which they were recorded; never a part of a key that was recorded
    /// as a whole. Between two calls more may be recorded.
    /// - Returns: true when nothing was left.
    func replay(to sink: any CutSink, max: Int) -> Bool {
        var left = max
        while left > 0 || isInKey {
            if nextByte == opened.count {
                guard openNext(sink) else { return true }
            }
            let from = nextByte
            nextByte = opened.withView { all in
                var reader = Reader(bytes: all, at: from)
                while left > 0 || isInKey, reader.at < all.count {
                    hand(&reader, to: sink)
                    left -= 1
                }
                return reader.at
            }
        }
        return false
    }

    private func openNext(_ sink: any CutSink) -> Bool {
        nextByte = 0
        if nextPiece < pieces.count {
            switch pieces[nextPiece] {
            case .memory(let bytes):
                opened = bytes
                budget.bytes -= bytes.count
            case .spooled(let place, let count):
                guard let spool = sink.spool else { preconditionFailure("a sink has lost its spool") }
                opened = spool.read(place, count: count)
                precondition(opened.count == count, "a spool has lost bytes")
            }
            pieces[nextPiece] = .memory([])
            nextPiece += 1
            return true
        }
        opened = last
        budget.bytes -= last.count
        last = []
        return !opened.isEmpty
    }

    private func hand(_ reader: inout Reader, to sink: any CutSink) {
        switch reader.number(UInt8.self) {
        case 1:
            isInKey = true
            sink.beginKey(reader.head())
        case 2:
            let head = reader.head()
            sink.key(head, packed: reader.framed())
        case 3: handElement(&reader, to: sink)
        default:
            isInKey = false
            sink.endKey()
        }
    }

    private func handElement(_ reader: inout Reader, to sink: any CutSink) {
        let parts = reader.number(UInt8.self)
        let before = nextBlock
        let bytes = stored(&reader)
        let value = parts & 1 == 0 ? nil : stored(&reader)
        let deadline = parts & 2 == 0 ? nil : Int64(bitPattern: reader.number(UInt64.self))
        let score = parts & 4 == 0 ? nil : Double(bitPattern: reader.number(UInt64.self))
        sink.element(ValueElement(bytes, value: value, deadlineMs: deadline, score: score))
        for block in blocks[before..<nextBlock] { block.release(heap) }
    }

    private func stored(_ reader: inout Reader) -> StoredBytes {
        guard let bytes = reader.framed(unless: CutRecord.blockMark) else {
            nextBlock += 1
            return .block(blocks[nextBlock - 1])
        }
        return .bytes(bytes)
    }
}

/// Reads what a record has written.
private struct Reader {
    let bytes: ByteView
    var at: Int

    mutating func number<N: FixedWidthInteger & UnsignedInteger>(_: N.Type) -> N {
        var number: N = 0
        for index in 0..<(N.bitWidth / 8) { number |= N(bytes[at + index]) << (index * 8) }
        at += N.bitWidth / 8
        return number
    }

    mutating func head() -> CutKey {
        let key = framed()
        let database = Int(number(UInt32.self))
        let type = ValueType(rawValue: number(UInt8.self)) ?? .string
        let encoding = number(UInt8.self)
        let access = number(UInt32.self)
        let count = Int(number(UInt64.self))
        // Every number is a deadline that a key can have, the largest too.
        let parts = number(UInt8.self)
        let deadline = parts & 1 == 0 ? nil : Int64(bitPattern: number(UInt64.self))
        return CutKey(
            key: key, database: database, type: type, encoding: encoding, deadlineMs: deadline,
            access: access, count: count, hasDeadlines: parts & 2 != 0)
    }

    mutating func framed() -> ByteView {
        guard let bytes = framed(unless: UInt32.max) else { preconditionFailure("a record is torn") }
        return bytes
    }

    /// Bytes behind their length; nil where a mark stands for the length.
    mutating func framed(unless mark: UInt32) -> ByteView? {
        let count = number(UInt32.self)
        if count == mark { return nil }
        defer { at += Int(count) }
        return bytes[at..<(at + Int(count))]
    }
}
