// SPDX-License-Identifier: Apache-2.0
import Bytes
import CShims
import Engine
import Glibc

extension ServerHost {
    /// Reads what INFO tells of the process and its machine.
    static func readFacts() -> ProcessFacts {
        var names = utsname()
        unsafe uname(&names)
        let system = [text(&names.sysname), text(&names.release), text(&names.machine)]
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        let pageBytes = getpagesize()
        return ProcessFacts(
            system: system.joined(separator: " "), multiplexing: "epoll", processID: Int(getpid()),
            executable: executablePath(), memoryBytes: Int(pages) * Int(pageBytes), build: build)
    }

    /// What this program was built from.
    static var build: BuildFacts {
        BuildFacts(commit: nt_commit(), isDirty: nt_commit_is_dirty(), id: nt_build_id())
    }

    /// A fixed-size field of C up to its zero.
    private static func text<Field>(_ field: inout Field) -> String {
        unsafe withUnsafeBytes(of: &field) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    private static func executablePath() -> ByteString {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            return unsafe readlink("/proc/self/exe", base.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        return ByteString(bytes.prefix(max(0, count)))
    }

    var processorTimes: ProcessorTimes? {
        var times = ProcessorTimes()
        let own = ServerHost.usage(RUSAGE_SELF.rawValue)
        times.systemUs = own.systemUs
        times.userUs = own.userUs
        let children = ServerHost.usage(RUSAGE_CHILDREN.rawValue)
        times.childrenSystemUs = children.systemUs
        times.childrenUserUs = children.userUs
        let thread = ServerHost.usage(ServerHost.thisThread)
        times.threadSystemUs = thread.systemUs
        times.threadUserUs = thread.userUs
        return times
    }

    /// RUSAGE_THREAD, which is an extension of GNU's and not imported.
    private static var thisThread: Int32 { 1 }

    private static func usage(_ who: Int32) -> (systemUs: Int64, userUs: Int64) {
        var usage = rusage()
        guard unsafe getrusage(__rusage_who_t(who), &usage) == 0 else { return (0, 0) }
        func us(_ time: timeval) -> Int64 { Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_usec) }
        return (us(usage.ru_stime), us(usage.ru_utime))
    }
}
