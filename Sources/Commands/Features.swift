// SPDX-License-Identifier: Apache-2.0

/// The features of this target, in the order in which they are asked and told.
public enum Features {
    public static let all: [Feature] = [
        Feature(
            "server",
            families: [ServerCommands.family, Saving.family, Roles.family, Modules.family],
            info: InfoWriter.sections),
        Feature(
            "data types",
            families: [
                Strings.family, Bitmaps.family, Keys.family, Sets.family, Hashes.family, Databases.family,
            ]),
        Transactions.feature,
        Feature("connections", families: [Connection.family]),
        Feature("cluster", families: [ClusterCommands.family]),
        PubSub.feature,
        Tracking.feature,
        Feature("configuration", families: [ConfigCommands.family]),
        Feature("introspection", families: [CommandCommands.family]),
        Insight.feature,
        MemoryLimit.feature,
        Feature("debugging", families: [Debugging.family]) { _ in DebugPart() },
    ]
}
