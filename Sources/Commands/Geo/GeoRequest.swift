// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// In what order members are answered: as they are found, or by their distance.
enum GeoOrder {
    case none, ascending, descending
}

/// What a search was asked for.
struct GeoRequest {
    /// Which commands there are: they have their options in different places.
    enum Form {
        /// GEOSEARCH, and the same with a destination in front.
        case search, searchStore
        /// GEORADIUS and GEORADIUSBYMEMBER, and whether these may store.
        case radius(mayStore: Bool)
        case radiusByMember(mayStore: Bool)
    }

    private let form: Form
    /// Of the argument that names the sorted set.
    let source: Int
    /// Of the argument that names the destination, if there is one.
    private(set) var target: Int?
    /// Distances, not scores, are to be stored.
    private(set) var storesDistances = false

    private var center: GeoPoint?
    private var hasCenter = false
    private var shape: GeoArea.Shape?
    /// In metres: what distances are told in.
    private(set) var unit = 1.0

    private(set) var order = GeoOrder.none
    /// At most so many members; 0: all.
    private(set) var count: Int64 = 0
    /// The first that are found will do.
    private(set) var takesAny = false
    private(set) var withDistance = false
    private(set) var withScore = false
    private(set) var withPoint = false

    /// Whether the area is a polygon, which only Valkey has.
    var isPolygon: Bool {
        if case .polygon = shape { true } else { false }
    }

    /// What is looked through; nil where the center is a member of a sorted set that does not exist.
    var area: GeoArea? {
        if case .polygon(let corners) = shape {
            return GeoArea(.polygon(corners), around: GeoArea.middle(of: corners))
        }
        guard let shape, let center else { return nil }
        return GeoArea(shape, around: center)
    }

    /// Reads the arguments. Members that are named are looked up in `set`, if there is one.
    init(_ form: Form, _ args: Arguments, _ call: Call, in set: SortedSetView?) throws(Refusal) {
        self.form = form
        source = form.source
        switch form {
        case .search: break
        case .searchStore: target = 1
        case .radius:
            center = try args.validPoint(2, call)
            hasCenter = true
            try readRadius(args, 4)
        case .radiusByMember:
            try readMember(args[2], set)
            // Where there is no sorted set only the options are looked at.
            if set != nil { try readRadius(args, 3) }
        }
        var at = form.optionsStart
        while at < args.count {
            at += try readOption(args, at, call, set)
        }
        try check(args, call)
        // Who wants a few wants the nearest, unless any will do.
        if count > 0, order == .none, !takesAny { order = .ascending }
    }

    // MARK: Options

    /// Reads one option.
    /// - Returns: how many arguments it takes.
    private mutating func readOption(
        _ args: Arguments, _ at: Int, _ call: Call, _ set: SortedSetView?
    ) throws(Refusal) -> Int {
        let word = args[at]
        let left = args.count - at - 1
        if word.matches("WITHDIST") {
            withDistance = true
        } else if word.matches("WITHHASH") {
            withScore = true
        } else if word.matches("WITHCOORD") {
            withPoint = true
        } else if word.matches("ANY") {
            takesAny = true
        } else if word.matches("ASC") {
            order = .ascending
        } else if word.matches("DESC") {
            order = .descending
        } else if word.matches("COUNT"), left >= 1 {
            count = try args.integer(at + 1)
            guard count > 0 else { throw .custom("ERR COUNT must be > 0") }
            return 2
        } else if form.mayStore, left >= 1, word.matches("STORE") || word.matches("STOREDIST") {
            target = at + 1
            storesDistances = word.matches("STOREDIST")
            return 2
        } else if form.isSearch {
            return try readArea(args, at, left, call, set)
        } else {
            throw .syntax
        }
        return 1
    }

    /// Reads where and in what GEOSEARCH looks.
    private mutating func readArea(
        _ args: Arguments, _ at: Int, _ left: Int, _ call: Call, _ set: SortedSetView?
    ) throws(Refusal) -> Int {
        let word = args[at]
        if word.matches("FROMMEMBER"), left >= 1, mayHaveCenter(byMember: true) {
            try readMember(args[at + 1], set)
            centerIsMember = true
            return 2
        }
        if word.matches("FROMLONLAT"), left >= 2, mayHaveCenter(byMember: false) {
            center = try args.validPoint(at + 1, call)
            hasCenter = true
            return 3
        }
        if word.matches("BYRADIUS"), left >= 2, mayBe(.radius) {
            try readRadius(args, at + 1)
            return 3
        }
        if word.matches("BYBOX"), left >= 3, mayBe(.box) {
            try readBox(args, at + 1)
            return 4
        }
        if word.matches("BYPOLYGON"), left >= 2, !hasCenter, mayBe(.polygon) {
            return try readPolygon(args, at + 1, call)
        }
        guard case .searchStore = form, word.matches("STOREDIST") else { throw .syntax }
        storesDistances = true
        return 1
    }

    private var centerIsMember = false
    /// Whether a center of this kind may still be named: the same kind may be, again.
    private func mayHaveCenter(byMember: Bool) -> Bool {
        !isPolygon && (!hasCenter || centerIsMember == byMember)
    }

    private enum ShapeKind {
        case radius, box, polygon
    }

    /// Whether a shape of this kind may still be named.
    private func mayBe(_ kind: ShapeKind) -> Bool {
        switch (shape, kind) {
        case (nil, _), (.circle, .radius), (.box, .box), (.polygon, .polygon): true
        default: false
        }
    }

    private mutating func readMember(_ member: ByteView, _ set: SortedSetView?) throws(Refusal) {
        hasCenter = true
        guard let set else { return }
        guard let score = set.score(member) else {
            throw .custom("ERR could not decode requested zset member")
        }
        center = GeoCode.point(of: score)
    }

    private mutating func readRadius(_ args: Arguments, _ at: Int) throws(Refusal) {
        guard let radius = args[at].double else { throw .custom("ERR need numeric radius") }
        guard radius >= 0 else { throw .custom("ERR radius cannot be negative") }
        unit = try args.geoUnit(at + 1)
        shape = .circle(radius: radius * unit)
    }

    private mutating func readBox(_ args: Arguments, _ at: Int) throws(Refusal) {
        guard let width = args[at].double else { throw .custom("ERR need numeric width") }
        guard let height = args[at + 1].double else { throw .custom("ERR need numeric height") }
        guard width >= 0, height >= 0 else { throw .custom("ERR height or width cannot be negative") }
        unit = try args.geoUnit(at + 2)
        shape = .box(width: width * unit, height: height * unit)
    }

    /// - Returns: how many arguments there are with the word.
    private mutating func readPolygon(_ args: Arguments, _ at: Int, _ call: Call) throws(Refusal) -> Int {
        guard let number = args[at].integer, number <= Int64(Int32.max), number >= Int64(Int32.min) else {
            throw .custom("ERR invalid number of vertices")
        }
        guard number >= 3, number <= (args.count - at - 1) / 2 else {
            throw .custom("ERR GEOSEARCH BYPOLYGON must have at least 3 vertices")
        }
        var corners: [GeoPoint] = []
        corners.reserveCapacity(Int(number))
        for index in 0..<Int(number) { corners.append(try args.validPoint(at + 1 + index * 2, call)) }
        shape = .polygon(corners)
        unit = 1
        return 2 + Int(number) * 2
    }

    // MARK: What does not go together

    private func check(_ args: Arguments, _ call: Call) throws(Refusal) {
        if target != nil, withDistance || withScore || withPoint {
            let name: StaticString = form.isSearch ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS"
            throw call.refusal("ERR \(name) is not compatible with WITHDIST, WITHHASH and WITHCOORD options")
        }
        if form.isSearch {
            let name = ByteString(args[0])
            if !hasCenter, !isPolygon {
                throw call.refusal("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for \(name)")
            }
            if shape == nil {
                throw call.refusal("ERR exactly one of BYRADIUS and BYBOX can be specified for \(name)")
            }
        }
        if takesAny, count == 0 { throw .custom("ERR the ANY argument requires COUNT argument") }
    }
}

extension GeoRequest.Form {
    var source: Int { if case .searchStore = self { 2 } else { 1 } }

    fileprivate var optionsStart: Int {
        switch self {
        case .search: 2
        case .searchStore: 3
        case .radius: 6
        case .radiusByMember: 5
        }
    }

    fileprivate var isSearch: Bool {
        switch self {
        case .search, .searchStore: true
        case .radius, .radiusByMember: false
        }
    }

    /// Whether STORE and STOREDIST may name a destination.
    fileprivate var mayStore: Bool {
        switch self {
        case .search, .searchStore: false
        case .radius(let mayStore), .radiusByMember(let mayStore): mayStore
        }
    }
}

extension Arguments {
    /// Two arguments as longitude and latitude.
    func geoPoint(_ index: Int) throws(Refusal) -> GeoPoint {
        guard let longitude = self[index].double, let latitude = self[index + 1].double else {
            throw .notFloat
        }
        return GeoPoint(longitude: longitude, latitude: latitude)
    }

    /// The metres in a unit.
    func geoUnit(_ index: Int) throws(Refusal) -> Double {
        let word = self[index]
        if word.matches("M") { return 1 }
        if word.matches("KM") { return 1000 }
        if word.matches("FT") { return 0.3048 }
        if word.matches("MI") { return 1609.34 }
        throw .custom("ERR unsupported unit provided. please use M, KM, FT, MI")
    }
}
