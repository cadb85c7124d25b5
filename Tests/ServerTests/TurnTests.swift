// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Engine
@testable import Server

/// The phases of a turn, and what the log says of one that took too long.
@Suite struct TurnTests {
    /// The design's order. Each phase says beside its name why it stands where it does.
    private let order: [TurnPhase] = [
        .expire, .timeouts, .cut, .reclaim, .evict, .defragment, .cron, .giveBack, .resume, .flush, .reap,
        .accept,
    ]

    private func server(_ features: [Feature]) -> Server {
        Server(
            Config(Settings(), features: features), Log(), Launch(arguments: [], directory: "/"),
            features: features)
    }

    @Test func stepsRunInTheStatedOrder() {
        #expect(TurnPhase.allCases == order)
        let server = server(Wiring.features)
        server.watchdog.trace = []
        server.turn()
        let names = server.watchdog.trace?.map(\.name)
        #expect(
            names == [
                "expire", "timeouts", "load", "migrate", "cut", "snapshot", "reclaim", "evict", "defragment",
                "cron",
                "give back",
                "tracking", "resume", "script", "append log", "flush", "reap", "accept",
            ])
        server.turn()
        #expect(server.watchdog.trace?.count == 36)
        server.engine.close()
    }

    /// Work of features that nobody here knows: done behind its phase while it is due, in the order of the features.
    @Test func featuresHaveTheirTurn() {
        func feature(_ name: String, _ phase: TurnPhase) -> Feature {
            Feature(
                name,
                works: [
                    TurnWork(name, behind: phase, advice: "Rest.", floor: 3, isDue: { $0.stats.writes < 6 }) {
                        engine, slice in
                        // What a unit of this work is shows in the statistics, of which nobody else makes any here.
                        engine.stats.writes += slice.grant(3)
                        return engine.stats.writes < 6
                    }
                ])
        }
        let server = server(
            Wiring.features + [feature("second", .cut), feature("third", .cut), feature("first", .expire)])
        server.watchdog.trace = []
        server.turn()
        #expect(
            server.watchdog.trace?.prefix(9).map(\.name) == [
                "expire", "first", "timeouts", "load", "migrate", "cut", "snapshot", "second", "third",
            ])
        #expect(server.engine.stats.writes == 6, "two of the three were due")
        server.turn()
        #expect(server.engine.stats.writes == 6)
        server.engine.close()
    }

    /// Replies leave behind what belongs to their past, and before anybody is closed.
    @Test func whatComesBeforeWhat() throws {
        func place(_ phase: TurnPhase) throws -> Int { try #require(order.firstIndex(of: phase)) }
        for phase in TurnPhase.allCases where phase.isBackground {
            #expect(try place(phase) < place(.flush), "\(phase)")
        }
        #expect(try place(.expire) == 0 && place(.flush) < place(.reap))
    }

    // MARK: The share of background work

    @Test func allowance() {
        // A tick to the microsecond, so that no slice has time while this runs.
        var allowance = TurnAllowance(ticksPerUs: 1)
        allowance.begin()
        #expect(allowance.leftUs == 2000)
        allowance.spend(ticks: 1700)
        #expect(allowance.leftUs == 300)
        allowance.spend(ticks: 5000)
        #expect(allowance.leftUs == 0)
        var slice = allowance.slice(floor: 5)
        #expect(slice.grant(10) == 5)
        slice.spend(5)
        #expect(slice.grant() == 0)
        allowance.begin()
        #expect(allowance.leftUs == 2000)
    }

    // MARK: Slow turns

    private func turn(
        us: Double = 12_900, commands: Int = 1, commandUs: Double = 0, flushUs: Double = 0,
        step: TurnPhase = .expire, stepUs: Double = 0
    ) -> SlowTurn {
        SlowTurn(
            us: us, commands: commands, commandUs: commandUs, flushUs: flushUs, step: TurnStep(step),
            stepUs: stepUs
        )
    }

    @Test func commandsAreACause() {
        var slow = turn(commands: 20_000, commandUs: 12_100, flushUs: 70, step: .flush, stepUs: 70)
        #expect(
            slow.line == "Slow turn of 12900 us: 20000 commands took 12100 us, none of them more than 500 us")
        slow.slowest = ("keys", 11_000)
        #expect(
            slow.line == "Slow turn of 12900 us: 20000 commands took 12100 us, the slowest, keys, 11000 us")
        slow.commands = 1
        #expect(slow.line.hasPrefix("Slow turn of 12900 us: 1 command took 12100 us, the slowest, keys,"))
    }

    @Test func phasesAreACause() {
        let slow = turn(commandUs: 2000, step: .evict, stepUs: 9000)
        #expect(slow.line == "Slow turn of 12900 us: phase evict took 9000 us")
        // Whatever is sent before the end of the turn counts as sending.
        let sending = turn(commandUs: 2000, flushUs: 8000, step: .flush, stepUs: 100)
        #expect(sending.line == "Slow turn of 12900 us: phase flush took 8000 us")
        // Sessions that were held run their commands in a phase.
        var resumed = turn(commands: 5, commandUs: 10, step: .resume, stepUs: 9000)
        resumed.slowest = ("sunion", 8000)
        #expect(
            resumed.line == "Slow turn of 12900 us: phase resume took 9000 us, the slowest, sunion, 8000 us")
    }

    @Test func theMachineIsACause() {
        var slow = turn(commandUs: 12_000)
        slow.waitedUs = 3000
        #expect(slow.ownUs == 9900)
        #expect(
            slow.line
                == "Slow turn of 12900 us: 1 command took 12000 us; for 3000 us of the turn the processor was busy "
                + "with something else")
        slow.waitedForSomething = true
        #expect(slow.ownUs == 12_900)
        #expect(
            slow.line.hasSuffix(
                "; 3000 us of the turn were spent waiting, for a device, a timer or a processor"))
        slow.waitedUs = 200
        #expect(slow.line == "Slow turn of 12900 us: 1 command took 12000 us")
    }
}
