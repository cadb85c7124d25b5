// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The options of SORT.
struct SortOptions {
    /// What elements are ordered by instead of themselves: by what a pattern names, or by nothing.
    enum Criterion { case element, pattern(SortPattern), nothing }

    var criterion = Criterion.element
    /// As texts, not as numbers.
    var isAlphabetic = false
    var isDescending = false
    /// What is answered for each element instead of itself.
    private(set) var gets: [SortPattern] = []
    /// Where the key stands that takes the result.
    private(set) var storeIndex: Int?
    private var offset: Int64 = 0
    private var count: Int64 = -1

    /// - Parameter mayStore: whether there is a STORE.
    init(_ args: Arguments, mayStore: Bool) throws(Refusal) {
        var index = 2
        while index < args.count {
            let left = args.count - index - 1
            if args[index].matches("ASC") {
                isDescending = false
            } else if args[index].matches("DESC") {
                isDescending = true
            } else if args[index].matches("ALPHA") {
                isAlphabetic = true
            } else if args[index].matches("LIMIT"), left >= 2 {
                offset = try args.integer(index + 1)
                count = try args.integer(index + 2)
                index += 2
            } else if mayStore, args[index].matches("STORE"), left >= 1 {
                storeIndex = index + 1
                index += 1
            } else if args[index].matches("BY"), left >= 1 {
                let pattern = SortPattern(args[index + 1])
                // What names the same key for all elements does not order them.
                criterion = pattern.namesKeys ? .pattern(pattern) : .nothing
                index += 1
            } else if args[index].matches("GET"), left >= 1 {
                gets.append(SortPattern(args[index + 1]))
                index += 1
            } else {
                throw .syntax
            }
            index += 1
        }
    }

    /// Whether elements are ordered at all.
    var sorts: Bool {
        if case .nothing = criterion { false } else { true }
    }

    /// Which of so many elements are wanted, counted in the order asked for.
    func wanted(of total: Int) -> Range<Int> {
        let start = min(max(offset, 0), Int64(total))
        let length = count < 0 ? Int64(total) : min(count, Int64(total))
        return Int(start)..<Int(min(start + length, Int64(total)))
    }
}

/// A pattern of BY or GET: a key's name with `*` for the element, a field behind `->` if it is a hash; or `#` for the
/// element itself.
struct SortPattern {
    private let before: ByteView
    private let behind: ByteView
    /// The field of a hash; nil where the key is a string.
    let field: ByteView?
    /// It is `#`.
    let isElement: Bool
    /// Whether it names a key for each element; otherwise it names none.
    let namesKeys: Bool

    /// Reads a pattern; the text has to live as long.
    init(_ text: ByteView) {
        isElement = text.matches("#")
        guard let star = text.firstIndex(of: UInt8(ascii: "*")) else {
            (before, behind, field, namesKeys) = (text, .empty, nil, false)
            return
        }
        namesKeys = true
        before = text[0..<star]
        var arrow = text.firstIndex(of: UInt8(ascii: "-"), from: star + 1)
        while let at = arrow, at + 1 < text.count, text[at + 1] != UInt8(ascii: ">") {
            arrow = text.firstIndex(of: UInt8(ascii: "-"), from: at + 1)
        }
        // An arrow with nothing behind it is part of the name.
        if let at = arrow, at + 2 < text.count {
            behind = text[(star + 1)..<at]
            field = text[(at + 2)..<text.count]
        } else {
            behind = text[(star + 1)..<text.count]
            field = nil
        }
    }

    /// Lends the value that the pattern names for an element; nil where there is none. The value lives for the time of
    /// `body`.
    /// - Parameter name: room for the key's name.
    func withValue<R>(
        of element: ByteView, _ keys: Keyspace, _ name: inout [UInt8], _ body: (StoredBytes?) -> R
    ) -> R {
        if isElement { return body(.bytes(element)) }
        guard namesKeys else { return body(nil) }
        name.removeAll(keepingCapacity: true)
        name.append(before)
        name.append(element)
        name.append(behind)
        return name.withView { key in
            var found = keys.read(key)
            guard let field else {
                guard found.isType(.string) else { return body(nil) }
                let value = found.value
                if let block = value.block { return body(.block(block)) }
                return body(value.isInteger ? .integer(value.integer) : .bytes(value.stringBytes))
            }
            guard found.isType(.hash) else { return body(nil) }
            let held = keys.field(field, in: &found)
            return body(held.exists ? held.value : nil)
        }
    }
}
