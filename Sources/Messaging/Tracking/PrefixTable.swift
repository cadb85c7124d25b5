// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine

/// The prefixes that sessions watch in broadcasting mode, and what has changed under them in this unit.
struct PrefixTable {
    private struct Watched {
        /// In the order in which they came.
        var sessions: [UInt64] = []
        /// Changed keys, each with the session that changed it first.
        var changed: [[UInt8]: UInt64] = [:]
    }

    private var watched: [[UInt8]: Watched] = [:]
    /// How many prefixes there are of each length: a key is asked for its own beginnings, not for each prefix.
    private var lengths: [Int: Int] = [:]
    /// The prefixes with changes.
    private var touched: [[UInt8]] = []

    var count: Int { watched.count }

    /// - Returns: false when the session watches this prefix already.
    mutating func add(_ prefix: [UInt8], _ id: UInt64) -> Bool {
        if watched[prefix]?.sessions.contains(id) == true { return false }
        if watched[prefix] == nil { lengths[prefix.count, default: 0] += 1 }
        watched[prefix, default: Watched()].sessions.append(id)
        return true
    }

    mutating func remove(_ prefix: [UInt8], _ id: UInt64) {
        watched[prefix]?.sessions.removeAll { $0 == id }
        guard watched[prefix]?.sessions.isEmpty == true else { return }
        watched[prefix] = nil
        let left = lengths[prefix.count, default: 1] - 1
        lengths[prefix.count] = left > 0 ? left : nil
    }

    /// Notes a change under every prefix that the key has.
    mutating func changed(_ key: ByteView, by origin: UInt64) {
        guard !watched.isEmpty else { return }
        for length in lengths.keys where length <= key.count {
            note(key, by: origin, under: key[0..<length].array)
        }
    }

    private mutating func note(_ key: ByteView, by origin: UInt64, under prefix: [UInt8]) {
        guard let entry = watched[prefix] else { return }
        if entry.changed.isEmpty { touched.append(prefix) }
        let name = key.array
        if entry.changed[name] == nil { watched[prefix]?.changed[name] = origin }
    }

    /// The changes since the last time, which are forgotten: for each prefix its sessions and the keys, in their order,
    /// with who changed them.
    mutating func takeChanges() -> [(sessions: [UInt64], keys: [(name: [UInt8], origin: UInt64)])] {
        guard !touched.isEmpty else { return [] }
        let prefixes = touched.sorted { $0.lexicographicallyPrecedes($1) }
        touched = []
        var all: [(sessions: [UInt64], keys: [(name: [UInt8], origin: UInt64)])] = []
        for prefix in prefixes {
            guard let entry = watched[prefix], !entry.changed.isEmpty else { continue }
            watched[prefix]?.changed = [:]
            let keys = entry.changed.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            all.append((entry.sessions, keys.map { ($0.key, $0.value) }))
        }
        return all
    }
}
