// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// A point in time as a client gives it: which unit, and whether it counts from now.
enum TimeForm {
    case seconds, milliseconds, unixSeconds, unixMilliseconds

    /// The form that an option's name stands for: EX, PX, EXAT or PXAT.
    init?(_ word: ByteView) {
        if word.matches("EX") {
            self = .seconds
        } else if word.matches("PX") {
            self = .milliseconds
        } else if word.matches("EXAT") {
            self = .unixSeconds
        } else if word.matches("PXAT") {
            self = .unixMilliseconds
        } else {
            return nil
        }
    }

    var isRelative: Bool { self == .seconds || self == .milliseconds }
    var isInSeconds: Bool { self == .seconds || self == .unixSeconds }

    /// The deadline in Unix ms that argument `index` means for a new value: it must be positive and must not overflow.
    func deadlineMs(_ args: Arguments, _ index: Int, nowMs: Int64) throws(Refusal) -> Int64 {
        let amount = try args.integer(index)
        guard amount > 0 else { throw .invalidExpire }
        return try unixMs(amount, nowMs: nowMs)
    }

    /// The point in Unix ms that an amount of this form's unit means; it must not overflow.
    func unixMs(_ amount: Int64, nowMs: Int64) throws(Refusal) -> Int64 {
        let (ms, tooLong) = amount.multipliedReportingOverflow(by: isInSeconds ? 1000 : 1)
        guard !tooLong else { throw .invalidExpire }
        let (deadline, tooLate) = ms.addingReportingOverflow(isRelative ? nowMs : 0)
        guard !tooLate else { throw .invalidExpire }
        return deadline
    }
}

/// The options of SET, GETEX and MSETEX.
struct StringOptions {
    enum Grammar { case set, getex, msetex }
    enum Condition { case none, ifMissing, ifExists, ifEqual(comparisonIndex: Int) }

    var condition = Condition.none
    /// SET … GET: answer the old value.
    var answersOld = false
    var keepsDeadline = false
    var persists = false
    /// Form of the expiry and the index of its argument.
    var expiry: (form: TimeForm, index: Int)?

    init(_ args: Arguments, from first: Int, _ grammar: Grammar) throws(Refusal) {
        var index = first
        while index < args.count {
            let word = args[index]
            let hasNext = index + 1 < args.count
            if let form = TimeForm(word), hasNext, accepts(form) {
                expiry = (form, index + 1)
                index += 1
            } else if grammar != .getex, word.matches("KEEPTTL"), expiry == nil {
                keepsDeadline = true
            } else if grammar == .getex, word.matches("PERSIST"), expiry == nil {
                persists = true
            } else if grammar == .set, word.matches("GET") {
                answersOld = true
            } else if grammar == .set, word.matches("IFEQ"), hasNext, case .none = condition {
                condition = .ifEqual(comparisonIndex: index + 1)
                index += 1
            } else if grammar != .getex, word.matches("NX") {
                try choose(.ifMissing)
            } else if grammar != .getex, word.matches("XX") {
                try choose(.ifExists)
            } else {
                throw .syntax
            }
            index += 1
        }
    }

    /// One form of expiry only; the same one again replaces the first.
    private func accepts(_ form: TimeForm) -> Bool {
        if keepsDeadline || persists { return false }
        guard let expiry else { return true }
        return expiry.form == form
    }

    private mutating func choose(_ new: Condition) throws(Refusal) {
        switch (condition, new) {
        case (.none, _), (.ifMissing, .ifMissing), (.ifExists, .ifExists): condition = new
        default: throw .syntax
        }
    }

    func deadlineMs(_ args: Arguments, nowMs: Int64) throws(Refusal) -> Int64? {
        guard let expiry else { return nil }
        return try expiry.form.deadlineMs(args, expiry.index, nowMs: nowMs)
    }

    /// Whether SET may write over what was found.
    func allows(_ found: Found, _ args: Arguments, _ keys: Keyspace) throws(Refusal) -> Bool {
        switch condition {
        case .none: return true
        case .ifMissing: return !found.exists
        case .ifExists: return found.exists
        case .ifEqual(let index):
            guard found.exists else { return false }
            try found.require(.string)
            return keys.string(found.value) == args[index]
        }
    }

    /// Whether the call must be propagated without its condition or GET: replicas that know only older options must
    /// understand it, and what it decided here must not be decided again.
    var needsPlainForm: Bool {
        if case .ifEqual = condition { return true }
        return answersOld
    }
}

extension Call {
    /// Propagates the call as `SET key value PXAT deadline`.
    func propagateSet(_ key: ByteView, _ value: ByteView, deadlineMs: Int64) {
        guard isPropagationWanted else { return }
        var text = DecimalText(deadlineMs)
        text.withView { propagate("SET", key, value, ByteView("PXAT"), $0) }
    }

    /// Propagates the call as `PEXPIREAT key deadline`.
    func propagateDeadline(_ key: ByteView, _ deadlineMs: Int64) {
        guard isPropagationWanted else { return }
        var text = DecimalText(deadlineMs)
        text.withView { propagate("PEXPIREAT", key, $0) }
    }

    /// Deletes a found key instead of giving it a deadline that has passed; propagated as DEL.
    func deleteOverdue(_ found: Found, _ keys: Keyspace) {
        keys.stats.expired += 1
        keys.delete(found)
        propagate("DEL", found.key)
    }
}
