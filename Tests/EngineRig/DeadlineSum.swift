// SPDX-License-Identifier: Apache-2.0
import Keyspace

/// The deadlines of all keys and fields that are not dead, in one number.
public struct DeadlineSum: Equatable {
    private var sum = 0

    public init(_ keys: Keyspace) {
        let selected = keys.current
        defer { keys.current = selected }
        for database in 0..<keys.databaseCount {
            guard keys.volatileCount(of: database) + keys.datedCount(of: database) > 0 else { continue }
            keys.current = database
            keys.forEach { value in
                let key = value.key.array
                add(database, key, [], keys.deadline(of: value))
                guard value.type == .hash else { return }
                HashView(value, keys).forEach { name, _, deadline in
                    add(database, key, name.array, deadline)
                }
            }
        }
    }

    private mutating func add(_ database: Int, _ key: [UInt8], _ field: [UInt8], _ deadline: Int64?) {
        guard let deadline else { return }
        var hasher = Hasher()
        hasher.combine(database)
        hasher.combine(key)
        hasher.combine(field)
        hasher.combine(deadline)
        sum ^= hasher.finalize()
    }
}
