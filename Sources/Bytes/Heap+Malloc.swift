// SPDX-License-Identifier: Apache-2.0
import CShims
import Glibc

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

    /// Why jemalloc did not do as it was told.
    public struct MallocFailure: Error {
        /// In the words of the C library.
        public let reason: ByteString
        init(_ status: Int32) { unsafe reason = ByteString(cString: strerror(status)) }
    }

    /// Names whose values are addresses: an integer set there would be followed.
    private static let addressNames: [ByteString] = [
        "extent_hooks", "dump", "prefix", "experimental", "lookup", "dss", "name",
    ]
    /// Names of texts: what else is read as one would be taken for its address.
    private static let textNames: [ByteString] = [
        "version", "malloc_conf", "dss", "metadata_thp", "percpu_arena", "thp", "junk", "zero_realloc",
        "stats_print_opts",
        "stats_interval_opts", "prof_prefix",
    ]

    /// Reads a value of jemalloc by its name, and sets it if `wanted` is given (DEBUG MALLCTL).
    /// - Returns: what it was before.
    public static func mallocControl(
        _ name: ByteString, wanted: Int64? = nil
    ) throws(MallocFailure) -> Int64 {
        if wanted != nil, name.words(UInt8(ascii: ".")).contains(where: addressNames.contains) {
            throw MallocFailure(EPERM)
        }
        var value: Int64 = 0
        let status = unsafe nt_malloc_control(name.cString, &value, wanted != nil, wanted ?? 0)
        guard status == 0 else { throw MallocFailure(status) }
        return value
    }

    /// Reads a text of jemalloc by its name, and sets it if `wanted` is given (DEBUG MALLCTL-STR).
    /// - Returns: what it was before; nil when there is none.
    public static func mallocText(
        _ name: ByteString, wanted: ByteString? = nil
    ) throws(MallocFailure) -> ByteString? {
        let isText = name.words(UInt8(ascii: ".")).last.map(textNames.contains) ?? false
        guard isText else {
            _ = try mallocControl(name)
            throw MallocFailure(EINVAL)
        }
        let before = try text(name, wanted: nil)
        if let wanted { _ = try text(name, wanted: wanted) }
        return before
    }

    private static func text(_ name: ByteString, wanted: ByteString?) throws(MallocFailure) -> ByteString? {
        var text: UnsafePointer<CChar>?
        let status =
            if let wanted {
                unsafe nt_malloc_control_text(name.cString, &text, wanted.cString)
            } else {
                unsafe nt_malloc_control_text(name.cString, &text, nil)
            }
        guard status == 0 else { throw MallocFailure(status) }
        return unsafe text.map { unsafe ByteString(cString: $0) }
    }

    /// Lets jemalloc do what has neither argument nor value, `arena.0.purge` say. False when there is no such thing.
    public static func mallocCommand(_ name: ByteString) -> Bool {
        unsafe nt_malloc_command(name.cString) == 0
    }

    /// Lets malloc give back pages that have been free for some seconds: by itself it does so only while it is used.
    public static func letMallocDecay() { nt_malloc_give_back(false) }

    /// Gives all free memory back to the kernel at once; takes as long as it takes.
    public func purge() {
        while giveBack(pages: 1024, keep: 0) {}
        nt_malloc_give_back(true)
    }
}
