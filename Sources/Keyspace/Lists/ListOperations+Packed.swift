// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

extension ListOperations {
    static func adopted(packed: ByteView, encoding: UInt8, _ keys: Keyspace) -> Address? {
        let elements = Listpack(at: packed.start)
        guard !elements.isEmpty, keys.limits.packsList(of: elements.count, bytes: packed.count) else {
            return nil
        }
        return Listpack.copy(of: packed, keys.heap).at
    }
}
