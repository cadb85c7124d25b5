// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace

@testable import Commands
@testable import Engine

extension Session {
    /// What HELLO 3 does.
    func setRESP3ForTest(_ rig: Rig) {
        isRESP3 = true
    }
}

extension Rig {
    /// Time goes by, but nothing is deleted until it is asked for.
    func sleepWithoutExpiry(ms: Int64) { engine.keys.nowMs += ms }

    /// The name of a set's encoding.
    func encoding(_ key: String) -> String {
        let value = Array(key.utf8).withView { engine.keys.peek($0).value }
        return switch value.encoding {
        case Encoding.intset: "intset"
        case Encoding.listpack: "listpack"
        default: "hashtable"
        }
    }
}
