// SPDX-License-Identifier: Apache-2.0
// Connections that take whatever they are sent, so that the server never has to keep it for them.
import Foundation

/// Connections that say something at first and are then read by a thread of their own until `leave`.
final class Listeners: @unchecked Sendable {
    let sockets: [Int32]
    private let lock = NSLock()
    private var isOver = false
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameter heard: called by that thread with a connection and how many bytes came over it.
    init(
        _ count: Int, port: Int, saying text: [UInt8], heard: @escaping @Sendable (Int32, Int) -> Void
    ) throws {
        var opened: [Int32] = []
        for _ in 0..<count { opened.append(try Connection.open(port: port)) }
        sockets = opened
        for file in opened { send(file, text, text.count, Int32(MSG_NOSIGNAL)) }
        Thread.detachNewThread { [self] in
            listen(heard)
            ended.signal()
        }
    }

    /// Ends the reading and closes the connections.
    func leave() {
        lock.withLock { isOver = true }
        ended.wait()
        for file in sockets { close(file) }
    }

    private func listen(_ heard: (Int32, Int) -> Void) {
        var polls = sockets.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while !lock.withLock({ isOver }) {
            guard poll(&polls, nfds_t(polls.count), 20) > 0 else { continue }
            for item in polls where item.revents != 0 {
                let count = recv(item.fd, &buffer, buffer.count, 0)
                if count > 0 { heard(item.fd, count) }
            }
        }
    }
}
