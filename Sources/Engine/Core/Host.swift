// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What a program knows of its own making.
public struct BuildFacts: Sendable, Equatable {
    /// The first eight digits of the commit; zeros where the build was not told.
    public let commit: String
    /// Whether files differed from that commit.
    public let isDirty: Bool
    /// 16 hexadecimal digits that differ from build to build; zeros where the linker gave none.
    public let id: String

    /// For a program whose linker left no facts: zeros.
    public static let unknown = BuildFacts(commit: 0, isDirty: false, id: 0)

    /// Facts from the numbers that the linker left.
    public init(commit: UInt32, isDirty: Bool, id: UInt64) {
        self.commit = BuildFacts.hex(UInt64(commit), 8)
        self.isDirty = isDirty
        self.id = BuildFacts.hex(id, 16)
    }

    private static func hex(_ number: UInt64, _ count: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: count - digits.utf8.count) + digits
    }
}

/// What a process knows about itself and its machine.
public struct ProcessFacts: Sendable {
    /// Name, release and machine of the operating system.
    public var system: String
    /// How the loop waits for sockets.
    public var multiplexing: String
    /// The number of the process.
    public var processID: Int
    /// The path of the program.
    public var executable: ByteString
    /// Memory of the machine.
    public var memoryBytes: Int
    /// The commit and the build that the program comes from.
    public var build: BuildFacts

    /// Facts as the system gave them; `memoryBytes` counts what the machine has.
    public init(
        system: String, multiplexing: String, processID: Int, executable: ByteString, memoryBytes: Int,
        build: BuildFacts
    ) {
        self.build = build
        self.system = system
        self.multiplexing = multiplexing
        self.processID = processID
        self.executable = executable
        self.memoryBytes = memoryBytes
    }
}

/// Processor time used so far, in microseconds.
public struct ProcessorTimes: Sendable {
    /// In the kernel's code, and in the program's own.
    public var systemUs: Int64 = 0
    public var userUs: Int64 = 0
    /// The same for child processes that have ended.
    public var childrenSystemUs: Int64 = 0
    public var childrenUserUs: Int64 = 0
    /// Of the thread that runs the commands.
    public var threadSystemUs: Int64 = 0
    public var threadUserUs: Int64 = 0
    public init() {}
}

/// What reading a file gave.
public enum FileReading: Sendable, Equatable {
    /// All of its bytes.
    case bytes([UInt8])
    /// There is no such file.
    case missing
    /// Why it cannot be read.
    case failed(ByteString)
}

/// How important a line of the log is; `loglevel` has the same names.
public enum LogLevel: Sendable { case debug, verbose, notice, warning }

/// What the engine asks of the world around it. A test gives it a quiet one.
public protocol Host: AnyObject {
    /// Resident memory of the process in bytes.
    var residentBytes: Int { get }
    /// Nil where there is no process to speak of; INFO then leaves the fields out.
    var facts: ProcessFacts? { get }
    /// The processor time used so far; nil where there is no process.
    var processorTimes: ProcessorTimes? { get }
    /// Blocks the whole server (DEBUG SLEEP).
    /// - Returns: what the clock shows afterwards, when it showed `nowUs` before; Unix time in microseconds.
    func sleep(us: Int64, nowUs: Int64) -> Int64
    /// What the clock shows, Unix time in microseconds; nil where time is the tester's.
    var nowUs: Int64? { get }
    /// A client asked for the end; the host stops at the end of the turn.
    func requestShutdown()
    /// Ends the process on purpose, as a fault or a failed check would (DEBUG SEGFAULT, PANIC, ASSERT). Returns only
    /// where there is no process.
    func crash(_ crash: DeliberateCrash)
    /// Starts the program anew in the place of this process after `delayMs`: in order, at the end of the turn, or at
    /// once, as after a crash. False, or a return, when that cannot be done.
    func restart(inOrder: Bool, delayMs: Int64) -> Bool
    /// Who was told that the server is ready, as INFO says it.
    var supervision: String { get }
    /// A run-time change of a directive that concerns sockets or the process; a text says why it cannot be done.
    func apply(_ directive: String, _ settings: Settings) -> ByteString?
    /// Reads a whole file.
    func readFile(_ path: ByteString) -> FileReading
    /// Puts `bytes` in the place of a file, wholly or not at all: a crash at any moment leaves the old or the new. The
    /// file keeps its permissions. A text says why it cannot be done.
    func replaceFile(_ path: ByteString, _ bytes: [UInt8]) -> ByteString?
    /// Writes a line to the log.
    func log(_ level: LogLevel, _ text: ByteString)
    /// Calls an end off that was asked for from outside (a signal) and has not come yet.
    /// - Returns: false when there is none.
    func abortShutdown() -> Bool
    /// A file that is half written and goes when the process ends at once; nil: none any more.
    func removesAtEnd(_ path: ByteString?)
    /// The files that data is kept in.
    var disk: any Disk { get }
    /// Has work done that somebody would have to wait for, and `done` on the loop afterwards. Work begins in the order
    /// in which it was given.
    func away(_ work: @escaping @Sendable () -> Void, then done: @escaping () -> Void)
    /// Begins to connect to somebody. The owner is told how it went, never from within this call.
    func connect(_ target: LinkTarget, _ owner: any LinkOwner) -> any Link
}

/// How a process is to end for the sake of a test.
public enum DeliberateCrash: Equatable, Sendable {
    /// A write to an address that nobody has.
    case fault
    /// What the server does when it finds its own state impossible.
    case panic
    /// A check in the server's code that does not hold.
    case assertion
}

extension Host {
    /// Writes a line to the log.
    public func log(_ level: LogLevel, _ text: [UInt8]) { log(level, ByteString(text)) }
    public var supervision: String { "no" }
    public var facts: ProcessFacts? { nil }
    public var processorTimes: ProcessorTimes? { nil }
    public var nowUs: Int64? { nil }
    public func abortShutdown() -> Bool { false }
    public func removesAtEnd(_ path: ByteString?) {}
}

/// A host without a world: for tests and tools.
public final class QuietHost: Host {
    /// Whether SHUTDOWN was asked for.
    public private(set) var shutdownRequested = false
    /// How long it was asked to sleep altogether, in microseconds.
    public private(set) var sleptUs: Int64 = 0
    public init() {}
    public var residentBytes: Int { 0 }
    /// Nobody waits, but time passes.
    public func sleep(us: Int64, nowUs: Int64) -> Int64 {
        sleptUs += us
        return nowUs + us
    }
    public func requestShutdown() { shutdownRequested = true }
    /// The crashes that were asked for, of which it performs none.
    public private(set) var crashes: [DeliberateCrash] = []
    public func crash(_ crash: DeliberateCrash) { crashes.append(crash) }
    /// The delays of the restarts asked for; it performs none.
    public private(set) var restarts: [Int64] = []
    public func restart(inOrder: Bool, delayMs: Int64) -> Bool {
        restarts.append(delayMs)
        return false
    }
    /// The files there are, by path.
    public var files: [ByteString: [UInt8]] = [:]
    /// Why files cannot be written; nil while they can.
    public var fileFailure: ByteString?
    public func readFile(_ path: ByteString) -> FileReading { files[path].map { .bytes($0) } ?? .missing }
    public func replaceFile(_ path: ByteString, _ bytes: [UInt8]) -> ByteString? {
        if fileFailure == nil { files[path] = bytes }
        return fileFailure
    }
    /// What was logged, in order.
    public private(set) var logged: [ByteString] = []
    public func log(_ level: LogLevel, _ text: ByteString) { logged.append(text) }
    /// A signal has asked for the end.
    public var isEnding = false
    public func abortShutdown() -> Bool {
        defer { isEnding = false }
        return isEnding
    }
    /// Stands in for a world that may refuse a change.
    public var refusal: (String, Settings) -> ByteString? = { _, _ in nil }
    public func apply(_ directive: String, _ settings: Settings) -> ByteString? {
        refusal(directive, settings)
    }
    /// The files of data, in memory.
    public let memory = MemoryDisk()
    public var disk: any Disk { otherDisk ?? memory }
    /// Stands in for them: a disk that a test watches, say.
    public var otherDisk: (any Disk)?
    /// Whether work is done only when `doAwayWork` is called, instead of at once.
    public var defersWork = false
    private var awayWork: [(work: @Sendable () -> Void, done: () -> Void)] = []
    public func away(_ work: @escaping @Sendable () -> Void, then done: @escaping () -> Void) {
        awayWork.append((work, done))
        if !defersWork { doAwayWork() }
    }
    /// Does the work that waits, and what follows from it.
    /// - Parameter max: so many pieces of it at most.
    public func doAwayWork(max: Int = .max) {
        var left = max
        while left > 0, !awayWork.isEmpty {
            let next = awayWork.removeFirst()
            next.work()
            next.done()
            left -= 1
        }
    }
    /// The links that were asked for, in order: the test is their other side.
    public private(set) var links: [QuietLink] = []
    public func connect(_ target: LinkTarget, _ owner: any LinkOwner) -> any Link {
        let link = QuietLink(target, owner)
        links.append(link)
        return link
    }
    /// How many pieces of work wait.
    public var awayWorkCount: Int { awayWork.count }
}
