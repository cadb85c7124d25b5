// SPDX-License-Identifier: Apache-2.0
import CShims

/// What malloc tells of itself, in bytes. Slabs come straight from the kernel and are not part of it.
public struct MallocFigures: Sendable {
    /// Handed out.
    public let allocated: Int
    /// Pages that hold something.
    public let active: Int
    /// Pages in memory.
    public let resident: Int
    /// Pages that the kernel may take when it needs them.
    public let muzzy: Int
}

extension Heap {
    /// Which malloc the process runs on, with its version where it tells it: `jemalloc-5.3.0`.
    public static let mallocName: ByteString = {
        guard let version = unsafe nt_malloc_version() else { return "libc" }
        let name = unsafe ByteString(cString: version).bytes.prefix { $0 != UInt8(ascii: "-") }
        return ByteString(Array("jemalloc-".utf8) + name)
    }()

    /// The figures of jemalloc; nil where the process runs on another malloc.
    public static func mallocFigures() -> MallocFigures? {
        guard nt_malloc_refresh() else { return nil }
        return unsafe MallocFigures(
            allocated: Int(nt_malloc_figure("stats.allocated")),
            active: Int(nt_malloc_figure("stats.active")),
            resident: Int(nt_malloc_figure("stats.resident")),
            // 4096 stands for all arenas.
            muzzy: Int(nt_malloc_figure("stats.arenas.4096.pmuzzy")) * 4096)
    }

    /// Lets malloc give back pages that have been free for some seconds: by itself it does so only while it is used.
    public static func letMallocDecay() { nt_malloc_give_back(false) }

    /// Gives all free memory back to the kernel at once; takes as long as it takes.
    public func purge() {
        while giveBack(pages: 1024, keep: 0) {}
        nt_malloc_give_back(true)
    }
}
