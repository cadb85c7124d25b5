// SPDX-License-Identifier: Apache-2.0
import Bytes

extension Keyspace {
    /// Merges up to `max` sparse segments of the databases whose keys are mostly gone; to be called now and then.
    public func tidy(max: Int) {
        var slice = Slice(max: max)
        tidy(&slice)
    }

    /// Merges sparse segments of the databases whose keys are mostly gone, as many as the slice allows.
    public func tidy(_ slice: inout Slice) {
        for database in 0..<databaseCount {
            let table = table(of: database)
            // Less than a quarter full on average, which is rare while segments merge by themselves.
            guard table.segmentCount > 1, table.count < table.segmentCount * 96 else { continue }
            while slice.grant(1) > 0 {
                tidyPosition = table.tidy(from: tidyPosition, max: 1, store)
                slice.spend()
                if tidyPosition == 0 { break }
            }
            return
        }
        tidyPosition = 0
    }

    /// What the tables of a database take without its entries, in bytes: for finding keys and for their deadlines.
    /// Looks at every segment.
    public func overheadBytes(of database: Int) -> (main: Int, deadlines: Int) {
        table(of: database).ownBytes()
    }

    /// Looks a key up for a command that only asks about it (TTL, TYPE, OBJECT): counts a hit or a miss, but is no
    /// access.
    /// - Parameter isQuiet: a missing key is counted, but is no event (OBJECT).
    public func inspect(_ key: ByteView, isQuiet: Bool = false) -> Found {
        let found = peek(key)
        if found.exists {
            stats.hits &+= 1
        } else if isQuiet {
            stats.misses &+= 1
        } else {
            missed(key)
        }
        return found
    }

    /// Deletes a found key, as DEL does.
    public func delete(_ found: Found) {
        var edit = edit(found)
        edit.remove(self)
        edit.commit("del", EventClass.generic, self)
    }

    /// Deletes a found key without an event, because another value takes its place: that is the change.
    public func clear(_ found: Found) {
        var edit = edit(found)
        edit.remove(self)
        edit.abandon(self)
        commits &+= 1
    }
}
