// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Containers
@testable import Keyspace

/// Lists, whose order counts.
extension KeyspaceModel {
    private func anyElement() -> [UInt8] {
        switch random.below(14) {
        case 0: anyBytes(random.below(1500))
        case 1 where random.below(6) == 0: anyBytes(Block.adoptBytesMin - 2 + random.below(3000))
        case 2..<6: Array("\(random.below(40))".utf8)
        default: anyBytes(random.below(24))
        }
    }

    /// The list of a key, or an empty one; nil where the key holds something else.
    private func list(_ key: [UInt8]) -> (elements: [[UInt8]], deadline: Int64?)? {
        guard let old = stored(keys.current, key) else { return ([], nil) }
        guard case .list(let elements) = old.value else { return nil }
        return (elements, old.deadline)
    }

    private func keep(_ elements: [[UInt8]], _ deadline: Int64?, _ key: [UInt8]) {
        model[keys.current][key] =
            elements.isEmpty ? nil : PlainKey(value: .list(elements), deadline: deadline)
    }

    func changeList(_ key: [UInt8]) {
        switch random.below(9) {
        case 0...3: pushElements(key)
        case 4...6: cutElements(key)
        default: changeElements(key)
        }
    }

    private func pushElements(_ key: [UInt8]) {
        let keys = keys
        lastStep = "push"
        guard case (var elements, let deadline)? = list(key), elements.count < 20_000 else { return }
        let count = random.below(6) == 0 ? 1 + random.below(mix.burst) : 1 + random.below(4)
        let added = (0..<count).map { _ in anyElement() }
        let side: ListSide = random.below(2) == 0 ? .left : .right
        key.withView { key in
            var edit = keys.edit(keys.locate(key))
            if !edit.exists { edit.makeList(keys) }
            edit.expectElements(count, bytes: added.reduce(0) { $0 + $1.count }, keys)
            for element in added { Self.push(element, side, &edit, keys) }
            edit.commit(Event("push", EventClass.list), changes: count, keys)
        }
        elements.insert(
            contentsOf: side == .left ? added.reversed() : added, at: side == .left ? 0 : elements.count)
        keep(elements, deadline, key)
    }

    private static func push(_ element: [UInt8], _ side: ListSide, _ edit: inout Edit, _ keys: Keyspace) {
        var block: Block?
        if element.count >= Block.adoptBytesMin, element.count % 2 == 0 {
            block = element.withView { Block.create(copying: $0, keys.heap) }
        }
        defer { block?.release(keys.heap) }
        element.withUnsafeBytes { bytes in
            let view = bytes.baseAddress.map { ByteView(start: Address($0), count: bytes.count) } ?? .empty
            edit.push(block?.view ?? view, adopting: block, side, keys)
        }
    }

    private func cutElements(_ key: [UInt8]) {
        let keys = keys
        lastStep = "cut of a list"
        guard case (var elements, let deadline)? = list(key), !elements.isEmpty else { return }
        let from = random.below(4) == 0 ? 0 : random.below(elements.count)
        let most = elements.count - from
        let count = random.below(3) == 0 ? 1 + random.below(most) : min(most, 1 + random.below(3))
        key.withView { key in
            var edit = keys.edit(keys.locate(key))
            edit.removeElements(from: from, count: count, keys)
            edit.packSmallList(keys)
            edit.commit(Event("ltrim", EventClass.list), changes: count, keys)
        }
        elements.removeSubrange(from..<(from + count))
        keep(elements, deadline, key)
    }

    private func changeElements(_ key: [UInt8]) {
        let keys = keys
        lastStep = "change of a list"
        guard case (var elements, let deadline)? = list(key), !elements.isEmpty else { return }
        let index = random.below(elements.count)
        let element = anyElement()
        let kind = random.below(3)
        key.withView { key in
            element.withView { view in
                var edit = keys.edit(keys.locate(key))
                edit.expectElements(1, bytes: view.count, keys)
                switch kind {
                case 0: edit.setElement(index, view, keys)
                case 1: edit.insertElement(view, at: index, keys)
                default:
                    let wanted = elements.count { $0 == element }
                    #expect(edit.removeElements(equalTo: view, limit: .max, backward: false, keys) == wanted)
                }
                edit.packSmallList(keys)
                edit.commit(Event("lset", EventClass.list), keys)
            }
        }
        switch kind {
        case 0: elements[index] = element
        case 1: elements.insert(element, at: index)
        default: elements.removeAll { $0 == element }
        }
        keep(elements, deadline, key)
    }
}
