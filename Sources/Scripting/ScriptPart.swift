// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// A script that is kept.
struct Script {
    let text: [UInt8]
    /// Its number in the interpreter.
    let number: Int32
    let flags: ScriptFlags
    /// It was loaded on purpose and stays until all are flushed.
    var isLoaded: Bool
}

/// The directives of scripts.
struct ScriptSettings: FeatureSettings {
    /// After so many milliseconds of a script others are refused instead of waiting; 0: they wait.
    var busyAfterMs = 5000
    init() {}
}

extension Settings {
    /// What the directives of scripts ask for.
    var scripting: ScriptSettings {
        get { self[ScriptSettings.self] }
        set { self[ScriptSettings.self] = newValue }
    }
}

/// The scripts of an engine and the interpreter that they run in, which is made for the first of them.
final class ScriptPart: FeaturePart {
    /// So many scripts are kept that were only evaluated; the oldest gives way to the next.
    private static let evaluatedMax = 500
    /// How long a script runs before others have their turn, in microseconds.
    private static let sliceUs = 4000.0

    unowned let engine: Engine
    private let version: String
    private(set) var scripts: [[UInt8]: Script] = [:]
    /// Digests of evaluated scripts, the oldest at `oldest` once all places are taken.
    private var evaluated: [[UInt8]] = []
    private var oldest = 0
    private var machine: Interpreter?
    /// The libraries of functions.
    let libraries: Libraries
    /// Where commands of scripts reply.
    lazy var replies = (Reply(engine.keys.heap), Reply(engine.keys.heap))
    private var countedBytes = 0
    private var textBytes = 0
    /// The script that has stopped in the middle of a turn.
    private(set) var open: ScriptRun?
    /// The one that has ended and whose client has still to be answered.
    private var finished: ScriptRun?
    /// How often a script looks at the clock before others have their turn, where time is not the measure.
    var looksPerSlice: UInt32 = 200_000
    private var busyAfterMs: Int64 = 5000
    /// A script runs at this moment.
    var isRunning = false
    /// For tests: scripts may call what is closed to them (DEBUG SET-DISABLE-DENY-SCRIPTS).
    var allowsAll = false

    init(_ engine: Engine, version: String) {
        self.engine = engine
        self.version = version
        libraries = Libraries(version: version) { [unowned engine] in engine.keys.random.next() }
        engine.libraryKeeper = self
    }

    func apply(_ settings: Settings, _ engine: Engine) {
        busyAfterMs = Int64(settings.scripting.busyAfterMs)
    }

    func resetStatistics() { engine.scripts.evicted = 0 }

    private var interpreter: Interpreter {
        if let machine { return machine }
        let made = Interpreter(version: version, isForFunctions: false, seed: engine.keys.random.next())
        machine = made
        return made
    }

    /// The memory of scripts stands in the books of the heap, for the sake of the limit.
    func recount() {
        let bytes = machine?.bytes ?? 0
        let all = bytes + textBytes + libraries.interpreterBytes + libraries.textBytes
        engine.keys.heap.account(outside: all - countedBytes)
        countedBytes = all
        engine.scripts.interpreterBytes = bytes
        engine.scripts.textBytes = textBytes
        engine.scripts.count = scripts.count
        engine.scripts.functionInterpreterBytes = libraries.interpreterBytes
        engine.scripts.libraryTextBytes = libraries.textBytes
        engine.scripts.functionCount = libraries.functions.count
        engine.scripts.libraryCount = libraries.all.count
    }

    // MARK: Kept scripts

    /// Compiles and keeps a script, unless it is known.
    func load(_ text: ByteView, _ digest: [UInt8], stays: Bool, _ call: Call) throws(Refusal) -> Script {
        if var known = scripts[digest] {
            if stays, !known.isLoaded {
                known.isLoaded = true
                scripts[digest] = known
            }
            return known
        }
        let (flags, body) = try Shebang.read(text, call)
        defer { recount() }
        guard let number = interpreter.compile(body) else {
            throw call.refusal(ByteString(interpreter.output))
        }
        let script = Script(text: text.array, number: number, flags: flags, isLoaded: stays)
        scripts[digest] = script
        textBytes += text.count
        if !stays { keepEvaluated(digest) }
        return script
    }

    private func keepEvaluated(_ digest: [UInt8]) {
        guard evaluated.count == ScriptPart.evaluatedMax else { return evaluated.append(digest) }
        let old = evaluated[oldest]
        // One that was loaded since has its place for good.
        if let script = scripts[old], !script.isLoaded {
            interpreter.forget(script.number)
            textBytes -= script.text.count
            scripts[old] = nil
            engine.scripts.evicted += 1
        }
        evaluated[oldest] = digest
        oldest = (oldest + 1) % ScriptPart.evaluatedMax
    }

    /// Forgets all scripts, and the interpreter with them.
    func flush() {
        scripts = [:]
        evaluated = []
        oldest = 0
        textBytes = 0
        if let machine { discard(machine) }
        machine = nil
        recount()
    }

    /// An interpreter may take long to be taken apart: another thread does it.
    func discard(_ machine: Interpreter) {
        let former = FormerInterpreter(machine)
        engine.host.away({ former.machine = nil }, then: {})
    }

    /// What runs a kept script.
    func subject(_ script: Script, _ digest: [UInt8]) -> ScriptSubject {
        ScriptSubject(
            name: digest, interpreter: interpreter, number: script.number, flags: script.flags,
            isFunction: false)
    }

    // MARK: Running

    /// How long a script may run now before others have their turn.
    var slice: ScriptSlice {
        guard engine.slicesAreTimed else { return ScriptSlice(looks: looksPerSlice) }
        return ScriptSlice(until: Clock.ticks() &+ UInt64(ScriptPart.sliceUs * engine.ticksPerUs))
    }

    /// Runs a script or a function and writes its reply. It may stop in the middle: then there is none yet.
    /// - Parameters:
    ///   - args: its keys and arguments.
    ///   - command: with what it was called.
    func run(
        _ subject: ScriptSubject, _ args: Arguments, keyCount: Int, isReadOnly: Bool, _ call: Call,
        _ command: Arguments, _ reply: Reply
    ) throws(Refusal) {
        try check(subject.flags, isReadOnly: isReadOnly, call)
        guard open == nil, !isRunning else { throw .custom("ERR A script cannot run another one") }
        let isOutermost = !engine.isNested
        let run = ScriptRun(self, subject, call, isReadOnly: isReadOnly)
        // Its commands propagate themselves.
        call.propagateNothing()
        guard run.begin(args, keyCount: keyCount, isRESP3: reply.isRESP3) else {
            open = run
            run.keep(command)
            call.stop(run)
            if isOutermost { call.waitForUnit(command) }
            return
        }
        run.close()
        defer { recount() }
        try write(run, call, reply)
    }

    private func check(_ flags: ScriptFlags, isReadOnly: Bool, _ call: Call) throws(Refusal) {
        guard flags.contains(.declared) else { return }
        if isReadOnly, !flags.contains(.noWrites) {
            throw .custom("ERR Can not execute a script with write flag using *_ro command.")
        }
        if flags.isDisjoint(with: [.noWrites, .allowOOM]), engine.refusals.contains(.denyoom),
            engine.refusalText(.denyoom, nil, call.session) != nil
        {
            throw .custom(
                "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'")
        }
    }

    /// Writes the reply of a script that has ended.
    private func write(_ run: ScriptRun, _ call: Call, _ reply: Reply) throws(Refusal) {
        let output = run.subject.interpreter.output
        if !run.subject.interpreter.errorIsCounted, let text = errorText(output) {
            throw call.refusal(ByteString(text))
        }
        reply.raw(output)
    }

    private func errorText(_ output: ByteView) -> ByteView? {
        guard output.count > 3, output[0] == UInt8(ascii: "-") else { return nil }
        return output[1..<(output.count - 2)]
    }

    /// Writes the reply of a script that another command has called and that has ended in a later turn.
    func answer(_ run: ScriptRun) {
        finished = nil
        let output = run.subject.interpreter.output
        if !run.subject.interpreter.errorIsCounted, let text = errorText(output) {
            engine.count(error: ByteString(text))
        } else {
            engine.nestedReply.raw(output)
        }
        recount()
    }

    /// The client of the script that has ended gets its reply.
    func answer(_ call: Call, _ reply: Reply) throws(Refusal) {
        guard let run = finished else { preconditionFailure("a script has ended that nobody knows") }
        finished = nil
        call.propagateNothing()
        call.count(ticks: run.spentTicks)
        defer { recount() }
        try write(run, call, reply)
    }

    // MARK: Slow scripts

    /// A script has ended that had stopped before.
    func ended(_ run: ScriptRun) {
        open = nil
        finished = run
    }

    /// Goes on with the script that has stopped.
    /// - Returns: whether it has not ended.
    func work() -> Bool {
        if let open, busyAfterMs > 0, engine.refusalBesideUnit == nil,
            engine.keys.nowMs - open.startMs >= busyAfterMs
        {
            engine.refuseBesideUnit(ScriptPart.busyText(isFunction: open.subject.isFunction))
            engine.host.log(
                .warning,
                """
                Slow script detected: still in execution after \(engine.keys.nowMs - open.startMs) milliseconds. You can \
                try killing the script using the \(open.subject.isFunction ? "FUNCTION KILL" : "SCRIPT KILL") command. \
                Script name is: \(ByteString(open.subject.name)).
                """)
        }
        let isOpen = engine.continueUnit()
        // Nobody has waited for it.
        if !isOpen { finished = nil }
        return isOpen
    }

    /// What those are told who would have to wait for a script that takes too long.
    static func busyText(isFunction: Bool) -> ByteString {
        """
        BUSY Redis is busy running a script. You can only call \(isFunction ? "FUNCTION" : "SCRIPT") KILL or \
        SHUTDOWN NOSAVE.
        """
    }

    /// Ends the script that runs (SCRIPT KILL, FUNCTION KILL).
    func kill(isFunction: Bool, _ call: Call) throws(Refusal) {
        guard let open else { throw .custom("NOTBUSY No scripts in execution right now.") }
        guard !open.hasWritten else {
            throw .custom(
                """
                UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the \
                script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.
                """)
        }
        guard isFunction == open.subject.isFunction else {
            throw call.refusal(ScriptPart.busyText(isFunction: open.subject.isFunction))
        }
        end(open)
    }

    private func end(_ run: ScriptRun) {
        engine.host.log(.notice, "Lua script killed by user with SCRIPT KILL.")
        run.subject.interpreter.kill("ERR Script killed by user with SCRIPT KILL...")
    }

    func willShutDown(_ modes: ShutdownModes, _ engine: Engine) -> Bool {
        guard let open, !modes.contains(.noSave) else { return true }
        // What is saved must not hold half of a script's work.
        guard !open.hasWritten else {
            engine.host.log(
                .warning, "A script runs that has written: the server ends behind it, or by SHUTDOWN NOSAVE.")
            return false
        }
        end(open)
        while engine.continueUnit() {}
        return true
    }
}

/// An interpreter that nobody uses any more, on its way to the thread that takes it apart.
private final class FormerInterpreter: @unchecked Sendable {
    var machine: Interpreter?
    init(_ machine: Interpreter) { self.machine = machine }
}
