// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import RESP
import Testing

@testable import Engine

/// Times of commands that wait, as both real servers read them.
@Suite struct WaitTimeoutTests {
    private func deadline(_ text: String, nowMs: Int64 = 1000) -> Result<Int64?, Refusal> {
        let list = ArgumentList(Rig(withTwin: false).engine.keys.heap)
        return Array(text.utf8).withView { view in
            list.append(view)
            do throws(Refusal) {
                return .success(try list.arguments.waitDeadline(0, nowMs: nowMs))
            } catch {
                return .failure(error)
            }
        }
    }

    @Test(
        arguments: [
            ("0", nil), ("0.0", nil), ("-0", nil), ("1", 2000), ("0.5", 1500), ("0.0001", 1001),
            ("1.0001", 2001),
            ("0x1", 2000), ("1e3", 1_001_000), ("9223372036854", 9_223_372_036_855_000),
        ] as [(String, Int64?)]) func times(text: String, expected: Int64?) throws
    {
        #expect(try deadline(text).get() == expected)
    }

    @Test(arguments: [
        ("", "not a float or out of range"), ("x", "not a float or out of range"),
        ("nan", "not a float or out of range"), (" 1", "not a float or out of range"),
        ("1 ", "not a float or out of range"), ("-1", "negative"), ("-inf", "negative"),
        ("inf", "out of range"),
        ("1e300", "out of range"), ("9223372036854775.807", "out of range"),
    ]) func refusals(text: String, reason: String) {
        let text =
            switch deadline(text) {
            case .success: "accepted"
            case .failure(let refusal): refusal.text.map { "\($0)" } ?? ""
            }
        #expect(text == "ERR timeout is \(reason)")
    }
}
