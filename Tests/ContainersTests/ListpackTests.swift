// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Containers

extension Listpack {
    /// All texts, front to back.
    var forward: [[UInt8]] {
        var texts: [[UInt8]] = []
        var position = first
        while let here = position {
            texts.append(self[here].array)
            position = next(here)
        }
        return texts
    }

    /// All texts, back to front.
    var backward: [[UInt8]] {
        var texts: [[UInt8]] = []
        var position = last
        while let here = position {
            texts.append(self[here].array)
            position = previous(here)
        }
        return texts
    }

    /// Whether the entry is stored as an integer; nil if there is no entry.
    func isInteger(_ position: Position?) -> Bool? {
        guard let position else { return nil }
        if case .integer = self[position] { return true }
        return false
    }

    static func make(_ texts: [[UInt8]], _ heap: Heap) -> Listpack {
        var list = create(heap)
        for text in texts { text.withView { list.append($0, heap) } }
        return list
    }

    static func make(_ texts: [String], _ heap: Heap) -> Listpack { make(texts.map { Array($0.utf8) }, heap) }
}

@Suite struct ListpackTests {
    func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func anEmptyListHasNothing() {
        let heap = Heap()
        var list = Listpack.create(heap)
        #expect(list.bytes.array == [7, 0, 0, 0, 0, 0, 0xFF])
        #expect(list.isEmpty && list.count == 0 && list.first == nil && list.last == nil)
        #expect(list.seek(0) == nil && list.seek(-1) == nil && list.find(ByteView("")) == nil)
        #expect(list.delete(index: 0, limit: 1, heap) == 0)
        list.checkInvariants()
        list.free(heap)
        #expect(heap.usedBytes == 0)
    }

    /// The expected bytes are what redis-server dumps for a hash with these fields and values.
    @Test func bytesAreThoseOfRedis() {
        let heap = Heap()
        let integers: [Int64] = [
            0, 127, 128, -1, -4096, 4095, -4097, 4096, -32768, 32767, -32769, 32768, -8_388_608, 8_388_607,
            -8_388_609, 8_388_608, -2_147_483_648, 2_147_483_647, -2_147_483_649, 2_147_483_648, Int64.min,
            Int64.max,
        ]
        let numbers = Listpack.make(integers.map { "\($0)" }, heap)
        #expect(
            numbers.bytes.array
                == hex(
                    "7b000000160000017f01c08002dfff02d00002cfff02f1ffef03f1001003f1008003f1ff7f03f2ff"
                        + "7fff04f200800004f200008004f2ffff7f04f3ffff7fff05f30000800005f30000008005f3ffffff"
                        + "7f05f4ffffff7fffffffff09f4000000800000000009f4000000000000008009f4ffffffffffffff"
                        + "7f09ff"))
        let texts = Listpack.make(["", "a", "-0", "01", "9223372036854775808", "-"], heap)
        #expect(
            texts.bytes.array
                == hex(
                    "2c00000006008001816102822d300382303103933932323333373230333638353437373538303814812d02ff"
                ))
        numbers.free(heap)
        texts.free(heap)
        #expect(heap.usedBytes == 0)
    }

    @Test(
        arguments: [
            (0, 1), (127, 1), (128, 2), (-1, 2), (4095, 2), (-4096, 2), (4096, 3), (-4097, 3), (32767, 3),
            (-32768, 3),
            (32768, 4), (-32769, 4), (8_388_607, 4), (-8_388_608, 4), (8_388_608, 5), (-8_388_609, 5),
            (2_147_483_647, 5), (-2_147_483_648, 5), (2_147_483_648, 9), (-2_147_483_649, 9), (Int64.max, 9),
            (Int64.min, 9),
        ] as [(Int64, Int)]) func integersTakeTheNarrowestEncoding(number: Int64, bodyBytes: Int) throws
    {
        let heap = Heap()
        var list = Listpack.make(["x", "\(number)", "y"], heap)
        #expect(list.byteCount == 7 + 3 + bodyBytes + 1 + 3)
        let position = try #require(list.seek(1))
        guard case .integer(let read) = list[position] else {
            Issue.record("not stored as an integer")
            return
        }
        #expect(read == number)
        #expect(list[position].textBytes == "\(number)".utf8.count)
        #expect(list.find(number) == position && !list.contains(ByteView("")))
        list.checkInvariants()
        list.replace(position, with: .integer(number), heap)
        #expect(list.forward == [bytes("x"), bytes("\(number)"), bytes("y")])
        list.free(heap)
        #expect(heap.usedBytes == 0)
    }

    @Test func textThatIsNoCanonicalIntegerStaysText() {
        let heap = Heap()
        let texts = [
            "", "-", "+1", "-0", "00", "01", "1 ", " 1", "1a", "9223372036854775808", "-9223372036854775809",
        ]
        let list = Listpack.make(texts, heap)
        for (index, text) in texts.enumerated() {
            #expect(list.isInteger(list.seek(index)) == false, "\(text)")
            bytes(text).withView { #expect(list.find($0) == list.seek(index)) }
        }
        #expect(list.forward == texts.map(bytes))
        list.checkInvariants()
        list.free(heap)
    }

    /// The size of a string, its head and its back length. Back lengths grow at bodies of 128, 16,383 and
    /// 2,097,151.
    @Test(arguments: [
        (0, 1, 1), (1, 1, 1), (63, 1, 1), (64, 2, 1), (125, 2, 1), (126, 2, 2), (4095, 2, 2), (4096, 5, 2),
        (16377, 5, 2), (16378, 5, 3), (16379, 5, 3), (100_000, 5, 3), (2_097_145, 5, 3), (2_097_146, 5, 4),
    ]) func stringsOfEachSize(count: Int, headBytes: Int, backBytes: Int) {
        let heap = Heap()
        let text = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 65) }
        var list = Listpack.make([bytes("a"), text, bytes("12")], heap)
        #expect(list.byteCount == 7 + 3 + headBytes + count + backBytes + 2)
        list.checkInvariants()
        #expect(list.forward == [bytes("a"), text, bytes("12")])
        #expect(list.backward == [bytes("12"), text, bytes("a")])
        text.withView { #expect(list.find($0) == list.seek(1)) }
        let position = Listpack.Position(9)
        #expect(list.seek(1) == position)
        list.replace(position, with: ByteView("7"), heap)
        #expect(list.forward == [bytes("a"), bytes("7"), bytes("12")])
        text.withView { list.replace(position, with: $0, heap) }
        #expect(list.backward == [bytes("12"), text, bytes("a")])
        list.free(heap)
        #expect(heap.usedBytes == 0)
    }

    @Test(arguments: [
        0, 1, 127, 128, 16382, 16383, 16384, 2_097_150, 2_097_151, 268_435_454, 268_435_455, 1 << 32,
    ])
    func backLengthsReadFromBehind(body: Int) {
        let heap = Heap()
        let memory = heap.allocate(16)
        let count = Listpack.backLengthBytes(body)
        for index in 0..<count { memory.setU8(index, Listpack.backLengthByte(body, index, of: count)) }
        #expect(Listpack.backLength(endingAt: memory + count) == body)
        heap.free(memory, 16)
    }

    @Test func editsAtEachPlace() throws {
        let heap = Heap()
        var list = Listpack.create(heap)
        list.append(ByteView("b"), heap)
        list.prepend(ByteView("a"), heap)
        list.append(.integer(300), heap)
        let middle = try #require(list.seek(1))
        let before = list.insert(ByteView("x"), before: middle, heap)
        #expect(list.forward == [bytes("a"), bytes("x"), bytes("b"), bytes("300")])
        let behind = list.insert(.integer(-5), after: before, heap)
        #expect(list.seek(2) == behind)
        let last = try #require(list.last)
        list.insert(ByteView("end"), after: last, heap)
        #expect(list.forward == ["a", "x", "-5", "b", "300", "end"].map(bytes))
        #expect(list.delete(behind, heap) == behind)
        #expect(list.delete(try #require(list.last), heap) == nil)
        #expect(list.forward == ["a", "x", "b", "300"].map(bytes) && list.count == 4)
        list.prepend(.integer(1), heap)
        #expect(list.backward == ["300", "b", "x", "a", "1"].map(bytes))
        list.checkInvariants()
        list.free(heap)
        #expect(heap.usedBytes == 0)
    }

    @Test func rangesAreClippedAtTheEnd() throws {
        let heap = Heap()
        let texts = (0..<10).map { "e\($0)" }
        var list = Listpack.make(texts, heap)
        #expect(list.delete(index: 10, limit: 1, heap) == 0 && list.delete(index: -11, limit: 1, heap) == 0)
        #expect(list.delete(index: 3, limit: 0, heap) == 0 && list.delete(index: 3, limit: -1, heap) == 0)
        #expect(list.delete(index: 2, limit: 3, heap) == 3)
        #expect(list.forward == ["e0", "e1", "e5", "e6", "e7", "e8", "e9"].map(bytes))
        #expect(list.delete(index: -2, limit: Int.max, heap) == 2)
        #expect(list.forward == ["e0", "e1", "e5", "e6", "e7"].map(bytes) && list.count == 5)
        let start = try #require(list.seek(1))
        let result = list.delete(from: start, limit: 2, heap)
        #expect(result.deleted == 2 && result.next == start)
        #expect(list.forward == ["e0", "e6", "e7"].map(bytes))
        let whole = list.delete(from: try #require(list.first), limit: 99, heap)
        #expect(whole.deleted == 3 && whole.next == nil && list.isEmpty)
        list.checkInvariants()
        list.free(heap)
        #expect(heap.usedBytes == 0)
    }

    @Test func seekCountsFromBothEnds() {
        let heap = Heap()
        let list = Listpack.make((0..<50).map { "\($0 * 1000)" }, heap)
        for index in 0..<50 {
            for position in [list.seek(index), list.seek(index - 50)] {
                let text = position.map { list[$0].array }
                #expect(text == bytes("\(index * 1000)"))
            }
        }
        for index in [50, -51, Int.max, Int.min] { #expect(list.seek(index) == nil) }
        list.free(heap)
    }

    @Test func findSkipsAndStartsWhereAsked() throws {
        let heap = Heap()
        let list = Listpack.make(["f", "1", "1", "f", "2", "x", "f", "9"], heap)
        #expect(list.find(ByteView("1")) == list.seek(1))
        #expect(list.find(ByteView("1"), skip: 1) == list.seek(2))
        #expect(list.find(ByteView("x"), skip: 1) == nil && list.find(ByteView("9"), skip: 1) == nil)
        let second = try #require(list.seek(1))
        #expect(list.find(ByteView("f"), from: second) == list.seek(3))
        #expect(list.find(ByteView("f"), from: second, skip: 1) == list.seek(3))
        #expect(
            list.find(ByteView("f"), skip: 2) == list.seek(0)
                && list.find(ByteView("9"), skip: 6) == list.seek(7))
        #expect(list.find(ByteView("9"), skip: Int.max) == nil)
        list.free(heap)
    }

    /// Other programs may store "5" as bytes, or in a wider integer than it needs.
    @Test func foreignEncodingsAreFound() throws {
        let heap = Heap()
        let body: [UInt8] = [
            0x81, 0x35, 2, 0xF4, 6, 0, 0, 0, 0, 0, 0, 0, 9, 0xF0, 1, 0, 0, 0, 0x37, 6, 0xC0, 8, 2,
        ]
        let foreign = [UInt8(body.count + 7), 0, 0, 0, 4, 0] + body + [0xFF]
        let list = foreign.withView { view in
            #expect(Listpack.validate(view, deep: true))
            return Listpack.copy(of: view, heap)
        }
        list.checkInvariants()
        #expect(list.forward == ["5", "6", "7", "8"].map(bytes))
        for (index, text) in (["5", "6", "7", "8"] as [StaticString]).enumerated() {
            #expect(list.find(ByteView(text)) == list.seek(index))
            #expect(list.find(Int64(index + 5)) == list.seek(index))
            #expect(list[try #require(list.seek(index))].equals(ByteView(text)))
        }
        list.free(heap)
    }

    @Test func setVerbs() {
        let heap = Heap()
        var set = Listpack.create(heap)
        let added = (["a", "5", "a", "05", "5"] as [StaticString]).map { set.addMember(ByteView($0), heap) }
        #expect(added == [true, true, false, true, false])
        #expect(
            set.contains(ByteView("a")) && set.contains(ByteView("5")) && set.contains(ByteView("05"))
                && !set.contains(ByteView("005")))
        #expect(set.removeMember(ByteView("5"), heap) && !set.removeMember(ByteView("5"), heap))
        #expect(set.count == 2)
        set.free(heap)
        #expect(heap.usedBytes == 0)
    }

    @Test func elementsCompareAsText() {
        #expect(
            Listpack.Element.integer(5).equals(ByteView("5"))
                && !Listpack.Element.integer(5).equals(ByteView("05")))
        #expect(
            Listpack.Element.bytes(ByteView("05")).equals(ByteView("05"))
                && !Listpack.Element.bytes(ByteView("05")).equals(ByteView("5")))
        #expect(
            Listpack.Element.bytes(ByteView("")).equals(ByteView(""))
                && !Listpack.Element.integer(0).equals(ByteView("")))
        #expect(
            Listpack.Element(ByteView("-7")).textBytes == 2
                && Listpack.Element(ByteView("-07")).textBytes == 3)
    }

    @Test func aCopyStandsAlone() {
        let heap = Heap()
        var list = Listpack.make((0..<200).map { "value \($0)" }, heap)
        let copy = list.copy(heap)
        list.delete(index: 0, limit: 100, heap)
        #expect(copy.count == 200 && list.count == 100)
        #expect(copy.forward == (0..<200).map { bytes("value \($0)") })
        copy.free(heap)
        list.free(heap)
        #expect(heap.usedBytes == 0)
    }

    @Test func largeListsGiveMemoryBack() {
        let heap = Heap()
        let text = [UInt8](repeating: 0x61, count: 1000)
        var list = Listpack.make([[UInt8]](repeating: text, count: 500), heap)
        let before = heap.usedBytes
        list.delete(index: 1, limit: 490, heap)
        #expect(list.byteCount < 11_000 && heap.usedBytes < before / 10)
        list.delete(index: 0, limit: 10, heap)
        #expect(list.isEmpty && heap.usedBytes == 8)
        list.free(heap)
        #expect(heap.usedBytes == 0)
    }

    /// The header counts to 65,534; beyond, the list is walked, and the count comes back when it fits again.
    @Test func moreEntriesThanTheHeaderCounts() {
        let heap = Heap()
        var list = Listpack.create(heap)
        for _ in 0..<65534 { list.append(.integer(1), heap) }
        #expect(list.at.u16(4) == 65534 && list.count == 65534)
        for number in 0..<6 as Range<Int64> { list.append(.integer(100 + number), heap) }
        #expect(list.at.u16(4) == 65535 && list.count == 65540)
        let texts = [65539, -1, 65535, -65540].map { list.seek($0).map { list[$0].array } }
        #expect(texts == ["105", "105", "101", "1"].map(bytes))
        #expect(list.seek(65540) == nil && list.seek(-65541) == nil)
        list.checkInvariants()
        #expect(list.delete(index: 0, limit: 6, heap) == 6)
        #expect(list.at.u16(4) == 65535 && list.count == 65534 && list.at.u16(4) == 65534)
        list.checkInvariants()
        list.free(heap)
        #expect(heap.usedBytes == 0)
    }

    @Test func theSafeSizeIsOneGigabyte() {
        let heap = Heap()
        let list = Listpack.create(heap)
        #expect(!list.wouldExceed(bytes: (1 << 30) - 7) && list.wouldExceed(bytes: (1 << 30) - 6))
        #expect(!list.wouldExceed(bytes: 0) && list.wouldExceed(bytes: Int.max))
        list.free(heap)
    }
}
