// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Messaging
import EngineRig
import Foundation
import Keyspace

/// Runs worlds one after the other until time is up. A world is an engine with its twin, a few sessions and cuts.
struct Fuzzer {
    let options: Options
    private let journal: Journal

    init(_ options: Options) {
        guard let journal = Journal(options.journal) else {
            print("cannot write \(options.journal)")
            exit(2)
        }
        self.options = options
        self.journal = journal
    }

    /// Whether all went well.
    func run() -> Bool {
        let end = Date(timeIntervalSinceNow: options.seconds)
        var seeds = SeededRandom(seed: options.seed)
        var inputs = 0
        var isOver: Bool { options.commands > 0 ? inputs >= options.commands : Date() >= end }
        while !isOver {
            let world = World(seed: seeds.next(), journal)
            for _ in 0..<5000 where !isOver {
                inputs += 1
                world.step(inputs)
                if let fault = world.fault { return report(fault, inputs) }
            }
            world.finish()
            if let fault = world.fault { return report(fault, inputs) }
        }
        print("\(inputs) inputs, nothing found")
        return true
    }

    private func report(_ fault: String, _ inputs: Int) -> Bool {
        print("input \(inputs): \(fault)")
        fflush(nil)
        return false
    }
}
