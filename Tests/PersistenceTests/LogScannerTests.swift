// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Persistence

@Suite struct LogScannerTests {
    private func scan(_ text: String) -> String {
        Array(text.utf8).withView { view in
            switch LogScanner.scan(view, from: 0) {
            case .item(.command(let words, let name, let second, let end)):
                "command \(words) \(ByteString(view[name])) \(ByteString(view[second])) \(end)"
            case .item(.remark(let lineEnd, let end)): "remark \(lineEnd) \(end)"
            case .item(.mark(_, let lineEnd, let end)): "mark \(lineEnd) \(end)"
            case .needsMore(let count): "more \(count)"
            case .bad: "bad"
            }
        }
    }

    @Test func commandsAndRemarks() {
        #expect(scan("*1\r\n$5\r\nMULTI\r\n*") == "command 1 MULTI  15")
        #expect(scan("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$0\r\n\r\n") == "command 3 SET a 26")
        #expect(scan("#TS:1628217470\r\n") == "remark 14 16")
        #expect(scan("#x\n*1") == "remark 2 3")
    }

    @Test func whatIsTornNeedsMore() {
        let whole = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"
        for count in 1..<whole.utf8.count {
            #expect(
                scan(String(decoding: whole.utf8.prefix(count), as: UTF8.self)).hasPrefix("more"), "\(count)")
        }
        #expect(scan("*1\r\n$100\r\nabc") == "more 112")
        #expect(scan("#TS:1") == "more 6")
    }

    @Test func whatIsNoLogIsBad() {
        for text in [
            "!!!", "SET a b\r\n", "*x\r\n", "*0\r\n", "*-1\r\n", "*1\r\n+OK\r\n", "*1\r\n$-1\r\n",
            "*1\r\n$1\r\nab\r\n",
            "*1\r\n$9999999999999999\r\n", "*99999999999999999999\r\n", "*1\n$1\na\n", "\0\0",
        ] {
            #expect(scan(text) == "bad", "\(text)")
        }
    }
}
