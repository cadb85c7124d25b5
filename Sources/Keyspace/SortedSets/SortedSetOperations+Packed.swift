// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

extension SortedSetOperations {
    static func adopted(packed: ByteView, encoding: UInt8, _ keys: Keyspace) -> Address? {
        let limits = keys.limits
        let pairs = Listpack(at: packed.start)
        let count = pairs.count / 2
        guard count > 0, count <= limits.zsetListpackEntries, packed.count <= Listpack.safeBytesMax,
            isOrdered(pairs, longest: limits.zsetListpackValueBytes), pairs.namesDiffer(stride: 2, keys)
        else { return nil }
        return Listpack.copy(of: packed, keys.heap).at
    }

    /// Whether the pairs stand in the order of a sorted set, and no member is longer than that.
    private static func isOrdered(_ pairs: Listpack, longest: Int) -> Bool {
        var last: Listpack.Pair?
        var next = pairs.firstPair
        while let pair = next {
            guard pairs[pair.name].textBytes <= longest else { return false }
            if let last {
                let (before, score) = (pairs.score(last), pairs.score(pair))
                guard before <= score else { return false }
                let follows = pairs[last.name].withText { name in
                    pairs[pair.name].withText { name.order(to: $0) < 0 }
                }
                guard before < score || follows else { return false }
            }
            last = pair
            next = pairs.nextPair(pair)
        }
        return true
    }
}
