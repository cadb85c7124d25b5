// SPDX-License-Identifier: Apache-2.0
// A file system of four megabytes that is filled and freed again. Mounting one takes privileges; without them the test
// says so and is left out.

import Foundation
import TestSupport
import Testing

/// A small file system in memory.
private final class SmallDisk {
    let directory: TemporaryDirectory
    private let isMounted: Bool

    init() throws {
        directory = try TemporaryDirectory()
        isMounted =
            (try? run("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", directory.path]).succeeded) ?? false
        if !isMounted { throw SupportError("no file system can be mounted") }
    }

    static var isPossible: Bool { (try? SmallDisk()) != nil }

    deinit { if isMounted { _ = try? run("umount", ["-l", directory.path]) } }

    /// Takes all of the space, but for a few bytes.
    func fill() throws {
        let path = directory.file("ballast")
        FileManager.default.createFile(atPath: path, contents: nil)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        for size in [1 << 16, 4096] {
            while (try? handle.write(contentsOf: Data(count: size))) != nil {}
        }
    }

    func free() throws { try FileManager.default.removeItem(atPath: directory.file("ballast")) }
}

@Suite struct FullDiskTests {
    @Test(.enabled(if: SmallDisk.isPossible, "mounting a file system is not allowed here"))
    func twentyCycles() throws {
        let disk = try SmallDisk()
        let server = try ServerProcess(["--save", "3600 1000000"], directory: disk.directory)
        let client = try server.client()
        func save() throws {
            #expect(try client.call("BGSAVE") == .simple("Background saving started"))
            #expect(
                try eventually {
                    try client.call("INFO", "persistence").text?.contains("rdb_bgsave_in_progress:0") == true
                })
        }
        for cycle in 1...20 {
            try client.call("SET", "cycle", "\(cycle)")
            try client.call(
                "SET", "incompressible", (0..<20_000).map { _ in "\(UInt32.random(in: 0...999))" }.joined())
            try save()
            #expect(try client.call("SET", "more", "\(cycle)") == .ok)
            try disk.fill()
            try save()
            let refusal = try client.call("SET", "cycle", "lost").text ?? ""
            #expect(
                refusal.hasPrefix("MISCONF ") && refusal.contains("No space left on device (errno 28, "),
                "\(refusal)")
            #expect(try client.call("GET", "cycle") == .bulk("\(cycle)"))
            let files = try FileManager.default.contentsOfDirectory(atPath: disk.directory.path)
            #expect(!files.contains { $0.hasPrefix("temp-") }, "\(files)")
            // What was saved last is whole all the while.
            let check = try run(Project.server, ["check-rdb", disk.directory.file("dump.rdb")])
            #expect(check.succeeded, "\(check.text)")
            try disk.free()
            try save()
            // A save that began while the disk was full may end last: the next one heals it.
            #expect(try eventually(within: 20) { try client.call("SET", "cycle", "\(cycle + 100)") == .ok })
        }
        _ = try server.stop(SIGKILL)
        let again = try ServerProcess(["--save", ""], directory: disk.directory)
        #expect(try again.client().call("GET", "more") == "20")
    }
}
