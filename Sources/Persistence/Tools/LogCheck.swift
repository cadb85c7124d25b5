// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

/// Looks at every byte of a log of commands, one file or all that a manifest names, and tells how far it is whole. The
/// lines are those of `redis-check-aof`.
public final class LogCheck {
    /// Counts commands instead of running them.
    private final class Counter: LogRunner {
        private(set) var commands = 0
        func problem(ofCommand name: ByteView, second: ByteView, words: Int) -> ByteString? { nil }
        func run(_ bytes: ByteView) -> Bool {
            var at = 0
            while at < bytes.count, case .item(.command(_, _, _, let end)) = LogScanner.scan(bytes, from: at)
            {
                commands += 1
                at = end
            }
            return true
        }
        func dropTransaction() {}
    }

    private let path: ByteString
    private let disk: any Disk
    private let fixes: Bool
    private let say: (ByteString) -> Void
    private let confirm: (ByteString) -> Bool
    private let progress: (_ done: Int, _ all: Int) -> Void

    /// - Parameters:
    ///   - fixes: whether an end that is not whole is cut off, if `confirm` agrees.
    ///   - say: takes a line.
    ///   - confirm: asks a question.
    ///   - progress: told now and then how many bytes of a file were read, and how many there are.
    public init(
        _ path: ByteString, _ disk: any Disk, fixes: Bool, say: @escaping (ByteString) -> Void,
        confirm: @escaping (ByteString) -> Bool, progress: @escaping (_ done: Int, _ all: Int) -> Void
    ) {
        self.path = path
        self.disk = disk
        self.fixes = fixes
        self.say = say
        self.confirm = confirm
        self.progress = progress
    }

    /// Reads everything.
    /// - Returns: whether all of it is whole, or was made so.
    public func run() -> Bool {
        do throws(DiskProblem) {
            let file = try disk.open(path)
            defer { file.close() }
            guard try isManifest(file) else {
                say("Start checking Old-Style AOF")
                guard try check(path, called: path, isLast: true, "AOF") else { return false }
                return true
            }
            return try checkManifest(try file.readAll())
        } catch {
            say("Cannot open file \(error.path): \(error.reason)")
            return false
        }
    }

    /// Whether a file names others: its first line that is no remark begins so.
    private func isManifest(_ file: any DiskFile) throws(DiskProblem) -> Bool {
        let lines = try file.bytes(max: min(64 << 10, file.byteCount)).split(separator: 10)
        return lines.first { $0.first != UInt8(ascii: "#") }?.starts(with: Array("file".utf8)) ?? false
    }

    private func checkManifest(_ bytes: [UInt8]) throws(DiskProblem) -> Bool {
        say("Start checking Multi Part AOF")
        let manifest: LogManifest
        do throws(ManifestProblem) {
            manifest = try LogManifest(parsing: bytes)
        } catch {
            say("Line \(error.line) of the manifest: \(error.text): \(error.content)")
            return false
        }
        let folder = path.bytes.lastIndex(of: UInt8(ascii: "/")).map { ByteString(path.bytes[...$0]) } ?? ""
        for (index, file) in manifest.files.enumerated() {
            let isBase = file.kind == .base
            if isBase || index == 0 || manifest.files[index - 1].kind == .base {
                say(isBase ? "Start to check BASE AOF." : "Start to check INCR files.")
            }
            let isLast = index == manifest.files.count - 1
            guard
                try check(
                    folder + file.name, called: file.name, isLast: isLast, isBase ? "BASE AOF" : "INCR AOF")
            else { return false }
        }
        say("All AOF files and manifest are valid")
        return true
    }

    // MARK: One file

    private func check(
        _ path: ByteString, called name: ByteString, isLast: Bool, _ kind: ByteString
    ) throws(DiskProblem) -> Bool {
        let file = try disk.open(path)
        defer { file.close() }
        let bytes = try file.byteCount
        guard bytes > 0 else {
            say("\(kind) \(name) is empty")
            return true
        }
        let counter = Counter()
        let scan = SnapshotScan { (_) throws(RDBStop) in }
        let loader = LogLoader(counter) { scan.loader }
        loader.onSnapshot = { [unowned self] _, isWhole in
            say(
                isWhole
                    ? "RDB preamble is OK, proceeding with AOF tail..."
                    : "RDB preamble of AOF file is not sane, aborting.")
            return nil
        }
        let window = FileWindow(scan.keys.heap, fileBytes: bytes, capacity: 1 << 20)
        do throws(LoadFailure) {
            try loader.readAll(file, window) { [progress] in progress(loader.offset, bytes) }
        } catch {
            say("AOF \(name): \(LoadRun.text(error))")
            return false
        }
        let sound = loader.soundBytes
        if let fault = loader.fault { say("\(fault.text) (AOF \(name), offset \(sound))") }
        say(
            "AOF analyzed: filename=\(name), size=\(bytes), ok_up_to=\(sound), commands=\(counter.commands), "
                + "diff=\(bytes - sound)")
        guard sound < bytes else {
            say("\(kind) \(name) is valid")
            return true
        }
        if case .badSnapshot = loader.fault { return false }
        return try repair(path, called: name, bytes: bytes, sound: sound, isLast: isLast)
    }

    private func repair(
        _ path: ByteString, called name: ByteString, bytes: Int, sound: Int, isLast: Bool
    ) throws(DiskProblem) -> Bool {
        guard fixes else {
            say("AOF \(name) is not valid. Use the --fix option to try fixing it.")
            return false
        }
        guard isLast else {
            say("Failed to truncate AOF \(name) because it is not the last file")
            return false
        }
        say(
            "This will shrink the AOF \(name) from \(bytes) bytes, with \(bytes - sound) bytes, to \(sound) bytes"
        )
        guard confirm("Continue? [y/N]: ") else {
            say("Aborting...")
            return false
        }
        let file = try disk.append(to: path)
        defer { file.close() }
        try file.truncate(to: sound)
        try file.sync()
        say("Successfully truncated AOF \(name)")
        return true
    }
}
