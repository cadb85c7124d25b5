// SPDX-License-Identifier: Apache-2.0
import Containers

// How many values of a database have elements with deadlines (INFO keyspace). The database's table keeps the count, so
// that it goes along with SWAPDB and FLUSHALL; whatever changes such a value, or puts one in, out or aside, tells.

extension Edit {
    /// Whether the key has a value with deadlines inside.
    var isDated: Bool { exists && value.isDated }

    /// Counts the value in or out, after a change.
    func recount(wasDated: Bool) {
        if wasDated != isDated { table.datedValues += wasDated ? -1 : 1 }
    }

    /// The value is about to leave its entry.
    func uncount() { if isDated { table.datedValues -= 1 } }
}

extension Value {
    fileprivate var isDated: Bool { typeBits != 0 && operations.hasDeadlines(self) }
}

extension Keyspace {
    /// Traps if the count of a database is wrong.
    func checkDated(_ table: Table) {
        var dated = 0
        table.forEach { if Value($0).isDated { dated += 1 } }
        precondition(table.datedValues == dated, "values with deadlines inside are miscounted")
    }
}
