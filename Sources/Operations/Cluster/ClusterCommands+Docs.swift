// SPDX-License-Identifier: Apache-2.0
import Engine

extension ClusterCommands {
    /// The cluster commands with their documentation.
    public static let family = Family(commands: commands, docs: docs + slotDocs + nodeDocs)
    /// The commands of a cluster, of which a server on its own refuses most.
    public static let feature = Feature("cluster", families: [family])

    private static let docs: [CommandDoc] = [
        CommandDoc("ASKING", "Says that the next command follows an ASK.", since: "3.0.0", "O(1)"),
        CommandDoc("READONLY", "Lets a replica of a cluster be read.", since: "3.0.0", "O(1)"),
        CommandDoc("READWRITE", "Ends READONLY.", since: "3.0.0", "O(1)"),
        CommandDoc(
            "CLUSTERSCAN", "Walks the keys of a cluster, slot by slot.", since: "9.1.0",
            "O(N), N keys answered",
            "cursor [MATCH match-pattern:pattern] [COUNT count:integer] [TYPE type] [SLOT slot:integer]"),
        CommandDoc("CLUSTER", "Looks at a cluster and changes it.", since: "3.0.0", "By subcommand"),
        CommandDoc("CLUSTER|INFO", "How the cluster fares, as this node sees it.", since: "3.0.0", "O(1)"),
        CommandDoc(
            "CLUSTER|NODES", "The nodes and their slots, as lines of text.", since: "3.0.0", "O(N), N nodes"),
        CommandDoc(
            "CLUSTER|SHARDS", "The shards with their slots and nodes.", since: "7.0.0", "O(N), N nodes",
            history: ["9.1.0 The field `id` of shards and `availability-zone` of nodes."]),
        CommandDoc(
            "CLUSTER|SLOTS", "Which nodes serve which slots.", since: "3.0.0", "O(N), N nodes",
            deprecated: ("7.0.0", "`CLUSTER SHARDS`"),
            history: [
                "4.0.0 The ids of the nodes.", "7.0.0 More about how to reach a node.",
                "9.1.0 `availability-zone` among that.",
            ]),
        CommandDoc(
            "CLUSTER|SLOT-STATS", "How slots are used.", since: "8.0.0",
            "O(N), N slots; O(N*log(N)) with ORDERBY",
            "(filter: SLOTSRANGE (slotsrange: start-slot:integer end-slot:integer) "
                + "| ORDERBY (orderby: metric [LIMIT limit:integer] [order: ASC | DESC]))"),
        CommandDoc(
            "CLUSTER|LINKS", "The links between this node and the others.", since: "7.0.0", "O(N), N nodes"),
        CommandDoc("CLUSTER|MYID", "The id of this node.", since: "3.0.0", "O(1)"),
        CommandDoc("CLUSTER|MYSHARDID", "The id of this node's shard.", since: "7.2.0", "O(1)"),
        CommandDoc(
            "CLUSTER|KEYSLOT", "The slot of a key.", since: "3.0.0", "O(N), N bytes of key", "key:string"),
        CommandDoc(
            "CLUSTER|COUNTKEYSINSLOT", "How many keys a slot has on this node.", since: "3.0.0", "O(1)",
            "slot:integer"),
        CommandDoc(
            "CLUSTER|GETKEYSINSLOT", "Some keys of a slot on this node.", since: "3.0.0",
            "O(N), N keys asked for",
            "slot:integer count:integer"),
        CommandDoc("CLUSTER|HELP", "The subcommands and what they do.", since: "5.0.0", "O(1)"),
    ]

    private static let range = "(range: start-slot:integer end-slot:integer)"

    private static let slotDocs: [CommandDoc] = [
        CommandDoc(
            "CLUSTER|ADDSLOTS", "Gives slots to this node.", since: "3.0.0", "O(N), N slots",
            "slot:integer..."),
        CommandDoc(
            "CLUSTER|ADDSLOTSRANGE", "Gives ranges of slots to this node.", since: "7.0.0", "O(N), N slots",
            "\(range)..."),
        CommandDoc(
            "CLUSTER|DELSLOTS", "Takes slots from the nodes that have them.", since: "3.0.0", "O(N), N slots",
            "slot:integer..."),
        CommandDoc(
            "CLUSTER|DELSLOTSRANGE", "Takes ranges of slots from the nodes that have them.", since: "7.0.0",
            "O(N), N slots", "\(range)..."),
        CommandDoc(
            "CLUSTER|FLUSHSLOT", "Deletes all keys of a slot.", since: "9.0.0", "O(N), N keys",
            "slot:integer [flush-type: ASYNC | SYNC]"),
        CommandDoc("CLUSTER|FLUSHSLOTS", "Takes all slots from this node.", since: "3.0.0", "O(1)"),
        CommandDoc(
            "CLUSTER|SETSLOT", "Binds a slot to a node, or begins or ends its move.", since: "3.0.0", "O(1)",
            "slot:integer (subcommand: IMPORTING importing=node-id | MIGRATING migrating=node-id "
                + "| NODE node=node-id | STABLE) [TIMEOUT timeout:integer]",
            history: ["8.0.0 The option `TIMEOUT`."]),
        CommandDoc(
            "CLUSTER|MIGRATESLOTS", "Moves ranges of slots to other nodes.", since: "9.0.0", "O(N), N slots",
            "(migration-group: (slotsrange-token: SLOTSRANGE) \(range)... (node-token: NODE) node-id)..."),
        CommandDoc(
            "CLUSTER|GETSLOTMIGRATIONS", "The moves of slots, present and past.", since: "9.0.0",
            "O(N), N moves"),
        CommandDoc(
            "CLUSTER|CANCELSLOTMIGRATIONS", "Ends the moves of slots that have begun.", since: "9.0.0",
            "O(N), N moves"),
        CommandDoc(
            "CLUSTER|SYNCSLOTS", "What nodes say to each other while slots move.", since: "9.0.0",
            "By subcommand", "subcommand [argument...]", isInternal: true),
    ]

    private static let nodeDocs: [CommandDoc] = [
        CommandDoc("CLUSTER|BUMPEPOCH", "Raises the node's configuration epoch.", since: "3.0.0", "O(1)"),
        CommandDoc(
            "CLUSTER|COUNT-FAILURE-REPORTS", "How many nodes think that a node has failed.", since: "3.0.0",
            "O(N), N reports", "node-id",
            history: ["9.0.0 None is counted any more once the node has failed."]),
        CommandDoc(
            "CLUSTER|FAILOVER", "Makes this replica the primary of its shard.", since: "3.0.0", "O(1)",
            "[options: FORCE | TAKEOVER]"),
        CommandDoc(
            "CLUSTER|FORGET", "Takes a node out of this node's table.", since: "3.0.0", "O(1)", "node-id"),
        CommandDoc(
            "CLUSTER|MEET", "Joins a node to this one's cluster.", since: "3.0.0", "O(1)",
            "ip port:integer [cluster-bus-port:integer]", history: ["4.0.0 The argument `cluster-bus-port`."]),
        CommandDoc(
            "CLUSTER|REPLICAS", "The replicas of a primary.", since: "5.0.0", "O(N), N replicas", "node-id"),
        CommandDoc(
            "CLUSTER|SLAVES", "The replicas of a primary.", since: "3.0.0", "O(N), N replicas", "node-id",
            deprecated: ("5.0.0", "`CLUSTER REPLICAS`")),
        CommandDoc(
            "CLUSTER|REPLICATE", "Makes this node a replica of another, or of none.", since: "3.0.0", "O(1)",
            "(args: node-id | (no-one: NO ONE))",
            history: ["9.0.0 `NO ONE` detaches a replica from its primary."]),
        CommandDoc(
            "CLUSTER|RESET", "Makes this node forget its cluster.", since: "3.0.0", "O(N), N nodes and keys",
            "[reset-type: HARD | SOFT]"),
        CommandDoc("CLUSTER|SAVECONFIG", "Writes the node's file of configuration.", since: "3.0.0", "O(1)"),
        CommandDoc(
            "CLUSTER|SET-CONFIG-EPOCH", "Sets the epoch of a new node.", since: "3.0.0", "O(1)",
            "config-epoch:integer"),
    ]
}
