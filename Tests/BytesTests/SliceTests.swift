// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@Suite struct SliceTests {
    /// Does what the slice allows, so many units at a time.
    private func units(_ slice: Slice, step: Int = 1, grant: Int = Slice.unitsPerLook) -> Int {
        var (slice, done) = (slice, 0)
        while slice.grant(grant) > 0, done < 100_000 {
            slice.spend(step)
            done += step
        }
        return done
    }

    @Test func byCountAlone() {
        #expect(units(Slice(max: 1000)) == 1000)
        #expect(units(Slice(max: 0)) == 0 && units(Slice(max: -5)) == 0)
        var slice = Slice(max: 100)
        #expect(slice.grant() == 64 && slice.grant(30) == 30)
        slice.spend(64)
        #expect(slice.grant() == 36)
        // The last piece of work may be larger than what was left.
        slice.spend(50)
        #expect(slice.grant() == 0 && slice.grant(1) == 0)
    }

    /// Without any time the floor is done and nothing else.
    @Test func theFloor() {
        #expect(units(Slice(floor: 100, ticks: 0)) == 100)
        #expect(units(Slice(floor: 1, ticks: 0), grant: 1) == 1)
        #expect(units(Slice(floor: 100, ticks: 0, max: 7)) == 7)
        #expect(units(Slice(floor: 10, ticks: 0), step: 64) == 64)
        #expect(units(Slice(floor: 0, ticks: 0)) == 0)
    }

    /// With all the time there is, no more than the ceiling is done.
    @Test func theCeiling() {
        let long = UInt64(1) << 62
        #expect(units(Slice(floor: 10, ticks: long, max: 5000)) == 5000)
        #expect(units(Slice(floor: 10, ticks: long)) == 100_000)
        #expect(units(Slice(floor: 10, ticks: long, max: 5000), grant: 1) == 5000)
    }

    /// The clock is asked after every so many units: a slice whose time is over ends there.
    @Test func timeEndsASlice() {
        let ticks: UInt64 = 100_000
        var slice = Slice(floor: 5, ticks: ticks)
        let began = Clock.ticks()
        #expect(slice.grant(7) == 5)
        slice.spend(5)
        while Clock.ticks() &- began <= ticks {}
        #expect(slice.grant(7) == 0)
        // It does not open again.
        #expect(slice.grant(1) == 0)
    }
}
