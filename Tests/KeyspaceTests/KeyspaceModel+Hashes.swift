// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Containers
@testable import Keyspace

extension PlainKey {
    /// When it, or the first of its fields, dies.
    var earliest: Int64 {
        guard case .hash(let fields) = value else { return deadline ?? .max }
        return min(deadline ?? .max, fields.values.compactMap(\.deadline).min() ?? .max)
    }
}

/// Hashes, whose fields die of themselves.
extension KeyspaceModel {
    private func isDead(_ field: PlainField?) -> Bool { (field?.deadline ?? .max) <= now }

    /// A hash with dead fields may have lost some of them in the background: the model forgets those that are gone.
    func meetDeadFields(of key: [UInt8]) {
        guard let old = stored(keys.current, key), case .hash(let fields) = old.value, old.earliest <= now
        else {
            return
        }
        let kept = key.withView { name -> Plain? in
            let found = keys.peek(name)
            return found.exists ? plain(found.value, nil).value : nil
        }
        guard case .hash(let shown) = kept else {
            #expect(kept == nil && fields.values.allSatisfy { isDead($0) }, "a hash with live fields is gone")
            model[keys.current][key] = nil
            return
        }
        for (name, field) in fields where shown[name] != field {
            #expect(isDead(field), "a live field is gone")
        }
        #expect(shown.allSatisfy { fields[$0.key] == $0.value })
        model[keys.current][key]?.value = .hash(shown)
    }

    private func anyField(_ kind: Int) -> [UInt8] { anyMember(kind) }

    private func anyValue() -> [UInt8] {
        switch random.below(12) {
        case 0: anyBytes(240 + random.below(40))
        case 1: anyBytes(random.below(3000))
        case 2 where random.below(8) == 0: anyBytes(Block.adoptBytesMin - 2 + random.below(4000))
        case 3, 4: Array("\(random.below(1000))".utf8)
        default: anyBytes(random.below(36))
        }
    }

    private static func withViews(_ a: [UInt8], _ b: [UInt8], _ body: (ByteView, ByteView) -> Void) {
        a.withView { first in b.withView { body(first, $0) } }
    }

    func setFields(_ key: [UInt8]) {
        let keys = keys
        lastStep = "hset"
        let old = stored(keys.current, key)
        var fields: [[UInt8]: PlainField] = [:]
        switch old?.value {
        case .string, .set, .list: return
        case .hash(let existing): fields = existing
        case nil: break
        }
        var deadline = old?.deadline
        let kind = random.below(4)
        let count = random.below(6) == 0 ? 1 + random.below(mix.burst) : 1 + random.below(4)
        let keepsDeadline = random.below(3) == 0
        let given = (0..<count).map { _ in (anyField(kind), anyValue()) }
        key.withView { key in
            var edit = keys.edit(keys.locate(key))
            if random.below(3) == 0 { edit.expectFields(count, keys) }
            for (name, value) in given {
                let before = fields[name]
                let isNew = Self.setField(name, value, keepsDeadline: keepsDeadline, &edit, keys)
                #expect(isNew == (before == nil || isDead(before)))
                // The last field of all dies, and the key with its deadline, before it is made again.
                if isDead(before), fields.count == 1 { deadline = nil }
                let kept = keepsDeadline && !isDead(before) ? before?.deadline : nil
                fields[name] = PlainField(value: value, deadline: kept)
            }
            edit.commit(Event("hset", EventClass.hash), changes: count, keys)
        }
        model[keys.current][key] = PlainKey(value: .hash(fields), deadline: deadline)
    }

    private static func setField(
        _ name: [UInt8], _ value: [UInt8], keepsDeadline: Bool, _ edit: inout Edit, _ keys: Keyspace
    ) -> Bool {
        var block: Block?
        if value.count >= Block.adoptBytesMin, value.count % 2 == 0 {
            block = value.withView { Block.create(copying: $0, keys.heap) }
        }
        defer { block?.release(keys.heap) }
        return name.withUnsafeBytes { name in
            value.withUnsafeBytes { value in
                edit.setField(
                    view(name), block?.view ?? view(value), adopting: block, keepsDeadline: keepsDeadline,
                    keys)
            }
        }
    }

    private static func view(_ bytes: UnsafeRawBufferPointer) -> ByteView {
        bytes.baseAddress.map { ByteView(start: Address($0), count: bytes.count) } ?? .empty
    }

    func removeFields(_ key: [UInt8]) {
        let keys = keys
        lastStep = "hdel"
        guard let old = stored(keys.current, key), case .hash(var fields) = old.value else { return }
        let names: [[UInt8]] =
            switch random.below(8) {
            case 0: Array(fields.keys)
            case 1: Array(fields.keys.prefix(fields.count / 2))
            default: Array(fields.keys.prefix(1 + random.below(5))) + [anyField(random.below(4))]
            }
        key.withView { key in
            var edit = keys.edit(keys.locate(key))
            for name in names {
                let wasThere = name.withUnsafeBytes { edit.removeField(Self.view($0), keys) }
                #expect(wasThere == (fields.removeValue(forKey: name) != nil))
            }
            edit.commit(Event("hdel", EventClass.hash), changes: names.count, keys)
        }
        model[keys.current][key] =
            fields.isEmpty ? nil : PlainKey(value: .hash(fields), deadline: old.deadline)
    }

    private func anyDeadline() -> Int64? {
        switch random.below(8) {
        case 0: nil
        case 1: now + Int64(random.next() >> 14)
        case 2: max(0, now - Int64(random.below(100)))
        case 3: now + 100
        default: now + 1 + Int64(random.below(500))
        }
    }

    func expireFields(_ key: [UInt8]) {
        let keys = keys
        lastStep = "hexpire"
        guard let old = stored(keys.current, key), case .hash(var fields) = old.value else { return }
        let some = random.below(4) == 0 ? Array(fields.keys) : Array(fields.keys.prefix(1 + random.below(8)))
        let names = some + [anyField(random.below(4))]
        let together = anyDeadline()
        let isTogether = random.below(2) == 0
        key.withView { key in
            var edit = keys.edit(keys.locate(key))
            for name in names {
                let deadline = isTogether ? together : anyDeadline()
                let before = fields[name]
                name.withUnsafeBytes { bytes in
                    let found = edit.field(Self.view(bytes), keys)
                    #expect(found.exists == (before != nil && !isDead(before)))
                    if isDead(before) { fields[name] = nil }
                    guard found.exists else { return }
                    #expect(found.deadline == before?.deadline && found.value.array == before?.value)
                    edit.setFieldDeadline(found, deadline, keys)
                    fields[name]?.deadline = deadline
                }
            }
            if edit.exists {
                edit.commit(Event("hexpire", EventClass.hash), keys)
            } else {
                edit.abandon(keys)
            }
            #expect(fields.isEmpty == !keys.peek(key).exists)
        }
        model[keys.current][key] =
            fields.isEmpty ? nil : PlainKey(value: .hash(fields), deadline: old.deadline)
    }

    func readFields(_ key: [UInt8]) {
        let keys = keys
        lastStep = "hget"
        guard let old = stored(keys.current, key), case .hash(var fields) = old.value else { return }
        let live = fields.filter { !isDead($0.value) }
        key.withView { name in
            let found = keys.read(name)
            checkView(HashView(found.value, keys), live, fields.count)
        }
        let names = Array(fields.keys.prefix(1 + random.below(5))) + [anyField(random.below(4))]
        let sweeps = random.below(3) == 0
        key.withView { key in
            var found = keys.read(key)
            for name in names {
                let shown = name.withView { view -> PlainField? in
                    let field = keys.field(view, in: &found)
                    return field.exists ? PlainField(value: field.value.array, deadline: field.deadline) : nil
                }
                #expect(shown == live[name])
                if isDead(fields[name]) { fields[name] = nil }
                #expect(found.exists == !fields.isEmpty && found.exists == keys.peek(key).exists)
            }
            if sweeps {
                keys.expireFields(of: &found, max: Int.max)
                fields = live
                #expect(found.exists == !fields.isEmpty && found.exists == keys.peek(key).exists)
            }
        }
        model[keys.current][key] =
            fields.isEmpty ? nil : PlainKey(value: .hash(fields), deadline: old.deadline)
    }

    private func checkView(_ hash: HashView, _ live: [[UInt8]: PlainField], _ count: Int) {
        #expect(hash.count == count && hash.liveCount == live.count)
        #expect(hash.mayHoldDead || count == live.count)
        var seen: [[UInt8]: PlainField] = [:]
        var cursor: UInt64 = 0
        repeat {
            cursor = hash.scan(cursor, count: 1 + random.below(30)) { name, value, deadline in
                seen[name.array] = PlainField(value: value.array, deadline: deadline)
            }
        } while cursor != 0
        let isSame = seen == live
        #expect(isSame, "a scan of a hash differs")
        let picked = hash.withRandomField(&random) { name, value in (name.array, value.array) }
        #expect((picked == nil) == live.isEmpty)
        if let picked { #expect(live[picked.0]?.value == picked.1) }
        var drawn: Set<[UInt8]> = []
        let wanted = random.below(live.count + 1)
        hash.forEachRandom(wanted, &random) { name, value in
            #expect(live[name.array]?.value == value.array)
            drawn.insert(name.array)
        }
        #expect(drawn.count == wanted, "a field was drawn twice")
    }

    /// Puts a value together from the pieces of another, as a file would bring it back.
    func restore(_ key: [UInt8]) {
        let keys = keys
        lastStep = "restore"
        guard let old = stored(keys.current, key) else { return }
        let name = anyKey()
        key.withView { key in
            name.withView { name in
                let source = keys.peek(key).value
                let restorer = Restorer(source.type, expecting: random.below(50), keys)
                if let packed = source.operations.packed(source), random.below(2) == 0 {
                    #expect(restorer.adopt(packed: packed, encoding: source.encoding))
                } else {
                    source.forEachElement(keys) { #expect(restorer.add($0)) }
                }
                var edit = keys.edit(keys.peek(name))
                edit.setValue(restorer, keys)
                edit.commit(Event("restore", EventClass.generic), keys)
            }
        }
        model[keys.current][name] = PlainKey(value: old.value, deadline: nil)
    }
}
