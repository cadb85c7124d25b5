// SPDX-License-Identifier: Apache-2.0
import Bytes
import Foundation
import Loop
import TestSupport
import Testing

/// Keeps what a stream tells.
private final class Recorder: Loop.StreamDelegate {
    var bytes: [UInt8] = []
    var reads = 0
    var sent: [Int] = []
    /// How the stream ended: an empty text for an end in order.
    var end: String?
    /// Where large arguments are to go.
    var target: [UInt8] = []
    var direct: (at: Address, count: Int)?
    var directBytes = 0

    func directTarget() -> (at: Address, count: Int)? { direct }
    func received(_ view: ByteView) {
        bytes += view.array
        reads += 1
    }
    func receivedDirect(_ count: Int) {
        directBytes += count
        direct = direct.flatMap { $0.count > count ? ($0.at + count, $0.count - count) : nil }
    }
    func ended(_ problem: String?) { end = problem ?? "" }
    func sent(_ bytes: Int) { sent.append(bytes) }
}

/// A loop with a listener, turned by hand.
private final class Host {
    let loop = EventLoop()
    let folder: TemporaryDirectory
    let buffer = Loop.Stream.SharedBuffer()
    var accepted: [(stream: Loop.Stream, recorder: Recorder)] = []
    var errors: [String] = []
    var listener: Listener?
    var path: String { folder.file("socket") }

    init() throws {
        folder = try TemporaryDirectory()
        listener = try Listener.unix(
            loop, path: ByteString(path), permissions: 0o700, backlog: 16, buffer
        ) { [unowned self] stream in
            let recorder = Recorder()
            accepted.append((stream, recorder))
            stream.startReading(recorder)
        } onError: { [unowned self] in
            errors.append($0)
        }
    }

    /// Turns the loop until something is so.
    func turn(until isSo: () -> Bool, _ location: SourceLocation = #_sourceLocation) {
        let deadline = Deadline(seconds: 20)
        while !isSo(), !deadline.hasPassed { loop.runOnce(waits: false) }
        #expect(isSo(), sourceLocation: location)
    }

    /// A client and the stream that it became here.
    func connect() throws -> (client: Client, stream: Loop.Stream, recorder: Recorder) {
        let before = accepted.count
        let client = try Client(path: path)
        turn { accepted.count > before }
        let last = try #require(accepted.last)
        return (client, last.stream, last.recorder)
    }

    func close() {
        for entry in accepted { entry.stream.close() }
        listener?.close()
        for _ in 0..<3 { loop.runOnce(waits: false) }
    }
}

@Suite struct StreamTests {
    @Test func whatArrivesIsHandedOn() throws {
        let host = try Host()
        defer { host.close() }
        let (client, _, recorder) = try host.connect()
        try client.send(raw: "PING\r\n")
        host.turn { recorder.bytes.count == 6 }
        #expect(recorder.bytes == Array("PING\r\n".utf8))
        client.closeSending()
        host.turn { recorder.end != nil }
        #expect(recorder.end == "")
    }

    /// A large argument goes straight to where its owner wants it.
    @Test func aDirectTargetIsReadInto() throws {
        let host = try Host()
        defer { host.close() }
        let (client, _, recorder) = try host.connect()
        let heap = Heap()
        let block = Block.create(heap, capacity: 4096)
        recorder.direct = (block.bytes, 10)
        try client.send(raw: "0123456789rest")
        host.turn { recorder.bytes.count == 4 }
        #expect(recorder.directBytes == 10 && recorder.bytes == Array("rest".utf8))
        #expect(block.bytes.view(0, 10).array == Array("0123456789".utf8))
        block.release(heap)
    }

    @Test func nothingIsHandedOnWhileReadingIsStopped() throws {
        let host = try Host()
        defer { host.close() }
        let (client, stream, recorder) = try host.connect()
        stream.stopReading()
        try client.send(raw: "x")
        for _ in 0..<5 { host.loop.runOnce(waits: false) }
        #expect(recorder.reads == 0)
        stream.startReading(recorder)
        host.turn { recorder.bytes == [120] }
    }

    /// The kernel takes a part; the rest is submitted as a chain and told when it has gone. Nothing is lost or doubled.
    @Test func aFullSocketTakesTheRestLater() throws {
        let host = try Host()
        defer { host.close() }
        let (client, stream, recorder) = try host.connect()
        let heap = Heap()
        let bytes = (0..<4_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) }
        let taken = try #require(bytes.withView { stream.write($0) })
        #expect(taken > 0 && taken < bytes.count, "the socket has taken all of it")
        #expect(bytes.withView { stream.write($0) } == 0, "a full socket takes nothing more")
        var chain = ByteChain()
        bytes.withView { chain.append($0.dropFirst(taken), heap) }
        let isSubmitted = stream.submit(chain)
        #expect(isSubmitted && stream.isBusy)
        #expect(bytes.withView { stream.write($0) } == 0, "a busy stream takes nothing")
        var told = 0
        var received: [UInt8] = []
        host.turn {
            while told < recorder.sent.count {
                chain.drop(first: recorder.sent[told], heap)
                told += 1
                while !chain.isEmpty, !stream.isBusy, let more = stream.write(chain), more > 0 {
                    chain.drop(first: more, heap)
                }
                if !chain.isEmpty, !stream.isBusy, !stream.submit(chain) { Issue.record("broken") }
            }
            if let more = try? client.takeRaw() { received += more }
            return received.count == bytes.count
        }
        #expect(received == bytes)
        let isEmpty = chain.isEmpty
        #expect(isEmpty && !stream.isBusy)
        chain.drop(heap)
    }

    /// A peer that resets ends the stream with a reason; what was submitted is told as not sent.
    @Test func aResetEndsTheStream() throws {
        let host = try Host()
        defer { host.close() }
        let (client, stream, recorder) = try host.connect()
        let heap = Heap()
        let bytes = [UInt8](repeating: 1, count: 1 << 20)
        let taken = try #require(bytes.withView { stream.write($0) })
        var chain = ByteChain()
        bytes.withView { chain.append($0.dropFirst(taken), heap) }
        let isSubmitted = stream.submit(chain)
        #expect(isSubmitted)
        client.close()
        host.turn { recorder.end != nil && !recorder.sent.isEmpty }
        #expect(recorder.sent == [0])
        #expect(bytes.withView { stream.write($0) } == nil && !stream.problem.isEmpty)
        chain.drop(heap)
    }

    /// Whoever is beyond what a turn takes in waits, and comes in when more are allowed.
    @Test func newcomersWaitForTheirTurn() throws {
        let host = try Host()
        defer { host.close() }
        host.listener?.allow(accepts: 2)
        let clients = try (0..<5).map { _ in try Client(path: host.path) }
        host.turn { host.accepted.count == 2 }
        for _ in 0..<5 { host.loop.runOnce(waits: false) }
        #expect(host.accepted.count == 2)
        host.listener?.allow(accepts: 3)
        host.turn { host.accepted.count == 5 }
        #expect(host.errors.isEmpty && clients.count == 5)
    }

    @Test func aPathThatIsTooLongIsRefused() throws {
        let path = ByteString([UInt8](repeating: 97, count: 108))
        #expect(throws: Listener.Failure.self) {
            try Listener.unix(
                EventLoop(), path: path, permissions: 0, backlog: 1, Loop.Stream.SharedBuffer()
            ) { _ in
            } onError: { _ in
            }
        }
    }
}

@Suite struct HookTests {
    /// The hook before the wait runs once in every turn, the idle hook keeps the loop from waiting, the timer fires once.
    @Test func theirOrder() {
        let loop = EventLoop()
        var calls: [String] = []
        let before = Hook(loop, .beforeWait) { calls.append("before") }
        let idle = Hook(loop, .idle) { calls.append("idle") }
        let timer = Loop.Timer(loop) { calls.append("timer") }
        before.start()
        idle.start()
        timer.arm(inMs: 0)
        loop.runOnce(waits: true)
        #expect(calls.contains("before") && calls.contains("idle"))
        loop.runOnce(waits: true)
        #expect(calls.filter { $0 == "timer" }.count == 1)
        #expect(calls.filter { $0 == "before" }.count == 2)
        before.stop()
        idle.stop()
    }

    /// Hooks behind the events run in every turn, after those before the wait.
    @Test func behindTheEvents() {
        let loop = EventLoop()
        var calls: [String] = []
        let before = Hook(loop, .beforeWait) { calls.append("before") }
        let behind = Hook(loop, .afterEvents) { calls.append("behind") }
        before.start()
        behind.start()
        for _ in 0..<2 { loop.runOnce(waits: false) }
        #expect(calls == ["before", "behind", "before", "behind"])
        behind.stop()
        before.stop()
    }

    /// Work runs on another thread, and what follows it on the loop.
    @Test func workOnThePool() {
        let loop = EventLoop()
        nonisolated(unsafe) let here = Thread.current
        nonisolated(unsafe) var wasElsewhere = false
        var isDone = false
        let isTaken = loop.onPool(
            { wasElsewhere = Thread.current != here }, then: { isDone = Thread.current == here })
        loop.run()
        #expect(isTaken && wasElsewhere && isDone)
    }

    /// A wakeup from another thread comes as one call however often it was asked for.
    @Test func aWakeupEndsTheWait() {
        let loop = EventLoop()
        nonisolated(unsafe) var calls = 0
        nonisolated(unsafe) let wakeup = Wakeup(loop) { calls += 1 }
        Thread { for _ in 0..<3 { wakeup.send() } }.start()
        let deadline = Deadline(seconds: 20)
        while calls == 0, !deadline.hasPassed { loop.runOnce(waits: true) }
        #expect(calls >= 1 && calls <= 3)
    }
}
