// SPDX-License-Identifier: Apache-2.0
// Instructions per command under callgrind: two runs with N and 2N commands; their difference divided by N has
// neither the start nor the load of the keys nor the connections in it.
import Foundation

/// Counts instructions of GET and SET at pipeline 16.
struct Instructions {
    let options: Options
    let machine: Machine
    let children: Children

    private static let commands = 60_000
    private static let keys = 10_000

    static let rows = ["GET", "SET"]

    static func name(_ command: String) -> String { "instructions \(command) P16" }

    func measure(_ commands: [String], note: (String) -> Void) -> [InstructionResult] {
        guard let valgrind = Machine.tool("valgrind") else {
            note("instructions: valgrind is not installed")
            return []
        }
        return commands.map { command in
            var result = InstructionResult(command: command, pipeline: 16, perCommand: Pair())
            for side in Side.allCases {
                Progress.say("\(Instructions.name(command)), \(side.title)")
                do {
                    let once = try total(side, command, count: Instructions.commands, valgrind)
                    let twice = try total(side, command, count: 2 * Instructions.commands, valgrind)
                    result.perCommand[side] = Double(twice - once) / Double(Instructions.commands)
                } catch { note("\(Instructions.name(command)), \(side.title): \(error)") }
            }
            return result
        }
    }

    /// All instructions of a server from start to end, with `count` commands of load.
    private func total(_ side: Side, _ command: String, count: Int, _ valgrind: String) throws -> Int {
        let folder = try children.makeFolder()
        let file = folder + "/callgrind.out"
        let wrapper = [valgrind, "--tool=callgrind", "--callgrind-out-file=\(file)"]
        let path = side == .ours ? options.server : options.peer
        let server = try ServerUnderTest(
            side, path: path, cores: machine.serverCore.map { [$0] }, children: children, wrapper: wrapper,
            seconds: 60)
        try server.load(.strings(count: Instructions.keys, size: 32))
        let generator = LoadGenerator(path: options.loadGenerator, machine: machine, children: children)
        _ = try generator.run(
            port: server.port, .test(command.lowercased()), requests: count, pipeline: 16, connections: 50,
            valueSize: 32, keyCount: Instructions.keys, seconds: 180)
        server.child.end(seconds: 30)
        for name in ["totals: ", "summary: "] {
            if let line = Machine.lines(file).last(where: { $0.hasPrefix(name) }),
                let sum = Int(line.dropFirst(name.count).split(separator: " ")[0])
            {
                return sum
            }
        }
        throw BenchError("callgrind wrote no total")
    }
}
