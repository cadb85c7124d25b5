// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

extension Listpack {
    /// Few names are compared with each other; of more the hashes are sorted.
    private static let comparedMax = 8

    /// Whether every entry of `stride` ones, beginning with the first, differs from all others of them. The list is
    /// valid.
    func namesDiffer(stride: Int, _ keys: Keyspace) -> Bool {
        let count = self.count / stride
        if count <= Listpack.comparedMax { return namesDifferByComparison(stride) }
        var hashes: [UInt64] = []
        hashes.reserveCapacity(count)
        forEachName(stride) { name, _ in
            hashes.append(name.withText { Table.hash($0, keys.store) })
            return true
        }
        hashes.sort()
        // Names of one hash are one name, but for a chance that nobody can steer and that only costs time.
        return !zip(hashes, hashes.dropFirst()).contains { $0 == $1 }
    }

    private func namesDifferByComparison(_ stride: Int) -> Bool {
        forEachName(stride) { name, position in
            var other = next(position, by: stride)
            while let here = other {
                if name.withText({ self[here].equals($0) }) { return false }
                other = next(here, by: stride)
            }
            return true
        }
    }

    /// Whether all entries are so short that a packed value may hold them, and how many there are at most.
    func fits(entries: Int, entryBytes: Int) -> Bool {
        let count = self.count
        guard count > 0, count <= entries, byteCount <= Listpack.safeBytesMax else { return false }
        return forEach(from: first) { $0.textBytes <= entryBytes }
    }

    /// Visits each name until `visit` answers false.
    /// - Returns: false when it did.
    @discardableResult
    private func forEachName(_ stride: Int, _ visit: (Element, Position) -> Bool) -> Bool {
        var position = first
        while let here = position {
            if !visit(self[here], here) { return false }
            position = next(here, by: stride)
        }
        return true
    }

    private func next(_ position: Position, by stride: Int) -> Position? {
        var here: Position? = position
        for _ in 0..<stride { here = here.flatMap { next($0) } }
        return here
    }
}
