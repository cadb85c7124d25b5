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
        let elements: [[[UInt8]]]
    }

    private(set) var fault: String?
    private let openedMs: Int64
    private var owed: [Name: Content] = [:]
    private var open: (name: Name, type: ValueType, deadlineMs: Int64?, count: Int)?
    private var elements: [[[UInt8]]] = []

    init(_ keys: Keyspace) {
        openedMs = keys.nowMs
        let selected = keys.current
        for database in 0..<keys.databaseCount {
            keys.current = database
            keys.forEach { value in
                var elements: [[[UInt8]]] = []
                value.forEachElement(keys) { elements.append(CutCheck.parts($0)) }
                owed[Name(database: database, key: value.key.array)] = CutCheck.content(
                    value.type, keys.deadline(of: value), elements)
            }
        }
        keys.current = selected
    }

    /// An element's bytes, value, and deadline or score, which may be missing.
    private static func parts(_ element: ValueElement) -> [[UInt8]] {
        [
            element.bytes.array, element.value?.array ?? [],
            element.deadlineMs.map { Array(String($0).utf8) }
                ?? element.score.map { Array(String($0.bitPattern).utf8) } ?? [],
        ]
    }

    private static func content(_ type: ValueType, _ deadlineMs: Int64?, _ elements: [[[UInt8]]]) -> Content {
        if type == .stream { return Content(type: type, deadlineMs: deadlineMs, elements: ordered(elements)) }
        return Content(
            type: type, deadlineMs: deadlineMs,
            elements: type == .set || type == .hash || type == .zset
                ? elements.sorted { $0[0].lexicographicallyPrecedes($1[0]) } : elements)
    }

    /// The nodes of a stream in their order; what else it consists of comes in any.
    private static func ordered(_ pieces: [[[UInt8]]]) -> [[[UInt8]]] {
        let isNode = { (piece: [[UInt8]]) in piece[0].first == UInt8(ascii: "n") }
        return pieces.filter(isNode)
            + pieces.filter { !isNode($0) }.sorted {
                $0[0] != $1[0]
                    ? $0[0].lexicographicallyPrecedes($1[0]) : $0[1].lexicographicallyPrecedes($1[1])
            }
    }

    func key(_ head: CutKey, packed: ByteView) {
        beginKey(head)
        head.forEachElement(of: packed) { element($0) }
        endKey()
    }

    func beginKey(_ head: CutKey) {
        if open != nil { fault = "cut: a key begins within another" }
        open = (Name(database: head.database, key: head.key.array), head.type, head.deadlineMs, head.count)
        elements = []
    }

    func element(_ element: ValueElement) { elements.append(CutCheck.parts(element)) }

    func endKey() {
        guard let head = open else { return fault = "cut: the end of no key" }
        open = nil
        if elements.count != head.count { fault = "cut: \(elements.count) elements instead of \(head.count)" }
        if let deadline = head.deadlineMs, deadline <= openedMs { return }
        let shown = CutCheck.content(head.type, head.deadlineMs, elements)
        let was = owed.removeValue(forKey: head.name)
        if was != shown { fault = "cut: key \(Journal.printable(head.name.key)) \(difference(was, shown))" }
    }

    /// What of a key was shown otherwise than it was, in a few words.
    private func difference(_ was: Content?, _ shown: Content) -> String {
        guard let was else { return "is shown twice, or was not there" }
        guard was.type == shown.type else { return "is a \(shown.type), was a \(was.type)" }
        if was.deadlineMs != shown.deadlineMs {
            return "dies at \(shown.deadlineMs ?? 0), was to die at \(was.deadlineMs ?? 0)"
        }
        func text(_ elements: [[[UInt8]]]) -> String {
            elements.prefix(3).map { $0.map(Journal.printable).joined(separator: " ") }.joined(
                separator: ", ")
        }
        let (before, now) = (Set(was.elements), Set(shown.elements))
        let missing = text(was.elements.filter { !now.contains($0) })
        let strange = text(shown.elements.filter { !before.contains($0) })
        return "lacks \(missing.prefix(300)) and has \(strange.prefix(300)), opened at \(openedMs)"
    }

    /// Called when the cut is complete.
    func judge() {
        if !owed.isEmpty { fault = "cut: \(owed.count) keys were not shown" }
    }
}
