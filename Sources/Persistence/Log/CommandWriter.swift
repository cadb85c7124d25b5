// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Keyspace

/// Writes all data as the commands that make it, as Redis does when it rewrites a log.
///
/// How many elements a key has is known at its beginning, so each command says its number of words before they come.
final class CommandWriter: SnapshotEncoder {
    /// The most elements in one command.
    private static let elementsMax = 64

    let out: RDBOutput
    private(set) var keyCount = 0
    /// Commands hold everything.
    var refusedKey: ByteString? { nil }
    var fullness: () -> Bool = { false }
    var onEnd: (_ isWhole: Bool) -> Void = { _ in }
    var spool: (any CutSpool)?
    private var database = -1
    private var key: [UInt8] = []
    private var type = ValueType.string
    private var deadlineMs: Int64?
    /// Elements of the key that are to come, and of the command that was begun.
    private var left = 0
    private var leftInCommand = 0
    /// Deadlines of the fields in the command.
    private var dated: [(field: [UInt8], deadlineMs: Int64)] = []
    private var stream: StreamCommands?

    init(_ facts: SnapshotFacts, _ out: RDBOutput) {
        self.out = out
        if facts.hasTimestamp {
            Array("#TS:\(facts.createdSeconds)\r\n".utf8).withView { out.append(raw: $0) }
        }
        for library in facts.functions {
            begin(3)
            word("FUNCTION")
            word("LOAD")
            library.withView { word($0) }
        }
    }

    func end() { out.flush() }

    // MARK: Words

    /// A command of so many words begins.
    fileprivate func begin(_ words: Int) {
        out.append(raw: ByteView("*"))
        line(words)
    }

    private func line(_ number: Int) {
        var text = DecimalText(Int64(number))
        text.withView { out.append(raw: $0) }
        out.append(raw: ByteView("\r\n"))
    }

    fileprivate func word(_ text: StaticString) { word(ByteView(text)) }

    fileprivate func word(_ bytes: ByteView) {
        out.append(raw: ByteView("$"))
        line(bytes.count)
        out.append(raw: bytes)
        out.append(raw: ByteView("\r\n"))
    }

    fileprivate func word(_ bytes: [UInt8]) { bytes.withView { word($0) } }

    fileprivate func word(_ number: Int64) {
        var text = DecimalText(number)
        text.withView { word($0) }
    }

    fileprivate func word(_ text: String) { Array(text.utf8).withView { word($0) } }

    fileprivate func word(_ text: StoredBytes) {
        guard case .block(let block) = text else { return text.withText { word($0) } }
        out.append(raw: ByteView("$"))
        line(block.count)
        out.append(raw: block)
        out.append(raw: ByteView("\r\n"))
    }

    // MARK: From the cut

    var isFull: Bool { fullness() }
    func cutEnded(isWhole: Bool) { onEnd(isWhole) }

    func key(_ head: CutKey, packed: ByteView) {
        beginKey(head)
        head.forEachElement(of: packed) { element($0) }
        endKey()
    }

    func beginKey(_ head: CutKey) {
        if head.database != database {
            database = head.database
            begin(2)
            word("SELECT")
            word(Int64(database))
        }
        key.removeAll(keepingCapacity: true)
        key.append(head.key)
        type = head.type
        deadlineMs = head.deadlineMs
        left = head.count
        leftInCommand = 0
        if type == .stream { stream = StreamCommands(self, key) }
        keyCount += 1
    }

    func element(_ element: ValueElement) {
        if let stream { return stream.add(element) }
        if leftInCommand == 0 { beginCommand() }
        leftInCommand -= 1
        left -= 1
        if let score = element.score {
            var text = DoubleText(score)
            text.withView { word($0) }
        }
        word(element.bytes)
        if let value = element.value { word(value) }
        if let deadline = element.deadlineMs { dated.append((element.bytes.array, deadline)) }
        if leftInCommand == 0, !dated.isEmpty { writeDeadlines() }
    }

    private func beginCommand() {
        leftInCommand = max(1, min(left, CommandWriter.elementsMax))
        let wordsEach = type == .hash || type == .zset ? 2 : 1
        begin(2 + leftInCommand * wordsEach)
        switch type {
        case .string: word("SET")
        case .list: word("RPUSH")
        case .set: word("SADD")
        case .zset: word("ZADD")
        case .hash: word("HMSET")
        default: preconditionFailure("a type without a command")
        }
        word(key)
    }

    private func writeDeadlines() {
        for (field, deadline) in dated {
            begin(6)
            word("HPEXPIREAT")
            word(key)
            word(deadline)
            word("FIELDS")
            word("1")
            word(field)
        }
        dated.removeAll(keepingCapacity: true)
    }

    func endKey() {
        assert(leftInCommand == 0, "elements are missing that the head has counted")
        stream?.end()
        stream = nil
        guard let deadlineMs else { return }
        begin(3)
        word("PEXPIREAT")
        word(key)
        word(deadlineMs)
    }
}

/// The commands that make one stream. Its entries come first; groups, consumers and what is pending wait until they are
/// all there.
private final class StreamCommands {
    private struct Pending {
        let id: StreamID
        let group: [UInt8]
        let consumer: [UInt8]
        let deliveredMs: Int64
        let deliveries: UInt64
    }

    private unowned let writer: CommandWriter
    private let key: [UInt8]
    private var counters = StreamCounters(
        length: 0, lastID: .zero, firstID: .zero, maxDeletedID: .zero, entriesAdded: 0)
    private var groups: [(name: [UInt8], lastID: StreamID, entriesRead: Int64?)] = []
    private var consumers: [(name: [UInt8], group: [UInt8])] = []
    private var pending: [Pending] = []
    private var hasEntries = false

    init(_ writer: CommandWriter, _ key: [UInt8]) {
        self.writer = writer
        self.key = key
    }

    func add(_ element: ValueElement) {
        guard let piece = StreamElement(element) else { return assertionFailure("no piece of a stream") }
        switch piece {
        case .counters(let counters): self.counters = counters
        case .node(let id, let listpack):
            StreamEntries.forEachLive(in: listpack, from: id) { write($0) }
        case .group(let name, let lastID, let read): groups.append((name.array, lastID, read))
        case .consumer(let name, let group, _, _): consumers.append((name.array, group.array))
        case .pending(let id, let consumer, let group, let delivered, let deliveries):
            pending.append(
                Pending(
                    id: id, group: group.array, consumer: consumer.array, deliveredMs: delivered,
                    deliveries: deliveries))
        }
    }

    private func write(_ entry: StreamEntry) {
        hasEntries = true
        writer.begin(3 + entry.fieldCount * 2)
        writer.word("XADD")
        writer.word(key)
        word(entry.id)
        entry.forEachField { name, value in
            name.withText { writer.word($0) }
            value.withText { writer.word($0) }
        }
    }

    private func word(_ id: StreamID) { writer.word("\(id.ms)-\(id.sequence)") }

    func end() {
        if !hasEntries { writeEmpty() }
        writer.begin(7)
        writer.word("XSETID")
        writer.word(key)
        word(counters.lastID)
        writer.word("ENTRIESADDED")
        writer.word("\(counters.entriesAdded)")
        writer.word("MAXDELETEDID")
        word(counters.maxDeletedID)
        for group in groups { write(group) }
        for consumer in consumers {
            writer.begin(5)
            writer.word("XGROUP")
            writer.word("CREATECONSUMER")
            writer.word(key)
            writer.word(consumer.group)
            writer.word(consumer.name)
        }
        for item in pending { write(item) }
    }

    /// A stream without entries is made with one that goes at once.
    private func writeEmpty() {
        writer.begin(7)
        writer.word("XADD")
        writer.word(key)
        writer.word("MAXLEN")
        writer.word("0")
        word(counters.lastID == .zero ? StreamID(0, 1) : counters.lastID)
        writer.word("x")
        writer.word("y")
    }

    private func write(_ group: (name: [UInt8], lastID: StreamID, entriesRead: Int64?)) {
        writer.begin(7)
        writer.word("XGROUP")
        writer.word("CREATE")
        writer.word(key)
        writer.word(group.name)
        word(group.lastID)
        writer.word("ENTRIESREAD")
        writer.word(group.entriesRead ?? -1)
    }

    private func write(_ item: Pending) {
        writer.begin(12)
        writer.word("XCLAIM")
        writer.word(key)
        writer.word(item.group)
        writer.word(item.consumer)
        writer.word("0")
        word(item.id)
        writer.word("TIME")
        writer.word(item.deliveredMs)
        writer.word("RETRYCOUNT")
        writer.word("\(item.deliveries)")
        writer.word("JUSTID")
        writer.word("FORCE")
    }
}
