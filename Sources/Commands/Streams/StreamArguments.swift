// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Engine
import Keyspace
import RESP

// How IDs are read: `ms-sequence`, `ms`, and where ranges are asked for `-`, `+` and `(…`.

extension Refusal {
    static let badStreamID = Refusal.custom("ERR Invalid stream ID specified as stream command argument")
}

/// An ID as a client has written it.
struct StreamIDText {
    var id: StreamID
    /// `ms-*`: the sequence is to be found.
    var isOpen = false

    /// The ID in a text, nil where it is none.
    /// - Parameters:
    ///   - sequence: what stands for a missing one.
    ///   - mayBeOpen: whether `*` may stand for the sequence.
    init?(_ text: ByteView, sequence: UInt64, mayBeOpen: Bool = false) {
        guard text.count < 128 else { return nil }
        guard let dash = text.firstIndex(of: UInt8(ascii: "-")) else {
            guard let ms = text.looseUnsigned else { return nil }
            id = StreamID(ms, sequence)
            return
        }
        guard let ms = text[0..<dash].looseUnsigned else { return nil }
        let rest = text.dropFirst(dash + 1)
        if mayBeOpen, rest.count == 1, rest[0] == UInt8(ascii: "*") {
            id = StreamID(ms, 0)
            isOpen = true
            return
        }
        guard let sequence = rest.looseUnsigned else { return nil }
        id = StreamID(ms, sequence)
    }
}

extension ByteView {
    /// A number of 64 bits as Redis reads those of IDs: with blanks in front, a sign (a negative one counts from the end)
    /// and zeros.
    fileprivate var looseUnsigned: UInt64? {
        if let number = unsignedInteger { return number }
        if let number = integer { return number < 0 ? nil : UInt64(number) }
        var at = 0
        while at < count, self[at] == 32 || (self[at] >= 9 && self[at] <= 13) { at += 1 }
        var isNegative = false
        if at < count, self[at] == UInt8(ascii: "-") || self[at] == UInt8(ascii: "+") {
            isNegative = self[at] == UInt8(ascii: "-")
            at += 1
        }
        guard at < count else { return nil }
        var number: UInt64 = 0
        while at < count {
            let digit = self[at] &- 48
            guard digit <= 9 else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { return nil }
            number = sum
            at += 1
        }
        return isNegative ? 0 &- number : number
    }
}

extension Arguments {
    /// Argument `index` as an ID; a missing sequence is 0.
    func streamID(_ index: Int, sequence: UInt64 = 0) throws(Refusal) -> StreamID {
        guard let text = StreamIDText(self[index], sequence: sequence) else { throw .badStreamID }
        return text.id
    }

    /// Argument `index` as an end of a range: `-`, `+`, an ID, or `(` and an ID that is not part of it.
    /// - Parameter isStart: which end it is.
    func streamBound(_ index: Int, isStart: Bool) throws(Refusal) -> StreamID {
        let text = self[index]
        let sequence: UInt64 = isStart ? 0 : .max
        if text.count == 1 {
            if text[0] == UInt8(ascii: "-") { return .zero }
            if text[0] == UInt8(ascii: "+") { return .max }
        }
        guard text.count > 1, text[0] == UInt8(ascii: "(") else {
            return try streamID(index, sequence: sequence)
        }
        guard let bound = StreamIDText(text.dropFirst(1), sequence: sequence) else { throw .badStreamID }
        if isStart {
            guard let next = bound.id.next else {
                throw .custom("ERR invalid start ID for the interval")
            }
            return next
        }
        guard let previous = bound.id.previous else {
            throw .custom("ERR invalid end ID for the interval")
        }
        return previous
    }

    /// Argument `index` as an ID, or `$` for the last one of the stream.
    func streamID(_ index: Int, orLastOf found: Found) throws(Refusal) -> StreamID {
        let text = self[index]
        guard text.count == 1, text[0] == UInt8(ascii: "$") else { return try streamID(index) }
        return found.exists ? found.value.stream.lastID : .zero
    }

    /// Whether argument `index` is this one character.
    func isCharacter(_ index: Int, _ character: Unicode.Scalar) -> Bool {
        self[index].count == 1 && self[index][0] == UInt8(ascii: character)
    }
}

// MARK: Trimming

/// What XADD and XTRIM are asked to cut a stream down to: `MAXLEN | MINID [= | ~] threshold [LIMIT count]`.
struct TrimOptions {
    private(set) var trim: StreamTrim?
    /// Only whole nodes, which is cheaper.
    private(set) var isApproximate = false
    /// How many entries at most, where that was said.
    private(set) var limit: Int64?
    /// Where the threshold stands.
    private(set) var thresholdIndex = 0
    /// Where LIMIT stands, if it does.
    private(set) var limitIndex: Int?
    private var isByLength = false

    init() {}

    /// Reads what stands at an index, if it is part of this.
    /// - Returns: the index behind it, or the same where it is something else.
    mutating func read(_ args: Arguments, _ index: Int) throws(Refusal) -> Int {
        guard index + 1 < args.count else { return index }
        let word = args[index]
        let isByLength = word.matches("MAXLEN")
        if isByLength || word.matches("MINID") {
            guard trim == nil else {
                throw .custom(
                    "ERR syntax error, MAXLEN and MINID options at the same time are not compatible")
            }
            self.isByLength = isByLength
            var at = index + 1
            isApproximate = false
            if at + 1 < args.count, args.isCharacter(at, "~") || args.isCharacter(at, "=") {
                isApproximate = args.isCharacter(at, "~")
                at += 1
            }
            thresholdIndex = at
            if isByLength {
                let length = try args.integer(at)
                guard length >= 0 else { throw .custom("ERR The MAXLEN argument must be >= 0.") }
                trim = .length(UInt64(length))
            } else {
                trim = .from(try args.streamID(at))
            }
            return at + 1
        }
        guard word.matches("LIMIT") else { return index }
        let limit = try args.integer(index + 1)
        guard limit >= 0 else { throw .custom("ERR The LIMIT argument must be >= 0.") }
        self.limit = limit
        limitIndex = index
        return index + 2
    }

    /// Looks at all of it together.
    func check() throws(Refusal) {
        if let limit, limit > 0, trim == nil {
            throw .custom("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")
        }
        if limit != nil, trim != nil, !isApproximate {
            throw .custom("ERR syntax error, LIMIT cannot be used without the special ~ option")
        }
    }

    /// Cuts the stream of an edit down.
    /// - Returns: how many entries were removed.
    func apply(_ edit: borrowing Edit, _ keys: Keyspace) -> Int {
        guard let trim else { return 0 }
        var most: Int?
        if isApproximate {
            if let limit {
                most = limit == 0 ? nil : Int(limit)
            } else {
                // A hundred nodes' worth, so that it does not take long.
                let (nodes, isTooLarge) = keys.limits.streamNodeEntries.multipliedReportingOverflow(by: 100)
                most = nodes <= 0 ? 10_000 : min(isTooLarge ? .max : nodes, 1_000_000)
            }
        }
        return edit.trim(to: trim, wholeNodes: isApproximate, limit: most, keys)
    }

    /// Propagates a call whose trim was approximate as an exact one, with the ID that an entry got (nil: as it stands).
    /// - Parameter idIndex: where XADD's ID stands; 0 for XTRIM.
    func propagate(
        _ call: Call, _ args: Arguments, idIndex: Int, _ id: StreamID?, _ counters: StreamCounters
    ) {
        call.propagateNothing()
        guard call.isPropagationWanted else { return }
        let effects = call.engine.keys.effects
        effects.begin(args.count - (limitIndex == nil ? 0 : 2), database: call.engine.keys.current)
        for index in 0..<args.count {
            if let limitIndex, index == limitIndex || index == limitIndex + 1 { continue }
            if index == idIndex, idIndex > 0, let id {
                id.withText { effects.append($0) }
            } else if isApproximate, index == thresholdIndex - 1 {
                effects.append(ByteView("="))
            } else if isApproximate, index == thresholdIndex {
                if isByLength {
                    effects.append(Int64(counters.length))
                } else {
                    // Where nothing is left, everything goes.
                    let first = counters.length == 0 ? StreamID.max : counters.firstID
                    first.withText { effects.append($0) }
                }
            } else {
                effects.append(args[index], call.block(index))
            }
        }
        effects.end()
    }
}
