// SPDX-License-Identifier: Apache-2.0
import Bytes

// A stream: entries of fields and values that are only ever added behind all others, each known by its ID; and groups of
// consumers who share the entries out among each other.
//
// *Idea*. Entries lie packed in listpacks of about a hundred, in Redis's own form, so that an RDB file carries a node as it
// is: IDs are distances from the node's first ID, and the names of the fields of an entry that has the same ones as the
// node's first entry are not repeated. A tree of ids finds the node of an entry. What a group has handed out and what has
// not been acknowledged yet is a tree of ids as well, one for the group and one for each consumer, over the same records.
//
// *Layout*. All raw memory of one `Heap`.
//
//     root (200 B)      see `StreamField`
//     node (56 B)       see `StreamNodeField`: the chain, the listpack, which cuts have it
//     listpack          the master entry: entries, deleted ones, number of fields, their names, 0; then for each entry
//                       flags (1 deleted, 2 the master's fields), ms and sequence as distances, either the values or the
//                       number of fields with names and values in turn, and how many elements the entry has before that
//     group, consumer   see `StreamGroupField`, `StreamConsumerField`: fields, then the name, as a `ScoredMember` without
//                       a score: trees of scores, which are all 0, hold them by name
//     pending (24 B)    see `StreamPending`: when and how often an entry was delivered, and to whom
//     kept (64 B)       what the stream was at a cut, for as long as the cut wants it
//
// Arithmetic: an entry with one field and a value of 6 bytes takes 3 + 2 + 8 + 2 = 15 to 17 bytes of a node; a node of 100
// such entries 1.6 KB, of which the heap rounds off 5 % on the average; node and tree add 0.9 bytes an entry.
//
// *Room*. A listpack that is added to has room for a quarter more; it gives it back when the next node begins.
//
// *Counters*. `entriesAdded` counts what was ever added, `maxDeletedID` is the highest ID that was deleted by name (not
// trimmed); from these and a group's `entriesRead` follows how far behind a group is, see `StreamLag`.
//
// *Cuts*. Nodes must come in order: as in a quicklist they are kept as *ghosts* in the chain. Groups, consumers and pending
// entries name what they belong to and come in any order: whoever changes them keeps their units before (see
// `StreamGroup+Cut`). The counters are copied when the stream joins a cut.
//
// *Invariants*. The tree names the nodes that are no ghosts in the order of the chain, by the ID that their listpacks count
// from. IDs ascend. A pending record is in its group's tree and in that of exactly one consumer of the group, the one it
// names. A group that is gone but wanted by a cut is in the chain of groups and not in their tree.
//
// *Who frees*. `drain` frees nodes, groups and what is pending in steps, `destroy` what is left.
//
// *Rejected*. A radix tree, as Redis has: its nodes cost more than the packed keys of a B+tree, and a path of it up to
// sixteen misses. Deleted entries' bytes are not taken out of their nodes: others' offsets would move, and Redis keeps them.

/// Where the fields of a stream's root lie.
enum StreamField {
    /// The root of the tree of nodes.
    static var tree: Int { 0 }
    /// The chain of nodes, ghosts included, 32 bytes; see `NodeChain`.
    static var chain: Int { 8 }
    /// i64: bytes of everything but the tree of nodes.
    static var bytes: Int { 40 }
    /// u64: entries.
    static var length: Int { 48 }
    /// Two u64 each: the highest ID given out, the first entry's, the highest deleted one.
    static var lastID: Int { 56 }
    static var firstID: Int { 72 }
    static var maxDeletedID: Int { 88 }
    /// u64: entries ever added.
    static var entriesAdded: Int { 104 }
    /// u8: lanes of cuts that want pre-images.
    static var lanes: Int { 112 }
    /// u32: ghosts in the chain of nodes.
    static var ghosts: Int { 116 }
    /// The root of the tree of groups; null while there never was one.
    static var groups: Int { 120 }
    /// The chain of groups, those included that only cuts want, 32 bytes.
    static var groupChain: Int { 128 }
    /// u64 each: consumers and pending entries of all groups.
    static var consumers: Int { 160 }
    static var pending: Int { 168 }
    /// What the stream was at the cut of each lane: the address of a copy of `length` … `entriesAdded`, or null.
    static func kept(_ lane: Int) -> Int { 176 + lane * 8 }
    /// Where each lane's walker is: see `StreamWalk`.
    static func walk(_ lane: Int) -> Int { 192 + lane * 4 }
    static var size: Int { 200 }

    static var keptFrom: Int { length }
    static var keptBytes: Int { lanes - length }
}

/// What a stream counts beside its entries.
public struct StreamCounters: Equatable, Sendable {
    /// Entries.
    public var length: UInt64
    /// The highest ID that an entry has or had.
    public var lastID: StreamID
    /// The first entry's ID; 0-0 in an empty stream.
    public var firstID: StreamID
    /// The highest ID of an entry that was deleted by name; 0-0 if none was.
    public var maxDeletedID: StreamID
    /// Entries ever added.
    public var entriesAdded: UInt64

    /// These counters.
    public init(
        length: UInt64, lastID: StreamID, firstID: StreamID, maxDeletedID: StreamID, entriesAdded: UInt64
    ) {
        self.length = length
        self.lastID = lastID
        self.firstID = firstID
        self.maxDeletedID = maxDeletedID
        self.entriesAdded = entriesAdded
    }

    init(at: Address) {
        let base = -StreamField.keptFrom
        length = at.u64(base + StreamField.length)
        lastID = at.streamID(base + StreamField.lastID)
        firstID = at.streamID(base + StreamField.firstID)
        maxDeletedID = at.streamID(base + StreamField.maxDeletedID)
        entriesAdded = at.u64(base + StreamField.entriesAdded)
    }
}

extension Address {
    @inline(__always) func streamID(_ offset: Int) -> StreamID { StreamID(u64(offset), u64(offset &+ 8)) }
    @inline(__always) func setStreamID(_ offset: Int, _ id: StreamID) {
        setU64(offset, id.ms)
        setU64(offset &+ 8, id.sequence)
    }
}

/// How large nodes of streams grow: `stream-node-max-bytes` and `stream-node-max-entries`, 0 for as large as may be.
@frozen public struct StreamNodeLimits: Sendable {
    /// Bytes of a node's listpack.
    public let bytes: Int
    /// Entries of a node, deleted ones included.
    public let entries: Int

    /// Nodes of no more bytes and entries.
    @inlinable public init(bytes: Int, entries: Int) {
        self.bytes = bytes
        self.entries = entries
    }
}

/// A handle to a stream; copies name the same one.
@frozen public struct StreamLog: Equatable {
    /// Where the stream's root lies: all that a value has to keep.
    public let root: Address

    /// The handle of the stream with this root.
    @inlinable public init(root: Address) { self.root = root }

    /// A new empty stream.
    public static func create(_ store: Store) -> StreamLog {
        let root = store.heap.allocateZeroed(StreamField.size)
        root.setAddress(StreamField.tree, Tree.create(.id, store).root)
        root.setI64(StreamField.bytes, Int64(StreamField.size))
        return StreamLog(root: root)
    }

    var tree: Tree { Tree(root: root.address(StreamField.tree)) }
    var chain: NodeChain { NodeChain(at: root + StreamField.chain) }

    /// How many entries there are.
    public var length: Int { Int(root.u64(StreamField.length)) }
    /// How many nodes they lie in.
    public var nodeCount: Int { tree.count }
    /// The highest ID that an entry has or had.
    @inline(__always) public var lastID: StreamID { root.streamID(StreamField.lastID) }
    /// The first entry's ID; 0-0 in an empty stream.
    public var firstID: StreamID { root.streamID(StreamField.firstID) }
    /// The highest ID of an entry that was deleted by name; 0-0 if none was.
    public var maxDeletedID: StreamID { root.streamID(StreamField.maxDeletedID) }
    /// How many entries were ever added.
    public var entriesAdded: UInt64 { root.u64(StreamField.entriesAdded) }
    /// All of these together.
    public var counters: StreamCounters { StreamCounters(at: root + StreamField.keptFrom) }

    /// What the stream is known by: no other structure of the store has ever had this number, nor will have.
    public var identity: UInt64 { tree.identity }
    /// Everything that the stream occupies, what cuts still want of it included.
    public var bytes: Int { Int(root.i64(StreamField.bytes)) + tree.bytes }

    /// Consumers and pending entries of all groups.
    public var consumerCount: Int { Int(root.u64(StreamField.consumers)) }
    public var pendingCount: Int { Int(root.u64(StreamField.pending)) }
    /// How many pieces a cut hands over: the counters, nodes, groups, consumers and pending entries.
    public var pieceCount: Int { 1 + nodeCount + groupCount + consumerCount + pendingCount }

    func addBytes(_ n: Int) {
        root.setI64(StreamField.bytes, root.i64(StreamField.bytes) &+ Int64(n))
    }
    func addLength(_ n: Int) {
        root.setU64(StreamField.length, root.u64(StreamField.length) &+ UInt64(bitPattern: Int64(n)))
    }
    func addConsumers(_ n: Int) {
        root.setU64(StreamField.consumers, UInt64(consumerCount + n))
    }
    func addPending(_ n: Int) {
        root.setU64(StreamField.pending, UInt64(pendingCount + n))
    }

    var ghostCount: Int {
        get { Int(root.u32(StreamField.ghosts)) }
        nonmutating set { root.setU32(StreamField.ghosts, UInt32(newValue)) }
    }
}
