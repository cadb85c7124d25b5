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
    /// The longest HyperLogLog, in bytes, that still grows without a place for each register: `hll-sparse-max-bytes`.
    public var hyperLogLogSparseBytes: Int

    /// Redis's defaults, but for what is given.
    public init(
        setIntsetEntries: Int = 512, setListpackEntries: Int = 128, setListpackValueBytes: Int = 64,
        hashListpackEntries: Int = 512, hashListpackValueBytes: Int = 64, hyperLogLogSparseBytes: Int = 3000
    ) {
        self.setIntsetEntries = setIntsetEntries
        self.setListpackEntries = setListpackEntries
        self.setListpackValueBytes = setListpackValueBytes
        self.hashListpackEntries = hashListpackEntries
        self.hashListpackValueBytes = hashListpackValueBytes
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

    init(
        _ name: String, _ path: WritableKeyPath<EncodingLimits, Int> & Sendable, aliases: [String] = [],
        isBytes: Bool = false
    ) {
        self.name = name
        self.path = path
        self.aliases = aliases
        self.isBytes = isBytes
    }
}
