// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@Suite struct TextBufferTests {
    @Test func putsPiecesTogether() {
        let text = TextBuffer(Heap(), capacity: 1)
        text.add("a literal, ")
        text.add("a string \u{e9}, ")
        text.add([104, 105, 255])
        text.add(byte: 10)
        for number in [0, 9, 10, -1, Int64.max, Int64.min] {
            text.add(number)
            text.add(" ")
        }
        let expected =
            Array("a literal, a string \u{e9}, hi".utf8) + [255, 10]
            + Array("0 9 10 -1 9223372036854775807 -9223372036854775808 ".utf8)
        #expect(text.view.array == expected)
        text.clear()
        #expect(text.count == 0)
    }

    @Test func roomOfALongTextIsGivenBack() {
        let heap = Heap()
        let text = TextBuffer(heap, capacity: 100)
        let resting = heap.usedBytes
        for _ in 0..<1000 { text.add("0123456789") }
        #expect(heap.usedBytes >= 10_000 && text.count == 10_000)
        text.clear()
        #expect(heap.usedBytes == resting)
        text.add("again")
        #expect(ByteString(text.view).description == "again")
    }

    @Test func decimals() {
        let text = TextBuffer(Heap(), capacity: 10)
        func shown(_ value: Double, _ decimals: Int) -> String {
            text.clear()
            text.add(value, decimals: decimals)
            return ByteString(text.view).description
        }
        #expect(shown(0, 2) == "0.00" && shown(1.005, 1) == "1.0" && shown(2.5, 3) == "2.500")
        #expect(shown(0.994, 2) == "0.99" && shown(0.996, 2) == "1.00" && shown(9.9999, 2) == "10.00")
        #expect(shown(-3.25, 2) == "-3.25" && shown(-0.001, 2) == "0.00" && shown(-0.999, 2) == "-1.00")
        #expect(shown(1234.5, 0) == "1235" && shown(1234.4, 0) == "1234")
        #expect(shown(1e12, 0) == "1000000000000" && shown(123_456_789_012_345, 2) == "123456789012345.00")
        #expect(shown(0.000001, 6) == "0.000001" && shown(12.3456789, 9) == "12.345678900")
        #expect(shown(1e19, 2) == "9223372036854775807.00" && shown(-1e300, 0) == "-9223372036854775807")
        #expect(shown(.infinity, 1) == "0.0" && shown(.nan, 2) == "0.00")
    }
}
