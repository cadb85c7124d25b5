// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

/// A sink that knows what the cut has to show: all live keys as they were when it was opened.
final class CutCheck: CutSink {
    private struct Name: Hashable {
        let database: Int
        let key: [UInt8]
    }
    private struct Content: Equatable {
        let type: ValueType
        let deadlineMs: Int64?
        let elements: [[UInt8]]
    }

    private(set) var fault: String?
    private let openedMs: Int64
    private var owed: [Name: Content] = [:]
    private var open: (name: Name, type: ValueType, deadlineMs: Int64?, count: Int)?
    private var elements: [[UInt8]] = []

    init(_ keys: Keyspace) {
        openedMs = keys.nowMs
        let selected = keys.current
        for database in 0..<keys.databaseCount {
            keys.current = database
            keys.forEach { value in
                var elements: [[UInt8]] = []
                value.forEachElement(keys) { elements.append($0.array) }
                owed[Name(database: database, key: value.key.array)] = CutCheck.content(
                    value.type, keys.deadline(of: value), elements)
            }
        }
        keys.current = selected
    }

    private static func content(_ type: ValueType, _ deadlineMs: Int64?, _ elements: [[UInt8]]) -> Content {
        Content(
            type: type, deadlineMs: deadlineMs,
            elements: type == .set ? elements.sorted { $0.lexicographicallyPrecedes($1) } : elements)
    }

    func beginKey(_ key: ByteView, database: Int, type: ValueType, deadlineMs: Int64?, count: Int) {
        if open != nil { fault = "cut: a key begins within another" }
        open = (Name(database: database, key: key.array), type, deadlineMs, count)
        elements = []
    }

    func element(_ bytes: ByteView) { elements.append(bytes.array) }

    func endKey() {
        guard let head = open else { return fault = "cut: the end of no key" }
        open = nil
        if elements.count != head.count { fault = "cut: \(elements.count) elements instead of \(head.count)" }
        if let deadline = head.deadlineMs, deadline <= openedMs { return }
        let shown = CutCheck.content(head.type, head.deadlineMs, elements)
        if owed.removeValue(forKey: head.name) != shown {
            fault = "cut: key \(Journal.printable(head.name.key)) is shown twice or as it was not"
        }
    }

    /// Called when the cut is complete.
    func judge() {
        if !owed.isEmpty { fault = "cut: \(owed.count) keys were not shown" }
    }
}
