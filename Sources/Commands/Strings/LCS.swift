// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// LCS key1 key2 [LEN] [IDX] [MINMATCHLEN min] [WITHMATCHLEN]
enum LCS: Handler {
    private struct Options {
        var answersLength = false
        var answersMatches = false
        var withLengths = false
        var matchBytesMin: Int64 = 0

        init(_ args: Arguments) throws(Refusal) {
            var index = 3
            while index < args.count {
                let word = args[index]
                if word.matches("LEN") {
                    answersLength = true
                } else if word.matches("IDX") {
                    answersMatches = true
                } else if word.matches("WITHMATCHLEN") {
                    withLengths = true
                } else if word.matches("MINMATCHLEN"), index + 1 < args.count {
                    matchBytesMin = try args.integer(index + 1)
                    index += 1
                } else {
                    throw .syntax
                }
                index += 1
            }
            if answersLength, answersMatches {
                throw .custom("ERR If you want both the length and indexes, please just use IDX.")
            }
        }
    }

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        for i in 1...2 {
            let found = keys.read(args[i])
            guard !found.exists || found.isType(.string) else {
                throw .custom("ERR The specified keys must contain string values")
            }
        }
        let options = try Options(args)
        // Reading may have deleted a dead key, which makes earlier lookups stale.
        let (first, second) = (keys.peek(args[1]), keys.peek(args[2]))
        let left = first.exists ? keys.string(first.value) : .empty
        let right = second.exists ? keys.string(second.value) : .empty
        try requireSize(left.count, right.count, call)
        let common = CommonSubsequence(left, right, withPath: !options.answersLength)
        if options.answersLength {
            reply.integer(common.length)
        } else if options.answersMatches {
            answerMatches(common, options, reply)
        } else {
            answerBytes(common, left, reply)
        }
    }

    /// Refuses what Redis refuses: its table of four bytes per cell must not exceed `proto-max-bulk-len`. That also
    /// bounds the time.
    private static func requireSize(_ left: Int, _ right: Int, _ call: Call) throws(Refusal) {
        let limit = Int(UInt32.max) - 1
        guard left < limit, right < limit else { throw .custom("ERR String too long for LCS") }
        let (cells, overflow) = (left + 1).multipliedReportingOverflow(by: right + 1)
        guard !overflow, cells <= call.engine.config.settings.bulkBytesMax / 4 else {
            throw .custom(
                "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
        }
    }

    private static func answerMatches(_ common: CommonSubsequence, _ options: Options, _ reply: Reply) {
        reply.map(2)
        reply.bulk("matches")
        let mark = reply.deferred()
        var count = 0
        common.forEachMatch { match in
            guard match.count >= options.matchBytesMin else { return }
            count += 1
            reply.array(options.withLengths ? 3 : 2)
            for start in [match.leftStart, match.rightStart] {
                reply.array(2)
                reply.integer(start)
                reply.integer(start + match.count - 1)
            }
            if options.withLengths { reply.integer(match.count) }
        }
        reply.setArray(mark, count)
        reply.bulk("len")
        reply.integer(common.length)
    }

    private static func answerBytes(_ common: CommonSubsequence, _ left: ByteView, _ reply: Reply) {
        var bytes = [UInt8](repeating: 0, count: common.length)
        var end = common.length
        common.forEachMatch { match in
            for k in 0..<match.count { bytes[end - match.count + k] = left[match.leftStart + k] }
            end -= match.count
        }
        reply.bulk(bytes)
    }
}
