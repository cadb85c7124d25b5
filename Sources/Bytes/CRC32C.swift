// SPDX-License-Identifier: Apache-2.0
import CShims

/// The checksum CRC-32C (Castagnoli), which processors compute by themselves.
public enum CRC32C {
    /// The checksum of what `crc` is the checksum of, with `bytes` behind it; the checksum of nothing is 0.
    public static func update(_ crc: UInt32, _ bytes: ByteView) -> UInt32 {
        unsafe nt_crc32c(crc, bytes.start.pointer, bytes.count)
    }

    /// The same without the processor's help, for tests.
    static func updatePortably(_ crc: UInt32, _ bytes: ByteView) -> UInt32 {
        unsafe nt_crc32c_portable(crc, bytes.start.pointer, bytes.count)
    }
}
