// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// One client connection, as the engine sees it: no socket, only an identity and a state.
public final class Session {
    /// Unique for the life of the server; sessions are addressed by it across turns.
    public let id: UInt64
    /// The number of the database its commands work on (SELECT).
    public var database = 0
    /// Whether it speaks RESP3 (HELLO 3).
    public var isRESP3 = false {
        didSet { refreshGate() }
    }
    /// Commands of this session with any of these flags go through the gate: authentication, MULTI.
    public var refusals: CommandFlags = []
    /// Commands are queued; the gate does it, so that no command outside MULTI has to ask.
    public var isInMulti = false {
        didSet { refreshGate() }
    }
    /// Why none of its commands may run now; empty while they may.
    var stops: Stops = []
    /// The last command does not count as an access to keys (CLIENT NO-TOUCH).
    public var touchesKeys = true
    var limits = ProtocolLimits()
    /// Only while a command is torn between reads.
    var assembler: CommandAssembler?
    /// When its input was last gathered with that of others; see `Gathered.round`.
    var gatheredIn: UInt64 = 0
    /// Where its commands are kept while `isInMulti`, made on first use.
    public var queue: (any CommandQueue)?
    /// What features keep for it.
    private var parts: [(type: ObjectIdentifier, part: AnyObject)] = []
    /// Who is told of each of its commands, and of nobody else's.
    public var observer: (any CommandObserver)? {
        didSet { refreshGate() }
    }
    /// Whether it may call only commands that are allowed to subscribers: it speaks RESP2 and is told messages.
    public var isBoundToMessages = false {
        didSet { refreshGate() }
    }

    /// What becomes of replies (CLIENT REPLY).
    public enum ReplyMode { case on, off, skipNext, skipping }
    /// What becomes of its next reply.
    public var replyMode = ReplyMode.on
    /// Shielded from client eviction (CLIENT NO-EVICT).
    public var isEvictable = true
    /// Understands redirections (CLIENT CAPA redirect).
    public var followsRedirects = false
    /// Takes what a replica has (READONLY).
    public var readsFromReplicas = false
    /// Brings in the data of another server and decides itself what dies (CLIENT IMPORT-SOURCE).
    public var isImportSource = false
    /// It runs what others have logged, to get data back: nothing is refused to it.
    var isReplaying = false
    /// Behind what it has changed last, in the log of commands.
    public internal(set) var loggedPosition: UInt64 = 0
    /// Its replies may leave when the log of commands is on disk up to here; see `LogProgress`.
    public internal(set) var awaitedPosition: UInt64 = 0
    /// Whose limits hold for its output.
    public var outputClass = OutputClass.normal

    /// Its command that waits for something; nil when none does.
    var wait: WaitingCommand?
    /// Input that waits until the session is no longer held, from the command on that was held.
    var heldInput: [UInt8] = []
    /// It is held because of keys that are guarded, and not in the line of those who may go on by themselves.
    var isGuarded = false
    /// How much of `heldInput` has run already.
    var heldFrom = 0
    /// Messages that are to follow what the session has been told so far; see `Outbox`.
    public internal(set) var pushes = ByteChain()

    // What CLIENT LIST tells.
    /// What the client calls itself (CLIENT SETNAME); empty until it does.
    public var name: [UInt8] = []
    /// What the client says of its library (CLIENT SETINFO).
    public var libraryName: [UInt8] = []
    public var libraryVersion: [UInt8] = []
    /// `ip:port`, `[ip]:port` or `path:0` of the client.
    public let address: ByteString
    /// The address of the server's end of the connection, in the same form.
    public let localAddress: ByteString
    /// When it connected, in Unix ms.
    public let createdMs: Int64
    /// Memory that features hold for it, as `Engine.recountFeatures` last found it.
    public internal(set) var featureBytes = 0
    /// What of its memory stands in the heap's books, because it lies in arrays outside the heap.
    var accountedBytes = 0
    /// Where it stands in `ClientRegistry.all`.
    var place = 0
    /// Its part in `ClientRegistry.memoryBytes`.
    public internal(set) var countedBytes = 0
    /// Since when more output has waited than the soft limit allows; 0: it does not.
    var overSoftLimitMs: Int64 = 0
    /// When it last sent something, in Unix ms.
    public internal(set) var lastActiveMs: Int64
    var lastCommand = -1
    /// Bytes received from the client since it connected, and sent to it.
    public internal(set) var inputBytes = 0
    public var outputBytes = 0
    /// Commands it has run since it connected.
    public internal(set) var commandCount = 0
    /// What the rim holds for the connection: the socket's number, and output that the socket has not taken.
    public var descriptor = -1
    public internal(set) var queued = QueuedOutput()

    /// A session that speaks RESP2 to database 0. Only the registry gives out ids that no other session has.
    public init(id: UInt64, address: ByteString = "", localAddress: ByteString = "", nowMs: Int64 = 0) {
        self.id = id
        self.address = address
        self.localAddress = localAddress
        createdMs = nowMs
        lastActiveMs = nowMs
    }

    /// Forgets what the client has asked for, but for what features keep (RESET).
    func reset() {
        database = 0
        name = []
        isEvictable = true
        isImportSource = false
        followsRedirects = false
        readsFromReplicas = false
        touchesKeys = true
        if replyMode == .off { replyMode = .on }
    }

    /// Decides which of its commands the gate has to look at.
    func refreshGate() {
        if isInMulti || observer != nil { refusals.insert(.any) } else { refusals.remove(.any) }
        let isBound = isBoundToMessages && !isRESP3
        if isBound { refusals.insert(.notSubscribed) } else { refusals.remove(.notSubscribed) }
    }

    /// What a feature keeps for the session; nil while that is nothing. Setting it to nil forgets it.
    public subscript<Part: AnyObject>(_ type: Part.Type) -> Part? {
        get {
            let wanted = ObjectIdentifier(type)
            for entry in parts where entry.type == wanted { return entry.part as? Part }
            return nil
        }
        set {
            let wanted = ObjectIdentifier(type)
            parts.removeAll { $0.type == wanted }
            if let newValue { parts.append((wanted, newValue)) }
        }
    }

    /// Why a session's commands do not run.
    struct Stops: OptionSet {
        let rawValue: UInt8
        /// Its replies are to be sent, then the connection closed.
        static let closing = Stops(rawValue: 1)
        /// Its next command waits until whatever holds it is over (CLIENT PAUSE).
        static let held = Stops(rawValue: 2)
        /// Its connection is closed at the end of the turn, whatever it has still to be told.
        static let doomed = Stops(rawValue: 4)
    }

    /// Replies are to be sent, then the connection closed.
    public var isClosing: Bool {
        get { stops.contains(.closing) }
        set { if newValue { stops.insert(.closing) } else { stops.remove(.closing) } }
    }
    /// Whether its commands wait because something holds it, as CLIENT PAUSE does.
    public var isHeld: Bool { stops.contains(.held) }
    /// Whether its command waits for something: a key, others, the log.
    public var isWaiting: Bool { wait != nil }
    /// Whether its connection is closed at the end of the turn, whatever it has still to be told.
    public var isDoomed: Bool { stops.contains(.doomed) }
    /// Whether messages wait that must leave before the session's next replies.
    public var hasPushes: Bool { !pushes.isEmpty }

    /// Where the rest of a large argument may be received; nil for the shared buffer.
    public var directTarget: (at: Address, count: Int)? {
        guard let assembler else { return nil }
        // What arrives while it is held belongs behind what it waits with.
        return isHeld ? nil : assembler.directTarget
    }
    /// Memory of a command received in part, and of input that waits.
    public var queryBufferBytes: Int { (assembler?.heldBytes ?? 0) + heldInput.count }
    /// Bytes of input that wait while it is held.
    public var heldBytes: Int { heldInput.count - heldFrom }
    /// How much of that the client has sent.
    var receivedBytes: Int { (assembler?.receivedBytes ?? 0) + heldInput.count - heldFrom }
    /// Whether it may call commands that need authentication.
    public var isAuthenticated: Bool { !refusals.contains(.needsAuth) }
    /// Whether the client is on this machine: a loopback address or a Unix socket.
    public var isLocal: Bool { Session.isLocal(address) }

    static func isLocal(_ address: ByteString) -> Bool {
        isUnixSocket(address) || address.hasPrefix("127.") || address.hasPrefix("[::1]:")
    }

    /// Whether the client came through a Unix socket.
    public var isUnixSocket: Bool { Session.isUnixSocket(address) }
    /// Addresses of Unix sockets end in a port of 0, which no TCP client has.
    private static func isUnixSocket(_ address: ByteString) -> Bool { address.hasSuffix(":0") }
}
