// SPDX-License-Identifier: Apache-2.0
// Child processes that cannot outlive the tests: each has a process group of its own and dies with its spawner.

import Foundation

/// A running program. Killed with its whole process group at `deinit`, and by the kernel when the test run dies.
public final class Child: @unchecked Sendable {
    /// How a program ended.
    public enum Exit: Equatable, Sendable {
        case code(Int32)
        case signal(Int32)
    }

    public let pid: pid_t
    private let lock = NSLock()
    private var ended: Exit?

    /// Starts `program` (a path, or a name on the PATH). The file descriptors given become its standard streams and
    /// stay the caller's to close; the input is empty if none is given.
    public init(
        _ program: String, _ arguments: [String], input: Int32? = nil, output: Int32, errors: Int32,
        directory: String? = nil, environment: [String: String] = [:]
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setflags(&attributes, Int16(flags))
        // Pipes make this process ignore SIGPIPE, which children would inherit.
        var defaults = sigset_t()
        sigfillset(&defaults)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)

        var variables = ProcessInfo.processInfo.environment
        variables["SWIFT_BACKTRACE"] = "enable=no"
        variables.merge(environment) { $1 }
        // setpriv asks the kernel to kill the program when the thread that spawned it ends.
        let change = directory.map { ["env", "--chdir=" + $0] } ?? []
        let argv = CStrings(["setpriv", "--pdeathsig", "KILL", "--"] + change + [program] + arguments)
        let envp = CStrings(variables.map { "\($0)=\($1)" })
        var pid: pid_t = 0
        let status = Spawner.shared.perform {
            posix_spawnp(&pid, "setpriv", &actions, &attributes, argv.pointers, envp.pointers)
        }
        guard status == 0 else {
            throw SupportError("spawn \(program): \(String(cString: strerror(status)))")
        }
        self.pid = pid
    }

    deinit { kill() }

    /// How it ended, nil while it runs.
    public var exit: Exit? {
        lock.lock()
        defer { lock.unlock() }
        if let ended { return ended }
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
        ended = status & 0x7f == 0 ? .code(status >> 8 & 0xff) : .signal(status & 0x7f)
        return ended
    }

    /// Sends a signal to the program alone, unless it has ended.
    public func signal(_ number: Int32) {
        if exit == nil { _ = Glibc.kill(pid, number) }
    }

    /// Waits for the end; throws after `seconds`.
    @discardableResult
    public func wait(seconds: Double = 20) throws -> Exit {
        guard eventually(within: seconds, { exit != nil }), let exit else {
            throw SupportError("process \(pid) still runs after \(seconds) s")
        }
        return exit
    }

    /// Ends the whole process group at once.
    public func kill() {
        _ = Glibc.kill(-pid, SIGKILL)
        _ = try? wait(seconds: 10)
    }
}

/// The one thread that spawns: a child is tied to the life of the thread that made it, and the threads that run tests
/// come and go.
private final class Spawner: @unchecked Sendable {
    static let shared = Spawner()

    private let condition = NSCondition()
    private var jobs: [() -> Void] = []

    private init() {
        let thread = Thread { [self] in
            while true {
                condition.lock()
                while jobs.isEmpty { condition.wait() }
                let job = jobs.removeFirst()
                condition.unlock()
                job()
            }
        }
        thread.name = "spawner"
        thread.start()
    }

    func perform(_ body: @escaping () -> Int32) -> Int32 {
        let done = DispatchSemaphore(value: 0)
        var result: Int32 = 0
        condition.lock()
        jobs.append {
            result = body()
            done.signal()
        }
        condition.signal()
        condition.unlock()
        done.wait()
        return result
    }
}

/// A null-terminated array of C strings.
private final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        pointers = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() { pointers[index] = strdup(string) }
        pointers[count] = nil
    }

    deinit {
        for index in 0..<count { free(pointers[index]) }
        pointers.deallocate()
    }
}

/// What a finished program left.
public struct Output: Sendable, CustomStringConvertible {
    public let status: Child.Exit
    public let bytes: [UInt8]
    public let errors: String

    public var text: String { String(decoding: bytes, as: UTF8.self) }
    public var lines: [Substring] { text.split(separator: "\n") }
    public var succeeded: Bool { status == .code(0) }
    public var description: String { "\(status), \(bytes.count) bytes of output" }
}

/// Runs a program to its end and collects its output. Throws when it cannot be started or runs for more than `timeout`
/// seconds. One that never ends by itself is killed as soon as `isEnough` says so of its output so far.
public func run(
    _ program: String, _ arguments: [String], input: [UInt8] = [], timeout: Double = 60,
    directory: String? = nil, environment: [String: String] = [:],
    until isEnough: (String) -> Bool = { _ in false }
) throws -> Output {
    let (stdin, stdout, stderr) = (try Pipe(), try Pipe(), try Pipe())
    let child = try Child(
        program, arguments, input: stdin.reader, output: stdout.writer, errors: stderr.writer,
        directory: directory, environment: environment)
    stdin.closeReader()
    stdout.closeWriter()
    stderr.closeWriter()
    let deadline = Deadline(seconds: timeout)
    var collected: (output: [UInt8], errors: [UInt8]) = ([], [])
    var wasEnough = false
    let finished = try exchange(
        input: input, to: stdin, output: (stdout, { collected.output += $0 }),
        errors: (stderr, { collected.errors += $0 }), deadline: deadline
    ) {
        wasEnough = isEnough(String(decoding: collected.output, as: UTF8.self))
        return wasEnough
    }
    let errors = String(decoding: collected.errors, as: UTF8.self)
    if !finished || child.exit == nil && !eventually(within: 20, { child.exit != nil }) {
        child.kill()
        if !wasEnough {
            let text = String(decoding: collected.output.suffix(2000), as: UTF8.self)
            throw SupportError("\(program) \(arguments) still runs after \(timeout) s: \(text) \(errors)")
        }
    }
    return Output(status: try child.wait(), bytes: collected.output, errors: errors)
}

/// Feeds the input and gathers both outputs until both are closed; false when the deadline passes first, or when
/// `isEnough` holds after something was read.
private func exchange(
    input: [UInt8], to stdin: Pipe, output: (pipe: Pipe, take: (ArraySlice<UInt8>) -> Void),
    errors: (pipe: Pipe, take: (ArraySlice<UInt8>) -> Void), deadline: Deadline, until isEnough: () -> Bool
) throws -> Bool {
    var sent = 0
    var buffer = [UInt8](repeating: 0, count: 65536)
    if input.isEmpty { stdin.closeWriter() }
    while output.pipe.reader >= 0 || errors.pipe.reader >= 0 {
        var watched = [
            pollfd(fd: stdin.writer, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: output.pipe.reader, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errors.pipe.reader, events: Int16(POLLIN), revents: 0),
        ]
        let left = deadline.millisecondsLeft
        if left == 0 { return false }
        if poll(&watched, 3, left) < 0 && errno != EINTR { throw SupportError.system("poll") }
        if watched[0].revents != 0 {
            let count = input[sent...].withUnsafeBytes {
                write(stdin.writer, $0.baseAddress, min($0.count, 4096))
            }
            if count > 0 { sent += count }
            if count < 0 && errno != EINTR || sent == input.count { stdin.closeWriter() }
        }
        for (entry, side) in [(watched[1], output), (watched[2], errors)] where entry.revents != 0 {
            let count = read(side.pipe.reader, &buffer, buffer.count)
            if count > 0 { side.take(buffer[..<count]) } else { side.pipe.closeReader() }
        }
        if isEnough() { return false }
    }
    return true
}

/// A pipe whose ends are not inherited by other children.
private final class Pipe {
    private(set) var reader: Int32
    private(set) var writer: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        // On the thread that spawns, so that no child is started before the ends are marked.
        let status = Spawner.shared.perform {
            guard pipe(&ends) == 0 else { return errno }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return 0
        }
        guard status == 0 else { throw SupportError("pipe: \(String(cString: strerror(status)))") }
        (reader, writer) = (ends[0], ends[1])
        // A program may end without having read its input.
        signal(SIGPIPE, SIG_IGN)
    }

    deinit {
        closeReader()
        closeWriter()
    }

    func closeReader() {
        if reader >= 0 { close(reader) }
        reader = -1
    }

    func closeWriter() {
        if writer >= 0 { close(writer) }
        writer = -1
    }
}
