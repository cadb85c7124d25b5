// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// What SORT finds: the elements are copied, because what BY and GET look up may change the keyspace (dead keys are
// deleted when they are met), then ordered, then answered or stored.

/// The elements that SORT was asked for, in their order.
struct SortResult {
    private struct Item {
        let element: TextPool.Text
        /// What it is ordered by: a number, or a text (nil where there is none).
        var score = 0.0
        var weight: TextPool.Text?
        /// Whether the element is the number already.
        var isNumber = false
    }

    private let texts: TextPool
    private let options: SortOptions
    private let keys: Keyspace
    private var items: [Item] = []
    /// Which of the items were asked for.
    private var wanted = 0..<0
    /// The source is a set, whose order means nothing and may differ on a replica.
    private var isUnordered = false

    init(_ args: Arguments, _ given: SortOptions, _ call: Call) throws(Refusal) {
        keys = call.engine.keys
        texts = TextPool(keys.heap)
        var options = given
        let found = keys.read(args[1])
        isUnordered = found.isType(.set)
        if found.exists, found.value.type == .set, !options.sorts, options.storeIndex != nil {
            // A set has no order of its own, and a copy elsewhere might have another one.
            options.criterion = .element
            options.isAlphabetic = true
        }
        self.options = options
        guard found.exists else { return }
        try gather(found)
        guard options.sorts else { return }
        guard weigh() else { throw .custom("ERR One or more scores can't be converted into double") }
        order()
    }

    // MARK: Gathering

    /// Takes the elements of a list, set or sorted set in. Where they are not to be ordered, those that were not asked for
    /// are left out, if the type has an order: from the end if descending.
    private mutating func gather(_ found: Found) throws(Refusal) {
        let value = found.value
        switch value.type {
        case .list:
            let list = ListView(value, keys)
            wanted = options.wanted(of: list.count)
            if options.sorts {
                items.reserveCapacity(list.count)
                list.forEach { element in
                    var item = Item(element: texts.add(element))
                    if case .integer(let number) = element {
                        (item.score, item.isNumber) = (Double(number), true)
                    }
                    items.append(item)
                }
            } else {
                let first = options.isDescending ? list.count - 1 - wanted.lowerBound : wanted.lowerBound
                list.forEach(from: first, count: wanted.count, backward: options.isDescending) {
                    items.append(Item(element: texts.add($0)))
                }
                wanted = 0..<items.count
            }
        case .zset:
            let set = SortedSetView(value, keys)
            wanted = options.wanted(of: set.count)
            var ranks = 0..<set.count
            if !options.sorts {
                ranks = wanted
                if options.isDescending {
                    ranks = (set.count - wanted.upperBound)..<(set.count - wanted.lowerBound)
                }
            }
            items.reserveCapacity(ranks.count)
            set.forEach(ranks: ranks, reversed: options.isDescending && !options.sorts) { member, _ in
                items.append(Item(element: texts.add(member)))
            }
            if !options.sorts { wanted = 0..<items.count }
        case .set:
            let set = SetView(value, keys)
            wanted = options.wanted(of: set.count)
            items.reserveCapacity(set.count)
            set.forEach { items.append(Item(element: texts.add($0))) }
        case .string, .hash, .stream: throw .wrongType
        }
    }

    /// Looks up what the elements are ordered by.
    /// - Returns: false where one has to be a number and is none.
    private mutating func weigh() -> Bool {
        var isNumeric = true
        // What is stored is the same wherever it is done again.
        let collates = options.isAlphabetic && options.storeIndex == nil && !Collation.isBytewise
        if case .pattern(let pattern) = options.criterion {
            var name: [UInt8] = []
            for index in items.indices {
                items[index].score = 0
                pattern.withValue(of: texts[items[index].element], keys, &name) { value in
                    guard let value else { return }
                    if options.isAlphabetic {
                        items[index].weight = collates ? value.withText(collated) : texts.add(value)
                    } else if let score = value.sortScore {
                        items[index].score = score
                    } else {
                        isNumeric = false
                    }
                }
            }
        } else if options.isAlphabetic {
            for index in items.indices {
                let element = items[index].element
                items[index].weight = collates ? collated(texts[element]) : element
            }
        } else {
            for index in items.indices where !items[index].isNumber {
                guard let score = SortScore.read(texts[items[index].element]) else { return false }
                items[index].score = score
            }
        }
        return isNumeric
    }

    private func collated(_ text: ByteView) -> TextPool.Text {
        Collation.key(of: text).withView { texts.add($0) }
    }

    // MARK: Ordering

    /// What most items are told apart by, and which item it is of.
    private struct Key {
        let head: UInt64
        let index: UInt32
    }

    /// Brings the items into order. Numbers, and the first bytes of texts, are compared as such; only where they are the
    /// same does it take a look at the items.
    private mutating func order() {
        let (texts, items, isUnordered) = (self.texts, self.items, self.isUnordered)
        let byText = options.isAlphabetic
        var keys = items.indices.map { index in
            let item = items[index]
            let head = byText ? item.weight.map { texts[$0].head } ?? 0 : item.score.order
            return Key(head: head, index: UInt32(truncatingIfNeeded: index))
        }
        func isBefore(_ a: Key, _ b: Key) -> Bool {
            let (a, b) = (items[Int(a.index)], items[Int(b.index)])
            guard byText else { return texts[a.element].compared(with: texts[b.element]) < 0 }
            // Elements without a weight come first.
            var order = (a.weight == nil ? 0 : 1) - (b.weight == nil ? 0 : 1)
            if let left = a.weight, let right = b.weight { order = texts[left].compared(with: texts[right]) }
            if order == 0, isUnordered { order = texts[a.element].compared(with: texts[b.element]) }
            return order < 0
        }
        if options.isDescending {
            keys.sort { $0.head != $1.head ? $0.head > $1.head : isBefore($1, $0) }
        } else {
            keys.sort { $0.head != $1.head ? $0.head < $1.head : isBefore($0, $1) }
        }
        self.items = keys[wanted].map { items[Int($0.index)] }
        wanted = 0..<wanted.count
    }

    // MARK: Answering

    /// Visits what is answered, in its order: nil where a pattern of GET names nothing.
    private func forEach(_ visit: (StoredBytes?) -> Bool) {
        var name: [UInt8] = []
        for item in items[wanted] {
            if options.gets.isEmpty {
                if !visit(stored(item.element)) { return }
                continue
            }
            for pattern in options.gets {
                let goesOn =
                    pattern.isElement
                    ? visit(stored(item.element))
                    : pattern.withValue(of: texts[item.element], keys, &name, visit)
                if !goesOn { return }
            }
        }
    }

    private func stored(_ text: TextPool.Text) -> StoredBytes {
        texts.block(text).map { .block($0) } ?? .bytes(texts[text])
    }

    private var count: Int { wanted.count * max(1, options.gets.count) }

    /// Answers with an array.
    func answer(_ reply: Reply) {
        reply.array(count)
        forEach { value in
            if let value { reply.bulk(value) } else { reply.null() }
            return !reply.hasOverflowed
        }
    }

    /// Makes the list of what was found the value of a key, and answers how many there are; nothing deletes the key.
    func store(_ key: ByteView, _ keys: Keyspace, _ reply: Reply) {
        let list = ListBuilder(keys)
        forEach { value in
            list.append(value ?? .bytes(.empty))
            return true
        }
        keys.storeResult(count, under: key, .sortstore, changes: count) { $0.setList(list, keys) }
        reply.integer(count)
    }
}

extension Event {
    /// A list is the result of SORT.
    static var sortstore: Event { Event("sortstore", EventClass.list) }
}

extension StoredBytes {
    /// The number by which SORT orders; nil where the text is none.
    fileprivate var sortScore: Double? {
        if case .integer(let number) = self { return Double(number) }
        return withText { SortScore.read($0) }
    }
}

extension TextPool {
    fileprivate func add(_ text: StoredBytes) -> Text {
        if case .block(let block) = text { add(block) } else { text.withText { add($0) } }
    }
}

extension ByteView {
    /// The first eight bytes as a number that orders as they do.
    fileprivate var head: UInt64 {
        if count >= 8 { return UInt64(bigEndian: start.u64(0)) }
        var head: UInt64 = 0
        for index in 0..<8 { head = head << 8 | (index < count ? UInt64(self[index]) : 0) }
        return head
    }
}

extension Double {
    /// A number that orders as the double does.
    fileprivate var order: UInt64 {
        // Both zeros are the same.
        let bits = (self + 0).bitPattern
        return bits >> 63 == 0 ? bits | 1 << 63 : ~bits
    }
}
