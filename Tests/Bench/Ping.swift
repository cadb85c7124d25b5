// SPDX-License-Identifier: Apache-2.0
// A client that sends PING after PING and remembers the longest round trip. It runs on a thread and connection
// of its own, with real-time priority where the kernel allows it, so that the load beside it cannot push it
// aside. Where other work still takes a core away, the kernel's queue times tell how much of a long round trip
// was waiting for a core, and the net figure leaves that out.
import Foundation

/// The PING client of one step.
final class PingProbe {
    private let flag = Flag()
    private let work: Background<StallFigures>

    /// Starts pinging at once.
    ///
    /// - Parameter limitSeconds: it stops by itself after this long.
    init(port: Int, serverPid: pid_t, limitSeconds: Double = 180) {
        let flag = flag
        work = Background {
            try PingProbe.run(port: port, serverPid: serverPid, limitSeconds: limitSeconds, flag)
        }
    }

    /// Stops pinging and tells what was seen.
    func stop(remark: String = "") throws -> StallFigures {
        flag.raise()
        var figures = try work.wait()
        figures.remark = remark
        return figures
    }

    private static func run(
        port: Int, serverPid: pid_t, limitSeconds: Double, _ stop: Flag
    ) throws -> StallFigures {
        var parameters = sched_param()
        parameters.sched_priority = 10
        pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters)
        let connection = try Connection(port: port)
        let serverQueue = QueueTime(path: "/proc/\(serverPid)/task/\(serverPid)/schedstat")
        let ownQueue = QueueTime(path: "/proc/thread-self/schedstat")
        let ping = Array("*1\r\n$4\r\nPING\r\n".utf8)
        var times: [UInt32] = []
        times.reserveCapacity(1 << 20)
        var longest = 0
        var longestNet = 0
        let begin = Clock.now()
        let limit = begin + Int(limitSeconds * 1e9)
        var queued = serverQueue.nanoseconds() + ownQueue.nanoseconds()
        while !stop.isRaised {
            let sent = Clock.now()
            if sent > limit { break }
            try connection.send(ping)
            try connection.skipLines(1)
            let trip = Clock.now() - sent
            let queuedNow = serverQueue.nanoseconds() + ownQueue.nanoseconds()
            longest = max(longest, trip)
            longestNet = max(longestNet, trip - (queuedNow - queued))
            queued = queuedNow
            times.append(UInt32(clamping: trip / 100))
        }
        guard !times.isEmpty else { throw BenchError("no PING was answered") }
        times.sort()
        let p999 = times[min(times.count - 1, times.count * 999 / 1000)]
        return StallFigures(
            pings: times.count, longestMs: Double(longest) / 1e6, longestNetMs: Double(longestNet) / 1e6,
            p999Ms: Double(p999) / 1e4, seconds: Double(Clock.now() - begin) / 1e9, remark: "")
    }
}
