// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

@testable import Engine
@testable import Keyspace

/// In which order cuts hand over the pieces of streams.
@Suite struct StreamCutTests {
    /// What changes in a group while the group itself still waits for its turn comes behind it.
    @Test(arguments: 1...50) func groupsComeBeforeWhatIsInThem(_ step: Int) {
        let rig = Rig()
        // More than two leaves are pending in each group.
        let ids = 1...60
        for id in ids { rig.run(["XADD", "s", "\(id)", "f", "\(id)"]) }
        var wanted = PlainStream(entries: Array(ids), last: 60)
        for group in ["g", "h"] {
            rig.run(["XGROUP", "CREATE", "s", group, "0"])
            rig.run(["XREADGROUP", "GROUP", group, "x", "STREAMS", "s", ">"])
            let pending = ids.map { ($0, PlainStream.Pending(consumer: "x", deliveries: 1)) }
            wanted.groups[group] = .init(
                last: 60, consumers: ["x"], pending: Dictionary(uniqueKeysWithValues: pending))
        }
        let (keys, keeper) = (rig.engine.keys, StreamKeeper())
        #expect(keys.cut(keeper) != nil)
        // A leaf of each group waits, behind its group; then some of that is handed over.
        for group in ["g", "h"] { #expect(rig.run(["XACK", "s", group, "1"]) == ":1") }
        _ = keys.walkCuts(max: step)
        for group in ["g", "h"] {
            #expect(rig.run(["XACK", "s", group, "60"]) == ":1")
            #expect(rig.run(["XGROUP", "CREATECONSUMER", "s", group, "y"]) == ":1")
            #expect(rig.run(["XGROUP", "DESTROY", "s", group]) == ":1")
        }
        while keys.walkCuts(max: step) {}
        #expect(keeper.fault == nil)
        #expect(keeper.streams == ["s": wanted])
        keys.checkInvariants()
    }
}
