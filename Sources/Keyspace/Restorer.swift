// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// A value under construction that no key holds yet: elements arrive one by one, or all in one piece, and `Edit.setValue`
/// gives it to a key. Dumps, files and undos bring values back this way.
public final class Restorer {
    /// The type of the value under construction.
    public let type: ValueType
    fileprivate let builder: any ValueBuilder

    /// - Parameter count: how many elements will follow, as far as known.
    public init(_ type: ValueType, expecting count: Int, _ keys: Keyspace) {
        self.type = type
        builder = type.operations.builder(expecting: count, keys)
    }

    /// Adds an element.
    /// - Returns: false when it is there already, or lacks a part that the type needs: then the source is damaged.
    public func add(_ element: ValueElement) -> Bool { builder.add(element) }

    /// Takes the whole value over in one piece, as cuts hand it out (`CutSink.packed`), instead of its elements.
    /// - Parameter encoding: one of `Encoding`.
    /// - Returns: false when the bytes are none of that encoding; everything in them was looked at.
    public func adopt(packed: ByteView, encoding: UInt8) -> Bool {
        let operations = type.operations
        guard operations.validate(packed: packed, encoding: encoding) else { return false }
        var isWhole = true
        operations.forEachElement(packed: packed, encoding: encoding) {
            if isWhole { isWhole = builder.add($0) }
        }
        return isWhole
    }
}

extension Edit {
    /// Makes the value the one that was put together; whatever was there goes, and so does the deadline.
    public mutating func setValue(_ restorer: Restorer, _ keys: Keyspace) {
        switch restorer.builder.take() {
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
