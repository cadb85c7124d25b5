// SPDX-License-Identifier: Apache-2.0
import Bytes

extension ByteView {
    /// The bytes as text, for comparisons.
    var text: String { ByteString(self).description }
}
