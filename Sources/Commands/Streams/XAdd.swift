// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Engine
import Keyspace
import RESP

/// XADD key [NOMKSTREAM] [MAXLEN | MINID [= | ~] threshold [LIMIT count]] * | id field value [field value ...]
enum XAdd: Handler {
    /// What stands in front of the fields.
    private struct Options {
        var trim = TrimOptions()
        var mustExist = false
        /// nil: the server finds one.
        var id: StreamIDText?
        var idIndex = 2

        @inline(__always) init(_ args: Arguments) throws(Refusal) {
            if !args.isCharacter(2, "*") { try readWords(args) }
            let words = args.count - idIndex - 1
            guard words >= 2, words & 1 == 0 else { throw .wrongArity }
            if let id, !id.isOpen, id.id == .zero {
                throw .custom("ERR The ID specified in XADD must be greater than 0-0")
            }
        }

        private mutating func readWords(_ args: Arguments) throws(Refusal) {
            while idIndex < args.count {
                if args.isCharacter(idIndex, "*") { break }
                if case let next = try trim.read(args, idIndex), next != idIndex {
                    idIndex = next
                } else if args[idIndex].matches("NOMKSTREAM") {
                    mustExist = true
                    idIndex += 1
                } else {
                    guard let text = StreamIDText(args[idIndex], sequence: 0, mayBeOpen: true) else {
                        throw .badStreamID
                    }
                    id = text
                    break
                }
            }
            try trim.check()
        }

        /// The ID of an entry that comes behind the last one.
        @inline(__always) func nextID(_ last: StreamID, nowMs: Int64) throws(Refusal) -> StreamID {
            guard let behind = last.next else {
                throw .custom(
                    "ERR The stream has exhausted the last possible ID, unable to add more items")
            }
            guard let id else {
                let now = StreamID(UInt64(max(0, nowMs)), 0)
                return now.ms > last.ms ? now : behind
            }
            let isSameMs = id.isOpen && id.id.ms == last.ms
            if isSameMs, behind.ms == last.ms { return behind }
            guard id.id > last else {
                throw .custom(
                    "ERR The ID specified in XADD is equal or smaller than the target stream top item")
            }
            return id.id
        }
    }

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let options = try Options(args)
        let found = keys.locate(args[1])
        if !found.exists, options.mustExist { return reply.null() }
        try found.require(.stream)
        let last = found.exists ? found.value.stream.lastID : .zero
        let id = try options.nextID(last, nowMs: keys.nowMs)
        var edit = keys.edit(found)
        let isNew = !edit.exists
        if isNew { edit.makeStream(keys) }
        let first = options.idIndex &+ 1
        let wasAdded = edit.append(id, fieldCount: (args.count &- first) / 2, keys) { args[first &+ $0] }
        guard wasAdded else {
            if isNew { edit.remove(keys) }
            edit.abandon(keys)
            throw .custom("ERR Elements are too large to be stored")
        }
        let removed = options.trim.trim == nil ? 0 : options.trim.apply(edit, keys)
        let counters = options.trim.isApproximate ? edit.stream.counters : nil
        edit.commit(.xadd, changes: 1, isReady: true, keys)
        if removed > 0 { keys.effects.event(.xtrim, args[1], database: keys.current) }
        reply.bulk(id)
        if let counters {
            options.trim.propagate(call, args, idIndex: options.idIndex, id, counters)
        } else if options.id.map({ $0.isOpen }) ?? true {
            propagate(call, args, options.idIndex, id)
        }
    }

    /// Propagates the call with the ID that the entry got.
    @inline(__always) private static func propagate(
        _ call: Call, _ args: Arguments, _ idIndex: Int, _ id: StreamID
    ) {
        call.propagateNothing()
        guard call.isPropagationWanted else { return }
        let effects = call.engine.keys.effects
        effects.begin(args.count, database: call.engine.keys.current)
        for index in 0..<args.count {
            if index == idIndex {
                id.withText { effects.append($0) }
            } else {
                effects.append(args[index], call.block(index))
            }
        }
        effects.end()
    }
}
