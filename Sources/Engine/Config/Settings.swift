// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

/// Settings that one feature keeps for itself, with the values they have until somebody sets them. The feature gives
/// them a name by an extension of `Settings`, so that its directives can point at them.
public protocol FeatureSettings: Sendable {
    init()
}

/// The values of all directives that exist, in their own units.
public struct Settings: Sendable {
    // Network
    public var bind: [ByteString] = ["*", "-::*"]
    public var port = 6379
    public var tcpBacklog = 511
    public var tcpKeepaliveSeconds = 300
    public var timeoutSeconds = 0
    public var unixSocket: ByteString = ""
    public var unixSocketPermissions = 0
    public var clientsMax = 10000
    /// What all clients together may take: bytes, or a share of the memory limit (`5%`); 0: any amount.
    public var clientMemory: ByteString = "0"
    /// Class, hard limit, soft limit and its seconds, for each class of clients.
    public var outputBufferLimits: ByteString =
        "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"
    public var protectedMode = true
    public var sockets = SocketSettings()
    // Protocol
    public var bulkBytesMax = 512 << 20
    public var queryBufferBytesMax = 1 << 30
    // Store
    public var databases = 16
    /// Up to where values are packed.
    public var limits = EncodingLimits()
    public var hashSeed: ByteString = ""
    public var lfuLogFactor = 10
    public var lfuDecayMinutes = 1
    public var defragmentation = DefragmentationSettings()
    /// Another server's data is brought in: dead keys stay until its source deletes them.
    public var importMode = false
    // Access
    public var password: ByteString = ""
    /// Who may change protected directives, use DEBUG, and load modules: `no`, `yes`, `local`.
    public var protectedConfigs = "no"
    public var debugCommand = "no"
    public var moduleCommand = "no"
    // Process
    public var directory: ByteString = "."
    public var logFile: ByteString = ""
    public var logLevel = "notice"
    public var log = LogSettings()
    public var process = ProcessSettings()
    public var pidFile: ByteString = ""
    public var daemonize = false
    public var availabilityZone: ByteString = ""
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
