// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// LSET key index element
enum LSet: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        guard found.exists else { throw .noSuchKey }
        try found.require(.list)
        guard let index = try args.element(2, of: ListView(found.value, keys).count) else {
            throw .custom("ERR index out of range")
        }
        var edit = keys.edit(found)
        edit.expectElements(1, bytes: args[3].count, keys)
        edit.setElement(index, args[3], adopting: call.block(3), keys)
        edit.packSmallList(keys)
        edit.commit(.lset, keys)
        reply.ok()
    }
}

/// LINSERT key BEFORE|AFTER pivot element
enum LInsert: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let isBehind = args[2].matches("AFTER")
        guard isBehind || args[2].matches("BEFORE") else { throw .syntax }
        let found = keys.locate(args[1])
        guard found.exists else { return reply.integer(0) }
        try found.require(.list)
        guard let pivot = ListView(found.value, keys).firstIndex(of: args[3]) else {
            return reply.integer(-1)
        }
        var edit = keys.edit(found)
        edit.expectElements(1, bytes: args[4].count, keys)
        edit.insertElement(args[4], adopting: call.block(4), at: isBehind ? pivot + 1 : pivot, keys)
        let count = edit.value.elementCount
        edit.commit(.linsert, keys)
        reply.integer(count)
    }
}

/// LREM key count element
enum LRem: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let count = try args.integer(2)
        guard count > Int64.min else { throw .beyondSymmetricRange }
        let found = keys.locate(args[1])
        guard found.exists else { return reply.integer(0) }
        try found.require(.list)
        var edit = keys.edit(found)
        let removed = edit.removeElements(
            equalTo: args[3], limit: count == 0 ? Int.max : Int(count.magnitude), backward: count < 0, keys)
        if removed > 0 {
            edit.packSmallList(keys)
            edit.commit(.lrem, changes: removed, keys)
        } else {
            edit.abandon(keys)
        }
        reply.integer(removed)
    }
}

/// LTRIM key start stop
enum LTrim: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let range = try IndexRange(args, 2)
        let found = keys.locate(args[1])
        guard found.exists else { return reply.ok() }
        try found.require(.list)
        let count = ListView(found.value, keys).count
        let kept = range.clipped(to: count)
        let removed = count - kept.count
        // There is an event in any case, but nothing to repeat where nothing was removed.
        if removed == 0 { call.propagateNothing() }
        var edit = keys.edit(found)
        if kept.isEmpty {
            edit.commitEmptied(.ltrim, changes: removed, keys)
        } else {
            edit.removeElements(from: kept.upperBound, count: count - kept.upperBound, keys)
            edit.removeElements(from: 0, count: kept.lowerBound, keys)
            edit.packSmallList(keys)
            edit.commit(.ltrim, changes: removed, keys)
        }
        reply.ok()
    }
}
