// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

/// What a key holds, as plainly as can be said.
enum Plain: Equatable {
    case string([UInt8])
    case set(Set<[UInt8]>)
    case hash([[UInt8]: PlainField])
    case list([[UInt8]])
}

struct PlainField: Equatable {
    var value: [UInt8]
    var deadline: Int64?
}

struct PlainKey: Equatable {
    var value: Plain
    var deadline: Int64?
}

typealias PlainDatabase = [[UInt8]: PlainKey]

extension PlainDatabase {
    /// Without the keys and fields that are dead at `ms`, and without hashes of which no field is left.
    func alive(_ ms: Int64) -> PlainDatabase {
        compactMapValues { key in
            guard (key.deadline ?? .max) > ms else { return nil }
            guard case .hash(let fields) = key.value else { return key }
            let live = fields.filter { ($0.value.deadline ?? .max) > ms }
            return live.isEmpty ? nil : PlainKey(value: .hash(live), deadline: key.deadline)
        }
    }
}

/// Collects a cut and traps what no sink may see: nested keys, wrong counts, anything twice.
final class CollectingSink: CutSink {
    private(set) var databases: [PlainDatabase]
    private(set) var faults: [String] = []
    private var open: (key: [UInt8], database: Int, type: ValueType, deadline: Int64?, count: Int)?
    private var elements: [ElementParts] = []
    /// Keeps what the cut can not keep in memory.
    let store = MemorySpool()
    var spool: (any CutSpool)? { store }

    init(databases: Int) { self.databases = Array(repeating: [:], count: databases) }

    func key(_ head: CutKey, packed: ByteView) {
        beginKey(head)
        head.forEachElement(of: packed) { element($0) }
        endKey()
    }

    func beginKey(_ head: CutKey) {
        if open != nil { faults.append("a key begins within another") }
        open = (head.key.array, head.database, head.type, head.deadlineMs, head.count)
        elements = []
    }

    func element(_ element: ValueElement) {
        if open == nil { faults.append("an element outside a key") }
        elements.append(ElementParts(element))
    }

    func endKey() {
        guard let head = open else { return faults.append("the end of no key") }
        open = nil
        if elements.count != head.count {
            faults.append("\(elements.count) elements instead of \(head.count)")
        }
        let value = Plain(head.type, elements)
        if value == nil { faults.append("an element twice") }
        let old = databases[head.database].updateValue(
            PlainKey(value: value ?? .string([]), deadline: head.deadline), forKey: head.key)
        if old != nil { faults.append("a key twice") }
    }
}

/// An element, as plainly as can be said.
struct ElementParts {
    let bytes: [UInt8]
    let value: [UInt8]?
    let deadline: Int64?

    init(_ element: ValueElement) {
        bytes = element.bytes.array
        value = element.value?.array
        deadline = element.deadlineMs
    }
}

extension Plain {
    /// The value that these elements make; nil when one is there twice.
    init?(_ type: ValueType, _ elements: [ElementParts]) {
        switch type {
        case .string: self = .string(elements.first?.bytes ?? [])
        case .list: self = .list(elements.map(\.bytes))
        case .hash:
            var fields: [[UInt8]: PlainField] = [:]
            for element in elements {
                let field = PlainField(value: element.value ?? [], deadline: element.deadline)
                if fields.updateValue(field, forKey: element.bytes) != nil { return nil }
            }
            self = .hash(fields)
        default:
            let members = Set(elements.map(\.bytes))
            if members.count != elements.count { return nil }
            self = .set(members)
        }
    }
}

/// A spool that is memory after all.
final class MemorySpool: CutSpool {
    private var pieces: [[UInt8]] = []
    private(set) var bytesTotal = 0

    func append(_ bytes: ByteView) -> Int {
        pieces.append(bytes.array)
        bytesTotal += bytes.count
        return pieces.count - 1
    }

    func read(_ place: Int, count: Int) -> [UInt8] {
        precondition(pieces[place].count == count, "another piece was asked for")
        return pieces[place]
    }
}
