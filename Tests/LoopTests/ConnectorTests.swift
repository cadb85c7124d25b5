// SPDX-License-Identifier: Apache-2.0
import Bytes
import Foundation
import Loop
import TestSupport
import Testing

/// Hears of a stream that is not looked at.
private final class Deaf: Loop.StreamDelegate {
    var bytes: [UInt8] = []
    func directTarget() -> (at: Address, count: Int)? { nil }
    func received(_ view: ByteView) { bytes += view.array }
    func receivedDirect(_ count: Int) {}
    func ended(_ problem: String?) {}
    func sent(_ bytes: Int) {}
}

/// A loop that connects, turned by hand.
private final class Caller {
    typealias Outcome = Result<Loop.Stream, Connector.Failure>
    let loop = EventLoop()
    let buffer = Loop.Stream.SharedBuffer()
    var outcome: Outcome?
    var accepted: [Loop.Stream] = []

    func connect(_ host: ByteString, _ port: Int, source: ByteString = "", timeoutMs: Int64 = 20_000)
        -> Connector
    {
        Connector(loop, host: host, port: port, source: source, timeoutMs: timeoutMs, buffer) {
            [unowned self] in outcome = $0
        }
    }

    /// Turns the loop until something is so.
    func turn(until isSo: () -> Bool) {
        let deadline = Deadline(seconds: 30)
        while !isSo(), !deadline.hasPassed { loop.runOnce(waits: false) }
    }

    func listen(_ address: ByteString, _ port: Int) throws -> Listener {
        try Listener.tcp(
            loop, address: address, port: port, backlog: 16, buffer,
            onAccept: { [unowned self] in accepted.append($0) }, onError: { _ in })
    }

    func close() {
        for stream in accepted { stream.close() }
        if case .success(let stream) = outcome { stream.close() }
        for _ in 0..<5 { loop.runOnce(waits: false) }
    }
}

@Suite struct ConnectorTests {
    /// By number and by name; `localhost` may be an address that nobody listens on before the one that is right.
    @Test(arguments: ["127.0.0.1", "localhost"], ["", "127.0.0.2"])
    func bytesGoBothWays(_ host: String, _ source: String) throws {
        let caller = Caller()
        defer { caller.close() }
        let port = try ServerProcess.freePort()
        let listener = try caller.listen("127.0.0.1", port)
        defer { listener.close() }
        let connector = caller.connect(ByteString(host), port, source: ByteString(source))
        #expect(caller.outcome == nil, "nothing is told from within the call")
        caller.turn { caller.outcome != nil && !caller.accepted.isEmpty }
        guard case .success(let stream) = caller.outcome else {
            Issue.record("no connection: \(String(describing: caller.outcome))")
            return
        }
        #expect(stream.peerAddress == "127.0.0.1:\(port)")
        if !source.isEmpty { #expect(stream.localAddress.hasPrefix(source + ":")) }
        let (near, far) = (Deaf(), Deaf())
        stream.startReading(near)
        caller.accepted[0].startReading(far)
        #expect(stream.write(ByteView("there")) == 5)
        #expect(caller.accepted[0].write(ByteView("back")) == 4)
        caller.turn { near.bytes.count == 4 && far.bytes.count == 5 }
        #expect(near.bytes == Array("back".utf8) && far.bytes == Array("there".utf8))
        _ = connector
    }

    @Test func whoIsNotThereIsTold() throws {
        for (host, source) in [("127.0.0.1", ""), ("no.such.host.invalid", ""), ("", ""), ("127.0.0.1", "x")]
        {
            let caller = Caller()
            defer { caller.close() }
            let connector = caller.connect(
                ByteString(host), try ServerProcess.freePort(), source: ByteString(source))
            caller.turn { caller.outcome != nil }
            guard case .failure(let failure) = caller.outcome else {
                Issue.record("a connection to nobody: \(host)")
                continue
            }
            #expect(!failure.isTimeout && !failure.message.isEmpty)
            if host == "127.0.0.1", source.isEmpty { #expect(failure.message == "Connection refused") }
            _ = connector
        }
    }

    /// A socket whose queue is full answers nobody.
    @Test func whoDoesNotAnswerIsGivenUp() throws {
        let port = try ServerProcess.freePort()
        let silent = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { Glibc.close(silent) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(silent, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        #expect(bound == 0 && Glibc.listen(silent, 0) == 0)
        let waiting = try Client(port: port)
        let caller = Caller()
        defer { caller.close() }
        // The queue holds one more than it was made for.
        var connectors: [Connector] = []
        for _ in 0..<4 { connectors.append(caller.connect("127.0.0.1", port, timeoutMs: 100)) }
        caller.turn {
            if case .failure(let failure) = caller.outcome { failure.isTimeout } else { false }
        }
        guard case .failure(let failure) = caller.outcome else {
            Issue.record("somebody has answered")
            return
        }
        #expect(failure.isTimeout && failure.message == "Connection timed out")
        waiting.close()
    }

    @Test func whoIsCancelledIsToldNothing() throws {
        for host in ["127.0.0.1", "localhost", "no.such.host.invalid"] {
            let caller = Caller()
            defer { caller.close() }
            let port = try ServerProcess.freePort()
            let listener = try caller.listen("127.0.0.1", port)
            defer { listener.close() }
            for turns in 0..<4 {
                let connector = caller.connect(ByteString(host), port)
                for _ in 0..<turns where caller.outcome == nil { caller.loop.runOnce(waits: false) }
                if caller.outcome == nil { connector.cancel() }
                if case .success(let stream) = caller.outcome { stream.close() }
                caller.outcome = nil
                for _ in 0..<50 { caller.loop.runOnce(waits: false) }
                #expect(caller.outcome == nil)
            }
        }
    }
}
