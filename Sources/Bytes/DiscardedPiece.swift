// SPDX-License-Identifier: Apache-2.0
import CShims

/// Memory of a large piece that nobody uses any longer. Giving half a gigabyte back to the kernel takes it some 25 ms,
/// which is too long for the loop.
public struct DiscardedPiece: Sendable {
    /// Smaller pieces are freed where they are discarded: malloc keeps them and has them purged in the background.
    public static let bytesMin = 1 << 20

    private let at: Address
    /// What it occupies.
    public let bytes: Int

    init(at: Address, bytes: Int) {
        self.at = at
        self.bytes = bytes
    }

    /// Frees it, on any thread; once.
    public func free() { unsafe CShims.free(at.pointer) }
}
