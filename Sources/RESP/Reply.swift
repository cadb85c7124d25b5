// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Writes replies of both protocols, one after the other, into one growing buffer.
///
/// The differences between RESP2 and RESP3 live here and nowhere else: handlers say what a reply *is* (`map`, `null`,
/// `double`), and the session's protocol decides its form.
public final class Reply {
    /// Whether the session that is being answered speaks RESP3.
    public var isRESP3 = false
    /// Swallows everything while true (CLIENT REPLY, scripts).
    public var isMuted = false

    /// Bytes written since the last `reset`.
    public private(set) var count = 0
    @usableFromInline var buffer: Address
    var capacity: Int
    /// Up to where `reserve` need not look closer: the capacity, the limit, or where replies grow conspicuous.
    var ceiling: Int
    /// What may be written up to, and where the limit began to hold.
    var bound = Int.max
    var limitStart = 0
    /// The reply has grown beyond its limit: it was taken back, and nothing more is written.
    public internal(set) var hasOverflowed = false
    var alert = ReplyAlert()
    /// Ticks from which on whoever runs commands is to look at one more closely. It is 0 from the moment on in which
    /// the replies grow conspicuous (see `watch`), until they are forgotten.
    public internal(set) var patience = UInt64.max
    /// Bytes of `blocks`.
    var blockBytes = 0
    /// Where the buffer and the blocks of large values come from.
    public let heap: Heap
    /// Large values that go out without a copy: each belongs before the byte at its offset.
    public private(set) var blocks: [(offset: Int, block: Block)] = []

    static let restingCapacity = 256 << 10

    /// A writer with an empty buffer, for RESP2 until told otherwise.
    public init(_ heap: Heap) {
        self.heap = heap
        capacity = Reply.restingCapacity
        ceiling = capacity
        buffer = heap.allocate(capacity)
    }

    deinit {
        reset()
        heap.free(buffer, capacity)
    }

    /// Room that the buffer has beyond what it rests with, in bytes: it goes with the replies of the turn.
    public var excessBytes: Int { capacity - Reply.restingCapacity }

    /// What was written from `offset` on, without blocks.
    public func written(from offset: Int) -> ByteView { buffer.view(offset, count - offset) }
    public func written(_ range: Range<Int>) -> ByteView { buffer.view(range.lowerBound, range.count) }

    /// The index of the first block that belongs at `offset` or behind it.
    public func firstBlock(from offset: Int) -> Int {
        var low = 0
        var high = blocks.count
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Forgets everything; gives back the room of an extraordinarily large reply.
    public func reset() {
        count = 0
        if !blocks.isEmpty { dropBlocks(from: 0) }
        if capacity > Reply.restingCapacity * 8 {
            heap.free(buffer, capacity)
            capacity = Reply.restingCapacity
            buffer = heap.allocate(capacity)
            setCeiling()
        }
        if alert.isRaised { lowerAlert() }
    }

    /// Takes back what was written since `offset`.
    public func cutBack(to offset: Int) {
        count = offset
        dropBlocks(from: offset)
    }

    private func dropBlocks(from offset: Int) {
        while let last = blocks.last, last.offset >= offset, !blocks.isEmpty {
            blockBytes -= last.block.count
            last.block.release(heap)
            blocks.removeLast()
        }
        setCeiling()
    }

    @inline(__always) private func reserve(_ bytes: Int) -> Address {
        if count &+ bytes > ceiling { grow(bytes) }
        return buffer + count
    }

    @inline(never) private func grow(_ bytes: Int) {
        if count + bytes > bound { overflow() }
        checkAlert(bytes)
        if count + bytes > capacity { enlarge(bytes) }
        setCeiling()
    }

    private func enlarge(_ bytes: Int) {
        let larger = max(capacity * 2, count + bytes)
        let moved = heap.allocate(larger)
        moved.copy(from: buffer, count: count)
        heap.free(buffer, capacity)
        buffer = moved
        capacity = larger
    }

    // MARK: Raw

    /// Appends bytes that are already in protocol form.
    public func raw(_ bytes: ByteView) {
        if isMuted { return }
        reserve(bytes.count).copy(from: bytes)
        count += bytes.count
    }
    /// The same for a literal.
    @inline(__always) public func raw(_ literal: StaticString) { raw(ByteView(literal)) }

    /// `<sigil><number>\r\n`
    @inline(__always) private func header(_ sigil: UInt8, _ number: Int) {
        let at = reserve(24)
        at.setU8(0, sigil)
        if number >= 0, number < 10 {
            at.setU8(1, UInt8(truncatingIfNeeded: number) &+ 48)
            at.setU16(2, 0x0A0D)
            count &+= 4
        } else if number >= 0, number < 100 {
            at.setU8(1, UInt8(truncatingIfNeeded: number / 10) &+ 48)
            at.setU8(2, UInt8(truncatingIfNeeded: number % 10) &+ 48)
            at.setU16(3, 0x0A0D)
            count &+= 5
        } else {
            longHeader(at, number)
        }
    }

    @inline(never) private func longHeader(_ at: Address, _ number: Int) {
        let length = decimalLength(Int64(number))
        _ = writeDecimal(Int64(number), endingAt: at + (1 + length))
        at.setU16(1 + length, 0x0A0D)
        count += length + 3
    }

    // MARK: Replies

    /// `+OK` and its like; the text has no line breaks.
    @inline(__always) public func simple(_ text: StaticString) {
        if isMuted { return }
        let length = text.utf8CodeUnitCount
        let at = reserve(length &+ 3)
        at.setU8(0, UInt8(ascii: "+"))
        (at + 1).copy(from: ByteView(text))
        at.setU16(length &+ 1, 0x0A0D)
        count &+= length &+ 3
    }
    /// `+OK`, the answer of commands that have nothing to tell.
    @inline(__always) public func ok() { simple("OK") }

    /// A simple string with text from outside; line breaks become spaces.
    public func simple(_ text: ByteView) { line(UInt8(ascii: "+"), text) }

    /// An error, its code first (`ERR …`); line breaks become spaces.
    public func error(_ text: ByteView) {
        line(UInt8(ascii: "-"), text)
    }
    /// The same for a literal or a byte string: the whole text, its code first.
    public func error(_ text: StaticString) { error(ByteView(text)) }
    public func error(_ text: ByteString) { text.withView { error($0) } }

    private func line(_ sigil: UInt8, _ text: ByteView) {
        if isMuted { return }
        let at = reserve(text.count + 3)
        at.setU8(0, sigil)
        for i in 0..<text.count {
            let byte = text[i]
            at.setU8(1 + i, byte == 10 || byte == 13 ? 32 : byte)
        }
        at.setU16(text.count + 1, 0x0A0D)
        count += text.count + 3
    }

    /// An integer: `:` and the decimal text.
    @inline(__always) public func integer(_ value: Int64) {
        if isMuted { return }
        header(UInt8(ascii: ":"), Int(value))
    }
    /// The same for Swift's usual integer.
    @inline(__always) public func integer(_ value: Int) { integer(Int64(value)) }

    /// A bulk string: any bytes, copied into the buffer.
    @inline(__always) public func bulk(_ bytes: ByteView) {
        if isMuted { return }
        let length = bytes.count
        var at = reserve(length &+ 26)
        at.setU8(0, UInt8(ascii: "$"))
        if length < 10 {
            at.setU8(1, UInt8(truncatingIfNeeded: length) &+ 48)
            at.setU16(2, 0x0A0D)
            at = at + 4
        } else if length < 100 {
            let tens = (length &* 205) >> 11
            at.setU8(1, UInt8(truncatingIfNeeded: tens) &+ 48)
            at.setU8(2, UInt8(truncatingIfNeeded: length &- tens &* 10) &+ 48)
            at.setU16(3, 0x0A0D)
            at = at + 5
        } else {
            let before = count
            longHeader(at, length)
            at = at + (count &- before)
            count = before
        }
        at.copy(from: bytes)
        at.setU16(length, 0x0A0D)
        count = (at - buffer) &+ length &+ 2
    }
    /// The same for other kinds of text.
    public func bulk(_ text: StaticString) { bulk(ByteView(text)) }
    public func bulk(_ text: String) { Array(text.utf8).withView { bulk($0) } }
    public func bulk(_ text: [UInt8]) { text.withView { bulk($0) } }
    public func bulk(_ text: ByteString) { text.withView { bulk($0) } }
    /// The decimal text of a number as a bulk string.
    public func bulk(_ number: Int64) {
        var text = DecimalText(number)
        text.withView { bulk($0) }
    }

    /// A large string that is sent from its block, without a copy.
    public func bulk(_ block: Block) {
        guard block.count >= Block.adoptBytesMin else { return bulk(block.view) }
        charge(block.count)
        if isMuted { return }
        header(UInt8(ascii: "$"), block.count)
        block.retain()
        blocks.append((count, block))
        blockBytes += block.count
        checkAlert(0)
        setCeiling()
        raw("\r\n")
    }

    /// Nothing: `$-1` or `_`.
    @inline(__always) public func null() { raw(isRESP3 ? "_\r\n" : "$-1\r\n") }
    /// No array: `*-1` or `_`.
    public func nullArray() { raw(isRESP3 ? "_\r\n" : "*-1\r\n") }

    /// The head of an array: `count` replies have to follow.
    public func array(_ count: Int) { if !isMuted { header(UInt8(ascii: "*"), count) } }
    /// A map of `count` pairs; RESP2 has a flat array.
    public func map(_ count: Int) {
        if isMuted { return }
        if isRESP3 { header(UInt8(ascii: "%"), count) } else { header(UInt8(ascii: "*"), count * 2) }
    }
    /// The head of a set of `count` replies; RESP2 has an array.
    public func set(_ count: Int) {
        if !isMuted { header(UInt8(ascii: isRESP3 ? "~" : "*"), count) }
    }
    /// The head of a push message of `count` parts; RESP2 has an array.
    public func push(_ count: Int) {
        if !isMuted { header(UInt8(ascii: isRESP3 ? ">" : "*"), count) }
    }
    /// A truth value; RESP2 has 1 or 0.
    public func bool(_ value: Bool) {
        if isRESP3 { raw(value ? "#t\r\n" : "#f\r\n") } else { integer(value ? 1 : 0) }
    }
    /// A floating-point number; RESP2 has its text as a bulk string.
    public func double(_ value: Double) {
        if isMuted { return }
        var text = DoubleText(value)
        text.withView { double(text: $0) }
    }
    /// The same for one that is written out already.
    public func double(text: ByteView) { isRESP3 ? line(UInt8(ascii: ","), text) : bulk(text) }
    /// The same as a bulk string, whatever the protocol (ZSCAN).
    public func doubleBulk(_ value: Double) {
        if isMuted { return }
        var text = DoubleText(value)
        text.withView { bulk($0) }
    }
    /// Text for people: verbatim in RESP3. `format` has three letters.
    public func verbatim(_ format: StaticString, _ text: ByteView) {
        guard isRESP3 else { return bulk(text) }
        if isMuted { return }
        header(UInt8(ascii: "="), text.count + 4)
        raw(format)
        raw(":")
        raw(text)
        raw("\r\n")
    }
    /// The same for an array of bytes.
    public func verbatim(_ format: StaticString, _ text: [UInt8]) { text.withView { verbatim(format, $0) } }

    // MARK: Lengths known late

    /// A place where a header will be put once its count is known.
    public struct Deferred { let offset: Int }
    /// Marks the present end of the replies as such a place.
    public func deferred() -> Deferred { Deferred(offset: count) }

    /// Puts the head of an array, or of a set, of `n` replies at the mark, in front of what was written since.
    public func setArray(_ mark: Deferred, _ n: Int) { insert(mark) { array(n) } }
    public func setSet(_ mark: Deferred, _ n: Int) { insert(mark) { set(n) } }

    /// Likewise the head of `n` things under keys, see `keyed`.
    public func setKeyed(_ mark: Deferred, _ n: Int) { insert(mark) { keyed(n) } }

    /// Writes a header at the end, then rotates it to its place.
    private func insert(_ mark: Deferred, _ write: () -> Void) {
        if isMuted { return }
        let bodyEnd = count
        write()
        if isMuted { return }
        let headerCount = count - bodyEnd
        let header = buffer.view(bodyEnd, headerCount).array
        (buffer + mark.offset + headerCount).move(from: buffer + mark.offset, count: bodyEnd - mark.offset)
        header.withView { (buffer + mark.offset).copy(from: $0) }
        for i in blocks.indices.reversed() {
            guard blocks[i].offset >= mark.offset else { break }
            blocks[i].offset += headerCount
        }
    }
}
