// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

/// What a key holds, as plainly as can be said.
enum Plain: Equatable {
    case string([UInt8])
    case set(Swift.Set<[UInt8]>)
}

struct PlainKey: Equatable {
    var value: Plain
    var deadline: Int64?
}

typealias PlainDatabase = [[UInt8]: PlainKey]

extension PlainDatabase {
    /// Without the keys that are dead at `ms`.
    func alive(_ ms: Int64) -> PlainDatabase { filter { ($0.value.deadline ?? .max) > ms } }
}

/// Collects a cut and traps what no sink may see: nested keys, wrong counts, anything twice.
final class CollectingSink: CutSink {
    private(set) var databases: [PlainDatabase]
    private(set) var faults: [String] = []
    private var open: (key: [UInt8], database: Int, type: ValueType, deadline: Int64?, count: Int)?
    private var elements: [[UInt8]] = []

    init(databases: Int) { self.databases = Array(repeating: [:], count: databases) }

    func beginKey(_ key: ByteView, database: Int, type: ValueType, deadlineMs: Int64?, count: Int) {
        if open != nil { faults.append("a key begins within another") }
        open = (key.array, database, type, deadlineMs, count)
        elements = []
    }

    func element(_ bytes: ByteView) {
        if open == nil { faults.append("an element outside a key") }
        elements.append(bytes.array)
    }

    func endKey() {
        guard let head = open else { return faults.append("the end of no key") }
        open = nil
        if elements.count != head.count {
            faults.append("\(elements.count) elements instead of \(head.count)")
        }
        let value: Plain
        if head.type == .string {
            value = .string(elements.first ?? [])
        } else {
            value = .set(Swift.Set(elements))
            if Swift.Set(elements).count != elements.count { faults.append("an element twice") }
        }
        let old = databases[head.database].updateValue(
            PlainKey(value: value, deadline: head.deadline), forKey: head.key)
        if old != nil { faults.append("a key twice") }
    }
}
