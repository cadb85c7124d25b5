// SPDX-License-Identifier: Apache-2.0

/// What the server calls itself.
public enum Version {
    /// The version of Needletail.
    public static let needletail: StaticString = "0.1.0"
    /// The level of Redis that clients may count on.
    public static let redis: StaticString = "7.4.0"
}
