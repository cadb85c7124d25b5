// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Elements that go from one list to another, and pops from the first of several lists.

/// From which end of one list to which end of another an element goes.
struct ListMove {
    let from: ListSide
    let to: ListSide

    /// The move of RPOPLPUSH.
    static var rightToLeft: ListMove { ListMove(from: .right, to: .left) }

    /// Moves an element of the list `args[1]` to the list `args[2]`, which may be the same, and answers it.
    /// - Returns: false where there is no such list; nothing is answered then.
    func run(_ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) -> Bool {
        // Looking up may delete a dead key: only the lookups after the first round are sure to stay fresh together.
        _ = keys.locate(args[2])
        let source = keys.locate(args[1])
        guard source.exists else { return false }
        try source.require(.list)
        let target = keys.peek(args[2])
        try target.require(.list)
        if args[1] == args[2] {
            rotate(source, keys, reply)
        } else {
            move(source, target, keys, reply)
        }
        return true
    }

    private func move(_ source: Found, _ target: Found, _ keys: Keyspace, _ reply: Reply) {
        let list = ListView(source.value, keys)
        // What is lent lies in the source, which the edit of another key leaves where it is.
        list.withElement(from.first(of: 1, in: list.count)) { element in
            reply.bulk(element)
            var give = keys.edit(target)
            if !give.exists { give.makeList(keys) }
            push(element, &give, keys)
            // One change altogether, as an element is in one list.
            give.commit(to.pushed, changes: 0, keys)
        }
        var take = keys.edit(keys.peek(source.key))
        take.pop(from, keys)
        take.packSmallList(keys)
        take.commit(from.popped, keys)
    }

    /// Moves an element within a list.
    private func rotate(_ found: Found, _ keys: Keyspace, _ reply: Reply) {
        let list = ListView(found.value, keys)
        var bytes: [UInt8] = []
        var block: Block?
        list.withElement(from.first(of: 1, in: list.count)) { element in
            reply.bulk(element)
            if case .block(let shared) = element {
                shared.retain()
                block = shared
            } else {
                bytes = element.array
            }
        }
        var edit = keys.edit(found)
        edit.pop(from, keys)
        if let block {
            push(.block(block), &edit, keys)
            block.release(keys.heap)
        } else {
            bytes.withView { push(.bytes($0), &edit, keys) }
        }
        edit.packSmallList(keys)
        keys.effects.event(to.pushed, found.key, database: keys.current)
        edit.commit(from.popped, keys)
    }

    private func push(_ element: StoredBytes, _ edit: inout Edit, _ keys: Keyspace) {
        edit.expectElements(1, bytes: element.count, keys)
        if case .block(let block) = element {
            edit.push(block.view, adopting: block, to, keys)
        } else {
            element.withText { edit.push($0, to, keys) }
        }
    }
}

/// LMOVE source destination LEFT|RIGHT LEFT|RIGHT
enum LMove: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let move = ListMove(from: try args.side(3), to: try args.side(4))
        if try !move.run(args, keys, reply) { reply.null() }
    }
}

/// RPOPLPUSH source destination
enum RPopLPush: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if try !ListMove.rightToLeft.run(args, keys, reply) { reply.null() }
    }
}

extension PopRequest<ListSide> {
    /// The request of LMPOP and BLMPOP.
    init(_ args: Arguments, from start: Int) throws(Refusal) {
        try self.init(args, from: start, of: .list) { at throws(Refusal) in try args.side(at) }
    }

    /// Pops from a list, and answers its key and the elements.
    func answer(_ found: Found, _ call: Call, _ keys: Keyspace, _ reply: Reply) {
        reply.array(2)
        reply.bulk(found.key)
        var text = DecimalText(Int64(end.popArray(count, found, keys, reply)))
        text.withView { call.propagate(end.pop, found.key, $0) }
    }
}

/// LMPOP numkeys key [key ...] LEFT|RIGHT [COUNT count]
enum LMPop: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let request = try PopRequest<ListSide>(args, from: 1)
        guard let found = try request.keys.find(keys) else { return reply.nullArray() }
        request.answer(found, call, keys, reply)
    }
}
