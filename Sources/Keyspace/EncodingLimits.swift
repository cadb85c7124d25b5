// SPDX-License-Identifier: Apache-2.0

/// Up to which size values stay compact; Redis's directives of the same names.
public struct EncodingLimits: Sendable {
    /// The most members of a set of integers kept as an intset: `set-max-intset-entries`.
    public var setIntsetEntries: Int
    /// The most members of a packed set, and the longest of them in bytes: `set-max-listpack-entries` and `-value`.
    public var setListpackEntries: Int
    public var setListpackValueBytes: Int
    /// The most fields of a packed hash, and the longest name or value in bytes: `hash-max-listpack-entries` and
    /// `-value`.
    public var hashListpackEntries: Int
    public var hashListpackValueBytes: Int
    /// The most members of a packed sorted set, and the longest of them in bytes: `zset-max-listpack-entries` and
    /// `-value`.
    public var zsetListpackEntries: Int
    public var zsetListpackValueBytes: Int

    /// The size of a packed list and of the nodes of longer ones: `list-max-listpack-size`. A number of elements, or -1 …
    /// -5 for 4, 8, 16, 32 and 64 KB.
    public var listListpackSize: Int
    /// How many nodes at each end of a list are not compressed, `list-compress-depth`; 0: none is.
    public var listCompressDepth: Int
    /// How large nodes of streams grow, in bytes and in entries, 0 for as large as may be: `stream-node-max-bytes` and
    /// `-entries`.
    public var streamNodeBytes: Int
    public var streamNodeEntries: Int
    /// The longest HyperLogLog, in bytes, that still grows without a place for each register: `hll-sparse-max-bytes`.
    public var hyperLogLogSparseBytes: Int

    /// Redis's defaults, but for what is given.
    public init(
        setIntsetEntries: Int = 512, setListpackEntries: Int = 128, setListpackValueBytes: Int = 64,
        hashListpackEntries: Int = 512, hashListpackValueBytes: Int = 64,
        listListpackSize: Int = -2, listCompressDepth: Int = 0,
        zsetListpackEntries: Int = 128, zsetListpackValueBytes: Int = 64,
        streamNodeBytes: Int = 4096, streamNodeEntries: Int = 100, hyperLogLogSparseBytes: Int = 3000
    ) {
        self.setIntsetEntries = setIntsetEntries
        self.setListpackEntries = setListpackEntries
        self.setListpackValueBytes = setListpackValueBytes
        self.hashListpackEntries = hashListpackEntries
        self.hashListpackValueBytes = hashListpackValueBytes
        self.listListpackSize = listListpackSize
        self.listCompressDepth = listCompressDepth
        self.zsetListpackEntries = zsetListpackEntries
        self.zsetListpackValueBytes = zsetListpackValueBytes
        self.streamNodeBytes = streamNodeBytes
        self.streamNodeEntries = streamNodeEntries
        self.hyperLogLogSparseBytes = hyperLogLogSparseBytes
    }
}

extension Keyspace {
    /// Tables are laid out for no more elements than this on the word of a client, who may name the same one again and
    /// again: their memory would stay. Whoever counts what there is may ask for any number.
    static let expectedMax = 2048
}

/// One of these limits as a directive.
public struct EncodingLimit: Sendable {
    /// The directive's name and others that it goes by, in lower case.
    public let name: String
    /// Older names of the directive, which mean the same.
    public let aliases: [String]
    /// Where the limit stands.
    public let path: WritableKeyPath<EncodingLimits, Int> & Sendable
    /// Whether the limit counts bytes, for which users write units (`1kb`).
    public let isBytes: Bool
    /// What the limit may be.
    public let range: ClosedRange<Int>

    init(
        _ name: String, _ path: WritableKeyPath<EncodingLimits, Int> & Sendable, aliases: [String] = [],
        isBytes: Bool = false, range: ClosedRange<Int> = 0...Int.max
    ) {
        self.name = name
        self.path = path
        self.aliases = aliases
        self.isBytes = isBytes
        self.range = range
    }
}
