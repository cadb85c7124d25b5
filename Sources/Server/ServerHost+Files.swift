// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Glibc

// Files that the engine reads and replaces. They are small and asked for by an operator, so the loop waits for the disk.

extension ServerHost {
    func readFile(_ path: ByteString) -> FileReading {
        let file = unsafe Glibc.open(path.cString, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return errno == ENOENT ? .missing : .failed(Start.lastError()) }
        defer { Glibc.close(file) }
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes {
                unsafe Glibc.read(file, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            if count < 0 { return .failed(Start.lastError()) }
            if count == 0 { return .bytes(all) }
            all += piece.prefix(count)
        }
    }

    /// Writes a new file beside the old one, brings it to the disk and gives it the old one's name.
    func replaceFile(_ path: ByteString, _ bytes: [UInt8]) -> ByteString? {
        let path = ServerHost.target(of: path)
        var old = stat()
        let exists = unsafe stat(path.cString, &old) == 0
        if exists, old.st_mode & S_IFMT == S_IFDIR {
            errno = EISDIR
            return Start.lastError()
        }
        let temporary: ByteString = "\(path).\(getpid())-\(UInt32.random(in: 0...UInt32.max)).tmp"
        let mode = exists ? old.st_mode & 0o7777 : 0o644
        let file = unsafe Glibc.open(temporary.cString, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { return Start.lastError() }
        // The umask may have taken bits away; the owner is kept as far as the process may give files away.
        if exists {
            _ = fchown(file, old.st_uid, old.st_gid)
            _ = fchmod(file, mode)
        }
        var problem = ServerHost.write(bytes, to: file)
        if problem == nil, fsync(file) != 0 { problem = Start.lastError() }
        Glibc.close(file)
        if problem == nil, unsafe rename(temporary.cString, path.cString) != 0 { problem = Start.lastError() }
        if problem != nil {
            _ = unsafe unlink(temporary.cString)
            return problem
        }
        ServerHost.syncFolder(of: path)
        return nil
    }

    /// The file behind a symbolic link, which stays a link.
    private static func target(of path: ByteString) -> ByteString {
        guard let real = unsafe realpath(path.cString, nil) else { return path }
        defer { unsafe free(real) }
        return unsafe ByteString(cString: real)
    }

    private static func write(_ bytes: [UInt8], to file: Int32) -> ByteString? {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { all in
                unsafe Glibc.write(file, all.baseAddress! + done, all.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return Start.lastError() }
            done += count
        }
        return nil
    }

    /// Brings the new name to the disk.
    private static func syncFolder(of path: ByteString) {
        let slash = path.bytes.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { ByteString(path.bytes[...$0]) } ?? "."
        let file = unsafe Glibc.open(folder.cString, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = fsync(file)
        Glibc.close(file)
    }
}
