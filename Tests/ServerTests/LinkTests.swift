// SPDX-License-Identifier: Apache-2.0
import Bytes
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Engine
@testable import Server

/// Owns a link, on the loop's thread, and notes what it hears.
private final class Owner: LinkOwner, Sendable {
    let notes = Mutex<[String]>([])
    let bytes = Mutex(0)
    /// What it sends when it is opened, so many times.
    let message: [UInt8]
    let times: Int

    init(_ message: String, times: Int = 1) {
        self.message = Array(message.utf8)
        self.times = times
    }

    func note(_ text: String) { notes.withLock { $0.append(text) } }
    func has(_ text: String) -> Bool { notes.withLock { $0.contains(text) } }
    func opened(_ link: any Link) {
        note("opened")
        for _ in 0..<times { message.withView { link.send($0) } }
        if link.unsentBytes > 0 { note("full") }
    }
    func failed(_ link: any Link, _ problem: LinkProblem) { note("failed: \(problem.reason)") }
    func received(_ view: ByteView, _ link: any Link) {
        bytes.withLock { $0 += view.count }
        if view.array.starts(with: Array("$6\r\n+close".utf8)) { link.close() }
    }
    func drained(_ link: any Link) { note("drained") }
    func ended(_ link: any Link, _ reason: ByteString?) { note("ended") }
}

/// Links that the server makes, to itself or to nobody.
@Suite struct LinkTests {
    /// A server that connects to a port as soon as it runs.
    private func server(_ owner: Owner, port: Int) throws -> ThreadedServer {
        try ThreadedServer { server in
            _ = server.host.connect(
                LinkTarget(host: "127.0.0.1", port: port, timeoutMs: 10_000), owner)
        }
    }

    /// Much more than the kernel takes at once, to a server that answers all of it.
    @Test func everythingArrives() throws {
        let other = try ServerProcess()
        let text = String(repeating: "x", count: 1 << 20)
        let owner = Owner("*2\r\n$4\r\nECHO\r\n$\(text.utf8.count)\r\n\(text)\r\n", times: 24)
        let server = try server(owner, port: other.port)
        let reply = text.utf8.count + "$1048576\r\n\r\n".utf8.count
        #expect(eventually(within: 30) { owner.bytes.withLock { $0 } == 24 * reply })
        #expect(owner.has("opened") && owner.has("full") && owner.has("drained") && !owner.has("ended"))
        // The other side goes.
        _ = try other.stop(SIGKILL)
        #expect(eventually { owner.has("ended") })
        try server.stop()
    }

    @Test func nobodyIsThere() throws {
        let owner = Owner("PING\r\n")
        let server = try server(owner, port: try ServerProcess.freePort())
        #expect(eventually { owner.has("failed: Connection refused") })
        #expect(owner.notes.withLock { $0.count } == 1)
        try server.stop()
    }

    /// Nothing is told after it was closed, even from within what it was told.
    @Test func closing() throws {
        let other = try ServerProcess()
        let owner = Owner("ECHO +close\r\n")
        let server = try server(owner, port: other.port)
        #expect(
            try eventually { try !other.client().call("CLIENT", "LIST").description.contains("cmd=echo") })
        #expect(eventually { owner.bytes.withLock { $0 } > 0 })
        _ = try other.stop(SIGKILL)
        try server.stop()
        #expect(!owner.has("ended") && !owner.has("failed"))
    }
}
