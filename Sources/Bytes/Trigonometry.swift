// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The functions of the C library on angles in radians, for those who may not import it.
public enum Trigonometry {
    /// The sine of an angle.
    @inline(__always) public static func sine(_ angle: Double) -> Double { sin(angle) }
    /// The cosine of an angle.
    @inline(__always) public static func cosine(_ angle: Double) -> Double { cos(angle) }
    /// The angle of a sine; what lies beyond 1 counts as 1.
    @inline(__always) public static func arcSine(_ sine: Double) -> Double { asin(min(1, max(-1, sine))) }
    /// The angle from the x axis to a point.
    @inline(__always) public static func angle(x: Double, y: Double) -> Double { atan2(y, x) }
}
