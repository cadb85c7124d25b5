// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands of clusters. The server is no part of one and says so in the words by which clients find out.
public enum ClusterCommands {
    /// The rows of the command table.
    public static let commands: [Command] =
        [
            Command("ASKING", arity: 1, .fast, .cluster, acl: "@connection", NoCluster.self),
            Command(
                "READONLY", arity: 1, [.loading, .stale, .fast], .cluster, acl: "@connection", ReadOnly.self),
            Command(
                "READWRITE", arity: 1, [.loading, .stale, .fast], .cluster, acl: "@connection", ReadWrite.self
            ),
            Command(
                "CLUSTERSCAN", arity: -2, .readonly, .cluster, acl: "@keyspace",
                keys: "idx1+range(0,1,0)[not_key]",
                tips: "nondeterministic_output request_policy:special response_policy:special", NoCluster.self
            ),
            Command(container: "CLUSTER", arity: -2, .cluster, Cluster.commands),
        ]

}

/// The subcommands of CLUSTER.
enum Cluster {
    private static let moves: CommandFlags = [.admin, .stale, .noAsyncLoading]
    private static let admin: CommandFlags = [.admin, .stale]
    private static let tells: CommandFlags = [.loading, .stale]
    private static let varies = "nondeterministic_output"

    static let commands: [Command] = questions + slots + nodes

    /// What anybody may ask.
    private static let questions: [Command] = [
        Command("INFO", arity: 2, tells, .cluster, tips: varies, NoCluster.self),
        Command("NODES", arity: 2, tells, .cluster, tips: varies, NoCluster.self),
        Command("SHARDS", arity: 2, tells, .cluster, tips: varies, NoCluster.self),
        Command("SLOTS", arity: 2, tells, .cluster, tips: varies, NoCluster.self),
        Command(
            "SLOT-STATS", arity: -4, tells, .cluster, tips: varies + " request_policy:all_shards",
            NoCluster.self),
        Command("LINKS", arity: 2, .stale, .cluster, tips: varies, NoCluster.self),
        Command("MYID", arity: 2, tells, .cluster, NoCluster.self),
        Command("MYSHARDID", arity: 2, tells, .cluster, tips: varies, NoCluster.self),
        Command("KEYSLOT", arity: 3, .stale, .cluster, NoCluster.self),
        Command("COUNTKEYSINSLOT", arity: 3, .stale, .cluster, NoCluster.self),
        Command("GETKEYSINSLOT", arity: 4, .stale, .cluster, tips: varies, NoCluster.self),
        Command("HELP", arity: 2, tells, .cluster, ClusterHelp.self),
    ]

    private static let slots: [Command] = [
        Command("ADDSLOTS", arity: -3, moves, .cluster, NoCluster.self),
        Command("ADDSLOTSRANGE", arity: -4, moves, .cluster, NoCluster.self),
        Command("DELSLOTS", arity: -3, moves, .cluster, NoCluster.self),
        Command("DELSLOTSRANGE", arity: -4, moves, .cluster, NoCluster.self),
        Command(
            "FLUSHSLOT", arity: -3, [.write, .admin, .noAsyncLoading], .cluster, acl: "@keyspace",
            NoCluster.self),
        Command("FLUSHSLOTS", arity: 2, moves, .cluster, NoCluster.self),
        Command("SETSLOT", arity: -4, moves, .cluster, NoCluster.self),
        Command("MIGRATESLOTS", arity: -4, moves, .cluster, NoCluster.self),
        Command("GETSLOTMIGRATIONS", arity: 2, moves, .cluster, NoCluster.self),
        Command("CANCELSLOTMIGRATIONS", arity: 2, moves, .cluster, NoCluster.self),
        Command("SYNCSLOTS", arity: -3, moves, .cluster, NoCluster.self),
    ]

    private static let nodes: [Command] = [
        Command("BUMPEPOCH", arity: 2, moves, .cluster, tips: varies, NoCluster.self),
        Command("COUNT-FAILURE-REPORTS", arity: 3, admin, .cluster, tips: varies, NoCluster.self),
        Command("FAILOVER", arity: -2, moves, .cluster, NoCluster.self),
        Command("FORGET", arity: 3, moves, .cluster, NoCluster.self),
        Command("MEET", arity: -4, moves, .cluster, NoCluster.self),
        Command("REPLICAS", arity: 3, admin, .cluster, tips: varies, NoCluster.self),
        Command("SLAVES", arity: 3, admin, .cluster, tips: varies, NoCluster.self),
        Command("REPLICATE", arity: -3, moves, .cluster, NoCluster.self),
        Command("RESET", arity: -2, [.admin, .noscript, .stale], .cluster, NoCluster.self),
        Command("SAVECONFIG", arity: 2, moves, .cluster, NoCluster.self),
        Command("SET-CONFIG-EPOCH", arity: 3, moves, .cluster, NoCluster.self),
    ]
}

/// READONLY
///
/// The client takes what a replica has. Valkey lets it say so without a cluster as well, for replicas that would send
/// it to their primary otherwise.
enum ReadOnly: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.session.readsFromReplicas = true
        reply.ok()
    }
}

/// READWRITE
enum ReadWrite: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.session.readsFromReplicas = false
        reply.ok()
    }
}

/// Every other command of clusters but CLUSTER HELP.
enum NoCluster: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        throw .custom("ERR This instance has cluster support disabled")
    }
}

/// CLUSTER HELP
enum ClusterHelp: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.help(
            "CLUSTER",
            [
                "(any other subcommand)",
                "    Refused: this server is no part of a cluster.",
            ])
    }
}
