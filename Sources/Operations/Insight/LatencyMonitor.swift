// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine

/// What took longer than `latency-monitor-threshold`, by the name of the event: a bounded history of each.
public final class LatencyMonitor {
    /// The worst of a second.
    public struct Sample: Sendable, Equatable {
        /// The second, in Unix time.
        public let second: Int64
        /// The longest time in that second, in ms.
        public var ms: Int
    }

    /// Everything known of one kind of event.
    public struct Event: Sendable {
        /// What took long, and its name in LATENCY.
        public let event: LatencyEvent
        public var name: String { event.name }
        /// The oldest first, at most `samplesMax`.
        public internal(set) var samples: [Sample] = []
        /// Of all time since the last reset, in ms.
        public internal(set) var maxMs = 0
        /// The sum of what was counted, in ms, and how often it was.
        public internal(set) var sumMs = 0
        public internal(set) var count = 0
    }

    static let samplesMax = 160
    /// Whatever takes so many milliseconds is kept; 0: nothing is.
    public internal(set) var thresholdMs = 0
    /// In the order in which they first occurred.
    public private(set) var events: [Event] = []

    /// Whether anything is kept: a threshold is set.
    public var isOn: Bool { thresholdMs > 0 }

    /// Keeps an event if it is long enough.
    func add(_ event: LatencyEvent, ms: Int, nowMs: Int64) {
        guard isOn, ms >= thresholdMs else { return }
        let index = events.firstIndex { $0.event == event } ?? events.count
        if index == events.count { events.append(Event(event: event)) }
        events[index].maxMs = max(events[index].maxMs, ms)
        events[index].sumMs += ms
        events[index].count += 1
        let second = nowMs / 1000
        let last = events[index].samples.count - 1
        if last >= 0, events[index].samples[last].second == second {
            events[index].samples[last].ms = max(events[index].samples[last].ms, ms)
            return
        }
        if last + 1 == LatencyMonitor.samplesMax { events[index].samples.removeFirst() }
        events[index].samples.append(Sample(second: second, ms: ms))
    }

    /// The event of a name.
    func event(_ name: ByteView) -> Event? { index(of: name).map { events[$0] } }

    private func index(of name: ByteView) -> Int? {
        events.firstIndex { ByteString($0.name).withView { $0 == name } }
    }

    /// Forgets an event.
    /// - Returns: whether there was one.
    func reset(_ name: ByteView) -> Bool {
        guard let index = index(of: name) else { return false }
        events.remove(at: index)
        return true
    }

    /// Forgets all events.
    /// - Returns: how many there were.
    func resetAll() -> Int {
        defer { events = [] }
        return events.count
    }
}
