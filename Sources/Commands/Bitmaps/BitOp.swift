// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// BITOP AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE destkey key [key ...]
enum BitOp: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let operation = try operation(args)
        // Reading deletes dead keys, which makes earlier lookups stale: the second round finds all there is.
        for i in 3..<args.count { try keys.read(args[i]).require(.string) }
        let strings = SourceStrings(args, 3..<args.count, keys)
        let length = strings.lengthMax
        let target = keys.locate(args[2])
        if length > 0 {
            strings.withViews { sources in
                var edit = keys.edit(target)
                edit.setCombination(operation, sources, count: length, keys)
                edit.setDeadline(nil, keys)
                edit.commit(.set, keys)
            }
        } else if target.exists {
            keys.delete(target)
        }
        reply.integer(length)
    }

    private static func operation(_ args: Arguments) throws(Refusal) -> BitOperation {
        let word = args[1]
        let sources = args.count - 3
        if word.matches("AND") { return .and }
        if word.matches("OR") { return .or }
        if word.matches("XOR") { return .xor }
        if word.matches("ONE") { return .one }
        if word.matches("NOT") {
            guard sources == 1 else {
                throw .custom("ERR BITOP NOT must be called with a single source key.")
            }
            return .not
        }
        if word.matches("DIFF") {
            guard sources > 1 else {
                throw .custom("ERR BITOP DIFF must be called with at least two source keys.")
            }
            return .diff
        }
        if word.matches("DIFF1") {
            guard sources > 1 else {
                throw .custom("ERR BITOP DIFF1 must be called with at least two source keys.")
            }
            return .diff1
        }
        if word.matches("ANDOR") {
            guard sources > 1 else {
                throw .custom("ERR BITOP ANDOR must be called with at least two source keys.")
            }
            return .andor
        }
        throw .syntax
    }
}

/// The strings at several keys, missing ones as empty strings. Integers are printed side by side: the keyspace's own
/// scratch place holds two of them only.
private struct SourceStrings {
    private var views: [ByteView] = []
    private var texts: [UInt8] = []
    /// Which of the views are texts, and where.
    private var printed: [(index: Int, range: Range<Int>)] = []
    private(set) var lengthMax = 0

    init(_ args: Arguments, _ range: Range<Int>, _ keys: Keyspace) {
        views.reserveCapacity(range.count)
        for i in range {
            let found = keys.peek(args[i])
            let view = found.exists ? keys.string(found.value) : .empty
            if found.exists, found.value.isInteger {
                printed.append((views.count, texts.count..<texts.count + view.count))
                texts.append(view)
            }
            views.append(view)
            lengthMax = max(lengthMax, view.count)
        }
    }

    func withViews(_ body: ([ByteView]) -> Void) {
        if printed.isEmpty { return body(views) }
        texts.withView { all in
            var views = self.views
            for item in printed { views[item.index] = all[item.range] }
            body(views)
        }
    }
}
