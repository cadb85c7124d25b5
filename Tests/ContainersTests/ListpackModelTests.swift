// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Containers

extension SeededRandom {
    /// Text as lists hold it: integers, near-integers, words, and now and then something long.
    mutating func packedText(longMax: Int) -> [UInt8] {
        let kind = below(100)
        if kind < 45 { return Array("\(integer())".utf8) }
        if kind < 50 { return Array(["", "-", "-0", "007", "+3", "9223372036854775808"][below(6)].utf8) }
        var count = below(24)
        if kind >= 98 { count = below(longMax) } else if kind >= 92 { count = 60 + below(8) }
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}

@Suite struct ListpackModelTests {
    /// The list under test and the array that it must equal.
    struct Pair {
        var list: Listpack
        var model: [[UInt8]]
        var random: SeededRandom
        let heap: Heap
        let longMax: Int

        mutating func add(_ text: [UInt8]) {
            let place = random.below(model.count + 1)
            text.withView { view in
                switch random.below(4) {
                case 0:
                    list.prepend(view, heap)
                    model.insert(text, at: 0)
                case 1 where place < model.count:
                    let position = list.insert(view, before: list.seek(place)!, heap)
                    #expect(list.seek(place) == position)
                    model.insert(text, at: place)
                case 2 where place < model.count:
                    let position = list.insert(view, after: list.seek(place - model.count)!, heap)
                    #expect(list.seek(place + 1) == position)
                    model.insert(text, at: place + 1)
                default:
                    list.append(view, heap)
                    model.append(text)
                }
            }
        }

        mutating func remove() {
            let place = random.below(model.count)
            switch random.below(4) {
            case 0:
                let limit = random.below(5)
                let deleted = list.delete(
                    index: place - (random.below(2) == 0 ? model.count : 0), limit: limit, heap)
                #expect(deleted == min(limit, model.count - place))
                model.removeSubrange(place..<place + deleted)
            case 1:
                let text = model[place]
                let removed = text.withView { list.removeMember($0, heap) }
                #expect(removed)
                model.remove(at: model.firstIndex(of: text)!)
            default:
                let next = list.delete(list.seek(place)!, heap)
                model.remove(at: place)
                #expect((next == nil) == (place == model.count))
            }
        }

        mutating func step(target: Int) {
            let choice = random.below(10)
            if choice == 0, !model.isEmpty {
                let place = random.below(model.count)
                let text = random.packedText(longMax: longMax)
                text.withView { list.replace(list.seek(place)!, with: $0, heap) }
                model[place] = text
            } else if choice == 1 {
                let text = random.packedText(longMax: longMax)
                let from = model.isEmpty ? 0 : random.below(model.count)
                let skip = random.below(3)
                let expected = stride(from: from, to: model.count, by: skip + 1).first { model[$0] == text }
                let found = text.withView { list.find($0, from: list.seek(from), skip: skip) }
                #expect(found == expected.flatMap { list.seek($0) })
            } else if model.isEmpty || random.below(2 * target) >= model.count {
                add(random.packedText(longMax: longMax))
            } else {
                remove()
            }
        }
    }

    /// Random edits, each followed by `checkInvariants`; every sixteenth time the whole list is compared.
    func run(steps: Int, target: Int, longMax: Int, seed: UInt64) {
        let heap = Heap()
        var pair = Pair(
            list: .create(heap), model: [], random: SeededRandom(seed: seed), heap: heap, longMax: longMax)
        for step in 0..<steps {
            pair.step(target: target)
            pair.list.checkInvariants()
            guard pair.list.count == pair.model.count else {
                Issue.record("step \(step): \(pair.list.count) entries, not \(pair.model.count)")
                return
            }
            guard step % 16 == 0 else { continue }
            guard pair.list.forward == pair.model, pair.list.backward == pair.model.reversed() else {
                Issue.record("step \(step): other entries")
                return
            }
            #expect(heap.usedBytes >= pair.list.byteCount)
        }
        #expect(pair.list.forward == pair.model)
        pair.list.free(heap)
        #expect(heap.usedBytes == 0)
        heap.checkInvariants()
    }

    /// Small lists stay in slabs and cross their classes.
    @Test func randomEditsOfSmallLists() { run(steps: 60_000, target: 12, longMax: 200, seed: packedSeed()) }

    /// Lists around 512 bytes cross between slab and malloc.
    @Test func randomEditsAroundTheSlabLimit() {
        run(steps: 30_000, target: 40, longMax: 600, seed: packedSeed())
    }

    /// Long strings use every string encoding and back length up to three bytes.
    @Test func randomEditsWithLongStrings() {
        run(steps: 10_000, target: 16, longMax: 20_000, seed: packedSeed())
    }
}

@Suite struct ListpackBorderTests {
    /// A list with every encoding.
    func sample(_ heap: Heap) -> [UInt8] {
        var texts = boundaryIntegers.map { Array("\($0)".utf8) }
        for count in [0, 1, 63, 64, 130, 4095, 4096] { texts.append([UInt8](repeating: 0x61, count: count)) }
        let list = Listpack.make(texts, heap)
        defer { list.free(heap) }
        return list.bytes.array
    }

    func valid(_ bytes: [UInt8], deep: Bool = true) -> Bool {
        let guarded = GuardedBytes(bytes)
        return Listpack.validate(guarded.view, deep: deep)
    }

    @Test func cutBytesAreRefused() {
        let good = sample(Heap())
        #expect(valid(good) && valid(good, deep: false))
        for length in 0..<good.count {
            var cut = Array(good[..<length])
            #expect(!valid(cut), "cut to \(length)")
            guard length >= 7 else { continue }
            // A header and an end that agree with the cut must not help.
            for byte in 0..<4 { cut[byte] = UInt8(truncatingIfNeeded: length >> (8 * byte)) }
            cut[length - 1] = 0xFF
            #expect(!valid(cut), "cut to \(length) and sealed")
        }
        #expect(!valid(good + [0xFF]))
    }

    @Test func wrongHeadersAreRefused() {
        let good = hex("09000000010001" + "01ff")
        #expect(valid(good))
        #expect(!valid(hex("08000000010001" + "01ff"), deep: false), "size")
        #expect(!valid(hex("09000000010001" + "01fe"), deep: false), "end")
        #expect(!valid(hex("09000000020001" + "01ff")), "count")
        #expect(!valid(hex("09000000000001" + "01ff")), "count 0")
        #expect(valid(hex("09000000ffff01" + "01ff")), "count unknown")
        #expect(!valid(hex("06000000" + "00ff"), deep: false), "shorter than an empty list")
        #expect(valid(hex("07000000" + "0000ff")) && !valid(hex("07000000" + "0100ff")))
    }

    @Test func wrongEntriesAreRefused() {
        func list(_ entries: String) -> [UInt8] {
            let body = hex(entries)
            return [UInt8(body.count + 7), 0, 0, 0, 0xFF, 0xFF] + body + [0xFF]
        }
        #expect(valid(list("01018161" + "02")))
        #expect(!valid(list("0102")), "back length too large")
        #expect(!valid(list("0181")), "back length of more bytes")
        #expect(!valid(list("bf01")), "string beyond the end")
        #expect(!valid(list("ef")) && !valid(list("efff03")), "12-bit string beyond the end")
        #expect(
            !valid(list("f0")) && !valid(list("f0ffffff")) && !valid(list("f0ffffffff05")), "32-bit string")
        for byte in ["f5", "f6", "fe", "ff"] { #expect(!valid(list(byte + "01")), "encoding \(byte)") }
        for byte in ["c0", "f1", "f2", "f3", "f4"] { #expect(!valid(list(byte)), "\(byte) without data") }
        #expect(!valid(list("f40000000000000009")), "a byte of the integer missing")
        // A string of 253 bytes has the back length 01 ff: the end of the list must not pass for its last
        // byte.
        let string = hex("e0fd") + [UInt8](repeating: 0x61, count: 253)
        let whole = hex("080100000100") + string + hex("01ffff")
        let shared = hex("070100000100") + string + hex("01ff")
        #expect(!valid(shared) && whole.count == 264 && valid(whole))
    }

    /// Damaged bytes are refused or harmless: what `validate` accepts can be walked both ways behind a guard
    /// page.
    @Test func mutatedBytesAreRefusedOrHarmless() {
        var random = SeededRandom(seed: packedSeed())
        let heap = Heap()
        var accepted = 0
        for _ in 0..<3000 {
            let texts = (0..<random.below(8)).map { _ in random.packedText(longMax: 300) }
            let list = Listpack.make(texts, heap)
            var bytes = list.bytes.array
            list.free(heap)
            for _ in 0..<1 + random.below(3) {
                let place = random.below(bytes.count)
                bytes[place] =
                    random.below(2) == 0 ? bytes[place] ^ (1 << UInt8(random.below(8))) : random.byte()
            }
            let guarded = GuardedBytes(bytes)
            guard Listpack.validate(guarded.view, deep: true) else { continue }
            accepted += 1
            let damaged = Listpack(at: guarded.view.start)
            #expect(damaged.forward == damaged.backward.reversed())
            #expect(damaged.forward.count == damaged.count)
            for text in texts { text.withView { _ = damaged.find($0) } }
        }
        #expect(accepted > 0 && accepted < 3000)
        #expect(heap.usedBytes == 0)
    }

    @Test func damageTraps() async {
        await #expect(processExitsWith: .failure) {
            let heap = Heap()
            let list = Listpack.make(["a", "b"], heap)
            list.at.setU8(8, 3)
            list.checkInvariants()
        }
    }

    @Test func anElementOfTheListItselfTraps() async {
        await #expect(processExitsWith: .failure) {
            let heap = Heap()
            var list = Listpack.make(["abc"], heap)
            if case .bytes(let view)? = list.first.map({ list[$0] }) { list.append(view, heap) }
        }
    }
}

extension SeededRandom {
    mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next()) }
}
