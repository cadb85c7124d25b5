// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// What a command is and may do; the lower bits are the flags that COMMAND INFO shows.
public struct CommandFlags: OptionSet, Sendable, Hashable {
    /// One bit for each flag.
    public let rawValue: UInt32
    /// The flags of these bits.
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// It may change data.
    public static let write = CommandFlags(rawValue: 1 << 0)
    /// It reads data and changes none.
    public static let readonly = CommandFlags(rawValue: 1 << 1)
    /// It may need more memory: refused while memory is above its limit.
    public static let denyoom = CommandFlags(rawValue: 1 << 2)
    /// It came from a module.
    public static let module = CommandFlags(rawValue: 1 << 3)
    /// It is for operators.
    public static let admin = CommandFlags(rawValue: 1 << 4)
    /// It concerns channels and their messages.
    public static let pubsub = CommandFlags(rawValue: 1 << 5)
    /// Scripts may not call it.
    public static let noscript = CommandFlags(rawValue: 1 << 6)
    /// It may keep its client waiting.
    public static let blocking = CommandFlags(rawValue: 1 << 7)
    /// It may run while the data is being loaded.
    public static let loading = CommandFlags(rawValue: 1 << 8)
    /// It may run on a replica whose data is out of date.
    public static let stale = CommandFlags(rawValue: 1 << 9)
    /// MONITOR does not show it.
    public static let skipMonitor = CommandFlags(rawValue: 1 << 10)
    /// The log of slow commands leaves it out, for the sake of secrets.
    public static let skipSlowlog = CommandFlags(rawValue: 1 << 11)
    /// In a cluster it may use a slot that is on its way here, as if ASKING had come first.
    public static let asking = CommandFlags(rawValue: 1 << 12)
    /// Its time is constant or grows with a logarithm.
    public static let fast = CommandFlags(rawValue: 1 << 13)
    /// It may run before the client has authenticated.
    public static let noAuth = CommandFlags(rawValue: 1 << 14)
    /// Replicas hear of it though it is no write; COMMAND INFO does not show it.
    public static let mayReplicate = CommandFlags(rawValue: 1 << 15)
    /// It may not be queued in a transaction.
    public static let noMulti = CommandFlags(rawValue: 1 << 16)
    /// Where its keys stand depends on its arguments.
    public static let movableKeys = CommandFlags(rawValue: 1 << 17)
    /// It may run while a script takes too long.
    public static let allowBusy = CommandFlags(rawValue: 1 << 18)

    /// It may not run while a replica loads new data beside the old.
    public static let noAsyncLoading = CommandFlags(rawValue: 1 << 19)

    /// Runs what the session has queued since MULTI.
    public static let runsQueue = CommandFlags(rawValue: 1 << 20)

    /// It concerns no data, so that it does not wait for a unit that spans turns.
    public static let besideUnits = CommandFlags(rawValue: 1 << 21)

    /// It answers even while others are refused because a unit takes too long.
    public static let mayInterrupt = CommandFlags(rawValue: 1 << 23)

    /// May stop in the middle and go on in later turns.
    public static let stops = CommandFlags(rawValue: 1 << 22)

    /// Derived: its answer may tell of data, so that it may have to wait until that is on the disk; see `LogProgress`.
    public static let seesData = CommandFlags(rawValue: 1 << 25)
    /// Derived: it may not run while the data is being loaded.
    public static let notLoading = CommandFlags(rawValue: 1 << 26)
    /// A client may call it that speaks RESP2 and is subscribed to something.
    public static let whileSubscribed = CommandFlags(rawValue: 1 << 27)
    /// Derived: such a client may not.
    public static let notSubscribed = CommandFlags(rawValue: 1 << 28)
    /// Derived: every command has it, so that the gate looks at each while somebody watches commands.
    public static let any = CommandFlags(rawValue: 1 << 29)
    /// Derived: the client must have authenticated.
    public static let needsAuth = CommandFlags(rawValue: 1 << 30)
    /// Derived: runs at once inside MULTI instead of being queued.
    public static let immediate = CommandFlags(rawValue: 1 << 31)

    /// The names of COMMAND INFO, in its order.
    public static let names: [(CommandFlags, StaticString)] = [
        (.write, "write"), (.readonly, "readonly"), (.denyoom, "denyoom"), (.module, "module"),
        (.admin, "admin"), (.pubsub, "pubsub"), (.noscript, "noscript"), (.blocking, "blocking"),
        (.loading, "loading"), (.stale, "stale"), (.skipMonitor, "skip_monitor"),
        (.skipSlowlog, "skip_slowlog"), (.asking, "asking"), (.fast, "fast"), (.noAuth, "no_auth"),
        (.noAsyncLoading, "no_async_loading"), (.noMulti, "no_multi"),
        (.movableKeys, "movablekeys"),
        (.allowBusy, "allow_busy"),
    ]
}

/// The family a command belongs to: its group in COMMAND DOCS and, for data types, its ACL category.
public enum CommandGroup: String, Sendable {
    /// The families, by the names that clients see.
    case string, list, set, hash, stream, geo, hyperloglog, bitmap, generic, connection, server, transactions
    case sortedSet = "sorted-set"
    case pubsub, scripting, cluster

    /// Whether the family's values lie behind their entries as a rule.
    var readsBeyondEntry: Bool {
        switch self {
        case .list, .set, .hash, .stream, .geo, .hyperloglog, .bitmap, .sortedSet: true
        case .string, .generic, .connection, .server, .transactions, .pubsub, .scripting, .cluster: false
        }
    }
}

/// One command's work. Reads all its arguments first, then looks up, then edits, then replies.
public protocol Handler: SendableMetatype {
    /// Carries the command out and writes one reply, or throws why it cannot. The arguments are views that die with the
    /// call.
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal)
}

/// One row of a family's table: everything about a command but its documentation.
public struct Command: Sendable {
    /// Lower case; a subcommand's name without its container's.
    public let name: String
    /// Number of arguments with the name; negative: at least so many.
    public let arity: Int
    /// What the command is and may do.
    public let flags: CommandFlags
    /// The family it belongs to.
    public let group: CommandGroup
    /// ACL categories beyond those that follow from flags and group, as `@keyspace @dangerous`.
    public let acl: String
    /// Key specifications as `idx1+range(0,1,0)[RW access update]`, several separated by `; `.
    public let keys: String
    /// Tips for proxies and clients, separated by blanks.
    public let tips: String
    /// The function that carries it out, by the type that holds it.
    public let handler: any Handler.Type
    /// The commands that are called by its name and one of their own.
    public private(set) var subcommands: [Command]
    /// Only adds its subcommands to a container that another feature declares.
    public private(set) var isExtension: Bool

    /// A command.
    public init(
        _ name: String, arity: Int, _ flags: CommandFlags = [], _ group: CommandGroup, acl: String = "",
        keys: String = "", tips: String = "", _ handler: any Handler.Type
    ) {
        self.name = name.lowercased()
        self.arity = arity
        self.flags = flags
        self.group = group
        self.acl = acl
        self.keys = keys
        self.tips = tips
        self.handler = handler
        subcommands = []
        isExtension = false
    }

    /// A container: its second argument names a subcommand. `handler` runs when there is no second argument.
    public init(
        container name: String, arity: Int, _ group: CommandGroup, flags: CommandFlags = [], acl: String = "",
        tips: String = "", handler: any Handler.Type = MissingSubcommand.self, _ subcommands: [Command]
    ) {
        self.name = name.lowercased()
        self.arity = arity
        self.flags = flags
        self.group = group
        self.acl = acl
        keys = ""
        self.tips = tips
        self.handler = handler
        self.subcommands = subcommands
        isExtension = false
    }

    /// Subcommands for a container that another feature declares.
    public init(extending name: String, _ group: CommandGroup, _ subcommands: [Command]) {
        self.init(container: name, arity: 0, group, subcommands)
        isExtension = true
    }

    /// The commands of all families, each extension merged into its container, which stands in some family.
    public static func merged(_ families: [Family]) -> [Command] {
        let all = families.flatMap(\.commands)
        let extensions = all.filter(\.isExtension)
        let containers = all.filter { !$0.isExtension }
        precondition(
            extensions.allSatisfy { added in containers.contains { $0.name == added.name } },
            "an extension of a container that is none")
        return containers.map { command in
            let added = extensions.filter { $0.name == command.name }.flatMap(\.subcommands)
            var whole = command
            whole.subcommands += added
            return whole
        }
    }
}

/// A container called without a subcommand: its arity refuses that before it gets here.
public enum MissingSubcommand: Handler {
    public static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal)
    {
        throw .wrongArity
    }
}
