// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// What the commands with `FIELDS` have in common: the list of fields, times, and how they are propagated.

/// `FIELDS numfields field [field ...]` at the end of a command.
struct FieldArguments {
    /// The fields' arguments.
    let range: Range<Int>

    static let missing =
        Refusal.custom("ERR Mandatory argument FIELDS is missing or not at the right position")

    /// Reads the list that begins at argument `index` and must end the command.
    /// - Parameter badCount: what a number of fields is answered with that is none.
    init(
        _ args: Arguments, at index: Int,
        badCount: StaticString = "ERR Number of fields must be a positive integer"
    ) throws(Refusal) {
        guard index + 1 < args.count else { throw .wrongArity }
        guard args[index].matches("FIELDS") else { throw FieldArguments.missing }
        guard let count = args[index + 1].integer, count > 0 else { throw .custom(badCount) }
        range = index + 2..<args.count
        guard count == range.count else {
            throw .custom("ERR The `numfields` parameter must match the number of arguments")
        }
    }
}

extension TimeForm {
    /// The latest deadline of a field, in Unix ms: Redis keeps them in 46 bits, which last until the year 4199.
    static let fieldDeadlineMsMax: Int64 = (1 << 46) - 1

    /// The deadline of a field in Unix ms that argument `index` means. It may have passed, but the time that is given
    /// must not be negative.
    func fieldDeadlineMs(_ args: Arguments, _ index: Int, nowMs: Int64) throws(Refusal) -> Int64 {
        let amount = try args.integer(index)
        guard amount >= 0 else { throw .custom("ERR invalid expire time, must be >= 0") }
        let deadline = try unixMs(amount, nowMs: nowMs)
        guard deadline <= TimeForm.fieldDeadlineMsMax else { throw .invalidExpire }
        return deadline
    }
}

/// The fields that a command has changed, by the indices of their arguments, to be named when it is propagated.
struct ChangedFields {
    private(set) var count = 0
    private var indices: [Int] = []
    private let call: Call

    init(_ call: Call) { self.call = call }

    mutating func append(_ index: Int) {
        count += 1
        if call.isPropagationWanted { indices.append(index) }
    }

    /// Propagates the call as `HPEXPIREAT key deadline [condition] FIELDS count field …`.
    func propagateDeadline(_ args: Arguments, _ deadlineMs: Int64, condition: ByteView?) {
        call.propagateNothing()
        guard call.isPropagationWanted else { return }
        var text = DecimalText(deadlineMs)
        text.withView { deadline in
            let words = [ByteView("HPEXPIREAT"), args[1], deadline]
            write(args, condition.map { words + [$0] } ?? words)
        }
    }

    /// Propagates the call as `HPERSIST key FIELDS count field …`.
    func propagatePersist(_ args: Arguments) {
        call.propagateNothing()
        guard call.isPropagationWanted else { return }
        write(args, [ByteView("HPERSIST"), args[1]])
    }

    private func write(_ args: Arguments, _ words: [ByteView]) {
        let effects = call.engine.keys.effects
        effects.begin(words.count + 2 + count, database: call.engine.keys.current)
        for word in words { effects.append(word) }
        effects.append(ByteView("FIELDS"))
        effects.append(Int64(count))
        for index in indices { effects.append(args[index]) }
        effects.end()
    }

    /// Propagates the call as deletions, one for each field, as Redis does.
    func propagateDeletions(_ args: Arguments) {
        call.propagateNothing()
        for index in indices { call.propagate("HDEL", args[1], args[index]) }
    }
}
