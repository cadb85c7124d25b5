// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A place on earth, in degrees.
struct GeoPoint: Equatable {
    var longitude: Double
    var latitude: Double

    /// What a member may have: beyond these latitudes (those of web maps) there are no cells.
    static let longitudeMax = 180.0
    static let latitudeMax = 85.05112878

    /// Whether a member may have the place.
    var isValid: Bool {
        abs(longitude) <= GeoPoint.longitudeMax && abs(latitude) <= GeoPoint.latitudeMax
    }
}

/// Angles and distances on a sphere of the earth's size. Sums and products are made in the order that Redis makes them in,
/// so that distances agree to the last bit.
enum Sphere {
    /// In metres.
    static let radius = 6_372_797.560856
    private static let radiansPerDegree = Double.pi / 180

    static func radians(_ degrees: Double) -> Double { degrees * radiansPerDegree }
    static func degrees(_ radians: Double) -> Double { radians / radiansPerDegree }

    /// The distance of two latitudes on one meridian, in metres.
    static func distance(latitude: Double, _ other: Double) -> Double {
        radius * abs(radians(other) - radians(latitude))
    }

    /// The distance of two places along the surface, in metres.
    static func distance(_ a: GeoPoint, _ b: GeoPoint) -> Double {
        SphereOrigin(a).distance(to: b)
    }
}

/// A place from which many distances are measured.
struct SphereOrigin {
    let point: GeoPoint
    private let longitude: Double
    private let latitude: Double
    private let cosine: Double

    init(_ point: GeoPoint) {
        self.point = point
        longitude = Sphere.radians(point.longitude)
        latitude = Sphere.radians(point.latitude)
        cosine = Trigonometry.cosine(latitude)
    }

    /// The square of half the chord to another place, on a sphere of radius 1: it grows with the distance, and costs less.
    /// Nil where the longitudes are the same, so that the latitudes alone tell the distance.
    @inline(__always) func halfChordSquared(to other: GeoPoint) -> Double? {
        let across = Trigonometry.sine((Sphere.radians(other.longitude) - longitude) / 2)
        if across == 0 { return nil }
        let otherLatitude = Sphere.radians(other.latitude)
        let along = Trigonometry.sine((otherLatitude - latitude) / 2)
        return along * along + cosine * Trigonometry.cosine(otherLatitude) * across * across
    }

    /// In metres.
    @inline(__always) func distance(to other: GeoPoint) -> Double {
        guard let square = halfChordSquared(to: other) else {
            return Sphere.distance(latitude: point.latitude, other.latitude)
        }
        return SphereOrigin.distance(halfChordSquared: square)
    }

    static func distance(halfChordSquared square: Double) -> Double {
        2 * Sphere.radius * Trigonometry.arcSine(square.squareRoot())
    }
}
