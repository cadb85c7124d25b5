// SPDX-License-Identifier: Apache-2.0
// A client that sends a PING every quarter of a millisecond on a thread and connection of its own, at a real-time
// priority where the kernel allows it, so that the load beside it cannot push it aside. A reply's time counts from when
// its PING was due: while one waits, those that were due meanwhile wait as well, and each of them counts.
import Foundation

/// The PING client of one step.
final class PingProbe {
    private static let intervalNanoseconds = 250_000
    /// Waits below this are too short to be told from noise; they are only counted.
    private static let longNanoseconds = 300_000

    /// A wait that is long enough to be looked at, and what the server did meanwhile, in nanoseconds.
    private struct LongWait: Sendable {
        var wait: Stretch
        /// How long its main thread stood in the scheduler's queue.
        var queued: Int
        /// How long its process ran.
        var ran: Int

        /// What is left when the machine's doing is taken off.
        ///
        /// A wait for a core may be part of a gap, so only the larger of the two counts; and a kernel that works long
        /// for the server, as in a fork, holds up the watchers as well: what the process itself ran stays.
        func net(of gaps: [Stretch]) -> Int {
            let length = wait.to - wait.from
            let gap = gaps.reduce(0) { $0 + max(0, min(wait.to, $1.to) - max(wait.from, $1.from)) }
            return max(length - max(gap, queued), min(length, ran))
        }
    }

    /// What the thread of the client brings home.
    private struct Log: Sendable {
        var histogram = LatencyHistogram()
        var longest = 0
        /// The longest of the waits that are not long.
        var longestShort = 0
        var waits: [LongWait] = []
        var seconds = 0.0
    }

    private let flag = Flag()
    private let work: Background<Log>
    private let gaps: GapWatch

    /// Starts pinging at once.
    ///
    /// - Parameters:
    ///   - cores: those whose gaps are watched.
    ///   - limitSeconds: it stops by itself after this long.
    init(port: Int, serverPid: pid_t, cores: [Int], limitSeconds: Double = 180) {
        let flag = flag
        gaps = GapWatch(cores: cores)
        work = Background {
            try PingProbe.run(port: port, serverPid: serverPid, limitSeconds: limitSeconds, flag)
        }
    }

    /// Stops pinging and tells what was seen.
    func stop(remark: String = "") throws -> StallFigures {
        flag.raise()
        let result = Result { try work.wait() }
        let gaps = gaps.stop()
        let log = try result.get()
        guard log.histogram.total > 0 else { throw BenchError("no PING was answered") }
        let net = log.waits.map { $0.net(of: gaps ?? []) }
        let longestNet = max(log.longestShort, net.max() ?? 0)
        return StallFigures(
            pings: log.histogram.total, longestMs: Double(log.longest) / 1e6,
            longestNetMs: Double(longestNet) / 1e6, p999Ms: log.histogram.percentile(99.9),
            machineGapMs: gaps.map { Double($0.map { $0.to - $0.from }.max() ?? 0) / 1e6 },
            seconds: log.seconds, remark: remark)
    }

    private static func run(port: Int, serverPid: pid_t, limitSeconds: Double, _ stop: Flag) throws -> Log {
        _ = RealTime.rise(10)
        let connection = try Connection(port: port)
        let queue = QueueTime(path: "/proc/\(serverPid)/task/\(serverPid)/schedstat")
        let ping = Array("*1\r\n$4\r\nPING\r\n".utf8)
        var log = Log()
        let begin = Clock.now()
        let limit = begin + Int(limitSeconds * 1e9)
        var due = begin
        let clock = ProcessClock(serverPid)
        var (queued, ran) = (queue.nanoseconds(), clock.nanoseconds())
        while !stop.isRaised, due < limit {
            Clock.sleep(until: due)
            try connection.send(ping)
            try connection.skipLines(1)
            let answered = Clock.now()
            let (queuedNow, ranNow) = (queue.nanoseconds(), clock.nanoseconds())
            log.longest = max(log.longest, answered - due)
            if answered - due > longNanoseconds {
                log.waits.append(
                    LongWait(
                        wait: Stretch(from: due, to: answered), queued: queuedNow - queued, ran: ranNow - ran)
                )
            } else {
                log.longestShort = max(log.longestShort, answered - due)
            }
            (queued, ran) = (queuedNow, ranNow)
            while due <= answered {
                log.histogram.record(answered - due)
                due += intervalNanoseconds
            }
        }
        log.seconds = Double(Clock.now() - begin) / 1e9
        return log
    }
}
