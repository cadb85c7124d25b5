// SPDX-License-Identifier: Apache-2.0
import Bytes

// Scores of places.
//
// *Idea*. The rectangle of all longitudes and latitudes is halved 26 times in both directions. Which halves a place lies
// in makes two numbers of 26 bits, and these, bit by bit in turn, one of 52, which is the member's score: the longitude has
// the odd bits, the latitude the even ones. Places with the same upper bits share a *cell*, so that the members of a cell
// are a range of scores. (Morton, 1966; Niemeyer's geohash has other limits of latitude and 5 bits in a letter.)
//
// A place on the very edge (180° or 85.05112878°) is numbered 2^26, one more than there are cells, as in Redis. No cell
// holds it; a search looks for such members apart.

/// The two halves of a score: columns of longitude, counted from -180°, and rows of latitude, from the south.
struct GeoCode: Equatable {
    /// Halvings in each direction.
    static let bits: UInt64 = 26
    /// How many columns there are, and how many rows.
    static let side: UInt64 = 1 << bits

    var column: UInt64
    var row: UInt64

    /// Puts the lower 32 bits of a number in the even places.
    static func spread(_ number: UInt64) -> UInt64 {
        var word = number & 0xFFFF_FFFF
        word = (word | word << 16) & 0x0000_FFFF_0000_FFFF
        word = (word | word << 8) & 0x00FF_00FF_00FF_00FF
        word = (word | word << 4) & 0x0F0F_0F0F_0F0F_0F0F
        word = (word | word << 2) & 0x3333_3333_3333_3333
        return (word | word << 1) & 0x5555_5555_5555_5555
    }

    /// Takes a number out of the even places again.
    @inline(__always) static func gather(_ spread: UInt64) -> UInt64 {
        var word = spread & 0x5555_5555_5555_5555
        word = (word | word >> 1) & 0x3333_3333_3333_3333
        word = (word | word >> 2) & 0x0F0F_0F0F_0F0F_0F0F
        word = (word | word >> 4) & 0x00FF_00FF_00FF_00FF
        word = (word | word >> 8) & 0x0000_FFFF_0000_FFFF
        return (word | word >> 16) & 0xFFFF_FFFF
    }

    /// The bits of both, in turn.
    var interleaved: UInt64 { GeoCode.spread(row) | GeoCode.spread(column) << 1 }

    @inline(__always) init(interleaved: UInt64) {
        row = GeoCode.gather(interleaved)
        column = GeoCode.gather(interleaved >> 1)
    }

    init(column: UInt64, row: UInt64) {
        self.column = column
        self.row = row
    }

    /// Where a valid place lies among 2^`bits` rows and columns.
    /// - Parameter latitudeMax: where the rows end, north and south.
    init(_ point: GeoPoint, bits: UInt64 = GeoCode.bits, latitudeMax: Double = GeoPoint.latitudeMax) {
        let (x, y) = GeoCode.fractions(point, latitudeMax: latitudeMax)
        let side = Double(UInt64(1) << bits)
        column = UInt64(max(0, x * side))
        row = UInt64(max(0, y * side))
    }

    private static func fractions(_ point: GeoPoint, latitudeMax: Double) -> (x: Double, y: Double) {
        let limit = GeoPoint.longitudeMax
        return (
            (point.longitude + limit) / (limit + limit),
            (point.latitude + latitudeMax) / (latitudeMax + latitudeMax)
        )
    }

    /// The middle of the smallest cell. Numbers of more than 26 bits, which are no place's, count as the edge.
    @inline(__always) var point: GeoPoint {
        GeoPoint(
            longitude: GeoCode.middle(column, GeoPoint.longitudeMax),
            latitude: GeoCode.middle(row, GeoPoint.latitudeMax))
    }

    @inline(__always) private static func middle(_ number: UInt64, _ limit: Double) -> Double {
        let (scale, side) = (limit + limit, Double(GeoCode.side))
        let low = -limit + Double(number) / side * scale
        let high = -limit + Double(number &+ 1) / side * scale
        return max(-limit, min(limit, (low + high) / 2))
    }

    /// Whether it is that of a place on the edge, which lies in no cell.
    var isOnEdge: Bool {
        column <= GeoCode.side && row <= GeoCode.side && (column == GeoCode.side || row == GeoCode.side)
    }
}

extension GeoCode {
    /// The score of a member at a valid place. One on both edges may need 54 bits, of which a double holds 53.
    static func score(of point: GeoPoint) -> Double { Double(GeoCode(point).interleaved) }

    /// The bits of a score, whatever it is: what is no place's is read as Redis reads it on common processors.
    @inline(__always) static func bits(_ score: Double) -> UInt64 {
        if score >= 0, score < 0x1p63 { return UInt64(score) }
        return strangeBits(score)
    }

    private static func strangeBits(_ score: Double) -> UInt64 {
        if score >= 0x1p63 {
            let rest = score - 0x1p63
            return rest < 0x1p63 ? UInt64(rest) ^ (1 << 63) : 0
        }
        return score > -0x1p63 ? UInt64(bitPattern: Int64(score)) : 1 << 63
    }

    /// The place that a score stands for.
    @inline(__always) static func point(of score: Double) -> GeoPoint {
        GeoCode(interleaved: bits(score)).point
    }
}

/// A place in the common text form of 11 letters. Scores have bits for ten of them, so the last is always 0.
struct GeoHashText {
    private static let letters: StaticString = "0123456789bcdefghjkmnpqrstuvwxyz"
    private let code: UInt64

    init(_ point: GeoPoint) { code = GeoCode(point, latitudeMax: 90).interleaved }

    /// Calls `body` with the text.
    func withView<R>(_ body: (ByteView) -> R) -> R {
        let letters = ByteView(GeoHashText.letters)
        var text = [UInt8](repeating: UInt8(ascii: "0"), count: 11)
        for index in 0..<10 { text[index] = letters[Int(code >> UInt64(47 - index * 5) & 31)] }
        return text.withView(body)
    }
}
