// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Keyspace

/// One element of a value as an RDB type has it.
protocol ElementForm: SendableMetatype {
    /// The type of the value.
    static var type: ValueType { get }
    /// So many bytes an element takes at least.
    static var bytesMin: Int { get }
    /// Reads what stands before the count: what deadlines count from.
    static func readBase(_ input: inout RDBInput) throws(RDBStop) -> Int64
    /// Reads one element; its strings may lie in the places 0 and 1 of the scratch.
    static func read(_ input: inout RDBInput, base: Int64) throws(RDBStop) -> ValueElement
}

extension ElementForm {
    static var bytesMin: Int { 1 }
    static func readBase(_ input: inout RDBInput) throws(RDBStop) -> Int64 { 0 }
}

/// Reads a value that stands in elements behind their count.
final class ElementReader<Form: ElementForm>: ValueReader {
    /// Values are laid out for no more elements than this before any has come.
    private static var expectedMax: Int { 1 << 16 }

    private let context: ReadingContext
    private var restorer: Restorer?
    private var base: Int64 = 0
    private var left = 0
    private var hasElements = false
    private(set) var hasDied = false

    init(_ context: ReadingContext) { self.context = context }

    func read(_ input: inout RDBInput, max: Int) throws(RDBStop) -> Bool {
        let restorer = try begin(&input)
        var room = max
        while left > 0, room > 0 {
            let element = try Form.read(&input, base: base)
            if context.dropsDeadFields, let deadline = element.deadlineMs, deadline <= context.keys.nowMs {
                hasDied = !hasElements
            } else {
                guard restorer.add(element) else { throw .damaged("Duplicate or invalid elements") }
                hasElements = true
                hasDied = false
            }
            input.commit()
            left -= 1
            room -= 1
        }
        return left == 0
    }

    private func begin(_ input: inout RDBInput) throws(RDBStop) -> Restorer {
        if let restorer { return restorer }
        base = try Form.readBase(&input)
        left = try input.count(bytesEach: Form.bytesMin)
        input.commit()
        let made = Restorer(Form.type, expecting: min(left, Self.expectedMax), context.keys)
        restorer = made
        return made
    }

    func take() -> Restorer? { hasElements ? restorer : nil }
}

/// Reads a value in one piece.
final class PackedReader: ValueReader {
    /// Puts a value together; false when it has no elements.
    typealias Restore = (ReadingContext, ByteView, Restorer) throws(RDBStop) -> Bool

    private let context: ReadingContext
    private let restorer: Restorer
    private let restore: Restore
    private var hasElements = false

    /// - Parameter restore: what the piece is, for example `PackedForm.listpack`.
    init(_ type: ValueType, _ context: ReadingContext, _ restore: @escaping Restore) {
        self.context = context
        self.restore = restore
        restorer = Restorer(type, expecting: 0, context.keys)
    }

    func read(_ input: inout RDBInput, max: Int) throws(RDBStop) -> Bool {
        hasElements = try restore(context, try input.blob(), restorer)
        input.commit()
        return true
    }

    func take() -> Restorer? { hasElements ? restorer : nil }
}

/// What a value in one piece may be for more than one type.
enum PackedForm {
    static func listpack(
        _ context: ReadingContext, _ bytes: ByteView, _ restorer: Restorer
    ) throws(RDBStop) -> Bool {
        try context.adopt(bytes, Encoding.listpack, restorer)
    }

    static func ziplist(
        _ context: ReadingContext, _ bytes: ByteView, _ restorer: Restorer
    ) throws(RDBStop) -> Bool {
        try Ziplist.withListpack(of: bytes, context) { (listpack) throws(RDBStop) in
            try context.adopt(listpack, Encoding.listpack, restorer)
        }
    }
}

extension ReadingContext {
    /// The bytes of what may be a listpack, in memory that may be written to: a listpack that does not know its count
    /// learns it.
    func listpack(_ bytes: ByteView) -> ByteView {
        guard bytes.count >= 6, bytes[4] == 255, bytes[5] == 255 else { return bytes }
        return scratch.copy(bytes, to: 2)
    }

    /// Takes a listpack or intset over as a whole.
    /// - Returns: false when it is empty.
    func adopt(_ bytes: ByteView, _ encoding: UInt8, _ restorer: Restorer) throws(RDBStop) -> Bool {
        if encoding == Encoding.listpack, Listpack.validate(bytes, deep: true), bytes.count == 7 {
            return false
        }
        guard restorer.adopt(packed: listpack(bytes), encoding: encoding) else {
            throw .damaged(
                encoding == Encoding.intset
                    ? "Intset integrity check failed" : "Listpack integrity check failed")
        }
        return true
    }
}
