// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// Changes to string values.

extension Edit {
    /// Makes the value this string, in its smallest encoding; whatever was there goes. The deadline stays.
    /// - Parameter adopting: the block that holds exactly these bytes, if they were received into one.
    @inlinable @inline(__always)
    public mutating func setString(_ bytes: ByteView, adopting block: Block? = nil, _ keys: Keyspace) {
        if bytes.count <= 20, let integer = bytes.integer { return setInteger(integer, keys) }
        setText(bytes, adopting: block, keys)
    }

    /// Like `setString`, but a number stays text: what clients are told is `embstr`.
    @inlinable @inline(__always)
    public mutating func setText(_ bytes: ByteView, adopting block: Block? = nil, _ keys: Keyspace) {
        let count = bytes.count
        if count < 16 {
            let (entry, at) = makeEntry(UInt8(truncatingIfNeeded: count), payload: count, length: count, keys)
            (entry + at).copy(from: bytes)
        } else if count <= Value.embeddedNameBytesMax
            || count < 256 && Value.headerBytes(key.count) &+ count < Heap.slabBytesMax
        {
            let (entry, at) = makeEntry(Encoding.embedded8, payload: count &+ 1, length: count, keys)
            entry.setU8(at, UInt8(truncatingIfNeeded: count))
            (entry + (at &+ 1)).copy(from: bytes)
        } else {
            setLong(bytes, block, keys)
        }
    }

    @usableFromInline @inline(never) mutating func setLong(
        _ bytes: ByteView, _ block: Block?, _ keys: Keyspace
    ) {
        if let block {
            block.retain()
            return setBlock(block, keys)
        }
        if Value.headerBytes(key.count) + bytes.count + 2 <= Heap.slabBytesMax {
            let (entry, at) = makeEntry(
                Encoding.embedded16, payload: bytes.count + 2, length: bytes.count, keys)
            entry.setU16(at, UInt16(bytes.count))
            (entry + (at + 2)).copy(from: bytes)
            return
        }
        setBlock(Block.create(copying: bytes, keys.heap), keys)
    }

    mutating func setBlock(_ block: Block, _ keys: Keyspace) {
        let (entry, at) = makeEntry(Encoding.block, payload: 8, length: block.count, keys)
        entry.setAddress(at, block.at)
    }

    /// Makes the value this integer, kept in 1, 2, 4 or 8 bytes.
    @inlinable @inline(__always)
    public mutating func setInteger(_ integer: Int64, _ keys: Keyspace) {
        if let small = Int8(exactly: integer) {
            let (entry, at) = makeNumber(Encoding.int8, payload: 1, integer, keys)
            entry.setU8(at, UInt8(bitPattern: small))
        } else if let small = Int16(exactly: integer) {
            let (entry, at) = makeNumber(Encoding.int16, payload: 2, integer, keys)
            entry.setU16(at, UInt16(bitPattern: small))
        } else if let small = Int32(exactly: integer) {
            let (entry, at) = makeNumber(Encoding.int32, payload: 4, integer, keys)
            entry.setU32(at, UInt32(bitPattern: small))
        } else {
            let (entry, at) = makeNumber(Encoding.int64, payload: 8, integer, keys)
            entry.setI64(at, integer)
        }
    }

    /// An entry with room for a number; one of the same kind stays.
    @usableFromInline @inline(__always) mutating func makeNumber(
        _ kind: UInt8, payload: Int, _ integer: Int64, _ keys: Keyspace
    ) -> (entry: Address, at: Int) {
        if exists, slot.entry.u8(0) == kind {
            let (before, after) = (Value.digits(value.integer), Value.digits(integer))
            if before != after { recount(length: after, keys) }
            return (slot.entry, value.payloadOffset)
        }
        return makeEntry(kind, payload: payload, length: Value.digits(integer), keys)
    }

    /// Writes `bytes` at `offset`, extending the string with zeros up to there; the value is `raw` from then on.
    /// - Returns: the new length. The caller has checked it against the limit.
    @discardableResult
    public mutating func overwrite(at offset: Int, with bytes: ByteView, _ keys: Keyspace) -> Int {
        let old = exists ? keys.string(value).count : 0
        let length = max(old, offset + bytes.count)
        if Edit.isGap(from: old, to: offset) {
            makeWritable(length, keys)
            (writableBytes + offset).copy(from: bytes)
            return length
        }
        let to =
            exists && value.encoding == Encoding.block
            ? growBlock(to: length, keys) : makeRaw(length, old, keys)
        if offset > old { (to + old).zero(count: offset - old) }
        (to + offset).copy(from: bytes)
        return length
    }

    /// Adds `bytes` at the end. The caller has checked the length against the limit.
    @discardableResult public mutating func append(_ bytes: ByteView, _ keys: Keyspace) -> Int {
        overwrite(at: exists ? keys.string(value).count : 0, with: bytes, keys)
    }

    /// Turns an embedded, integer or missing value into raw bytes of `length`, keeping the first `old`.
    mutating func makeRaw(_ length: Int, _ old: Int, _ keys: Keyspace) -> Address {
        let header = Value.headerBytes(key.count)
        let encoding = length < 256 ? Encoding.raw8 : Encoding.raw16
        let lengthBytes = length < 256 ? 1 : 2
        if header + length + lengthBytes > Heap.slabBytesMax {
            let block = Block.create(keys.heap, capacity: Edit.roomy(length, grew: exists))
            if old > 0 { block.bytes.copy(from: keys.string(value)) }
            block.count = length
            setBlock(block, keys)
            return block.bytes
        }
        // The old bytes may lie where the new ones go, so the entry is always made anew.
        let bytes = header + length + lengthBytes
        let entry = keys.heap.allocate(bytes)
        let access = exists ? value.access : keys.freshAccess
        let at = Value.writeHeader(
            entry, encoding, access, key, volatile: exists ? slot.entry.u8(4) & 128 : 0)
        if lengthBytes == 1 { entry.setU8(at, UInt8(length)) } else { entry.setU16(at, UInt16(length)) }
        let to = entry + (at + lengthBytes)
        if exists {
            if old > 0 { to.copy(from: keys.string(value)) }
            replaceEntry(with: entry, bytes, keys)
        } else {
            insert(entry, bytes, keys)
        }
        countIn(length: length, keys)
        return to
    }

    /// Makes the value's block exclusive and at least `length` long; new bytes are not cleared.
    mutating func growBlock(to length: Int, _ keys: Keyspace) -> Address {
        let entry = slot.entry
        let at = value.payloadOffset
        var block = Block(at: entry.address(at))
        if length != block.count { recount(length: length, keys) }
        if block.isShared {
            let copy = Block.create(keys.heap, capacity: Edit.roomy(length, grew: length > block.count))
            copy.bytes.copy(from: block.view)
            block.release(keys.heap)
            block = copy
        } else if length > block.capacity {
            block = block.resized(keys.heap, capacity: Edit.roomy(length, grew: true))
        }
        block.count = length
        entry.setAddress(at, block.at)
        return block.bytes
    }

    /// Room ahead for a string that grows: as much again, at most a megabyte.
    static func roomy(_ length: Int, grew: Bool) -> Int {
        grew ? length + min(length, 1 << 20) : length
    }
}
