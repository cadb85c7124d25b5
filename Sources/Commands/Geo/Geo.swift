// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands on places, which are members of sorted sets: their scores say where they are (`GeoCode`).
public enum Geo {
    private static let read = "idx1+range(0,1,0)[RO access]"

    /// Where GEORADIUS and GEORADIUSBYMEMBER may store; the words stand behind so many arguments.
    private static func stored(from index: Int) -> String {
        "\(read); kw:STORE@\(index)+range(0,1,0)[OW update]; kw:STOREDIST@\(index)+range(0,1,0)[OW update]"
    }

    static let commands: [Command] = [
        Command(
            "GEOADD", arity: -5, [.write, .denyoom], .geo, keys: "idx1+range(0,1,0)[RW update]", GeoAdd.self),
        Command("GEODIST", arity: -4, [.readonly], .geo, keys: read, GeoDist.self),
        Command("GEOHASH", arity: -2, [.readonly], .geo, keys: read, GeoHash.self),
        Command("GEOPOS", arity: -2, [.readonly], .geo, keys: read, GeoPos.self),
        Command("GEOSEARCH", arity: -7, [.readonly], .geo, keys: read, GeoSearchCommand.self),
        Command(
            "GEOSEARCHSTORE", arity: -8, [.write, .denyoom], .geo,
            keys: "idx1+range(0,1,0)[OW update]; idx2+range(0,1,0)[RO access]", GeoSearchStore.self),
        Command(
            "GEORADIUS", arity: -6, [.write, .denyoom, .movableKeys], .geo, keys: stored(from: 6),
            GeoRadius.self),
        Command("GEORADIUS_RO", arity: -6, [.readonly], .geo, keys: read, GeoRadiusReadOnly.self),
        Command(
            "GEORADIUSBYMEMBER", arity: -5, [.write, .denyoom, .movableKeys], .geo, keys: stored(from: 5),
            GeoRadiusByMember.self),
        Command(
            "GEORADIUSBYMEMBER_RO", arity: -5, [.readonly], .geo, keys: read, GeoRadiusByMemberReadOnly.self),
    ]
}

/// What happens to sorted sets of places; GEOADD is known as ZADD.
extension Event {
    static var geosearchstore: Event { Event("geosearchstore", EventClass.zset) }
    static var georadiusstore: Event { Event("georadiusstore", EventClass.zset) }
}

extension Reply {
    /// A distance of so many metres, told in a unit.
    func distance(_ metres: Double, in unit: Double) {
        var text = FourDecimals(metres / unit)
        text.withView { bulk($0) }
    }

    /// Longitude and latitude.
    /// - Parameter asValkey: with 17 digits behind the point at most, instead of as few as say the same number.
    func point(_ point: GeoPoint, asValkey: Bool = false) {
        array(2)
        for degrees in [point.longitude, point.latitude] {
            if asValkey { number(fixedText(degrees, decimals: 17)) } else { double(degrees) }
        }
    }

    /// The text of a number, without zeros at its end.
    private func number(_ text: [UInt8]) {
        var digits = text[...]
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        if digits.last == UInt8(ascii: ".") { digits.removeLast() }
        Array(digits).withView { double(text: $0) }
    }
}

// MARK: Adding

/// GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]
enum GeoAdd: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let options = try Options(args)
        // All places are read before anything is changed.
        for at in stride(from: options.first, to: args.count, by: 3) { _ = try args.validPoint(at, call) }
        let found = keys.locate(args[1])
        try found.require(.zset)
        if !found.exists, options.onlyPresent { return reply.integer(0) }
        var edit = keys.edit(found)
        edit.expectScored(
            (args.count - options.first) / 3, memberBytes: args[options.first + 2].count, keys)
        var (added, changed) = (0, 0)
        for at in stride(from: options.first, to: args.count, by: 3) {
            let score = GeoCode.score(of: try args.validPoint(at, call))
            let member = edit.scored(args[at + 2], keys)
            if member.exists ? options.onlyNew || member.score == score : options.onlyPresent { continue }
            if member.exists { changed += 1 } else { added += 1 }
            edit.setScore(member, score, keys)
        }
        if added + changed > 0 { propagate(call, args, options.first) }
        edit.end(.zadd, changes: added + changed, keys)
        reply.integer(options.countsChanged ? added + changed : added)
    }

    /// Propagates the call as the ZADD that it is: whoever reads it need not compute scores.
    private static func propagate(_ call: Call, _ args: Arguments, _ first: Int) {
        call.propagateNothing()
        guard call.isPropagationWanted else { return }
        let effects = call.engine.keys.effects
        effects.begin(first + (args.count - first) / 3 * 2, database: call.engine.keys.current)
        effects.append(ByteView("ZADD"))
        for index in 1..<first { effects.append(args[index]) }
        for at in stride(from: first, to: args.count, by: 3) {
            guard let point = try? args.geoPoint(at) else {
                preconditionFailure("a place that was not checked")
            }
            effects.append(Int64(GeoCode(point).interleaved))
            effects.append(args[at + 2])
        }
        effects.end()
    }

    /// The words in front of the places.
    private struct Options {
        var onlyNew = false
        var onlyPresent = false
        /// Counts members that were moved, not only those that are new.
        var countsChanged = false
        /// Where the places begin.
        var first = 2

        init(_ args: Arguments) throws(Refusal) {
            while first < args.count {
                if args[first].matches("NX") {
                    onlyNew = true
                } else if args[first].matches("XX") {
                    onlyPresent = true
                } else if args[first].matches("CH") {
                    countsChanged = true
                } else {
                    break
                }
                first += 1
            }
            guard first < args.count, (args.count - first) % 3 == 0, !(onlyNew && onlyPresent) else {
                throw .syntax
            }
        }
    }
}

extension Arguments {
    /// Two arguments as a place that a member may have, or that a search may begin from.
    func validPoint(_ index: Int, _ call: Call) throws(Refusal) -> GeoPoint {
        let point = try geoPoint(index)
        guard point.isValid else { throw call.refusal(Arguments.invalidPoint(point)) }
        return point
    }

    private static func invalidPoint(_ point: GeoPoint) -> ByteString {
        let (longitude, latitude) = (
            fixedText(point.longitude, decimals: 6), fixedText(point.latitude, decimals: 6)
        )
        return ByteString(
            Array("ERR invalid longitude,latitude pair ".utf8) + longitude + [UInt8(ascii: ",")] + latitude)
    }
}

// MARK: Reading

/// GEODIST key member1 member2 [M | KM | FT | MI]
enum GeoDist: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if args.count > 5 { throw .syntax }
        let unit = args.count > 4 ? try args.geoUnit(4) : 1
        let found = keys.read(args[1])
        guard found.exists else { return reply.null() }
        try found.require(.zset)
        let set = SortedSetView(found.value, keys)
        guard let first = set.score(args[2]), let second = set.score(args[3]) else { return reply.null() }
        reply.distance(Sphere.distance(GeoCode.point(of: first), GeoCode.point(of: second)), in: unit)
    }
}

/// GEOHASH key [member [member ...]]
enum GeoHash: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try answerScores(args, keys, reply) { score in
            guard let score else { return reply.null() }
            GeoHashText(GeoCode.point(of: score)).withView { reply.bulk($0) }
        }
    }
}

/// GEOPOS key [member [member ...]]
enum GeoPos: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try answerScores(args, keys, reply) { score in
            guard let score else { return reply.nullArray() }
            reply.point(GeoCode.point(of: score))
        }
    }
}
