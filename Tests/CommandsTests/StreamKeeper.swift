// SPDX-License-Identifier: Apache-2.0
import Bytes

@testable import Containers
@testable import Keyspace

/// A stream, as plainly as can be said.
struct PlainStream: Equatable {
    struct Pending: Equatable {
        var consumer: String
        var deliveries: Int
    }
    struct Group: Equatable {
        var last = 0
        var consumers: Set<String> = []
        var pending: [Int: Pending] = [:]
    }

    /// IDs, each an entry with one field whose value is the ID.
    var entries: [Int] = []
    var last = 0
    var groups: [String: Group] = [:]
}

/// Puts together what a cut hands over of streams.
final class StreamKeeper: CutSink {
    private(set) var streams: [String: PlainStream] = [:]
    private(set) var fault: String?
    private var key = ""
    private var open: (count: Int, seen: Int)?

    func key(_ head: CutKey, packed: ByteView) { fault = "a stream in one piece" }
    func beginKey(_ head: CutKey) {
        if open != nil { fault = "a key begins within another" }
        key = ByteString(head.key).description
        streams[key] = PlainStream()
        open = (head.count, 0)
    }
    func endKey() {
        guard let head = open else { return fault = "the end of no key" }
        if head.seen != head.count { fault = "\(head.seen) pieces instead of \(head.count)" }
        open = nil
    }

    func element(_ element: ValueElement) {
        open?.seen += 1
        guard let piece = StreamElement(element) else { return fault = "no piece of a stream" }
        switch piece {
        case .counters(let counters): streams[key]?.last = Int(counters.lastID.ms)
        case .node(let id, let listpack):
            let entries = StreamEntries(listpack.start, id)
            var place = entries.first
            while place.bits < entries.end.bits {
                let entry = entries.entry(place)
                if !entry.isDeleted { streams[key]?.entries.append(Int(entry.id.ms)) }
                place = entry.next
            }
        case .group(let name, let lastID, _):
            if streams[key]?.groups.updateValue(.init(last: Int(lastID.ms)), forKey: text(name)) != nil {
                fault = "a group twice"
            }
        case .consumer(let name, let group, _, _):
            if streams[key]?.groups[text(group)]?.consumers.insert(text(name)).inserted != true {
                fault = "a consumer twice, or of no group"
            }
        case .pending(let id, let consumer, let group, _, let deliveries):
            if streams[key]?.groups[text(group)] == nil { fault = "an entry pending in no group" }
            let pending = PlainStream.Pending(consumer: text(consumer), deliveries: Int(deliveries))
            if streams[key]?.groups[text(group)]?.pending.updateValue(pending, forKey: Int(id.ms)) != nil {
                fault = "an entry pending twice"
            }
        }
    }

    private func text(_ name: ByteView) -> String { ByteString(name).description }
}
