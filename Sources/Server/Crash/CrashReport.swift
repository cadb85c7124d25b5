// SPDX-License-Identifier: Apache-2.0
import Bytes
import CShims
import Engine
import Glibc
import Operations

/// What the server tells of its own end: a fault, a trap of the compiler's checks or a failed check of its own writes a
/// report into the log, then the process ends as it would have without.
///
/// A signal handler writes it, in the order of danger: first what needs neither memory nor locks (cause, command, stack),
/// then what formats text (INFO, the client's line). A second fault, or a lock that is never given back, ends the
/// report where it stands.
///
/// *Who frees*: the stack for signals lives as long as the process.
@safe final class CrashReport {
    /// The signals of a crash. Swift's checks end in SIGILL or SIGTRAP, depending on the machine.
    static let signals = [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT]
    private static let stackBytes = 256 << 10
    /// The report may take so long; then it is cut off.
    private static let deadlineMs: Int64 = 5000
    /// Of each argument, and of all of them.
    private static let argumentBytesMax = 128
    private static let argumentsMax = 16
    private static let commandsMax = 4

    private enum Stage { case none, raw, formatted }

    private let engine: Engine
    private let log: Log
    private let text = CrashText()
    /// A section of INFO; room for it is there before anything goes wrong.
    private let fields: TextBuffer
    private let stack: CrashStack
    private let startedNs = Clock.monotonicNs()
    private var stage = Stage.none
    /// The signal that ends the process once the report is written.
    private var fatal: Int32 = 0
    private var isInstalled = false
    private var watchdogMs: Int64 = 0

    init(_ engine: Engine, _ log: Log) {
        self.engine = engine
        self.log = log
        fields = TextBuffer(engine.keys.heap, capacity: 16 << 10)
        stack = CrashStack(text)
        // A stack that overflowed is none to write a report on.
        let own = UnsafeMutableRawPointer.allocate(byteCount: CrashReport.stackBytes, alignment: 64)
        _ = unsafe nt_use_signal_stack(own, CrashReport.stackBytes)
        // Whoever wants to know what the server is doing may ask by this signal at any time.
        catchSignal(SIGALRM)
    }

    /// Reports crashes from now on, or no longer (`crash-log-enabled`).
    func enable(_ enabled: Bool) {
        guard enabled != isInstalled else { return }
        isInstalled = enabled
        for number in CrashReport.signals {
            if enabled { catchSignal(number) } else { nt_release_signal(number) }
        }
    }

    private func catchSignal(_ number: Int32) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        _ = unsafe nt_catch_signal(
            number,
            { context, number, info, machine in
                guard let context = unsafe context, let info = unsafe info, let machine = unsafe machine
                else { return }
                unsafe Unmanaged<CrashReport>.fromOpaque(context)._withUnsafeGuaranteedRef {
                    unsafe $0.caught(number, info, machine)
                }
            }, context)
    }

    // MARK: Signals

    private func caught(
        _ number: Int32, _ info: UnsafeMutablePointer<siginfo_t>, _ machine: UnsafeMutableRawPointer
    ) {
        if number == SIGALRM, stage == .none {
            let wasSent = unsafe info.pointee.si_code <= 0
            return unsafe reportStack(nt_program_counter(machine), isStall: !wasSent)
        }
        guard stage == .none else { return interrupted(by: number) }
        stage = .raw
        fatal = number
        // Whatever lock the interrupted code holds, the report does not wait for it.
        nt_alarm(CrashReport.deadlineMs)
        begin()
        unsafe writeCause(number, info, machine)
        writeRaw(interrupted: unsafe nt_program_counter(machine))
        stage = .formatted
        writeFormatted(interrupted: unsafe nt_program_counter(machine))
        end()
        unsafe die(returnsToFault: info.pointee.si_code > 0)
    }

    /// Reports a failed check that the server found itself, and ends the process.
    func fail(_ title: StaticString, _ reason: String) -> Never {
        if isInstalled, stage == .none {
            stage = .raw
            fatal = SIGABRT
            nt_alarm(CrashReport.deadlineMs)
            begin()
            text.text("=== ")
            text.text(title)
            text.line(" ===")
            text.text(reason)
            text.line()
            writeRaw(interrupted: 0)
            stage = .formatted
            writeFormatted(interrupted: 0)
            end()
        } else {
            log.warning("\(title): \(reason)")
        }
        nt_release_signal(SIGABRT)
        abort()
    }

    /// A second fault, or the deadline, ends the report.
    private func interrupted(by number: Int32) {
        text.line()
        text.text(number == SIGALRM ? "(the report takes too long" : "(signal ")
        if number != SIGALRM { text.number(Int(number)) }
        text.line(": nothing more can be told)")
        end()
        die(returnsToFault: false)
    }

    /// Ends the process as the signal would have. A fault happens again when the handler returns, which leaves a core of
    /// the true place; for the first process of a container it is also the only way, since it ignores its own signals.
    private func die(returnsToFault: Bool) {
        nt_alarm(0)
        nt_release_signal(fatal)
        if returnsToFault { return }
        raise(fatal)
        _exit(128 + fatal)
    }

    // MARK: Watchdog

    /// Lets a turn of more than so many milliseconds be reported with its stack; 0: none.
    func watch(periodMs: Int64) {
        guard periodMs != watchdogMs else { return }
        watchdogMs = periodMs
        nt_alarm(0)
        nt_alarm(periodMs)
    }

    /// The loop goes round: the alarm that would have come is put off.
    @inline(__always) func turned() {
        if watchdogMs > 0 { nt_alarm(watchdogMs) }
    }

    private func reportStack(_ counter: UInt, isStall: Bool) {
        log.followFile()
        text.aim(log: log.descriptor)
        text.line(isStall ? "--- WATCHDOG TIMER EXPIRED ---" : "Received SIGALRM")
        writeCommand()
        text.line("------ STACK TRACE ------")
        stack.write(interrupted: counter)
        text.line("------")
    }

    // MARK: Parts

    private func begin() {
        log.followFile()
        text.aim(log: log.descriptor)
        text.line()
        text.line()
        text.line("=== NEEDLETAIL BUG REPORT START: Cut & paste starting from here ===")
    }

    private func end() {
        text.line(
            "=== NEEDLETAIL BUG REPORT END. Please send it to whoever maintains this server, with its version. ==="
        )
    }

    private func writeCause(
        _ number: Int32, _ info: UnsafeMutablePointer<siginfo_t>, _ machine: UnsafeMutableRawPointer
    ) {
        text.text("Needletail ")
        text.text(Version.needletail)
        text.text(" crashed by signal: ")
        text.number(Int(number))
        text.text(" (")
        text.text(CrashReport.name(number))
        text.text("), si_code: ")
        text.number(unsafe Int(info.pointee.si_code))
        text.line()
        let sender = unsafe nt_sender(info)
        if sender > 0 {
            text.text("Sent by process: ")
            text.number(Int(sender))
            text.line()
        } else if number == SIGSEGV || number == SIGBUS {
            text.text("Accessing address: ")
            text.hex(unsafe nt_fault_address(info))
            text.line()
        }
        text.text("Crashed running the instruction at: ")
        text.hex(unsafe nt_program_counter(machine))
        text.line()
    }

    private static func name(_ number: Int32) -> StaticString {
        switch number {
        case SIGSEGV: "SIGSEGV"
        case SIGBUS: "SIGBUS"
        case SIGFPE: "SIGFPE"
        case SIGILL: "SIGILL, a failed check"
        case SIGTRAP: "SIGTRAP, a failed check"
        case SIGABRT: "SIGABRT"
        default: "?"
        }
    }

    /// What needs neither memory nor locks.
    private func writeRaw(interrupted counter: UInt) {
        text.text("Uptime: ")
        text.number(Int((Clock.monotonicNs() - startedNs) / 1_000_000_000))
        text.text(" seconds, process ")
        text.number(Int(getpid()))
        text.text(", Unix time ")
        text.number(Int(Clock.realtimeUs() / 1_000_000))
        text.line()
        text.text("Loaded at: ")
        text.hex(stack.programBase)
        text.line()
        text.line()
        text.line("------ STACK TRACE ------")
        stack.write(interrupted: counter)
        text.line()
        text.line("------ CURRENT CLIENT INFO ------")
        writeCommand()
        text.line()
    }

    private func writeCommand() {
        guard let session = engine.runningSession else { return text.line("no command is running") }
        let command = engine.runningCommand
        text.text("command: ")
        text.text(command.name)
        if let caller = command.caller {
            text.text(", called by ")
            text.text(caller)
        }
        text.line()
        text.text("client: id=")
        text.number(Int(truncatingIfNeeded: session.id))
        text.text(" addr=")
        session.address.withView { text.bytes($0) }
        text.line()
        if engine.config.settings.service.hidesUserData {
            return text.line("arguments: not shown (hide-user-data-from-log)")
        }
        var commands = 0
        engine.forEachRunning { args in
            commands += 1
            guard commands <= CrashReport.commandsMax else { return }
            if commands == 2 { text.line("or one of these, which came together:") }
            text.text("argc: ")
            text.number(args.count)
            text.line()
            for i in 0..<min(args.count, CrashReport.argumentsMax) {
                text.text("argv[")
                text.number(i)
                text.text("]: ")
                text.quoted(args[i], max: CrashReport.argumentBytesMax)
                text.line()
            }
        }
    }

    /// What formats text, and may fail in a heap that is damaged.
    private func writeFormatted(interrupted counter: UInt) {
        if engine.runningSession != nil, !engine.config.settings.service.hidesUserData {
            engine.describeRunningSession().withView { text.bytes($0) }
            text.line()
        }
        text.line("------ STACK TRACE, NAMES AS IN THE SOURCE ------")
        stack.write(interrupted: counter, readably: true)
        text.line()
        text.line("------ INFO OUTPUT ------")
        for section in engine.info.sections where section.isDefault {
            text.text("# ")
            text.text(section.name)
            text.line()
            fields.clear()
            section.write(engine, fields)
            for index in 0..<fields.count where fields.view[index] != 13 { text.byte(fields.view[index]) }
            text.line()
        }
    }
}
