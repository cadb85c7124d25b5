// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Searching.
//
// *Idea*. A few cells of the grid hold the whole area (`GeoCover`), and the members of a cell are a range of scores. Cells
// are much larger than the area, so each is divided twice, in the order of scores, and what lies outside of the area's
// bounds is left out. Of the members in what remains, two comparisons of a score's bits drop those out of bounds; only for
// the others a distance is computed, and only as far as it takes to decide. Members are named by their places: nothing of
// them is copied.

/// A search through one sorted set.
struct GeoSearch {
    private let set: SortedSetView
    private let area: GeoArea
    private let bounds: GeoBounds
    private let needsDistance: Bool
    private var matches: GeoMatches
    /// Scores that are to be walked next.
    private var pending: Range<UInt64> = 0..<0

    /// How often a cell is divided.
    private static let divisions: UInt64 = 2

    private init(_ set: SortedSetView, _ area: GeoArea, _ request: GeoRequest) {
        self.set = set
        self.area = area
        bounds = GeoBounds(area)
        needsDistance = request.order != .none || request.withDistance || request.storesDistances
        matches = GeoMatches(request.order, count: request.count, takesAny: request.takesAny)
    }

    /// The members in an area, in the order that was asked for.
    static func run(_ set: SortedSetView, _ area: GeoArea, _ request: GeoRequest) -> [GeoMatch] {
        var search = GeoSearch(set, area, request)
        let cover = GeoCover(area, search.bounds)
        for cell in cover.cells where !search.matches.isComplete { search.look(in: cell, divisions) }
        search.walkPending()
        search.lookOnEdges()
        search.matches.finish()
        return search.matches.items
    }

    private mutating func look(in cell: GeoCell, _ divisions: UInt64) {
        let overlap = bounds.overlap(cell)
        if overlap == .none { return }
        // A packed set is gone through from its start each time.
        if overlap == .all || divisions == 0 || cell.bits == GeoCode.bits || !set.isTree {
            return add(cell.scores)
        }
        for index in 0..<UInt64(4) { look(in: cell.child(index), divisions - 1) }
    }

    /// Walks a range, together with the one before if they touch.
    private mutating func add(_ scores: Range<UInt64>) {
        if scores.lowerBound == pending.upperBound {
            pending = pending.lowerBound..<scores.upperBound
        } else {
            walkPending()
            pending = scores
        }
    }

    private mutating func walkPending() {
        guard !pending.isEmpty, !matches.isComplete else { return }
        let scores = Double(pending.lowerBound)..<Double(pending.upperBound)
        set.forEachWhile(scores: scores) { place, score in
            let bits = UInt64(score)
            if bounds.mayContain(bits) { look(at: GeoCode(interleaved: bits), place, score) }
            return !matches.isComplete
        }
        pending = 0..<0
    }

    @inline(__always) private mutating func look(at code: GeoCode, _ place: MemberPlace, _ score: Double) {
        let point = code.point
        guard area.contains(point) else { return }
        matches.add(place, score, distance: needsDistance ? area.origin.distance(to: point) : 0)
    }

    /// Looks at members that lie on an edge of the map and so in no cell.
    private mutating func lookOnEdges() {
        let first = Double(GeoCode.side * GeoCode.side)
        guard let last = set.lastScore, last >= first, !matches.isComplete else { return }
        set.forEachWhile(scores: first..<(first * 4)) { place, score in
            let code = GeoCode(interleaved: UInt64(score))
            if code.isOnEdge { look(at: code, place, score) }
            return !matches.isComplete
        }
    }
}

// MARK: Commands

/// Searches, and answers or stores what was found.
private func search(
    _ form: GeoRequest.Form, _ event: Event, _ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply
) throws(Refusal) {
    let found = keys.read(args[form.source])
    try found.require(.zset)
    let set = found.exists ? SortedSetView(found.value, keys) : nil
    let request = try GeoRequest(form, args, call, in: set)
    var matches: [GeoMatch] = []
    if let set, let area = request.area { matches = GeoSearch.run(set, area, request) }
    if let target = request.target {
        store(matches, of: set, request, args[target], event, keys, reply)
    } else {
        answer(matches, of: set, request, reply)
    }
}

private func answer(_ matches: [GeoMatch], of set: SortedSetView?, _ request: GeoRequest, _ reply: Reply) {
    reply.array(matches.count)
    guard let set else { return }
    let extras = (request.withDistance ? 1 : 0) + (request.withScore ? 1 : 0) + (request.withPoint ? 1 : 0)
    for match in matches {
        if extras > 0 { reply.array(1 + extras) }
        set.withMember(match.place) { reply.bulk($0) }
        if request.withDistance { reply.distance(match.distance, in: request.unit) }
        if request.withScore { reply.integer(Int64(match.score)) }
        if request.withPoint { reply.point(GeoCode.point(of: match.score), asValkey: request.isPolygon) }
    }
}

private func store(
    _ matches: [GeoMatch], of set: SortedSetView?, _ request: GeoRequest, _ key: ByteView, _ event: Event,
    _ keys: Keyspace, _ reply: Reply
) {
    let result = SortedSetBuilder(keys, expecting: matches.count)
    if let set {
        for match in matches {
            let score = request.storesDistances ? match.distance / request.unit : match.score
            set.withMember(match.place) { result.addNew($0, score) }
        }
    }
    storeSortedSet(result, key, event, keys, reply)
}

/// GEOSEARCH key [FROMMEMBER member | FROMLONLAT longitude latitude] BYRADIUS radius unit | BYBOX width height unit
/// | BYPOLYGON count longitude latitude [longitude latitude ...] [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST]
/// [WITHHASH]
enum GeoSearchCommand: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try search(.search, .geosearchstore, call, args, keys, reply)
    }
}

/// GEOSEARCHSTORE destination source … [STOREDIST]; what stands between is as for GEOSEARCH.
enum GeoSearchStore: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try search(.searchStore, .geosearchstore, call, args, keys, reply)
    }
}

/// GEORADIUS key longitude latitude radius unit [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]
/// [STORE key | STOREDIST key]
enum GeoRadius: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try search(.radius(mayStore: true), .georadiusstore, call, args, keys, reply)
    }
}

/// GEORADIUS_RO: the same without STORE.
enum GeoRadiusReadOnly: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try search(.radius(mayStore: false), .georadiusstore, call, args, keys, reply)
    }
}

/// GEORADIUSBYMEMBER key member radius unit [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]
/// [STORE key | STOREDIST key]
enum GeoRadiusByMember: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try search(.radiusByMember(mayStore: true), .georadiusstore, call, args, keys, reply)
    }
}

/// GEORADIUSBYMEMBER_RO: the same without STORE.
enum GeoRadiusByMemberReadOnly: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try search(.radiusByMember(mayStore: false), .georadiusstore, call, args, keys, reply)
    }
}
