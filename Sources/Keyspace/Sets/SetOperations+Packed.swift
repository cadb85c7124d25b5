// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

extension SetOperations {
    static func adopted(packed: ByteView, encoding: UInt8, _ keys: Keyspace) -> Address? {
        let limits = keys.limits
        if encoding == Encoding.intset {
            let count = IntSet(at: packed.start).count
            return (1...max(1, limits.setIntsetEntries)).contains(count)
                ? IntSet.copy(of: packed, keys.heap).at : nil
        }
        let members = Listpack(at: packed.start)
        guard members.fits(entries: limits.setListpackEntries, entryBytes: limits.setListpackValueBytes),
            members.namesDiffer(stride: 1, keys)
        else { return nil }
        return Listpack.copy(of: packed, keys.heap).at
    }
}
