// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Commands that take from the first of several keys that is there: BLPOP, LMPOP, BZPOPMIN, ZMPOP and their kin.

extension Refusal {
    /// A number of keys that is none.
    static var noKeys: Refusal { .custom("ERR numkeys should be greater than 0") }
}

/// Keys in the order in which they are looked at.
struct FirstOfKeys {
    let args: Arguments
    /// Where they stand.
    let places: Range<Int>
    let type: ValueType

    /// The first of them that is there; one of another type is an error.
    func find(_ keys: Keyspace) throws(Refusal) -> Found? {
        for index in KeyPlaces(args, from: places.lowerBound, to: places.upperBound, keys) {
            let found = keys.locate(args[index])
            guard found.exists else { continue }
            try found.require(type)
            return found
        }
        return nil
    }

    /// Likewise; where there is none the command is kept until there is, or until its time, argument `timeout`, is over.
    /// Where it may not wait any longer, or not at all, it is answered that there is nothing.
    func findOrWait(
        _ call: Call, timeout: Int, _ keys: Keyspace, _ reply: Reply
    ) throws(Refusal) -> Found? {
        if call.resumption != .timedOut {
            let deadlineMs = try args.waitDeadlineMs(timeout, call)
            if let found = try find(keys) { return found }
            if call.mayWait {
                call.wait(forKeysAt: places, of: type, args, deadlineMs: deadlineMs)
                return nil
            }
        }
        reply.nullArray()
        return nil
    }
}

/// What LMPOP, ZMPOP and their waiting forms are asked for: `numkeys key [key ...] end [COUNT count]`.
struct PopRequest<End> {
    let keys: FirstOfKeys
    /// From where elements are taken.
    let end: End
    /// How many at most.
    private(set) var count: Int64 = 1

    /// - Parameters:
    ///   - start: the place of the number of keys.
    ///   - readEnd: reads the end from its place.
    init(
        _ args: Arguments, from start: Int, of type: ValueType, _ readEnd: (Int) throws(Refusal) -> End
    ) throws(Refusal) {
        let number = try args.integer(start, atLeast: 1, or: .noKeys)
        // The end follows.
        guard number <= args.count - start - 2 else { throw .syntax }
        let endIndex = start + 1 + Int(number)
        keys = FirstOfKeys(args: args, places: start + 1..<endIndex, type: type)
        end = try readEnd(endIndex)
        var (index, hasCount) = (endIndex + 1, false)
        while index < args.count {
            guard !hasCount, args[index].matches("COUNT"), index + 1 < args.count else { throw .syntax }
            count = try args.integer(
                index + 1, atLeast: 1, or: .custom("ERR count should be greater than 0"))
            hasCount = true
            index += 2
        }
    }
}
