// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Foundation
import Testing

@testable import Commands

/// Searches against a look at every member: the haversine, and the shape, and nothing about cells.
@Suite struct GeoModelTests {
    private struct Item {
        let name: String
        let place: GeoPoint
    }

    private static func radians(_ degrees: Double) -> Double { degrees * .pi / 180 }

    private static func distance(_ a: GeoPoint, _ b: GeoPoint) -> Double {
        let (lat1, lat2) = (radians(a.latitude), radians(b.latitude))
        let u = sin((lat2 - lat1) / 2)
        let v = sin((radians(b.longitude) - radians(a.longitude)) / 2)
        return 2 * 6_372_797.560856 * asin(min(1, (u * u + cos(lat1) * cos(lat2) * v * v).squareRoot()))
    }

    /// How far inside of the shape a place lies, in metres; negative: outside.
    private static func depth(_ place: GeoPoint, radius: Double, around center: GeoPoint) -> Double {
        radius - distance(center, place)
    }

    private static func depth(
        _ place: GeoPoint, width: Double, height: Double, around center: GeoPoint
    ) -> Double {
        let beside = GeoPoint(longitude: center.longitude, latitude: place.latitude)
        let above = GeoPoint(longitude: place.longitude, latitude: center.latitude)
        return min(width / 2 - distance(place, beside), height / 2 - distance(place, above))
    }

    private static func real(_ from: Double, _ to: Double, _ random: inout SeededRandom) -> Double {
        from + (to - from) * Double(random.below(1 << 50)) / Double(1 << 50)
    }

    /// Anywhere, or close to a spot; now and then right on an edge.
    private static func place(near spot: GeoPoint, spread: Double, _ random: inout SeededRandom) -> GeoPoint {
        if random.below(60) == 0 {
            return GeoPoint(
                longitude: [-180, 180, 0][random.below(3)],
                latitude: [85.05112878, -85.05112878, 0][random.below(3)])
        }
        var longitude = spot.longitude + real(-spread, spread, &random)
        if longitude > 180 { longitude -= 360 }
        if longitude < -180 { longitude += 360 }
        let latitude = max(-85.05, min(85.05, spot.latitude + real(-spread, spread, &random)))
        return GeoPoint(longitude: max(-180, min(180, longitude)), latitude: latitude)
    }

    @Test(arguments: 1...6) func searchesFindWhatLiesInside(_ number: Int) {
        let seed = UInt64(number)
        var random = SeededRandom(seed: seed)
        for round in 0..<12 {
            let rig = Rig()
            rig.run("CONFIG", "SET", "zset-max-listpack-entries", random.below(2) == 0 ? "0" : "128")
            let spread = [0.02, 2, 40, 180][random.below(4)]
            let spot = GeoPoint(
                longitude: [180, -180, Self.real(-180, 180, &random)][random.below(3)],
                latitude: [85, -85, Self.real(-85, 85, &random)][random.below(3)])
            var items: [Item] = []
            for index in 0..<(20 + random.below(300)) {
                let place = Self.place(near: spot, spread: spread, &random)
                rig.run("GEOADD", "g", "\(place.longitude)", "\(place.latitude)", "m\(index)")
                // What the score says of it, and not what was given.
                items.append(Item(name: "m\(index)", place: GeoCode.point(of: GeoCode.score(of: place))))
            }
            for _ in 0..<20 {
                check(rig, items, near: spot, spread: spread, "seed \(seed), round \(round)", &random)
            }
        }
    }

    private func check(
        _ rig: Rig, _ items: [Item], near spot: GeoPoint, spread: Double, _ note: String,
        _ random: inout SeededRandom
    ) {
        let center = Self.place(near: spot, spread: spread, &random)
        let size = spread * 111_000 * Self.real(0.001, 1.5, &random)
        var words = ["GEOSEARCH", "g", "FROMLONLAT", "\(center.longitude)", "\(center.latitude)"]
        let depths: [Double]
        if random.below(2) == 0 {
            words += ["BYRADIUS", "\(size)", "m"]
            depths = items.map { Self.depth($0.place, radius: size, around: center) }
        } else {
            let height = size * [0.05, 1, 3][random.below(3)]
            words += ["BYBOX", "\(size)", "\(height)", "m"]
            depths = items.map { Self.depth($0.place, width: size, height: height, around: center) }
        }
        // A millimetre is more than all rounding; who lies so near to the edge may be found or not.
        let surely = Set(zip(items, depths).filter { $0.1 > 0.001 }.map(\.0.name))
        let maybe = Set(zip(items, depths).filter { $0.1 > -0.001 }.map(\.0.name))
        let found = names(rig.run(words))
        #expect(surely.isSubset(of: found) && maybe.isSuperset(of: found), "\(note): \(words)")
        let distances = items.map { ($0.name, Self.distance($0.place, center)) }
        let byName = Dictionary(uniqueKeysWithValues: distances)
        // In order of distance; the nearest few of them; any few of them.
        let ascending = names(rig.run(words + ["ASC"]))
        #expect(Set(ascending) == Set(found), "\(note): \(words)")
        let sorted = ascending.map { byName[$0] ?? 0 }
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $0 <= $1 + 0.001 }, "\(note): \(words)")
        let count = 1 + random.below(10)
        #expect(
            names(rig.run(words + ["COUNT", "\(count)"])) == Array(ascending.prefix(count)),
            "\(note): \(words)")
        #expect(
            names(rig.run(words + ["COUNT", "\(count)", "ANY"])) == Array(found.prefix(count)),
            "\(note): \(words)")
        let descending = names(rig.run(words + ["DESC", "COUNT", "\(count)"])).map { byName[$0] ?? 0 }
        #expect(
            zip(descending, sorted.reversed()).allSatisfy { abs($0 - $1) < 0.001 }
                && descending.count == min(count, sorted.count), "\(note): \(words)")
    }

    /// The bulk strings of a flat array.
    private func names(_ reply: String) -> [String] {
        reply.split(separator: " ").filter { $0.hasPrefix("m") }.map(String.init)
    }

    /// Every score comes from one place, whose code gives it back; order and neighbourhood of cells hold.
    @Test func codesAndCells() {
        var random = SeededRandom(seed: 5)
        for _ in 0..<2000 {
            let code = GeoCode(column: UInt64(random.below(1 << 26)), row: UInt64(random.below(1 << 26)))
            #expect(GeoCode(interleaved: code.interleaved) == code)
            #expect(GeoCode(code.point) == code)
            let bits = UInt64(1 + random.below(26))
            let cell = GeoCell(of: code.point, bits: bits)
            #expect(cell.scores.contains(code.interleaved))
            #expect(cell.rows.contains(code.row) && cell.columns.contains(code.column))
            #expect(cell.neighbor(1, -1).neighbor(-1, 1) == cell)
            if bits < 26 {
                let children = (0..<UInt64(4)).map { cell.child($0).scores }
                #expect(children.first?.lowerBound == cell.scores.lowerBound)
                #expect(zip(children, children.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
                #expect(children.last?.upperBound == cell.scores.upperBound)
            }
        }
    }
}
