// SPDX-License-Identifier: Apache-2.0
// README's first session, replayed as it is printed.

import Foundation
import TestSupport
import Testing

/// The commands of a printed redis-cli session, each with the lines that follow it.
struct PrintedSession {
    struct Step: Equatable {
        let command: String
        let output: String
    }

    static let prompt = "127.0.0.1:6379> "
    let steps: [Step]

    /// Reads the fenced block below the heading `title`.
    init(markdown: String, under title: String) {
        var steps: [Step] = []
        var (isBelow, isFenced) = (false, false)
        for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
            if !isFenced && line.hasPrefix("#") { isBelow = line.drop { $0 == "#" || $0 == " " } == title }
            guard isBelow else { continue }
            if line.hasPrefix("```") {
                isFenced.toggle()
            } else if isFenced, line.hasPrefix(PrintedSession.prompt) {
                steps.append(Step(command: String(line.dropFirst(PrintedSession.prompt.count)), output: ""))
            } else if isFenced, let last = steps.popLast() {
                steps.append(Step(command: last.command, output: last.output + line + "\n"))
            }
        }
        self.steps = steps
    }
}

@Suite struct ReadmeTests {
    @Test func theFirstSessionWorksAsPrinted() throws {
        let url = Project.root.appendingPathComponent("README.md")
        let markdown = try String(contentsOf: url, encoding: .utf8)
        let session = PrintedSession(markdown: markdown, under: "A first session")
        #expect(session.steps.count >= 5, "README has no first session")
        let server = try ServerProcess()
        // One connection for all of it, as the reader has it: transactions and HELLO last from line to line.
        let input = session.steps.map(\.command).joined(separator: "\n") + "\n"
        let output = try run("redis-cli", ["-p", "\(server.port)", "--no-raw"], input: Array(input.utf8))
        #expect(output.text == session.steps.map(\.output).joined())
    }

    @Test func aPrintedSessionIsRead() {
        let markdown = """
            # A
            ```
            127.0.0.1:6379> PING
            ```
            ## A first session
            Text.
            ```
            $ redis-cli
            127.0.0.1:6379> PING
            PONG
            127.0.0.1:6379> MGET a b
            1) (nil)
            2) (nil)
            ```
            ## After
            """
        let expected = [
            PrintedSession.Step(command: "PING", output: "PONG\n"),
            PrintedSession.Step(command: "MGET a b", output: "1) (nil)\n2) (nil)\n"),
        ]
        #expect(PrintedSession(markdown: markdown, under: "A first session").steps == expected)
    }
}
