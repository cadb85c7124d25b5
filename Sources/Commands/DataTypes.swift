// SPDX-License-Identifier: Apache-2.0
import Engine
import Keyspace

/// The commands on keys and their values.
public enum DataTypes {
    /// The families of all types, and what works on keys of any.
    public static let feature = Feature(
        "data types",
        families: [
            Strings.family, Bitmaps.family, HyperLogLogs.family, Keys.family, Lists.family, Sets.family,
            Hashes.family, SortedSets.family, Streams.family, Geo.family, Sorting.family, Databases.family,
            Family(commands: [], docs: [], parameters: parameters),
        ])

    /// Up to where values are packed: the types declare it.
    private static let parameters = ValueType.encodingLimits.map { limit in
        Parameter(
            limit.name, limit.isBytes ? .memory(0...UInt64(Int.max)) : .integer(limit.range),
            .limit(limit.path), aliases: limit.aliases)
    }
}
