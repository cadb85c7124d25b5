// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

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
    public var setIntsetEntriesMax = 512
    public var setListpackEntriesMax = 128
    public var setListpackValueBytesMax = 64
    public var hashListpackEntriesMax = 512
    public var hashListpackValueBytesMax = 64
    public var hashSeed: ByteString = ""
    public var maxmemoryPolicy = "noeviction"
    public var lfuLogFactor = 10
    public var lfuDecayMinutes = 1
    public var memoryLimit = MemoryLimitSettings()
    public var defragmentation = DefragmentationSettings()
    /// Another server's data is brought in: dead keys stay until its source deletes them.
    public var importMode = false
    // Access
    public var password: ByteString = ""
    /// Who may change protected directives, use DEBUG, and load modules: `no`, `yes`, `local`.
    public var protectedConfigs = "no"
    public var debugCommand = "no"
    public var moduleCommand = "no"
    // Messages
    /// Which keyspace events are published: the letters of `notify-keyspace-events`.
    public var keyspaceEvents = ""
    /// How many keys are remembered for clients that track them; 0: any number.
    public var trackingKeysMax = 1_000_000
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
    /// What is logged and measured for operators.
    public var insight = InsightSettings()

    /// Values of the directives that have no effect or none yet, by name, where they were set.
    var others: [String: ByteString] = [:]

    public init() {}

    /// Keys and members keep their lengths in 32 bits.
    static let bulkBytesHardMax = Int(UInt32.max)
    /// The longest string, in bytes: `proto-max-bulk-len`, as far as the store can go.
    var stringBytesMax: Int { min(bulkBytesMax, Settings.bulkBytesHardMax) }
}
