// SPDX-License-Identifier: Apache-2.0
// Instructions per command under callgrind: two runs with N and 2N commands; their difference divided by N has
// neither the start nor the load of the keys nor the connections in it.
import Foundation

/// Counts instructions of GET and SET at pipeline 16.
struct Instructions {
    let bout: Bout

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
            var result = InstructionResult(command: command, pipeline: 16, perCommand: PerServer())
            for contestant in bout.contestants {
                Progress.say("\(Instructions.name(command)), \(contestant.name)")
                do {
                    let once = try total(contestant, command, count: Instructions.commands, valgrind)
                    let twice = try total(contestant, command, count: 2 * Instructions.commands, valgrind)
                    let commands = twice.commands - once.commands
                    result.perCommand[contestant.index] =
                        Double(twice.instructions - once.instructions) / Double(commands)
                } catch { note("\(Instructions.name(command)), \(contestant.name): \(error)") }
            }
            return result
        }
    }

    /// All instructions of a server from start to end, with `count` commands of load.
    private func total(
        _ contestant: Contestant, _ command: String, count: Int, _ valgrind: String
    ) throws -> (commands: Int, instructions: Int) {
        let folder = try bout.children.makeFolder()
        let file = folder + "/callgrind.out"
        let wrapper = [valgrind, "--tool=callgrind", "--callgrind-out-file=\(file)"]
        let server = try ServerUnderTest(
            path: contestant.path, cores: bout.machine.serverCore.map { [$0] }, children: bout.children,
            wrapper: wrapper, seconds: 60)
        try server.load(.strings(count: Instructions.keys, size: 32))
        let key = CommandTemplate.Word.random("key:", below: Instructions.keys)
        let value: [CommandTemplate.Word] = command == "SET" ? [.value(size: 32)] : []
        let load = Load(
            template: CommandTemplate([.literal(command), key] + value), pipeline: 16, connections: 50,
            warmUpSeconds: 0, seconds: 180, requestsMax: count)
        let report = try LoadGenerator(port: server.port, load).run(server: ProcessClock(server.child.pid))
        server.child.end(seconds: 30)
        for name in ["totals: ", "summary: "] {
            if let line = Machine.lines(file).last(where: { $0.hasPrefix(name) }),
                let sum = Int(line.dropFirst(name.count).split(separator: " ")[0])
            {
                return (report.requests, sum)
            }
        }
        throw BenchError("callgrind wrote no total")
    }
}
