// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Where a search looks: a shape around a place.
struct GeoArea {
    /// Lengths are in metres.
    enum Shape {
        case circle(radius: Double)
        case box(width: Double, height: Double)
        /// A polygon of straight lines on a map whose axes are longitude and latitude.
        case polygon([GeoPoint])
    }

    let shape: Shape
    let origin: SphereOrigin
    /// Half chords with smaller squares are in the circle, and with larger ones outside; between them the distance tells.
    private var surelyInside = 0.0
    private var surelyOutside = Double.infinity
    /// As the shape says, so that looking at a member follows no case.
    private var radius = Double.infinity

    init(_ shape: Shape, around center: GeoPoint) {
        self.shape = shape
        origin = SphereOrigin(center)
        guard case .circle(let radius) = shape else { return }
        self.radius = radius
        let angle = radius / Sphere.radius / 2
        guard angle < .pi / 2 else { return }
        let chord = Trigonometry.sine(angle)
        surelyInside = chord * chord * (1 - 1e-9)
        surelyOutside = chord * chord * (1 + 1e-9) + 1e-24
    }

    /// Whether a place belongs to the area.
    @inline(__always) func contains(_ point: GeoPoint) -> Bool {
        switch shape {
        case .circle:
            guard let square = origin.halfChordSquared(to: point) else {
                return origin.distance(to: point) <= radius
            }
            if square < surelyInside { return true }
            return square <= surelyOutside && SphereOrigin.distance(halfChordSquared: square) <= radius
        case .box(let width, let height): return boxContains(point, width: width, height: height)
        case .polygon(let corners): return GeoArea.contains(point, corners)
        }
    }

    /// A box is as wide at each latitude as the distance along that latitude says.
    private func boxContains(_ point: GeoPoint, width: Double, height: Double) -> Bool {
        if Sphere.distance(latitude: point.latitude, origin.point.latitude) > height / 2 { return false }
        let beside = GeoPoint(longitude: origin.point.longitude, latitude: point.latitude)
        return Sphere.distance(point, beside) <= width / 2
    }

    /// Whether a line from the place to the east meets an odd number of sides.
    private static func contains(_ point: GeoPoint, _ corners: [GeoPoint]) -> Bool {
        var isInside = false
        var previous = corners[corners.count - 1]
        for corner in corners {
            if (corner.latitude > point.latitude) != (previous.latitude > point.latitude) {
                let slope = (previous.longitude - corner.longitude) / (previous.latitude - corner.latitude)
                if point.longitude < slope * (point.latitude - corner.latitude) + corner.longitude {
                    isInside.toggle()
                }
            }
            previous = corner
        }
        return isInside
    }

    /// The mean of places on the sphere.
    static func middle(of corners: [GeoPoint]) -> GeoPoint {
        var (x, y, z) = (0.0, 0.0, 0.0)
        for corner in corners {
            let (longitude, latitude) = (Sphere.radians(corner.longitude), Sphere.radians(corner.latitude))
            x += Trigonometry.cosine(latitude) * Trigonometry.cosine(longitude)
            y += Trigonometry.cosine(latitude) * Trigonometry.sine(longitude)
            z += Trigonometry.sine(latitude)
        }
        let count = Double(corners.count)
        (x, y, z) = (x / count, y / count, z / count)
        return GeoPoint(
            longitude: Sphere.degrees(Trigonometry.angle(x: x, y: y)),
            latitude: Sphere.degrees(Trigonometry.angle(x: (x * x + y * y).squareRoot(), y: z)))
    }
}
