// SPDX-License-Identifier: Apache-2.0
import Bytes

/// The prefixes that sessions watch in broadcasting mode, and what has changed under them in this unit.
struct PrefixTable {
    private struct Watched {
        /// In the order in which they came.
        var sessions: [UInt64] = []
        /// Changed keys, each with the session that changed it first.
        var changed: [[UInt8]: UInt64] = [:]
    }

    private var watched: [[UInt8]: Watched] = [:]
    private var hasChanges = false

    var count: Int { watched.count }

    /// - Returns: false when the session watches this prefix already.
    mutating func add(_ prefix: [UInt8], _ id: UInt64) -> Bool {
        if watched[prefix]?.sessions.contains(id) == true { return false }
        watched[prefix, default: Watched()].sessions.append(id)
        return true
    }

    mutating func remove(_ prefix: [UInt8], _ id: UInt64) {
        watched[prefix]?.sessions.removeAll { $0 == id }
        if watched[prefix]?.sessions.isEmpty == true { watched[prefix] = nil }
    }

    /// Notes a change under every prefix that the key has.
    mutating func changed(_ key: ByteView, by origin: UInt64) {
        guard !watched.isEmpty else { return }
        var name: [UInt8]?
        for prefix in watched.keys where prefix.withView({ key.hasPrefix($0) }) {
            let key = name ?? key.array
            name = key
            if watched[prefix]?.changed[key] == nil { watched[prefix]?.changed[key] = origin }
            hasChanges = true
        }
    }

    /// The changes since the last time, which are forgotten: for each prefix its sessions and the keys, in their order,
    /// with who changed them.
    mutating func takeChanges() -> [(sessions: [UInt64], keys: [(name: [UInt8], origin: UInt64)])] {
        guard hasChanges else { return [] }
        hasChanges = false
        let prefixes = watched.keys.sorted { $0.lexicographicallyPrecedes($1) }
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

extension ByteView {
    func hasPrefix(_ prefix: ByteView) -> Bool { count >= prefix.count && self[0..<prefix.count] == prefix }
}
