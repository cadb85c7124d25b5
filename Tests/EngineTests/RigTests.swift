// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

@Suite struct RigTests {
    @Test func setAndGet() {
        let rig = Rig()
        #expect(rig.run("SET", "a", "hello") == "+OK")
        #expect(rig.run("GET", "a") == "$5 hello")
        #expect(rig.run("SET", "a", "12") == "+OK")
        #expect(rig.run("GET", "a") == "$2 12")
        #expect(rig.run("GET", "b") == "$-1")
        #expect(rig.mismatch == nil)
    }
}
