// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// LLEN key
enum LLen: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        guard found.exists else { return reply.integer(0) }
        try found.require(.list)
        reply.integer(ListView(found.value, keys).count)
    }
}

/// LRANGE key start stop
enum LRange: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let range = try IndexRange(args, 2)
        let found = keys.read(args[1])
        guard found.exists else { return reply.array(0) }
        try found.require(.list)
        let list = ListView(found.value, keys)
        let indices = range.clipped(to: list.count)
        reply.array(indices.count)
        list.forEach(from: indices.lowerBound, count: indices.count) { reply.bulk($0) }
    }
}

extension Arguments {
    /// Argument `index` as the index of an element of a list, from the end if negative; nil where there is none.
    func element(_ index: Int, of count: Int) throws(Refusal) -> Int? {
        let wanted = try integer(index)
        let place = wanted < 0 ? wanted + Int64(count) : wanted
        return place >= 0 && place < Int64(count) ? Int(place) : nil
    }
}

/// LINDEX key index
enum LIndex: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        guard found.exists else { return reply.null() }
        try found.require(.list)
        let list = ListView(found.value, keys)
        guard let index = try args.element(2, of: list.count) else { return reply.null() }
        list.withElement(index) { reply.bulk($0) }
    }
}

/// LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]
enum LPos: Handler {
    private struct Options {
        /// Which match is the first to be told, counted from the end if negative.
        var rank: Int64 = 1
        /// How many matches are told, 0 for all; nil tells one, and not in an array.
        var count: Int64?
        /// How many elements are looked at; 0 for all.
        var lengthMax: Int64 = 0

        init(_ args: Arguments) throws(Refusal) {
            var index = 3
            while index < args.count {
                guard index + 1 < args.count else { throw .syntax }
                if args[index].matches("RANK") {
                    rank = try args.integer(index + 1)
                    guard rank > Int64.min else { throw .beyondSymmetricRange }
                    guard rank != 0 else {
                        throw .custom(
                            """
                            ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use \
                            negative to start from the end of the list
                            """)
                    }
                } else if args[index].matches("COUNT") {
                    count = try args.integer(
                        index + 1, atLeast: 0, or: .custom("ERR COUNT can't be negative"))
                } else if args[index].matches("MAXLEN") {
                    lengthMax = try args.integer(
                        index + 1, atLeast: 0, or: .custom("ERR MAXLEN can't be negative"))
                } else {
                    throw .syntax
                }
                index += 2
            }
        }
    }

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let options = try Options(args)
        let found = keys.read(args[1])
        guard found.exists else { return options.count == nil ? reply.null() : reply.array(0) }
        try found.require(.list)
        let list = ListView(found.value, keys)
        guard let count = options.count else {
            var place: Int?
            search(list, args[2], options) {
                place = $0
                return false
            }
            if let place { reply.integer(place) } else { reply.null() }
            return
        }
        let mark = reply.deferred()
        var told = 0
        search(list, args[2], options) { place in
            reply.integer(place)
            told += 1
            return Int64(told) != count
        }
        reply.setArray(mark, told)
    }

    /// Visits the indices of matches, those before the wanted rank excepted, until the visitor wants no more.
    private static func search(
        _ list: ListView, _ text: ByteView, _ options: Options, _ visit: (Int) -> Bool
    ) {
        let wanted = ElementText(text)
        let all = list.count
        let backward = options.rank < 0
        let length = options.lengthMax == 0 ? Int64.max : options.lengthMax
        var toSkip = Int64(clamping: options.rank.magnitude) - 1
        var seen = 0
        list.forEachWhile(from: backward ? all - 1 : 0, backward: backward) { element in
            guard Int64(seen) < length else { return false }
            seen += 1
            guard wanted.isText(of: element) else { return true }
            if toSkip > 0 {
                toSkip -= 1
                return true
            }
            return visit(backward ? all - seen : seen - 1)
        }
    }
}
