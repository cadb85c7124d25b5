// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

// What runs at this moment, for a crash report: read from state that the dispatcher keeps anyway, so that no command
// pays for it. A signal handler asks, so nothing here allocates but `describeRunningSession`.

extension Engine {
    /// The session whose input is being executed; nil between reads.
    public var runningSession: Session? { keys.effects.origin == 0 ? nil : running.session }

    /// The command that runs, and the one that its client called where that is another one: EXEC, a script.
    public var runningCommand: (name: String, caller: String?) {
        let call = running
        let called = call.session.lastCommand
        let isOther = called >= 0 && called != call.commandIndex
        return (table.fullName(call.commandIndex), isOther ? table.fullName(called) : nil)
    }

    /// Gives the arguments of the running command to `body`. Commands of a pipeline are parsed ahead, and which of
    /// several alike has its turn is not noted: then all of them are given.
    public func forEachRunning(_ body: (Arguments) -> Void) {
        guard let session = runningSession else { return }
        if session.assembler != nil || isNested { return body(running.list.arguments) }
        if !gathered.running.isEmpty {
            return forEachCalled(session, gathered.commands, gathered.running, gathered.list, body)
        }
        let list = aheadList
        guard list.count > 0 else { return }
        guard keys.isWorthWarming else { return body(list.arguments) }
        forEachCalled(session, ahead, 0..<ahead.count, list, body)
    }

    /// Of commands parsed ahead gives those that are like the one that runs.
    private func forEachCalled(
        _ session: Session, _ commands: FixedArray<AheadCommand>, _ range: Range<Int>, _ list: ArgumentList,
        _ body: (Arguments) -> Void
    ) {
        let called = session.lastCommand
        var first = commands[range.lowerBound].first
        for i in range where commands[i].first == first {
            let item = commands[i]
            guard item.count > 0, first + item.count <= list.count else { return }
            // A container was looked up when this was parsed, its subcommand only when it ran.
            let isCalled =
                item.index == called || (item.index >= 0 && table.subcommands(item.index).contains(called))
            if isCalled { body(list.arguments(from: first, count: item.count)) }
            first += item.count
        }
    }

    /// The line of CLIENT LIST for the running session.
    public func describeRunningSession() -> [UInt8] {
        guard let session = runningSession else { return [] }
        var line: [UInt8] = []
        running.appendLine(session, running.list.arguments, &line)
        return line
    }
}
