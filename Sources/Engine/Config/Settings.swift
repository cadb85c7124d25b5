// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

/// Settings that one feature keeps for itself, with the values they have until somebody sets them. The feature gives
/// them a name by an extension of `Settings`, so that its directives can point at them.
public protocol FeatureSettings: Sendable {
    /// The values that hold until somebody sets others.
    init()
}

/// The values of all directives that exist, in their own units.
public struct Settings: Sendable {
    // Network
    /// The addresses to listen on; `*` is all, and a `-` in front allows that there is no such address.
    public var bind: [ByteString] = ["*", "-::*"]
    /// The TCP port; 0: none is opened.
    public var port = 6379
    /// How many connections may wait in the kernel to be accepted.
    public var tcpBacklog = 511
    /// After how many silent seconds TCP asks whether a client is still there; 0: never.
    public var tcpKeepaliveSeconds = 300
    /// After how many idle seconds clients are disconnected; 0: never.
    public var timeoutSeconds = 0
    /// The path of the Unix socket; empty: none is opened.
    public var unixSocket: ByteString = ""
    /// Permissions of the Unix socket, as `chmod` counts them; 0: as the system makes it.
    public var unixSocketPermissions = 0
    /// How many clients may be connected at once.
    public var clientsMax = 10000
    /// What all clients together may take: bytes, or a share of the memory limit (`5%`); 0: any amount.
    public var clientMemory: ByteString = "0"
    /// Class, hard limit, soft limit and its seconds, for each class of clients.
    public var outputBufferLimits: ByteString =
        "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"
    /// Whether clients from other machines are refused while no password is needed.
    public var protectedMode = true
    /// How sockets are opened.
    public var sockets = SocketSettings()
    // Protocol
    /// The largest argument in bytes, and so the longest string.
    public var bulkBytesMax = 512 << 20
    /// How much of a command may wait to be completed, in bytes.
    public var queryBufferBytesMax = 1 << 30
    // Store
    /// How many databases there are, numbered from 0.
    public var databases = 16
    /// Up to where values are packed.
    public var limits = EncodingLimits()
    /// What the key of the hash is made of, so that servers agree on the order of SCAN; empty: chance.
    public var hashSeed: ByteString = ""
    /// How slowly counters of accesses rise; see `Keyspace.lfuLogFactor`.
    public var lfuLogFactor = 10
    /// After how many minutes an unused key's counter of accesses falls by one; 0: never.
    public var lfuDecayMinutes = 1
    /// When and how hard entries are moved together.
    public var defragmentation = DefragmentationSettings()
    /// Another server's data is brought in: dead keys stay until its source deletes them.
    public var importMode = false
    // Access
    /// The password of AUTH; empty: none is needed.
    public var password: ByteString = ""
    /// Who may change protected directives, use DEBUG, and load modules: `no`, `yes`, `local`.
    public var protectedConfigs = "no"
    public var debugCommand = "no"
    public var moduleCommand = "no"
    // Process
    /// The working folder, which paths of files start from.
    public var directory: ByteString = "."
    /// The file of the log; empty: standard output.
    public var logFile: ByteString = ""
    /// The least important lines that are logged: `debug`, `verbose`, `notice`, `warning` or `nothing`.
    public var logLevel = "notice"
    /// What log lines look like.
    public var log = LogSettings()
    /// What concerns the process as the system sees it.
    public var process = ProcessSettings()
    /// The file that the process writes its number to; empty: none, unless it is a daemon.
    public var pidFile: ByteString = ""
    /// Whether the process leaves its terminal and goes to the background.
    public var daemonize = false
    /// The zone of a cloud that the server stands in; INFO and HELLO tell it.
    public var availabilityZone: ByteString = ""
    /// How the server works as a service.
    public var service = ServiceSettings()
    /// Values of the directives that have no effect or none yet, by name, where they were set.
    public var others: [String: ByteString] = [:]
    /// What features have settings of their own for, by the type that holds them.
    private var features: [ObjectIdentifier: any FeatureSettings] = [:]

    public init() {}

    /// The settings of a feature; those it begins with until one of them is set.
    public subscript<Own: FeatureSettings>(_ type: Own.Type) -> Own {
        get { features[ObjectIdentifier(type)] as? Own ?? Own() }
        set { features[ObjectIdentifier(type)] = newValue }
    }

    /// Keys and members keep their lengths in 32 bits.
    public static let bulkBytesHardMax = Int(UInt32.max)
    /// The longest string, in bytes: `proto-max-bulk-len`, as far as the store can go.
    public var stringBytesMax: Int { min(bulkBytesMax, Settings.bulkBytesHardMax) }
}
