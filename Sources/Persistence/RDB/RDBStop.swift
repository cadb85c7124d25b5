// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Why reading does not go on.
enum RDBStop: Error {
    /// The item is not all there: so many bytes are needed from where it stopped.
    case needsMore(Int)
    /// The bytes are none that a server writes; what is wrong with them.
    case damaged(StaticString)
    /// The bytes may be right, but nothing here understands them; what they are.
    case unsupported(ByteString)

    /// What is announced is more than there is, in words that tools look for in the log.
    static var cutOff: RDBStop { .damaged("Unexpected EOF reading RDB file") }

    /// What a log says of it.
    var text: ByteString {
        switch self {
        case .needsMore: "Short read: unexpected end"
        case .damaged(let reason): "\(reason)"
        case .unsupported(let reason): reason
        }
    }
}
