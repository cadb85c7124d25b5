// SPDX-License-Identifier: Apache-2.0
// The load: connections that send a batch of commands, read all replies and send the next batch, on one thread with
// epoll. A batch lies ready in memory and only its random digits change, so that the generator costs a fraction of what
// a server does, and what it costs is told: a row shows who had no time left.
import CBench
import Foundation

/// What is to be sent, and for how long.
struct Load: Sendable {
    var template: CommandTemplate
    var pipeline: Int
    var connections: Int
    /// Commands before the measured ones last so long.
    var warmUpSeconds: Double
    /// The measured ones end after so many seconds, or after so many commands if that is earlier.
    var seconds: Double
    var requestsMax = Int.max
}

/// What was seen between the first measured request and the last reply.
struct LoadReport {
    var requests: Int
    var seconds: Double
    /// CPU nanoseconds of the server's process and of the generator's thread in that time.
    var serverNanoseconds: Int
    var generatorNanoseconds: Int
    var latencies: LatencyHistogram

    var throughputPerSecond: Double { Double(requests) / seconds }
    /// The parts of the time in which the server and the generator ran: 1 is a whole core.
    var serverBusy: Double { Double(serverNanoseconds) / 1e9 / seconds }
    var generatorBusy: Double { Double(generatorNanoseconds) / 1e9 / seconds }
}

/// One run of load against one server. It is used by one thread.
final class LoadGenerator {
    /// Nothing may come to a standstill for so long.
    private static let patienceMs: Int32 = 30_000
    private static let inputSize = 1 << 18

    private let load: Load
    private let lanes: UnsafeMutablePointer<Lane>
    private let events: UnsafeMutablePointer<epoll_event>
    private let input: UnsafeMutableRawPointer
    private let poller: Int32
    private var random = RandomNumbers(seed: 20_261_127)
    private var error: String?
    private var histogram = LatencyHistogram()
    /// Of the phase that runs: commands sent, replies read, connections that wait for replies.
    private var issued = 0
    private var answered = 0
    private var active = 0

    /// Connects.
    init(port: Int, _ load: Load) throws {
        self.load = load
        poller = epoll_create1(Int32(EPOLL_CLOEXEC))
        lanes = .allocate(capacity: load.connections)
        events = .allocate(capacity: load.connections)
        input = .allocate(byteCount: LoadGenerator.inputSize, alignment: 64)
        let size = load.template.bytes.count * load.pipeline
        for index in 0..<load.connections {
            (lanes + index).initialize(to: Lane(load.template, size: size))
        }
        for index in 0..<load.connections {
            lanes[index].socket = try Connection.open(port: port)
            let flags = fcntl(lanes[index].socket, F_GETFL)
            _ = fcntl(lanes[index].socket, F_SETFL, flags | O_NONBLOCK)
            watch(index, EPOLL_CTL_ADD, EPOLLIN.rawValue)
        }
    }

    deinit {
        for index in 0..<load.connections {
            if lanes[index].socket >= 0 { close(lanes[index].socket) }
            lanes[index].output.deallocate()
        }
        lanes.deallocate()
        events.deallocate()
        input.deallocate()
        close(poller)
    }

    /// Warms up, then measures.
    ///
    /// - Parameters:
    ///   - server: the process whose CPU time counts.
    ///   - settle: called with the number of commands so far when the replies of a phase are read, for what else must
    ///     have arrived before the phase counts as over.
    func run(server: ProcessClock, settle: (Int) throws -> Void = { _ in }) throws -> LoadReport {
        var before = 0
        if load.warmUpSeconds > 0 {
            try phase(seconds: load.warmUpSeconds, requestsMax: load.requestsMax)
            before = issued
            try settle(before)
        }
        histogram = LatencyHistogram()
        let (own, began, spent) = (Clock.threadCpu(), Clock.now(), server.nanoseconds())
        try phase(seconds: load.seconds, requestsMax: load.requestsMax)
        try settle(before + issued)
        let serverSpent = server.nanoseconds() - spent
        let seconds = Double(Clock.now() - began) / 1e9
        guard answered > 0 else { throw BenchError("nothing was answered") }
        return LoadReport(
            requests: answered, seconds: seconds, serverNanoseconds: serverSpent,
            generatorNanoseconds: Clock.threadCpu() - own, latencies: histogram)
    }

    /// Every connection sends batch after batch until time or commands are used up, and reads what it has asked for.
    private func phase(seconds: Double, requestsMax: Int) throws {
        (issued, answered, active) = (0, 0, 0)
        let deadline = Clock.now() + Int(seconds * 1e9)
        for index in 0..<load.connections where issued < requestsMax {
            active += 1
            try sendBatch(index)
        }
        while active > 0 {
            let count = Int(epoll_wait(poller, events, Int32(load.connections), LoadGenerator.patienceMs))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw BenchError("no reply for \(LoadGenerator.patienceMs / 1000) s") }
            for event in 0..<count {
                let index = Int(events[event].data.u32)
                if events[event].events & EPOLLOUT.rawValue != 0 { try continueSending(index) }
                if events[event].events & ~EPOLLOUT.rawValue == 0 { continue }
                let now = try read(index)
                guard lanes[index].awaited == 0 else { continue }
                if now < deadline && issued < requestsMax {
                    try sendBatch(index)
                } else {
                    active -= 1
                }
            }
            if let error { throw BenchError("the server said: \(error)") }
        }
    }

    private func sendBatch(_ index: Int) throws {
        load.template.fill(lanes[index].output, pipeline: load.pipeline, &random)
        lanes[index].sent = 0
        lanes[index].awaited = load.pipeline
        lanes[index].began = Clock.now()
        issued += load.pipeline
        try continueSending(index)
    }

    private func continueSending(_ index: Int) throws {
        let lane = lanes + index
        let left = lane.pointee.size - lane.pointee.sent
        guard left > 0 else { return }
        let count = send(
            lane.pointee.socket, lane.pointee.output + lane.pointee.sent, left, Int32(MSG_NOSIGNAL))
        guard count >= 0 || errno == EAGAIN else { throw BenchError("send failed: errno \(errno)") }
        lane.pointee.sent += max(0, count)
        let isStuck = lane.pointee.sent < lane.pointee.size
        if isStuck != lane.pointee.isWatchedForRoom {
            lane.pointee.isWatchedForRoom = isStuck
            watch(index, EPOLL_CTL_MOD, isStuck ? EPOLLIN.rawValue | EPOLLOUT.rawValue : EPOLLIN.rawValue)
        }
    }

    /// Reads once.
    /// - Returns: when.
    private func read(_ index: Int) throws -> Int {
        let lane = lanes + index
        let count = recv(lane.pointee.socket, input, LoadGenerator.inputSize, 0)
        if count < 0, errno == EAGAIN || errno == EINTR { return 0 }
        guard count > 0 else { throw BenchError("the server closed a connection of the load") }
        let bytes = UnsafeRawBufferPointer(start: input, count: count)
        let replies = lane.pointee.scanner.scan(bytes, error: &error)
        let now = Clock.now()
        histogram.record(now - lane.pointee.began, count: replies)
        lane.pointee.awaited -= replies
        answered += replies
        return now
    }

    private func watch(_ index: Int, _ operation: Int32, _ wanted: UInt32) {
        var event = epoll_event()
        event.events = wanted
        event.data.u32 = UInt32(index)
        epoll_ctl(poller, operation, lanes[index].socket, &event)
    }
}

/// One connection of the load.
private struct Lane {
    var socket: Int32 = -1
    /// The batch, and how much of it has been sent.
    let output: UnsafeMutableRawPointer
    let size: Int
    var sent = 0
    /// Replies that are still to come.
    var awaited = 0
    /// When the batch was sent, in nanoseconds.
    var began = 0
    var isWatchedForRoom = false
    var scanner = ReplyScanner()

    init(_ template: CommandTemplate, size: Int) {
        output = .allocate(byteCount: max(1, size), alignment: 64)
        self.size = size
        for start in stride(from: 0, to: size, by: template.bytes.count) {
            template.bytes.withUnsafeBytes {
                (output + start).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
            }
        }
    }
}
