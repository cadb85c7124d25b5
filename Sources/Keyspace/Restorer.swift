// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// A value under construction that no key holds yet: elements arrive one by one, or all in one piece, and `Edit.setValue`
/// gives it to a key. Dumps, files and undos bring values back this way.
public final class Restorer {
    /// The type of the value under construction.
    public let type: ValueType
    private let keys: Keyspace
    private let expected: Int
    private var builder: (any ValueBuilder)?
    /// A packed value that was taken over as it was.
    private var whole: (encoding: UInt8, at: Address, bytes: Int)?

    /// - Parameter count: how many elements will follow, as far as known.
    public init(_ type: ValueType, expecting count: Int, _ keys: Keyspace) {
        self.type = type
        self.keys = keys
        expected = count
    }

    deinit { if let whole { keys.heap.free(whole.at, whole.bytes) } }

    private var collector: any ValueBuilder {
        if let builder { return builder }
        let fresh = type.operations.builder(expecting: expected, keys)
        builder = fresh
        return fresh
    }

    /// Adds an element.
    /// - Returns: false when it is there already, or lacks a part that the type needs: then the source is damaged.
    public func add(_ element: ValueElement) -> Bool { collector.add(element) }

    /// Adds the elements of a listpack behind those that are there, for types that have an order.
    /// - Returns: false when the bytes are no listpack, or the type has no order.
    public func append(packed: ByteView) -> Bool {
        Listpack.validate(packed, deep: true) && collector.append(Listpack(at: packed.start))
    }

    /// Takes the whole value over in one piece, as cuts hand it out (`CutSink.packed`), instead of its elements.
    /// - Parameter encoding: one of `Encoding`.
    /// - Returns: false when the bytes are none of that encoding; everything in them was looked at.
    public func adopt(packed: ByteView, encoding: UInt8) -> Bool {
        let operations = type.operations
        precondition(builder == nil && whole == nil, "a value in one piece behind elements")
        guard operations.validate(packed: packed, encoding: encoding) else { return false }
        if let at = operations.adopted(packed: packed, encoding: encoding, keys) {
            whole = (encoding, at, packed.count)
            return true
        }
        let collector = collector
        var isWhole = true
        operations.forEachElement(packed: packed, encoding: encoding) {
            if isWhole { isWhole = collector.add($0) }
        }
        return isWhole
    }

    fileprivate func take() -> BuiltValue {
        guard let whole else { return collector.take() }
        self.whole = nil
        return .collection(encoding: whole.encoding, at: whole.at)
    }
}

extension Edit {
    /// Makes the value the one that was put together; whatever was there goes, and so does the deadline.
    public mutating func setValue(_ restorer: Restorer, _ keys: Keyspace) {
        switch restorer.take() {
        case .string(let bytes):
            if case .block(let block) = bytes {
                setText(block.view, adopting: block, keys)
            } else {
                bytes.withText { setString($0, keys) }
            }
        case .collection(let encoding, let at):
            replaceCollection(restorer.type, encoding, at, keys)
        }
        setDeadline(nil, keys)
    }

    /// Puts a finished collection in the place of whatever was there.
    mutating func replaceCollection(_ type: ValueType, _ encoding: UInt8, _ at: Address, _ keys: Keyspace) {
        if exists, value.typeBits != 0 {
            uncount()
            tellGone(keys)
            countOut(keys)
            keys.freePayload(value)
        }
        setCollection(type, encoding, at, keys)
        type.operations.settleIn(value, keys.store)
        recount(wasDated: false)
    }
}
