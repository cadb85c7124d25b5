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
    }

    private let texts: TextPool
    private let options: SortOptions
    private let keys: Keyspace
    private var items: [Item] = []
    /// Which of the items were asked for.
    private var wanted = 0..<0

    init(_ args: Arguments, _ given: SortOptions, _ call: Call) throws(Refusal) {
        keys = call.engine.keys
        texts = TextPool(keys.heap)
        var options = given
        let found = keys.read(args[1])
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
                list.forEach { items.append(Item(element: texts.add($0))) }
            } else {
                let first = options.isDescending ? list.count - 1 - wanted.lowerBound : wanted.lowerBound
                list.forEach(from: first, count: wanted.count, backward: options.isDescending) {
                    items.append(Item(element: texts.add($0)))
                }
                wanted = 0..<items.count
            }
        case .set:
            let set = SetView(value, keys)
            wanted = options.wanted(of: set.count)
            items.reserveCapacity(set.count)
            set.forEach { items.append(Item(element: texts.add($0))) }
        // Sorted sets join in here: in the order of their scores, and as lists where nothing is to be ordered.
        case .string, .hash, .stream, .zset: throw .wrongType
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
            for index in items.indices {
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

    private mutating func order() {
        let texts = texts
        if options.isAlphabetic {
            sort { left, right in
                guard let a = left.weight, let b = right.weight else {
                    // Elements without a weight come first.
                    return left.weight == nil ? (right.weight == nil ? 0 : -1) : 1
                }
                return texts[a].compared(with: texts[b])
            }
        } else {
            sort { left, right in
                if left.score != right.score { return left.score < right.score ? -1 : 1 }
                return texts[left.element].compared(with: texts[right.element])
            }
        }
    }

    private mutating func sort(_ compare: (Item, Item) -> Int) {
        if options.isDescending {
            items.sort { compare($1, $0) < 0 }
        } else {
            items.sort { compare($0, $1) < 0 }
        }
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
        let target = keys.locate(key)
        if count > 0 {
            var edit = keys.edit(target)
            edit.setList(list, keys)
            edit.commit(.sortstore, changes: count, keys)
        } else if target.exists {
            keys.delete(target)
        }
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
