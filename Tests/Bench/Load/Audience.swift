// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Clients subscribed to one channel, who read everything until `leave`.
final class Audience {
    static let channel = "bench"

    private let listeners: Listeners
    private let received = Counter()

    init(_ count: Int, port: Int) throws {
        let subscribe = Array("SUBSCRIBE \(Audience.channel)\r\n".utf8)
        listeners = try Listeners(count, port: port, saying: subscribe) { [received] _, count in
            received.add(count)
        }
        let confirmation =
            "*3\r\n$9\r\nsubscribe\r\n$\(Audience.channel.utf8.count)\r\n\(Audience.channel)\r\n:1\r\n"
        try wait(bytes: count * confirmation.utf8.count)
        received.reset()
    }

    /// Waits until every subscriber has got so many messages of this size.
    func wait(messages: Int, size: Int) throws {
        let name = Audience.channel
        let head = "*3\r\n$7\r\nmessage\r\n$\(name.utf8.count)\r\n\(name)\r\n$\(size)\r\n"
        try wait(bytes: listeners.sockets.count * messages * (head.utf8.count + size + 2))
    }

    private func wait(bytes: Int) throws {
        let end = Date(timeIntervalSinceNow: 60)
        while received.value < bytes {
            guard Date() < end else { throw BenchError("subscribers wait for messages") }
            usleep(1000)
        }
    }

    /// Ends the reading and closes the connections.
    func leave() { listeners.leave() }
}
