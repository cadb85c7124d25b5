// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine

extension HashKey {
    /// The key that the text of `hash-seed` names: half of its SHA-256. Servers given the same text have the same key,
    /// and with it the same SCAN cursors.
    public init(named text: ByteString) {
        let sum = text.withView { Digest.sha256($0) }
        func word(_ first: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(sum[first + $1]) << UInt64(8 * $1) }
        }
        self.init(low: word(0), high: word(8), isShared: true)
    }
}
