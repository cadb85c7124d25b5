// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Glibc

/// The disk of the machine.
final class MachineDisk: Disk {
    func create(_ path: ByteString) throws(DiskProblem) -> any DiskFile {
        let file = unsafe Glibc.open(path.cString, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw MachineDisk.problem("open", path) }
        return MachineFile(file, path)
    }

    func open(_ path: ByteString) throws(DiskProblem) -> any DiskFile {
        let file = unsafe Glibc.open(path.cString, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw MachineDisk.problem("open", path) }
        return MachineFile(file, path)
    }

    func append(to path: ByteString) throws(DiskProblem) -> any DiskFile {
        let file = unsafe Glibc.open(path.cString, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw MachineDisk.problem("open", path) }
        return MachineFile(file, path)
    }

    func makeFolder(_ path: ByteString) throws(DiskProblem) {
        guard unsafe mkdir(path.cString, 0o755) != 0 else { return }
        guard errno == EEXIST else { throw MachineDisk.problem("mkdir", path) }
    }

    func rename(_ path: ByteString, to other: ByteString) throws(DiskProblem) {
        guard unsafe Glibc.rename(path.cString, other.cString) == 0 else {
            throw MachineDisk.problem("rename", other)
        }
    }

    func remove(_ path: ByteString) throws(DiskProblem) {
        guard unsafe unlink(path.cString) == 0 else { throw MachineDisk.problem("unlink", path) }
    }

    func syncFolder(of path: ByteString) throws(DiskProblem) {
        let folder = MachineDisk.folder(of: path)
        let file = unsafe Glibc.open(folder.cString, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw MachineDisk.problem("open", folder) }
        defer { Glibc.close(file) }
        // Some file systems have no such thing.
        if fsync(file) != 0, errno != EINVAL { throw MachineDisk.problem("fsync", folder) }
    }

    func rest(us: Int) {
        var wanted = timespec(tv_sec: us / 1_000_000, tv_nsec: us % 1_000_000 * 1000)
        var left = timespec()
        while unsafe nanosleep(&wanted, &left) != 0, errno == EINTR { wanted = left }
    }

    func freeBytes(at path: ByteString) -> Int? {
        var facts = statvfs()
        guard unsafe statvfs(MachineDisk.folder(of: path).cString, &facts) == 0 else { return nil }
        return Int(clamping: facts.f_bavail).multipliedReportingOverflow(by: Int(facts.f_frsize)).partialValue
    }

    private static func folder(of path: ByteString) -> ByteString {
        guard let slash = path.bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return ByteString(path.bytes[...slash])
    }

    /// What the last failed system call has to say.
    fileprivate static func problem(_ operation: String, _ path: ByteString) -> DiskProblem {
        DiskProblem(operation, path, number: errno, reason: Start.lastError())
    }
}

/// An open file of the machine.
private final class MachineFile: DiskFile, @unchecked Sendable {
    private var descriptor: Int32
    private let path: ByteString

    init(_ descriptor: Int32, _ path: ByteString) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close() }

    var byteCount: Int {
        get throws(DiskProblem) {
            var facts = stat()
            guard unsafe fstat(descriptor, &facts) == 0 else { throw MachineDisk.problem("stat", path) }
            return Int(facts.st_size)
        }
    }

    func write(_ bytes: ByteView) throws(DiskProblem) {
        var done = 0
        while done < bytes.count {
            let rest = bytes.dropFirst(done)
            let count = unsafe rest.withBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw MachineDisk.problem("write", path) }
            done += count
        }
    }

    func read(at offset: Int, into: MutableBytes, max: Int) throws(DiskProblem) -> Int {
        while true {
            let count = unsafe pread(descriptor, into.start.pointer, max, off_t(offset))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw MachineDisk.problem("read", path) }
            return count
        }
    }

    func truncate(to bytes: Int) throws(DiskProblem) {
        guard ftruncate(descriptor, off_t(bytes)) == 0,
            lseek(descriptor, off_t(bytes), SEEK_SET) >= 0
        else { throw MachineDisk.problem("truncate", path) }
    }

    func sync() throws(DiskProblem) {
        guard fdatasync(descriptor) == 0 else { throw MachineDisk.problem("fsync", path) }
    }

    func close() {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
    }
}
