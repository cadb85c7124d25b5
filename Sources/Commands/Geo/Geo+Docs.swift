// SPDX-License-Identifier: Apache-2.0
import Engine

extension Geo {
    /// The commands on places with their documentation.
    public static let family = Family(commands: commands, docs: docs)

    static let docs: [CommandDoc] = memberDocs + searchDocs + olderDocs

    private static let unit = "(unit: M | KM | FT | MI)"
    private static let order = "[order: ASC | DESC]"
    private static let count = "[count-block: COUNT count:integer [ANY]]"
    private static let extras = "[WITHCOORD] [WITHDIST] [WITHHASH]"
    private static let center =
        "[from: FROMMEMBER member | FROMLONLAT (fromlonlat: longitude:double latitude:double)]"
    private static let shape =
        "(by: (circle: BYRADIUS radius:double \(unit)) | (box: BYBOX width:double height:double \(unit)) "
        + "| (polygon: BYPOLYGON num-vertices:integer (vertices: longitude:double latitude:double)...))"
    private static let store = "[store: STORE storekey:key=key | STOREDIST storedistkey:key=key]"

    private static let inEach = "O(1) for each member"
    private static let inCells =
        "O(N+log(M)), N members near the area, M members of the sorted set"

    private static let memberDocs: [CommandDoc] = [
        CommandDoc(
            "GEOADD", "Puts members of a sorted set at places on earth.", since: "3.2.0",
            "O(log(N)) for each member, N members of the sorted set",
            "key [condition: NX | XX] [change: CH] (data: longitude:double latitude:double member)...",
            history: ["6.2.0 The options `CH`, `NX` and `XX`."]),
        CommandDoc(
            "GEODIST", "How far two members are apart.", since: "3.2.0", "O(1)",
            "key member1 member2 [unit: M | KM | FT | MI]"),
        CommandDoc(
            "GEOHASH", "The places of members as geohash texts.", since: "3.2.0", inEach, "key [member]..."),
        CommandDoc(
            "GEOPOS", "The longitudes and latitudes of members.", since: "3.2.0", inEach, "key [member]..."),
    ]

    private static let searchHistory = [
        "7.0.0 Units in capitals.", "9.0.0 The option `BYPOLYGON` (Valkey).",
    ]

    private static let searchDocs: [CommandDoc] = [
        CommandDoc(
            "GEOSEARCH", "The members in a circle, a box or a polygon.", since: "6.2.0", inCells,
            "key \(center) \(shape) \(order) \(count) \(extras)", history: searchHistory),
        CommandDoc(
            "GEOSEARCHSTORE", "Stores the members in a circle, a box or a polygon.", since: "6.2.0", inCells,
            "destination:key source:key \(center) \(shape) \(order) \(count) [STOREDIST]",
            history: searchHistory),
    ]

    private static let olderHistory = ["6.2.0 The option `ANY` for `COUNT`.", "7.0.0 Units in capitals."]

    private static let olderDocs: [CommandDoc] = [
        CommandDoc(
            "GEORADIUS", "The members within a distance from a place.", since: "3.2.0", inCells,
            "key longitude:double latitude:double radius:double \(unit) \(extras) \(count) \(order) \(store)",
            deprecated: ("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument"),
            history: olderHistory),
        CommandDoc(
            "GEORADIUS_RO", "The members within a distance from a place, never stored.", since: "3.2.10",
            inCells,
            "key longitude:double latitude:double radius:double \(unit) \(extras) \(count) \(order)",
            deprecated: ("6.2.0", "`GEOSEARCH` with the `BYRADIUS` argument"), history: olderHistory),
        CommandDoc(
            "GEORADIUSBYMEMBER", "The members within a distance from another.", since: "3.2.0", inCells,
            "key member radius:double \(unit) \(extras) \(count) \(order) \(store)",
            deprecated: (
                "6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments"
            ), history: olderHistory),
        CommandDoc(
            "GEORADIUSBYMEMBER_RO", "The members within a distance from another, never stored.",
            since: "3.2.10", inCells,
            "key member radius:double \(unit) \(extras) \(count) \(order)",
            deprecated: ("6.2.0", "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments"),
            history: olderHistory),
    ]
}
