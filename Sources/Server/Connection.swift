// SPDX-License-Identifier: Apache-2.0
import Bytes
import Commands
import Loop

/// A session and its socket, with the output of the current turn.
final class Connection {
    let session: Session
    let stream: Stream
    /// The part of the turn's reply buffer that belongs here; empty when there is none.
    var output = 0..<0
    var isListed = false

    init(_ session: Session, _ stream: Stream) {
        self.session = session
        self.stream = stream
    }
}
