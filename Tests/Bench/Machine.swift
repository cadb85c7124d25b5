// SPDX-License-Identifier: Apache-2.0
// Clock, cores and the readings of /proc.
import Foundation

/// The monotonic clock.
enum Clock {
    /// Nanoseconds since an arbitrary start.
    static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    /// Sleeps until a time of `now()`.
    static func sleep(until nanoseconds: Int) {
        var time = timespec(tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
    }

    /// CPU nanoseconds of the calling thread.
    static func threadCpu() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    /// Milliseconds since 1970, for deadlines sent to a server.
    static func wallMs() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }
}

/// The machine: its cores and how they are shared out.
struct Machine: Sendable {
    /// The cores this process may use, ascending.
    let cores: [Int]
    /// Where a measured server runs; nil where there is only one core.
    let serverCore: Int?
    /// Where the load and the bench itself run; nil where there is only one core.
    let clientCore: Int?
    let description: String
    /// Says so where other work keeps the machine busy; empty where it does not.
    let others: String

    init() {
        var allowed: [Int] = []
        let status = Machine.lines("/proc/self/status")
        if let line = status.first(where: { $0.hasPrefix("Cpus_allowed_list:") }) {
            for part in line.split(separator: ":")[1].split(separator: ",") {
                let ends = part.split(separator: "-").compactMap {
                    Int($0.trimmingCharacters(in: .whitespaces))
                }
                if let first = ends.first, let last = ends.last { allowed += first...last }
            }
        }
        cores = allowed
        let pinned = allowed.count >= 2 && Machine.tool("taskset") != nil
        serverCore = pinned ? allowed.first : nil
        clientCore = pinned ? allowed.last : nil
        let model = Machine.lines("/proc/cpuinfo").first { $0.hasPrefix("model name") }
            .flatMap { $0.split(separator: ":").last }
            .map { $0.trimmingCharacters(in: .whitespaces) }
        var names = utsname()
        uname(&names)
        let release = withUnsafeBytes(of: &names.release) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        let load = Machine.lines("/proc/loadavg").first.flatMap { $0.split(separator: " ").first }.flatMap {
            Double($0)
        }
        others = (load ?? 0) > 0.5 ? ", beside other work (load average \(Figure.text(load ?? 0)))" : ""
        description = "\(model ?? "unknown processor"), \(allowed.count) cores, Linux \(release)"
    }

    /// The path of a program in the usual folders, if it is installed.
    static func tool(_ name: String) -> String? {
        ["/usr/bin/", "/bin/", "/usr/local/bin/"].map { $0 + name }.first { access($0, X_OK) == 0 }
    }

    static func lines(_ path: String) -> [Substring] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
    }

    /// Raises the limit of open files to the hard one: a thousand connections need more than the usual 1024.
    static func raiseFileLimit() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

/// The CPU clock of a process: nanoseconds of all its threads, also of those that have ended.
struct ProcessClock: Sendable {
    private var clock = clockid_t()

    init(_ pid: pid_t) { clock_getcpuclockid(pid, &clock) }

    /// Nanoseconds so far; 0 if the process is gone.
    func nanoseconds() -> Int {
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { return 0 }
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}

/// Readings of a running process.
enum Proc {
    /// Resident bytes; 0 if the process is gone.
    static func residentBytes(_ pid: pid_t) -> Int {
        bytes("VmRSS:", in: "/proc/\(pid)/status")
    }

    /// What a file of /proc says behind a name, in bytes; 0 where it does not.
    static func bytes(_ name: String, in file: String) -> Int {
        let line = Machine.lines(file).first { $0.hasPrefix(name) }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }

    /// Waits until the resident size stands still (`still` readings within 64 KB), at most `seconds`: allocators
    /// give pages back, and tables move to their new size, some time after the last command.
    static func settledResidentBytes(_ pid: pid_t, still wanted: Int = 4, seconds: Double) -> Int {
        let limit = Clock.now() + Int(seconds * 1e9)
        var last = residentBytes(pid)
        var still = 0
        while still < wanted, Clock.now() < limit {
            usleep(150_000)
            let now = residentBytes(pid)
            still = abs(now - last) <= 65_536 ? still + 1 : 0
            last = now
        }
        return last
    }
}

/// Reads how long one thread has stood in the scheduler's queue; cheap enough to ask after every PING.
final class QueueTime {
    private let file: Int32

    /// - Parameter path: a `schedstat` file, of which the second number counts.
    init(path: String) { file = open(path, O_RDONLY | O_CLOEXEC) }

    deinit { if file >= 0 { close(file) } }

    /// Nanoseconds so far; 0 if the kernel does not tell.
    func nanoseconds() -> Int {
        var text = [64 of UInt8](repeating: 0)
        let count = withUnsafeMutableBytes(of: &text) { pread(file, $0.baseAddress, 64, 0) }
        var index = 0
        while index < count, text[index] != 0x20 { index += 1 }
        var value = 0
        index += 1
        while index < count, text[index] >= 0x30, text[index] <= 0x39 {
            value = value * 10 + Int(text[index] - 0x30)
            index += 1
        }
        return value
    }
}
