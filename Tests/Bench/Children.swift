// SPDX-License-Identifier: Apache-2.0
// Child processes: started with a clean signal mask, waited for with a time limit, and always ended. Three
// nets hold them: `end()` in the normal course, the signal thread on SIGINT and SIGTERM, and the parent-death
// signal (set by `setpriv`, where it is installed) if the bench itself is killed.
import Foundation
import Synchronization

/// The children and temporary folders that must not outlive the bench.
final class Children: Sendable {
    private struct State {
        var running: Set<pid_t> = []
        var folders: [String] = []
        /// Set at the end: nothing may be started after what runs has been killed.
        var closed = false
    }
    private let state = Mutex(State())

    /// Blocks SIGINT and SIGTERM in this and all later threads and leaves them to one thread that cleans up
    /// and exits. Call it first of all, from the main thread.
    func cleanUpOnSignals() {
        var watched = sigset_t()
        sigemptyset(&watched)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&watched, number) }
        pthread_sigmask(SIG_BLOCK, &watched, nil)
        signal(SIGPIPE, SIG_IGN)
        let thread = Thread {
            var set = sigset_t()
            sigemptyset(&set)
            for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&set, number) }
            var number: Int32 = 0
            sigwait(&set, &number)
            self.endAll()
            exit(128 + number)
        }
        thread.start()
    }

    /// Kills what still runs and removes the folders.
    func endAll() {
        let left = state.withLock { state in
            defer { state = State(closed: true) }
            return state
        }
        for pid in left.running { kill(pid, SIGKILL) }
        for pid in left.running { waitpid(pid, nil, 0) }
        for folder in left.folders { try? FileManager.default.removeItem(atPath: folder) }
    }

    /// A new folder below the system's temporary one; `endAll` removes it.
    func makeFolder() throws -> String {
        var template = Array("\(NSTemporaryDirectory())/needletail-bench-XXXXXX".utf8CString)
        return try state.withLock { state in
            guard !state.closed else { throw BenchError("the run has ended") }
            guard mkdtemp(&template) != nil else { throw BenchError("no temporary folder: errno \(errno)") }
            let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            state.folders.append(path)
            return path
        }
    }

    /// Starts a program. It must be called on the main thread: the parent-death signal follows the thread.
    ///
    /// - Parameters:
    ///   - command: the absolute path and the arguments.
    ///   - cores: the cores it may run on; nil leaves the bench's own.
    ///   - folder: its working directory.
    ///   - output: the file that takes its standard output and error.
    func start(_ command: [String], cores: [Int]?, folder: String, output: String) throws -> Child {
        guard access(command[0], X_OK) == 0 else { throw BenchError("\(command[0]) is not executable") }
        var full = ["/usr/bin/env", "-C", folder] + command
        if let cores, let tool = Machine.tool("taskset") {
            full = [tool, "-c", cores.map(String.init).joined(separator: ",")] + full
        }
        if let tool = Machine.tool("setpriv") { full = [tool, "--pdeathsig", "KILL"] + full }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The children must not inherit the blocked signals, or they could not be ended politely; and they get
        // a process group of their own, so that Ctrl-C reaches the bench alone and it can clean up in order.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        var environment = ProcessInfo.processInfo.environment
        environment["SWIFT_BACKTRACE"] = "enable=no"
        let argv = full.map { strdup($0) } + [nil]
        let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        var pid: pid_t = 0
        let code = try state.withLock { state in
            guard !state.closed else { throw BenchError("the run has ended") }
            let code = posix_spawn(&pid, full[0], &actions, &attributes, argv, envp)
            if code == 0 { state.running.insert(pid) }
            return code
        }
        guard code == 0 else { throw BenchError("cannot start \(full[0]): errno \(code)") }
        return Child(pid: pid, output: output, registry: self)
    }

    /// Binds one running thread to cores. Failing is harmless and only adds noise.
    func pin(thread: pid_t, core: Int) {
        guard let tool = Machine.tool("taskset") else { return }
        let command = [tool, "-cp", String(core), String(thread)]
        _ = try? start(command, cores: nil, folder: "/", output: "/dev/null").wait(seconds: 5)
    }

    fileprivate func forget(_ pid: pid_t) {
        state.withLock { _ = $0.running.remove(pid) }
    }
}

/// One running program.
final class Child {
    let pid: pid_t
    let output: String
    private let registry: Children
    private(set) var status: Int32?

    fileprivate init(pid: pid_t, output: String, registry: Children) {
        self.pid = pid
        self.output = output
        self.registry = registry
    }

    /// True until the program has ended; collects its status when it has.
    var isRunning: Bool {
        if status != nil { return false }
        var code: Int32 = 0
        guard waitpid(pid, &code, WNOHANG) == pid else { return true }
        status = code
        registry.forget(pid)
        return false
    }

    /// Waits up to `seconds`; true if it ended by itself.
    func wait(seconds: Double) -> Bool {
        let limit = Clock.now() + Int(seconds * 1e9)
        while isRunning {
            if Clock.now() > limit { return false }
            usleep(2000)
        }
        return true
    }

    /// Ends the program: SIGTERM, and SIGKILL if it has not obeyed within `seconds`.
    func end(seconds: Double = 5) {
        guard isRunning else { return }
        kill(pid, SIGTERM)
        if wait(seconds: seconds) { return }
        kill(pid, SIGKILL)
        _ = wait(seconds: 30)
    }

    /// What the program has printed so far.
    func printed() -> String {
        guard let data = FileManager.default.contents(atPath: output) else { return "" }
        return String(decoding: data, as: UTF8.self)
    }
}
