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

/// The arguments of LMPOP and BLMPOP.
struct ListPops {
    /// Where the keys stand.
    let places: Range<Int>
    let side: ListSide
    /// How many elements are popped at most.
    private(set) var count: Int64 = 1

    /// - Parameter numberIndex: where the number of keys stands.
    init(_ args: Arguments, _ numberIndex: Int) throws(Refusal) {
        guard let number = args[numberIndex].integer, number > 0 else {
            throw .custom("ERR numkeys should be greater than 0")
        }
        guard number < Int64(args.count - numberIndex - 1) else { throw .syntax }
        let sideIndex = numberIndex + 1 + Int(number)
        places = numberIndex + 1..<sideIndex
        side = try args.side(sideIndex)
        var (index, hasCount) = (sideIndex + 1, false)
        while index < args.count {
            guard !hasCount, args[index].matches("COUNT"), index + 1 < args.count else { throw .syntax }
            guard let wanted = args[index + 1].integer, wanted > 0 else {
                throw .custom("ERR count should be greater than 0")
            }
            count = wanted
            hasCount = true
            index += 2
        }
    }

    /// Pops from the first of the lists that is there, and answers its key and the elements.
    /// - Returns: false when there is none; nothing is answered then.
    func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) -> Bool {
        for index in KeyPlaces(args, from: places.lowerBound, to: places.upperBound, keys) {
            let found = keys.locate(args[index])
            guard found.exists else { continue }
            try found.require(.list)
            reply.array(2)
            reply.bulk(args[index])
            let popped = side.popArray(count, found, keys, reply)
            var text = DecimalText(Int64(popped))
            text.withView { call.propagate(side.pop, args[index], $0) }
            return true
        }
        return false
    }
}

/// LMPOP numkeys key [key ...] LEFT|RIGHT [COUNT count]
enum LMPop: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let pops = try ListPops(args, 1)
        if try !pops.run(call, args, keys, reply) { reply.nullArray() }
    }
}
