// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Bytes
@testable import Containers
@testable import Keyspace

@Suite struct EvictionTests {
    /// Two keys of one hash lie in one chain. A policy that takes only keys with a deadline must not take its neighbour.
    @Test(arguments: [EvictionPolicy.volatileRandom, .volatileLRU, .volatileLFU, .volatileTTL])
    func keysOfOneHash(_ policy: EvictionPolicy) {
        let hash = KeyedHash(transparentWith: HashKey(seed: 1))
        let keys = Keyspace(Store(hash, nowMs: 1000), databases: 1, seed: 1, nowMs: 1000)
        func set(_ name: String, deadline: Int64?) {
            Array("samehash\(name)".utf8).withView { key in
                var edit = keys.edit(keys.locate(key))
                edit.setString(ByteView("value"), keys)
                edit.setDeadline(deadline, keys)
                edit.commit(Event("set", EventClass.string), keys)
            }
        }
        for index in 0..<4 { set("kept\(index)", deadline: nil) }
        for round in 0..<20 {
            set("due", deadline: 5000)
            keys.limitMemory(bytes: 1, policy)
            _ = keys.evict(max: 1)
            keys.limitMemory(bytes: 0, .noeviction)
            #expect(keys.count(of: 0) >= 4)
            for index in 0..<4 {
                Array("samehashkept\(index)".utf8).withView { key in
                    #expect(keys.peek(key).exists, "round \(round)")
                }
            }
        }
    }
}
