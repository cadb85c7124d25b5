// SPDX-License-Identifier: Apache-2.0
import Bytes

// Checks of a listpack: of our own in tests, of foreign ones at the border.

extension Listpack {
    /// Traps on a broken invariant.
    public func checkInvariants() {
        precondition(byteCount >= Listpack.emptyBytes, "listpack size")
        precondition(Listpack.validate(bytes, deep: true), "listpack entries")
    }

    /// Whether untrusted bytes are a listpack.
    ///
    /// The shallow check proves the header and the end only; entries may still lead outside, so nothing but
    /// the bytes as a whole may be used. After a `deep` one every function is safe.
    public static func validate(_ bytes: ByteView, deep: Bool) -> Bool {
        guard bytes.count >= emptyBytes, bytes.count <= bytesMax else { return false }
        guard Int(bytes.start.u32(0)) == bytes.count, bytes[bytes.count - 1] == end else { return false }
        guard deep else { return true }
        let endOffset = bytes.count - 1
        var offset = headerBytes
        var count = 0
        while offset < endOffset {
            guard let entryBytes = checkedEntryBytes(bytes.start + offset, room: endOffset - offset) else {
                return false
            }
            offset += entryBytes
            count += 1
        }
        let stored = Int(bytes.start.u16(4))
        return stored == countUnknown || stored == count
    }

    /// The size of the entry, if it is a valid one that fits in `room` bytes (at least 1).
    private static func checkedEntryBytes(_ entry: Address, room: Int) -> Int? {
        let byte = entry.u8(0)
        guard byte <= 0xF4 else { return nil }
        // The length of a string is read only if it is all there.
        let headBytes = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : byte == 0xF0 ? 5 : 1
        guard room >= headBytes else { return nil }
        let body = bodyBytes(entry)
        let backBytes = backLengthBytes(body)
        guard body + backBytes <= room else { return nil }
        for index in 0..<backBytes {
            guard entry.u8(body + index) == backLengthByte(body, index, of: backBytes) else { return nil }
        }
        return body + backBytes
    }
}
