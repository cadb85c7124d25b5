// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A box on a map, in degrees. Its sides may lie beyond the date line and the poles.
struct GeoBox {
    private(set) var south: Double
    private(set) var north: Double
    private(set) var west: Double
    private(set) var east: Double

    /// - Parameters:
    ///   - width: how far the box reaches to the west and to the east.
    ///   - height: how far to the south and to the north.
    init(around center: GeoPoint, width: Double, height: Double) {
        (south, north) = (center.latitude - height, center.latitude + height)
        (west, east) = (center.longitude - width, center.longitude + width)
    }

    /// The box around some places.
    init(_ points: [GeoPoint]) {
        (south, north, west, east) = (90, -90, 180, -180)
        for point in points {
            (south, north) = (min(south, point.latitude), max(north, point.latitude))
            (west, east) = (min(west, point.longitude), max(east, point.longitude))
        }
    }

    var corners: [GeoPoint] {
        [
            GeoPoint(longitude: west, latitude: south), GeoPoint(longitude: west, latitude: north),
            GeoPoint(longitude: east, latitude: south), GeoPoint(longitude: east, latitude: north),
        ]
    }
}

/// The rows and columns that the members of an area can have: all of them, and few others.
struct GeoBounds {
    private(set) var rows: ClosedRange<UInt64>
    /// Where the area crosses the date line its columns are those from `firstColumn` on and those up to `lastColumn`.
    private let firstColumn: UInt64
    private let lastColumn: UInt64
    private var crossesDateLine: Bool { firstColumn > lastColumn }

    // The same as they stand in scores.
    private let rowBits: ClosedRange<UInt64>
    private let firstColumnBits: UInt64
    private let lastColumnBits: UInt64

    private static let evenBits: UInt64 = 0x5555_5555_5555_5555
    /// In degrees, against rounding: less than the width of a cell, but many times the error of the sums.
    private static let margin = 1e-6

    init(_ area: GeoArea) {
        let box = GeoBounds.box(area)
        let low = GeoBounds.number(box.south - GeoBounds.margin, limit: GeoPoint.latitudeMax)
        let high = GeoBounds.number(box.north + GeoBounds.margin, limit: GeoPoint.latitudeMax)
        let last = Double(GeoCode.side - 1)
        rows = UInt64(max(0, min(last, low)))...UInt64(max(0, min(last, max(low, high))))
        let first = GeoBounds.number(box.west - GeoBounds.margin, limit: GeoPoint.longitudeMax)
        let end = GeoBounds.number(box.east + GeoBounds.margin, limit: GeoPoint.longitudeMax)
        if end - first >= last {
            (firstColumn, lastColumn) = (0, GeoCode.side - 1)
        } else {
            (firstColumn, lastColumn) = (GeoBounds.wrapped(first), GeoBounds.wrapped(end))
        }
        rowBits = GeoCode.spread(rows.lowerBound)...GeoCode.spread(rows.upperBound)
        firstColumnBits = GeoCode.spread(firstColumn)
        lastColumnBits = GeoCode.spread(lastColumn)
    }

    /// The number of a row or column, which may not exist.
    private static func number(_ degrees: Double, limit: Double) -> Double {
        ((degrees + limit) / (limit + limit) * Double(GeoCode.side)).rounded(.down)
    }

    private static func wrapped(_ column: Double) -> UInt64 {
        let side = Double(GeoCode.side)
        return UInt64(max(0, min(side - 1, column - (column / side).rounded(.down) * side)))
    }

    /// The box that holds the area.
    private static func box(_ area: GeoArea) -> GeoBox {
        let center = area.origin.point
        let halfAngle: Double
        let reach: Double
        switch area.shape {
        case .polygon(let corners): return GeoBox(corners)
        case .circle(let radius):
            halfAngle = radius / Sphere.radius
            reach = circleReach(halfAngle, center)
        case .box(let width, let height):
            halfAngle = height / 2 / Sphere.radius
            reach = boxReach(width / Sphere.radius / 4, farthest(from: center, halfAngle))
        }
        return GeoBox(around: center, width: reach, height: min(Sphere.degrees(halfAngle), 180))
    }

    /// How many degrees of longitude a circle reaches to either side.
    private static func circleReach(_ angle: Double, _ center: GeoPoint) -> Double {
        // Around a pole it goes through all.
        guard abs(center.latitude) + Sphere.degrees(angle) + margin < 90 else { return 180 }
        let sine = Trigonometry.sine(angle) / Trigonometry.cosine(Sphere.radians(center.latitude))
        return sine < 1 ? Sphere.degrees(Trigonometry.arcSine(sine)) : 180
    }

    /// The latitude that is farthest from the equator and that members of the box can have.
    private static func farthest(from center: GeoPoint, _ angle: Double) -> Double {
        min(abs(center.latitude) + Sphere.degrees(angle) + margin, GeoPoint.latitudeMax)
    }

    /// How many degrees of longitude a box reaches to either side at a latitude.
    private static func boxReach(_ quarterAngle: Double, _ latitude: Double) -> Double {
        guard quarterAngle < .pi / 2 else { return 180 }
        let sine = Trigonometry.sine(quarterAngle) / Trigonometry.cosine(Sphere.radians(latitude))
        return sine < 1 ? 2 * Sphere.degrees(Trigonometry.arcSine(sine)) : 180
    }

    // MARK: Questions

    /// Whether the bits of a score may be those of a member of the area.
    @inline(__always) func mayContain(_ bits: UInt64) -> Bool {
        let row = bits & GeoBounds.evenBits
        let column = bits >> 1 & GeoBounds.evenBits
        guard rowBits.contains(row) else { return false }
        return crossesDateLine
            ? column >= firstColumnBits || column <= lastColumnBits
            : column >= firstColumnBits && column <= lastColumnBits
    }

    /// What a cell has in common with the bounds.
    enum Overlap: Comparable {
        case none, some, all
    }

    func overlap(_ cell: GeoCell) -> Overlap {
        let (own, its) = (cell.rows, cell.columns)
        guard own.overlaps(rows) else { return .none }
        let columns =
            crossesDateLine
            ? max(
                GeoBounds.overlap(firstColumn...(GeoCode.side - 1), its),
                GeoBounds.overlap(0...lastColumn, its))
            : GeoBounds.overlap(firstColumn...lastColumn, its)
        guard columns == .all else { return columns }
        return rows.lowerBound <= own.lowerBound && rows.upperBound >= own.upperBound ? .all : .some
    }

    private static func overlap(_ part: ClosedRange<UInt64>, _ cell: ClosedRange<UInt64>) -> Overlap {
        guard part.overlaps(cell) else { return .none }
        return part.lowerBound <= cell.lowerBound && part.upperBound >= cell.upperBound ? .all : .some
    }

    /// Whether a block of cells, three rows high and three columns wide, holds the bounds whole.
    func lie(around center: GeoCell) -> Bool {
        let side = UInt64(1) << center.bits
        let shift = GeoCode.bits - center.bits
        let (south, north) = (rows.lowerBound >> shift, rows.upperBound >> shift)
        guard south + 1 >= center.code.row, north <= center.code.row + 1 else { return false }
        if side <= 3 { return true }
        // Counted from the western column of the block on, all the way around.
        let west = center.code.column &- 1
        let from = (firstColumn >> shift &- west) & (side - 1)
        let to = (lastColumn >> shift &- west) & (side - 1)
        return from <= to && to <= 2
    }
}
