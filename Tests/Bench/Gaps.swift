// SPDX-License-Identifier: Apache-2.0
// The machine's own gaps: times in which a core ran nothing of ours because the hypervisor or the kernel held it. A
// thread on each core asks to be woken four thousand times a second, above every other priority, and notes by how much
// it came too late. Where the kernel works long for a server without letting go, that looks like a gap as well; the PING client
// tells the two apart by the time that the server's process ran.
import CBench
import Foundation

/// A stretch of time on the monotonic clock, in nanoseconds.
struct Stretch: Sendable {
    var from: Int
    var to: Int
}

/// Watches cores until it is stopped.
final class GapWatch {
    /// Lateness below this is the cost of waking up.
    private static let leastNanoseconds = 100_000
    private static let intervalNanoseconds = 250_000

    private let flag = Flag()
    private var works: [Background<[Stretch]?>] = []

    init(cores: [Int]) {
        let flag = flag
        works = cores.map { core in
            Background { GapWatch.watch(core, flag) }
        }
    }

    /// The gaps of all cores, merged where they overlap; nil where the kernel grants no real-time priority.
    func stop() -> [Stretch]? {
        flag.raise()
        var all: [Stretch] = []
        var isWatched = false
        for work in works {
            guard let found = try? work.wait() else { continue }
            isWatched = true
            all += found
        }
        guard isWatched else { return nil }
        var merged: [Stretch] = []
        for gap in all.sorted(by: { $0.from < $1.from }) {
            if let last = merged.last, gap.from <= last.to {
                merged[merged.count - 1].to = max(last.to, gap.to)
            } else {
                merged.append(gap)
            }
        }
        return merged
    }

    private static func watch(_ core: Int, _ stop: Flag) -> [Stretch]? {
        guard RealTime.bind(core), RealTime.rise(20) else { return nil }
        var gaps: [Stretch] = []
        var due = Clock.now()
        while !stop.isRaised {
            due += intervalNanoseconds
            Clock.sleep(until: due)
            let now = Clock.now()
            if now - due > leastNanoseconds { gaps.append(Stretch(from: due, to: now)) }
            due = max(due, now - intervalNanoseconds)
        }
        return gaps
    }
}

/// Priorities and cores of the calling thread.
enum RealTime {
    /// Puts the calling thread above all ordinary ones.
    /// - Returns: false where the kernel does not allow it.
    static func rise(_ priority: Int32) -> Bool {
        var parameters = sched_param()
        parameters.sched_priority = priority
        return pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters) == 0
    }

    /// Binds the calling thread to a core.
    static func bind(_ core: Int) -> Bool {
        bench_bind_to_core(Int32(core)) == 0
    }
}
