// SPDX-License-Identifier: Apache-2.0
// What a run of the tests is summed up as: the last line of `make test`, and what stands above it.

import Foundation
import TestSupport
import Testing

@Suite struct ReportTests {
    private func test(_ name: String) -> String {
        #"{"kind":"test","payload":{"kind":"function","id":"T.S\/\#(name)()\/F.swift:1:2"}}"#
    }

    private func event(_ kind: String, _ name: String, at seconds: Double = 0, _ rest: String = "") -> String
    {
        #"{"kind":"event","payload":{"kind":"\#(kind)","instant":{"absolute":\#(seconds)},"#
            + #""testID":"T.S\/\#(name)()\/F.swift:1:2""# + rest + "}}"
    }

    private func issue(_ name: String) -> String {
        event(
            "issueRecorded", name, at: 1,
            #","issue":{"isKnown":false,"sourceLocation":{"fileID":"T/F.swift","line":7}},"#
                + #""_testCase":{"displayName":"\"x\""},"#
                + #""messages":[{"text":"1 == 2"},{"text":"said\nso"},{"text":"// no reason"}]"#)
    }

    private func report(_ lines: [String], status: String, fuzz: String = "none") throws -> Output {
        let folder = try TemporaryDirectory()
        let file = folder.file("events")
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let script = Project.root.appendingPathComponent(".ci/report").path
        let log = folder.file("fuzz.log")
        try "seed 7\ninput 9: two digests differ\nthe last inputs:\n  8 s1: GET k\n".write(
            toFile: log, atomically: true, encoding: .utf8)
        return try run("python3", [script, file, status, fuzz, log])
    }

    private var twoPassed: [String] {
        ["a", "b"].map(test)
            + ["a", "b"].flatMap { name in
                [
                    event("testStarted", name), event("testCaseStarted", name, at: 10),
                    event("testCaseEnded", name, at: 12.5), event("testEnded", name, at: 100),
                ]
            }
    }
    private let ended = #"{"kind":"event","payload":{"kind":"runEnded"}}"#

    @Test func allPassed() throws {
        let output = try report(twoPassed + [ended], status: "0", fuzz: "passed")
        #expect(
            output.succeeded && output.lines.last == "3 passed, 0 failed", "\(output.text)\(output.errors)")
        #expect(output.text.contains("    2.5 s  T.S/a()\n"))
        #expect(try report([ended], status: "0").status == .code(1), "nothing ran")
        let fuzzed = try report(twoPassed + [ended], status: "0", fuzz: "failed")
        #expect(fuzzed.lines.last == "2 passed, 1 failed")
        #expect(fuzzed.text.contains("the fuzzer\n    seed 7\n    input 9: two digests differ\n"))
    }

    @Test func failuresAreNamedWithTheirReasons() throws {
        let lines = twoPassed + [test("c"), event("testStarted", "c"), issue("c"), event("testEnded", "c")]
        let output = try report(lines + [ended], status: "1")
        #expect(output.status == .code(1) && output.lines.last == "2 passed, 1 failed")
        #expect(output.text.contains("Failed: T.S/c()\n    T/F.swift:7: 1 == 2 said so (with \"x\")\n"))
    }

    @Test func aRunThatEndsEarlyIsAFailureAndTellsWhatWasRunning() throws {
        let lines = twoPassed + [test("c"), event("testStarted", "c"), event("testCaseStarted", "c")]
        let output = try report(lines + [#"{"kind":"ev"#], status: "139")
        #expect(output.lines.last == "2 passed, 1 failed")
        #expect(output.text.contains("which ended before its time (status 139)\n    T.S/c() was running\n"))
        // A status that nothing explains.
        #expect(try report(twoPassed + [ended], status: "1").lines.last == "2 passed, 1 failed")
        let script = Project.root.appendingPathComponent(".ci/report").path
        #expect(
            try run("python3", [script, "/nosuch", "1", "none", "/nosuch"]).lines.last == "0 passed, 1 failed"
        )
    }

    @Test func skippedTestsAreNeither() throws {
        let lines =
            twoPassed + [test("c"), event("testSkipped", "c", at: 0, #","messages":[{"text":"not here"}]"#)]
        let output = try report(lines + [ended], status: "0")
        #expect(
            output.lines.last == "2 passed, 0 failed" && output.text.contains("Skipped: T.S/c(): not here\n"))
    }
}
