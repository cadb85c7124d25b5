// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

extension HashOperations {
    static func adopted(packed: ByteView, encoding: UInt8, _ keys: Keyspace) -> Address? {
        let limits = keys.limits
        let pairs = Listpack(at: packed.start)
        let entries = limits.hashListpackEntries.multipliedReportingOverflow(by: 2)
        guard
            pairs.fits(
                entries: entries.overflow ? .max : entries.partialValue,
                entryBytes: limits.hashListpackValueBytes),
            pairs.namesDiffer(stride: 2, keys)
        else { return nil }
        return Listpack.copy(of: packed, keys.heap).at
    }
}
