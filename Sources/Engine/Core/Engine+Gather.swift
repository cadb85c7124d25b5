// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

// Looking ahead across sessions.
//
// *Idea*. Clients that wait for each answer send one command at a time, and each of those would wait for memory on its
// own: a segment, a bucket, an entry. What many clients have sent when the loop wakes up is therefore gathered first:
// parsed, its keys named. Then all those keys are loaded together, and the commands run in the order in which they came.
// Replies leave at the end of the turn in any case, so nobody waits longer. (As `executeBatch` does for one session.)
//
// *Invariants*. Gathered input stays where it is until `endGathered`. All of it is for one database: keys are looked for
// there. What was parsed is a view of that input; whether the session may still run it is asked when its turn comes,
// because a command before it may have closed or paused it. A session has at most one input among them: the next one may
// be the middle of a command that the first has begun, and nothing in it may be taken for a command of its own.

/// Input of one session that has not run yet.
struct GatheredInput {
    var bytes: ByteView
    /// Its parsed commands.
    var commands: Range<Int>
}

/// Input of several sessions that has not run yet.
final class Gathered {
    /// The most inputs and commands that are gathered.
    static let inputsMax = 32
    static let commandsMax = 64
    /// Longer inputs are pipelines, which look ahead by themselves.
    static let bytesMax = 512

    var inputs: [GatheredInput] = []
    let commands = FixedArray(repeating: AheadCommand(), count: Gathered.commandsMax)
    let list: ArgumentList
    var commandCount = 0
    /// Counts the times that inputs were gathered; a session keeps the number of the last time that it took part.
    var round: UInt64 = 1
    /// The commands of the input that runs.
    var running = 0..<0

    init(_ heap: Heap) {
        list = ArgumentList(heap)
        inputs.reserveCapacity(Gathered.inputsMax)
    }
}

extension Engine {
    /// How many inputs are gathered.
    @inline(__always) public var gatheredCount: Int { gathered.inputs.count }

    /// Whether the gathered inputs have to run before another one is gathered.
    @inline(__always) public var hasGatheredEnough: Bool {
        gathered.inputs.count == Gathered.inputsMax || gathered.commandCount == Gathered.commandsMax
            || keys.hintMark >= Keyspace.hintsMax / 2
    }

    /// Takes in what a session has sent without running it yet: `runGathered` does. The bytes have to stay where they
    /// are until `endGathered`.
    /// - Returns: false when this input is better run at once, behind all that is gathered; nothing was done then.
    public func gather(_ input: ByteView, from session: Session) -> Bool {
        let gathered = self.gathered
        guard input.count <= min(Gathered.bytesMax, requestBytesNoted - 1), session.stops.isEmpty,
            session.assembler == nil, session.gatheredIn != gathered.round,
            limitedClasses & session.outputClass.rawValue == 0
        else { return false }
        if gathered.inputs.isEmpty { keys.current = session.database }
        guard keys.current == session.database, keys.isWorthWarming else { return false }
        let list = gathered.list
        let begin = gathered.commandCount
        var position = 0
        while position < input.count, gathered.commandCount < Gathered.commandsMax {
            guard var item = parseNext(input, &position, list, session) else { break }
            nameKeys(&item, list)
            gathered.commands[gathered.commandCount] = item
            gathered.commandCount &+= 1
        }
        session.gatheredIn = gathered.round
        gathered.inputs.append(GatheredInput(bytes: input, commands: begin..<gathered.commandCount))
        return true
    }

    /// Loads what the lookups of all gathered commands will read; `runGathered` comes next, for each input in turn.
    public func warmGathered() {
        // Of one or two nothing would overlap.
        if keys.hintMark > 2 { keys.warm() }
    }

    /// Executes a gathered input by its number, as `receive` would, for the session that it came from.
    public func runGathered(_ number: Int, for session: Session) {
        let input = gathered.inputs[number]
        assert(session.assembler == nil, "input in the middle of a command was gathered")
        // Whatever came before may have closed it, or lets it wait.
        guard session.stops.isEmpty, limitedClasses & session.outputClass.rawValue == 0 else {
            return receive(input.bytes, from: session)
        }
        noteInput(input.bytes.count, session)
        let call = self.call
        enter(session, call)
        gathered.running = input.commands
        // Where nothing was parsed the input begins with something for the assembler.
        var position = input.commands.isEmpty ? 0 : gathered.commands[input.commands.upperBound - 1].end
        execute(gathered.commands, input.commands, gathered.list, &position, session, call)
        gathered.running = 0..<0
        goOn(input.bytes, from: position, session, call)
    }

    /// Forgets the gathered inputs: all have run, or their sessions are gone.
    public func endGathered() {
        gathered.inputs.removeAll(keepingCapacity: true)
        gathered.commandCount = 0
        gathered.round &+= 1
        gathered.list.reset()
        keys.forgetHints()
    }
}
