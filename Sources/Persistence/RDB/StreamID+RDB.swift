// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

extension StreamID {
    /// The ID in 16 bytes, high ones first.
    func withRDBBytes(_ body: (ByteView) -> Void) {
        var numbers = (ms.bigEndian, sequence.bigEndian)
        unsafe withUnsafeMutableBytes(of: &numbers) { bytes in
            body(ByteView(start: unsafe Address(bytes.baseAddress!), count: 16))
        }
    }
}
