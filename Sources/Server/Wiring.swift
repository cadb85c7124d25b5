// SPDX-License-Identifier: Apache-2.0
import Commands
import Engine
import Messaging
import Operations
import Persistence
import Scripting

/// What the server is made of.
public enum Wiring {
    /// The one list of features: each brings its commands, directives and INFO sections. They are asked and told in this
    /// order.
    public static let features: [Feature] = [
        ServerCommands.feature,
        DataTypes.feature,
        Transactions.feature,
        ConnectionCommands.feature,
        ClusterCommands.feature,
        Scripting.feature(version: "\(Version.redis)"),
        PubSub.feature,
        Tracking.feature,
        ConfigCommands.feature,
        CommandCommands.feature,
        Insight.feature,
        MemoryLimit.feature,
        Saving.feature,
        Debugging.feature,
    ]
}
