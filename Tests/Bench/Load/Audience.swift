// SPDX-License-Identifier: Apache-2.0
// Subscribers that read everything they are sent, so that the server never has to keep it for them.
import Foundation

/// Clients subscribed to one channel, drained by a thread of their own until the last reference goes.
final class Audience: @unchecked Sendable {
    static let channel = "bench"

    private let sockets: [Int32]
    private let lock = NSLock()
    private var received = 0
    private var isOver = false
    private let ended = DispatchSemaphore(value: 0)

    init(_ count: Int, port: Int) throws {
        var opened: [Int32] = []
        for _ in 0..<count { opened.append(try Connection.open(port: port)) }
        sockets = opened
        let subscribe = Array("SUBSCRIBE \(Audience.channel)\r\n".utf8)
        for file in opened { send(file, subscribe, subscribe.count, Int32(MSG_NOSIGNAL)) }
        Thread.detachNewThread { [self] in
            drain()
            ended.signal()
        }
        let confirmation =
            "*3\r\n$9\r\nsubscribe\r\n$\(Audience.channel.utf8.count)\r\n\(Audience.channel)\r\n:1\r\n"
        try wait(bytes: count * confirmation.utf8.count)
        lock.withLock { received = 0 }
    }

    /// Waits until every subscriber has got so many messages of this size.
    func wait(messages: Int, size: Int) throws {
        let name = Audience.channel
        let head = "*3\r\n$7\r\nmessage\r\n$\(name.utf8.count)\r\n\(name)\r\n$\(size)\r\n"
        try wait(bytes: sockets.count * messages * (head.utf8.count + size + 2))
    }

    private func wait(bytes: Int) throws {
        let end = Date(timeIntervalSinceNow: 60)
        while lock.withLock({ received }) < bytes {
            guard Date() < end else { throw BenchError("subscribers wait for messages") }
            usleep(1000)
        }
    }

    /// Ends the reading and closes the connections.
    func leave() {
        lock.withLock { isOver = true }
        ended.wait()
        for file in sockets { close(file) }
    }

    private func drain() {
        var polls = sockets.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while !lock.withLock({ isOver }) {
            guard poll(&polls, nfds_t(polls.count), 20) > 0 else { continue }
            var count = 0
            for item in polls where item.revents != 0 {
                count += max(0, recv(item.fd, &buffer, buffer.count, 0))
            }
            lock.withLock { received += count }
        }
    }
}
