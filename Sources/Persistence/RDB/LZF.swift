// SPDX-License-Identifier: Apache-2.0
import Bytes
import CLZF

/// Compression as RDB files have it. The bytes may differ from run to run; what they unfold to does not.
enum LZF {
    /// Shorter strings are not compressed, in bytes.
    static let bytesMin = 21
    /// What compression must save, in bytes.
    static let gainMin = 5

    /// Compresses into `room` bytes at `to`.
    /// - Returns: how many there are; 0 when they do not fit.
    static func compress(_ bytes: ByteView, to: Address, room: Int) -> Int {
        guard bytes.count <= Int(UInt32.max), room > 0 else { return 0 }
        return unsafe Int(
            lzf_compress(
                bytes.start.pointer, UInt32(bytes.count), to.pointer, UInt32(min(room, Int(UInt32.max)))))
    }

    /// Unfolds exactly `count` bytes to `to`.
    /// - Returns: false when the bytes do not unfold to so many.
    static func decompress(_ bytes: ByteView, to: Address, count: Int) -> Bool {
        guard bytes.count <= Int(UInt32.max), count <= Int(UInt32.max), count > 0 else { return false }
        return unsafe Int(
            lzf_decompress(bytes.start.pointer, UInt32(bytes.count), to.pointer, UInt32(count))) == count
    }

    /// Whether so many compressed bytes can unfold to `count`: three bytes make 264 at most.
    static func isPlausible(_ compressed: Int, unfoldTo count: Int) -> Bool {
        count > 0 && compressed > 0 && (count - 1) / 88 <= compressed
    }
}
