// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Bytes
@testable import Containers

/// A tree of scores beside a sorted array that must say the same after every step, with cuts under way meanwhile.
final class TreePair {
    struct Item: Equatable {
        let score: Double
        let id: Int
        var bits: UInt64 { score.bitPattern }
    }
    private struct OpenCut {
        let lane: Int
        var position: UInt64? = 0
        /// The bits of the score that each member had.
        var owed: [Int: UInt64]
    }
    /// How likely each kind of step is, in parts of their sum.
    struct Weights {
        var insert = 20
        var remove = 12
        var move = 12
        var rank = 4
        var bounds = 4
        var walk = 1
        var removeRange = 1
        var defragment = 1
        var cut = 0
    }

    let store: Store
    let tree: Tree
    var random: SeededRandom
    private(set) var model: [Item] = []
    private var entries: [Int: Address] = [:]
    private var cuts: [OpenCut] = []
    private(set) var cutsFinished = 0
    private let startBytes: Int
    /// How scores are chosen.
    private let score: (inout SeededRandom) -> Double

    init(seed: UInt64, score: @escaping (inout SeededRandom) -> Double = TreePair.anyScore) {
        random = SeededRandom(seed: seed)
        self.score = score
        store = Store(key: HashKey(seed: random.next(), isShared: false))
        startBytes = store.heap.usedBytes
        tree = Tree.create(.score, store)
    }

    var count: Int { model.count }

    /// Scores of all kinds, many of them equal, many at a limit.
    static func anyScore(_ random: inout SeededRandom) -> Double {
        switch random.below(8) {
        case 0:
            let limits: [Double] = [
                -.infinity, .infinity, 0, -0.0, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
                .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 127, 128, -128, -129, 32767, 32768, 8388607,
                8388608, 140_737_488_355_327, 140_737_488_355_328, -140_737_488_355_328, 1e308,
            ]
            return limits[random.below(limits.count)]
        case 1, 2: return Double(random.below(20) - 10)
        case 3: return Double(random.below(2000)) / 8
        case 4: return Double(random.integer())
        default: return Double(random.below(1 << 40)) / 1e6 - 1e5
        }
    }

    /// Members of all lengths from 0 to 300, most of them short.
    func member(_ id: Int) -> [UInt8] {
        if id == 0 { return [] }
        var member = Array("\(id &* 7919 % 100_003)-\(id)".utf8)
        var length = member.count
        if id % 13 == 0 { length = 120 + id / 13 % 16 }
        if id % 17 == 0 { length = 240 + id / 17 % 61 }
        while member.count < length { member.append(UInt8(truncatingIfNeeded: member.count)) }
        return member
    }

    private func comes(_ left: Item, before right: Item) -> Bool {
        if left.score != right.score { return left.score < right.score }
        return member(left.id).lexicographicallyPrecedes(member(right.id))
    }

    /// How many items of the model come before one.
    private func place(_ item: Item) -> Int {
        var (low, high) = (0, model.count)
        while low < high {
            let middle = (low + high) / 2
            if comes(model[middle], before: item) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func id(_ entry: Address) -> Int {
        let text = ScoredMember.member(entry).array
        if text.isEmpty { return 0 }
        let digits = text.split(separator: UInt8(ascii: "-"), maxSplits: 1)[1].prefix {
            $0 >= 48 && $0 < 58
        }
        // What fills a long member up may begin with digits: the member says which of them belong.
        var id = 0
        for digit in digits {
            id = id * 10 + Int(digit - 48)
            if member(id) == text { return id }
        }
        return id
    }

    // MARK: Steps

    func step(_ weights: Weights, space: Int) {
        let all = [
            weights.insert, weights.remove, weights.move, weights.rank, weights.bounds, weights.walk,
            weights.removeRange, weights.defragment, weights.cut,
        ]
        var pick = random.below(all.reduce(0, +))
        var kind = 0
        while pick >= all[kind] {
            pick -= all[kind]
            kind += 1
        }
        switch kind {
        case 0: insert(random.below(space), score(&random))
        case 1: if let item = anyItem() { remove(item) }
        case 2:
            if let item = anyItem() { move(item, to: random.below(4) == 0 ? item.score + 1 : score(&random)) }
        case 3: if random.below(2) == 0 { rank() } else { rename() }
        case 4: bounds()
        case 5: walk()
        case 6: removeRange()
        case 7: defragment()
        default: cut()
        }
    }

    private func anyItem() -> Item? { model.isEmpty ? nil : model[random.below(model.count)] }

    func insert(_ id: Int, _ score: Double) {
        guard entries[id] == nil else { return }
        let item = Item(score: score, id: id)
        let entry = member(id).withView { ScoredMember.make($0, score, store.heap) }
        preserve(.before(entry: entry))
        tree.insert(entry, store)
        entries[id] = entry
        model.insert(item, at: place(item))
    }

    /// Adds an item behind all others.
    func append(_ id: Int, _ score: Double) {
        let entry = member(id).withView { ScoredMember.make($0, score, store.heap) }
        preserve(.end)
        tree.append(entry, store)
        entries[id] = entry
        model.append(Item(score: score, id: id))
    }

    private func remove(_ item: Item) {
        let entry = entries.removeValue(forKey: item.id)!
        preserve(.before(entry: entry))
        tree.remove(entry, store)
        ScoredMember.free(entry, store.heap)
        model.remove(at: place(item))
    }

    private func move(_ item: Item, to score: Double) {
        guard !score.isNaN else { return }
        let entry = entries[item.id]!
        let new = Item(score: score, id: item.id)
        preserve(.before(entry: entry))
        member(item.id).withView { preserve(.before($0, score: score)) }
        let moved = tree.move(entry, to: score, store)
        #expect(ScoredMember.score(moved).bitPattern == score.bitPattern)
        entries[item.id] = moved
        model.remove(at: place(item))
        model.insert(new, at: place(new))
    }

    /// Another entry with the same score and member takes the place of one.
    private func rename() {
        guard let item = anyItem() else { return }
        let (old, new) = (
            entries[item.id]!, member(item.id).withView { ScoredMember.make($0, item.score, store.heap) }
        )
        tree.rename(old, to: new)
        ScoredMember.free(old, store.heap)
        entries[item.id] = new
    }

    private func rank() {
        guard let item = anyItem() else { return #expect(tree.at(rank: 0) == nil) }
        let place = place(item)
        #expect(tree.rank(of: entries[item.id]!) == place)
        #expect(tree.at(rank: place)?.entry == entries[item.id]!)
        #expect(tree.at(rank: model.count) == nil && tree.at(rank: -1) == nil)
    }

    private func bounds() {
        let low =
            model.isEmpty || random.below(3) == 0 ? score(&random) : model[random.below(model.count)].score
        let before = model.prefix { $0.score < low }.count
        let after = model.prefix { $0.score <= low }.count
        #expect(tree.rank(.before(score: low)) == before && tree.rank(.after(score: low)) == after)
        #expect(tree.count(from: .before(score: low), to: .after(score: low)) == after - before)
        #expect(tree.count(from: .after(score: low), to: .before(score: low)) == 0)
        #expect(tree.first(behind: .before(score: low)).map { id($0.entry) } == at(before))
        #expect(tree.last(before: .after(score: low)).map { id($0.entry) } == at(after - 1))
        let other = Item(score: low, id: random.below(5000))
        let lex = place(other)
        let isThere = lex < model.count && model[lex].id == other.id && model[lex].score == low
        member(other.id).withView {
            #expect(tree.rank(.before($0, score: low)) == lex)
            #expect(tree.rank(.after($0, score: low)) == lex + (isThere ? 1 : 0))
        }
    }

    private func at(_ index: Int) -> Int? { model.indices.contains(index) ? model[index].id : nil }

    /// Goes some way from any place, forwards and backwards.
    private func walk() {
        guard !model.isEmpty else { return #expect(tree.first == nil && tree.last == nil) }
        let from = random.below(model.count)
        var cursor = tree.at(rank: from)
        for item in model[from...].prefix(200) {
            #expect(cursor.map { id($0.entry) } == item.id)
            cursor = cursor?.next
        }
        if from + 200 >= model.count { #expect(cursor == nil) }
        cursor = tree.at(rank: from)
        for item in model[...from].suffix(200).reversed() {
            #expect(cursor.map { id($0.entry) } == item.id)
            cursor = cursor?.previous
        }
        if from < 200 { #expect(cursor == nil) }
        visit(from..<model.count, reversed: false)
        visit(0..<(from + 1), reversed: true)
        if random.below(8) == 0 { copy() }
    }

    /// Visits entries by rank, all of them or up to one at which the walk is ended.
    private func visit(_ ranks: Range<Int>, reversed: Bool) {
        var left = random.below(2) == 0 ? ranks.count : 1 + random.below(ranks.count)
        let wanted = (reversed ? model[ranks].reversed() : Array(model[ranks])).prefix(left).map(\.id)
        var seen: [Int] = []
        tree.forEachWhile(ranks: ranks, reversed: reversed) { entry in
            seen.append(id(entry))
            left -= 1
            return left > 0
        }
        #expect(seen == wanted)
    }

    /// A copy has the same entries in the same order, and the tree stays as it is.
    private func copy() {
        let copied = tree.copy(store) { old in
            let bytes = ScoredMember.bytes(old)
            let new = store.heap.allocate(bytes)
            new.copy(from: old, count: bytes)
            return new
        }
        copied.checkInvariants(store)
        #expect(copied.identity != tree.identity && copied.lanes == 0)
        var seen: [Int] = []
        while copied.count > 0 {
            // From either end, each of which is taken apart as far as it goes.
            let last = seen.count % 2 == 1
            let entry = copied.removeEnd(last: last, store)
            seen.append(id(entry))
            ScoredMember.free(entry, store.heap)
        }
        copied.checkInvariants(store)
        copied.destroy(store)
        let ids = model.map(\.id)
        var (front, back) = (0, ids.count - 1)
        for (number, id) in seen.enumerated() {
            #expect(id == (number % 2 == 1 ? ids[back] : ids[front]))
            if number % 2 == 1 { back -= 1 } else { front += 1 }
        }
        #expect(seen.count == ids.count)
    }

    func removeRange(_ wanted: Range<Int>? = nil) {
        guard !model.isEmpty else { return }
        let from = random.below(model.count)
        var ranks =
            wanted ?? from..<min(model.count, from + 1 + random.below(random.below(8) == 0 ? 400 : 20))
        while !ranks.isEmpty {
            for i in cuts.indices where cuts[i].position != nil {
                tree.preserve(tree.unit(rank: ranks.lowerBound), lane: cuts[i].lane, store) {
                    hand($0, to: i)
                }
            }
            var visited: [Int] = []
            let taken = tree.remove(ranks: ranks, max: 1 + random.below(100), store) { cursor in
                visited.append(id(cursor.entry))
                ScoredMember.free(cursor.entry, store.heap)
            }
            let expected = model[ranks].prefix(taken).map(\.id)
            #expect(taken > 0 && visited == expected)
            for id in expected { entries[id] = nil }
            model.removeSubrange(ranks.lowerBound..<(ranks.lowerBound + taken))
            ranks = ranks.lowerBound..<(ranks.upperBound - taken)
        }
    }

    /// Moves everything to another place.
    private func defragment() {
        store.heap.isShaken = true
        let mover = Mover(store.heap)
        var seen = 0
        var position: UInt64? = 0
        while let from = position {
            position = tree.defragment(from: from, mover) { cursor in
                seen += 1
                let moved = mover.settle(cursor.entry, ScoredMember.bytes(cursor.entry))
                entries[id(moved)] = moved
                return moved
            }
        }
        store.heap.isShaken = false
        #expect(seen == model.count)
    }

    // MARK: Cuts

    /// Opens a cut, or goes on with one.
    private func cut() {
        if cuts.count < Store.laneCount, cuts.isEmpty || random.below(20) == 0 { return openCut() }
        let i = random.below(cuts.count)
        if cuts[i].position != nil { return walkCut(i, max: 1 + random.below(10 + model.count / 10)) }
        #expect(cuts[i].owed.isEmpty, "a cut missed entries")
        cutsFinished += 1
        tree.lanes &= ~(1 << UInt8(cuts[i].lane))
        store.closeLane(cuts[i].lane)
        cuts.remove(at: i)
    }

    private func openCut() {
        guard let lane = store.openLane() else { return }
        tree.lanes |= 1 << UInt8(lane)
        let owed = Dictionary(uniqueKeysWithValues: model.map { ($0.id, $0.bits) })
        cuts.append(OpenCut(lane: lane, owed: owed))
    }

    private func walkCut(_ i: Int, max: Int) {
        guard let position = cuts[i].position else { return }
        cuts[i].position = tree.walkUnits(from: position, cuts[i].lane, store, max: max) { hand($0, to: i) }
    }

    func finishCuts() { while !cuts.isEmpty { cut() } }

    /// Before anything changes around a point. A cut that was walked to its end keeps its lane for a while.
    private func preserve(_ point: TreePoint) {
        for i in cuts.indices {
            tree.preserve(tree.unit(of: point), lane: cuts[i].lane, store) { hand($0, to: i) }
        }
    }

    private func hand(_ cursor: TreeCursor, to i: Int) {
        let then = cuts[i].owed.removeValue(forKey: id(cursor.entry))
        let now = ScoredMember.score(cursor.entry).bitPattern
        #expect(then == now, "a cut shows an entry twice or as it was not")
    }

    // MARK: Checks

    func check() {
        tree.checkInvariants(store)
        store.heap.checkInvariants()
        #expect(tree.count == model.count)
        var cursor = tree.first
        var bytes = 0
        for item in model {
            guard let here = cursor else { return #expect(Bool(false), "entries are missing") }
            #expect(here.entry == entries[item.id] && ScoredMember.score(here.entry).bitPattern == item.bits)
            bytes += Heap.roundedBytes(ScoredMember.bytes(here.entry))
            cursor = here.next
        }
        #expect(store.heap.usedBytes - startBytes == tree.bytes + bytes, "the tree's ledger is off")
    }

    /// Finishes cuts, empties and frees the tree: not a byte may be left.
    func finish() {
        finishCuts()
        check()
        while !tree.drain(max: 1 + random.below(1000), store, { ScoredMember.free($0.entry, store.heap) }) {
            if model.count < 10_000 { tree.checkInvariants(store) }
        }
        tree.destroy(store)
        #expect(store.heap.usedBytes == startBytes, "bytes leaked")
    }
}
