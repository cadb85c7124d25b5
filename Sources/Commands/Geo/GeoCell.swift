// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A cell of the grid after so many halvings.
struct GeoCell: Equatable {
    /// Where it lies among the cells of its size.
    let code: GeoCode
    /// How many halvings made it, 1 to 26.
    let bits: UInt64

    init(_ code: GeoCode, bits: UInt64) {
        self.code = code
        self.bits = bits
    }

    /// The cell of a place; one on an edge counts to the last cell.
    init(of point: GeoPoint, bits: UInt64) {
        var code = GeoCode(point, bits: bits)
        let last = (UInt64(1) << bits) - 1
        code.column = min(code.column, last)
        code.row = min(code.row, last)
        self.init(code, bits: bits)
    }

    private var shift: UInt64 { GeoCode.bits - bits }
    private static func range(_ number: UInt64, _ shift: UInt64) -> ClosedRange<UInt64> {
        (number << shift)...((number + 1) << shift - 1)
    }
    /// The rows and columns of the smallest cells in it.
    var rows: ClosedRange<UInt64> { GeoCell.range(code.row, shift) }
    var columns: ClosedRange<UInt64> { GeoCell.range(code.column, shift) }
    /// The scores of its members.
    var scores: Range<UInt64> {
        let first = code.interleaved << (shift * 2)
        return first..<(first + 1 << (shift * 2))
    }

    /// The four cells that it is made of, in the order of their scores.
    func child(_ index: UInt64) -> GeoCell {
        let code = GeoCode(column: code.column << 1 | index >> 1, row: code.row << 1 | index & 1)
        return GeoCell(code, bits: bits + 1)
    }

    /// The cell so many columns and rows away. Rows, like columns, go on at the other end.
    func neighbor(_ columns: Int, _ rows: Int) -> GeoCell {
        let mask = (UInt64(1) << bits) - 1
        let column = code.column &+ UInt64(bitPattern: Int64(columns))
        let row = code.row &+ UInt64(bitPattern: Int64(rows))
        return GeoCell(GeoCode(column: column & mask, row: row & mask), bits: bits)
    }

    /// Its edges, in degrees.
    var north: Double { GeoCell.edge(code.row + 1, bits, GeoPoint.latitudeMax) }
    var south: Double { GeoCell.edge(code.row, bits, GeoPoint.latitudeMax) }
    var east: Double { GeoCell.edge(code.column + 1, bits, GeoPoint.longitudeMax) }
    var west: Double { GeoCell.edge(code.column, bits, GeoPoint.longitudeMax) }

    private static func edge(_ number: UInt64, _ bits: UInt64, _ limit: Double) -> Double {
        -limit + Double(number) / Double(UInt64(1) << bits) * (limit + limit)
    }
}

/// The nine cells, or fewer, in which a search finds all members of an area: one and its neighbours.
///
/// Members that are not asked for in an order come in that of these cells, and COUNT with ANY takes the first. So the cells
/// are as large as Redis makes them, and come in its order; where those would miss a part of the area they are larger.
struct GeoCover {
    let center: GeoCell

    /// The middle, then those beside it, then those at its corners.
    private static let order: [(columns: Int, rows: Int)] = [
        (0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1),
    ]

    init(_ area: GeoArea, _ bounds: GeoBounds) {
        let point = area.origin.point
        var bits = GeoCover.halvings(GeoCover.radius(area.shape, point), latitude: point.latitude)
        if bits > 1, GeoCover.isTooSmall(GeoCell(of: point, bits: bits), area) { bits -= 1 }
        while bits > 1, !bounds.lie(around: GeoCell(of: point, bits: bits)) { bits -= 1 }
        center = GeoCell(of: point, bits: bits)
    }

    /// The cells in their order, each once.
    var cells: [GeoCell] {
        var cells: [GeoCell] = []
        cells.reserveCapacity(GeoCover.order.count)
        for step in GeoCover.order {
            let cell = center.neighbor(step.columns, step.rows)
            if center.bits > 1 || !cells.contains(cell) { cells.append(cell) }
        }
        return cells
    }

    /// Of the circle around a box around the shape, in metres.
    private static func radius(_ shape: GeoArea.Shape, _ center: GeoPoint) -> Double {
        switch shape {
        case .circle(let radius): radius
        case .box(let width, let height): (width / 2 * (width / 2) + height / 2 * (height / 2)).squareRoot()
        case .polygon(let corners): GeoBox(corners).corners.map { Sphere.distance(center, $0) }.max() ?? 0
        }
    }

    /// How many halvings leave cells somewhat wider than a radius. Towards the poles, where cells are narrow, there are
    /// fewer.
    private static func halvings(_ radius: Double, latitude: Double) -> UInt64 {
        guard radius > 0 else { return GeoCode.bits }
        /// Half of the earth's girth on a map whose cells are squares, in metres.
        let mapHalf = 20_037_726.37
        var (reach, halvings) = (radius, -1)
        while reach < mapHalf, halvings < 64 {
            reach *= 2
            halvings += 1
        }
        if abs(latitude) > 66 { halvings -= 1 }
        if abs(latitude) > 80 { halvings -= 1 }
        return UInt64(max(1, min(Int(GeoCode.bits), halvings)))
    }

    /// Whether the cells next to one end before a box around the area does, as Redis draws that box: it takes one size more
    /// then.
    private static func isTooSmall(_ center: GeoCell, _ area: GeoArea) -> Bool {
        let box = redisBox(area)
        return center.neighbor(0, 1).north < box.north || center.neighbor(0, -1).south > box.south
            || center.neighbor(1, 0).east < box.east || center.neighbor(-1, 0).west > box.west
    }

    /// The box: as wide as the shape is at that of its edges which is nearer to a pole.
    private static func redisBox(_ area: GeoArea) -> GeoBox {
        let (halfWidth, halfHeight): (Double, Double)
        switch area.shape {
        case .circle(let radius): (halfWidth, halfHeight) = (radius, radius)
        case .box(let width, let height): (halfWidth, halfHeight) = (width / 2, height / 2)
        case .polygon(let corners): return GeoBox(corners)
        }
        let center = area.origin.point
        let height = Sphere.degrees(halfHeight / Sphere.radius)
        let edge = center.latitude < 0 ? center.latitude - height : center.latitude + height
        let width = Sphere.degrees(halfWidth / Sphere.radius / Trigonometry.cosine(Sphere.radians(edge)))
        return GeoBox(around: center, width: width, height: height)
    }
}
