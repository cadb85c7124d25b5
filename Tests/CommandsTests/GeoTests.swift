// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Commands

/// Replies of places as Redis 8.0.6 and Valkey 9.1.2 give them.
@Suite struct GeoTests {
    private static let wrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value"
    private let rig = Rig()

    private func run(_ line: String) -> String { rig.run(line.split(separator: " ").map(String.init)) }

    private func addSicily(packed: Bool = true) {
        rig.run("CONFIG", "SET", "zset-max-listpack-entries", packed ? "128" : "0")
        let places =
            "13.361389 38.115556 Palermo 15.087269 37.502669 Catania 12.758489 38.788135 edge1 17.241510 38.788135 edge2"
        #expect(run("GEOADD s \(places)") == ":4")
    }

    @Test(arguments: [true, false]) func membersAndDistances(packed: Bool) {
        addSicily(packed: packed)
        #expect(
            run("ZRANGE s 0 -1 WITHSCORES")
                == "*8 $7 Palermo $16 3479099956230698 $5 edge1 $16 3479273021651468 "
                + "$7 Catania $16 3479447370796909 $5 edge2 $16 3481342659049484")
        #expect(run("GEOHASH s Palermo none Catania") == "*3 $11 sqc8b49rny0 $-1 $11 sqdtr74hyu0")
        #expect(run("GEOPOS s Palermo none") == "*2 *2 $18 13.361389338970184 $16 38.1155563954963 *-1")
        #expect(run("GEOHASH s") == "*0" && run("GEOPOS none") == "*0")
        #expect(run("GEOPOS none a") == "*1 *-1" && run("GEOHASH none a") == "*1 $-1")
        #expect(run("GEODIST s Palermo Catania") == "$11 166274.1516")
        #expect(run("GEODIST s Palermo Catania km") == "$8 166.2742")
        #expect(run("GEODIST s Palermo Catania FT") == "$11 545518.8700")
        #expect(run("GEODIST s Palermo Catania Mi") == "$8 103.3182")
        #expect(run("GEODIST s Palermo Palermo") == "$6 0.0000" && run("GEODIST s Palermo x") == "$-1")
        #expect(run("GEODIST none a b") == "$-1")
        #expect(rig.mismatch == nil)
    }

    @Test(arguments: [true, false]) func searches(packed: Bool) {
        addSicily(packed: packed)
        #expect(
            run("GEOSEARCH s FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHDIST WITHHASH")
                == "*4 *3 $7 Catania $7 56.4413 :3479447370796909 *3 $7 Palermo $8 190.4424 :3479099956230698 "
                + "*3 $5 edge2 $8 279.7403 :3481342659049484 *3 $5 edge1 $8 279.7405 :3479273021651468")
        #expect(run("GEORADIUS s 15 37 200 km DESC") == "*2 $7 Palermo $7 Catania")
        #expect(run("GEORADIUS_RO s 15 37 200 km ASC") == "*2 $7 Catania $7 Palermo")
        #expect(
            run("GEOSEARCH s FROMMEMBER Palermo BYRADIUS 300 km COUNT 2 ANY") == "*2 $7 Palermo $5 edge1")
        #expect(
            run("GEORADIUSBYMEMBER s Palermo 100 km COUNT 1 ASC WITHCOORD").hasPrefix("*1 *2 $7 Palermo *2"))
        #expect(run("GEOSEARCH s FROMLONLAT 15 37 BYBOX 600 100 km ASC") == "*0")
        #expect(run("GEOSEARCH none FROMMEMBER x BYRADIUS 1 km") == "*0")
        #expect(run("GEORADIUSBYMEMBER none x nonsense km") == "*0")
        #expect(rig.mismatch == nil)
    }

    @Test func polygons() {
        #expect(run("GEOADD g 5 2 in 5 8 out") == ":2")
        #expect(
            run("GEOSEARCH g BYPOLYGON 3 0 0 10 0 10 10 WITHCOORD WITHDIST")
                == "*1 *3 $2 in $11 236620.1224 *2 $19 4.99999970197677612 $18 2.0000001856465488")
        let few = "-ERR GEOSEARCH BYPOLYGON must have at least 3 vertices"
        #expect(
            run("GEOSEARCH g BYPOLYGON 2 0 0 10 0") == few && run("GEOSEARCH g BYPOLYGON 3 0 0 10 0") == few)
        #expect(run("GEOSEARCH g BYPOLYGON x 0 0 10 0") == "-ERR invalid number of vertices")
        #expect(run("GEOSEARCH g BYPOLYGON 3 0 0 10 0 10 10 FROMMEMBER in") == "-ERR syntax error")
        #expect(run("GEOSEARCH g FROMMEMBER in BYPOLYGON 3 0 0 10 0 10 10") == "-ERR syntax error")
        #expect(run("GEOSEARCH g BYPOLYGON 3 0 0 0 0 0 0") == "*0")
    }

    /// The edges of the map: poles, the date line, and boxes wider than the earth.
    @Test func edges() {
        let places = "-180 -85.05112878 sw 180 85.05112878 ne 0 0 zero -179.9999 0.1 w 179.9999 -0.1 e"
        #expect(run("GEOADD e \(places)") == ":5")
        #expect(run("ZSCORE e ne") == "$17 13510798882111488" && run("ZSCORE e sw") == "$1 0")
        #expect(run("GEOPOS e ne") == "*1 *2 $3 180 $11 85.05112878")
        #expect(run("GEORADIUS e 180 0 50 km ASC WITHDIST") == "*2 *2 $1 e $7 11.1228 *2 $1 w $7 11.1228")
        #expect(run("GEORADIUS e -180 0 50 km ASC WITHDIST") == "*2 *2 $1 w $7 11.1228 *2 $1 e $7 11.1228")
        #expect(run("GEOSEARCH e FROMLONLAT 0 0 BYRADIUS 30000 km ASC") == "*5 $4 zero $2 ne $2 sw $1 e $1 w")
        #expect(run("GEOSEARCH e FROMLONLAT 0 0 BYBOX 1e300 1e300 km").hasPrefix("*5 "))
        #expect(run("GEOSEARCH e FROMLONLAT 0 85 BYRADIUS 1200 km") == "*1 $2 ne")
        #expect(run("GEOSEARCH e FROMMEMBER ne BYRADIUS 0 m") == "*1 $2 ne")
        #expect(run("ZADD w -1 a 1.5 b 1e300 c inf d -inf e 9007199254740993 f") == ":6")
        #expect(run("GEOPOS w a d e").hasPrefix("*3 *2 $3 180 $11 85.05112878 *2 $19 -179.99999731779099"))
        #expect(run("GEODIST w a b") == "$13 18919844.3072")
        #expect(run("GEOSEARCH w FROMLONLAT 0 0 BYRADIUS 30000 km") == "*2 $1 b $1 f")
    }

    @Test func stores() {
        addSicily()
        let tap = Tap(rig)
        #expect(run("GEOSEARCHSTORE d s FROMLONLAT 15 37 BYRADIUS 200 km") == ":2")
        #expect(
            run("ZRANGE d 0 -1 WITHSCORES")
                == "*4 $7 Palermo $16 3479099956230698 $7 Catania $16 3479447370796909")
        #expect(run("GEORADIUS s 15 37 200 km STOREDIST d COUNT 1") == ":1")
        #expect(run("ZRANGE d 0 -1") == "*1 $7 Catania")
        #expect(run("GEORADIUSBYMEMBER s Catania 1 km STORE d") == ":1")
        #expect(run("GEORADIUS none 1 1 1 km STORE d") == ":0" && run("EXISTS d") == ":0")
        #expect(run("GEOSEARCHSTORE d none FROMLONLAT 1 1 BYRADIUS 1 km") == ":0")
        #expect(run("GEOADD s NX 1 1 Palermo") == ":0" && run("GEOADD s XX CH 1 1 Palermo") == ":1")
        #expect(
            tap.events == [
                "geosearchstore d", "georadiusstore d", "georadiusstore d", "del d", "zadd s",
            ])
        #expect(rig.mismatch == nil)
    }

    @Test func additionsArePropagatedAsScores() {
        let tap = Tap(rig)
        #expect(run("GEOADD s CH 13.361389 38.115556 Palermo") == ":1" && run("GEOADD s 1 1 Palermo") == ":0")
        #expect(
            tap.commands == [
                "ZADD s CH 3479099956230698 Palermo", "ZADD s 3377822707026402 Palermo",
            ])
    }

    @Test(arguments: [
        ("GEOADD s 200 0 a", "-ERR invalid longitude,latitude pair 200.000000,0.000000"),
        ("GEOADD s 0 85.0512 a", "-ERR invalid longitude,latitude pair 0.000000,85.051200"),
        ("GEOADD s x 0 a", "-ERR value is not a valid float"),
        ("GEOADD s nan 0 a", "-ERR value is not a valid float"),
        ("GEOADD s 1 1 a 2 2", "-ERR syntax error"), ("GEOADD s NX XX 1 1 a", "-ERR syntax error"),
        ("GEODIST s a b yards", "-ERR unsupported unit provided. please use M, KM, FT, MI"),
        ("GEODIST s a b x y", "-ERR syntax error"),
        ("GEORADIUS s 0 0 -1 km", "-ERR radius cannot be negative"),
        ("GEORADIUS s 0 0 x km", "-ERR need numeric radius"),
        ("GEORADIUS s 0 0 1 km ANY", "-ERR the ANY argument requires COUNT argument"),
        ("GEORADIUS s 0 0 1 km COUNT 0", "-ERR COUNT must be > 0"),
        ("GEORADIUS s 0 0 1 km COUNT", "-ERR syntax error"),
        (
            "GEORADIUS s 0 0 1 km STORE d WITHDIST",
            "-ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
        ),
        (
            "GEOSEARCHSTORE d s FROMLONLAT 0 0 BYRADIUS 1 km WITHHASH",
            "-ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
        ),
        ("GEORADIUS_RO s 0 0 1 km STORE d", "-ERR syntax error"),
        (
            "GEOSEARCH s BYBOX 3 3 km ASC DESC",
            "-ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH"
        ),
        (
            "GeoSearch s FROMLONLAT 1 1 ASC DESC",
            "-ERR exactly one of BYRADIUS and BYBOX can be specified for GeoSearch"
        ),
        ("GEOSEARCH s FROMMEMBER none BYRADIUS 1 km", "-ERR could not decode requested zset member"),
        ("GEOSEARCH s FROMLONLAT 1 1 BYBOX 1 -1 km", "-ERR height or width cannot be negative"),
        ("GEOSEARCH s FROMLONLAT 1 1 BYBOX x 1 km", "-ERR need numeric width"),
        ("GEOSEARCH s FROMLONLAT 1 1 BYRADIUS 1 km STOREDIST", "-ERR syntax error"),
        ("GEOSEARCH s FROMLONLAT 1 1 FROMMEMBER a BYRADIUS 1 km", "-ERR syntax error"),
        ("GEOADD str 1 1 a", GeoTests.wrongType), ("GEOPOS str", GeoTests.wrongType),
        ("GEOSEARCH str FROMLONLAT 1 1 nonsense 1 km", GeoTests.wrongType),
    ])
    func refusals(_ command: String, _ reply: String) {
        _ = run("SET str x")
        _ = run("ZADD s 1 a")
        #expect(run(command) == reply)
    }

    @Test func keysOfSearchesThatStore() {
        #expect(run("COMMAND GETKEYS GEORADIUS s 0 0 1 km") == "*1 $1 s")
        #expect(run("COMMAND GETKEYS GEORADIUS s 0 0 1 km STORE a STOREDIST b") == "*2 $1 s $1 b")
        #expect(run("COMMAND GETKEYS GEORADIUSBYMEMBER s m 1 km STORE a") == "*2 $1 s $1 a")
        #expect(run("COMMAND GETKEYS GEOSEARCHSTORE d s FROMMEMBER m BYRADIUS 1 km") == "*2 $1 d $1 s")
    }
}
