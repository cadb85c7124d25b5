// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// The string's row in the list of types.
enum StringOperations: ValueOperations {
    static let limits = [EncodingLimit("hll-sparse-max-bytes", \.hyperLogLogSparseBytes, isBytes: true)]

    static func encodingName(_ value: Value) -> StaticString {
        if value.isInteger { return "int" }
        // No text that short has a block unless it was written into.
        if value.encoding == Encoding.raw8 || value.encoding == Encoding.raw16 || value.block != nil {
            return "raw"
        }
        return value.stringBytes.count <= Value.embeddedNameBytesMax ? "embstr" : "raw"
    }

    static func bytes(_ value: Value) -> Int { value.block.map { Block.headerBytes + $0.capacity } ?? 0 }
    static func count(_ value: Value) -> Int { 1 }

    static func free(_ value: Value, _ keys: Keyspace) { value.block?.release(keys.heap) }
    /// Blocks are counted, so the copy shares it until one of the two is written to.
    static func detach(_ entry: Address, _ keys: Keyspace) { Value(entry).block?.retain() }

    static func forEachElement(_ value: Value, _ keys: Keyspace, _ visit: (ValueElement) -> Void) {
        visit(ValueElement(stored(value)))
    }

    private static func stored(_ value: Value) -> StoredBytes {
        if value.isInteger { return .integer(value.integer) }
        return value.block.map { .block($0) } ?? .bytes(value.stringBytes)
    }

    static func digest<Digest: ValueDigest>(_ value: Value, _ keys: Keyspace, into digest: inout Digest) {
        stored(value).withText { digest.mix($0) }
    }

    static func builder(expecting count: Int, _ keys: Keyspace) -> any ValueBuilder { StringBuilder(keys) }

    static func checkInvariants(_ value: Value, _ keys: Keyspace) {
        guard let block = value.block else { return }
        precondition(block.count <= block.capacity, "a string longer than its block")
    }
}

/// Keeps the one element of a string.
private final class StringBuilder: ValueBuilder {
    private let keys: Keyspace
    private var block: Block?

    init(_ keys: Keyspace) { self.keys = keys }

    deinit { block?.release(keys.heap) }

    func add(_ element: ValueElement) -> Bool {
        guard block == nil else { return false }
        if case .block(let given) = element.bytes {
            given.retain()
            block = given
        } else {
            block = element.bytes.withText { Block.create(copying: $0, keys.heap) }
        }
        return true
    }

    func take() -> BuiltValue {
        guard let block else { preconditionFailure("a string without bytes") }
        return .string(block.count >= Block.adoptBytesMin ? .block(block) : .bytes(block.view))
    }
}
