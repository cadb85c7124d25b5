// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine

/// What is done to the files of a log as a whole. Everything here waits for the disk.
enum LogFiles {
    /// Puts a manifest on the disk, in the place of the one that is there.
    static func publish(_ manifest: LogManifest, _ names: LogNames, _ disk: any Disk) throws(DiskProblem) {
        let file = try disk.create(names.temporaryManifest)
        defer { file.close() }
        try manifest.bytes.withView { (bytes) throws(DiskProblem) in try file.write(bytes) }
        try file.sync()
        try disk.rename(names.temporaryManifest, to: names.manifest)
        try disk.syncFolder(of: names.manifest)
    }

    /// Deletes what is not needed any more, and has the manifest forget it.
    static func deleteHistory(
        of manifest: inout LogManifest, _ names: LogNames, _ disk: any Disk
    ) throws(DiskProblem) {
        guard !manifest.history.isEmpty else { return }
        for file in manifest.history {
            do throws(DiskProblem) { try disk.remove(names.path(file.name)) } catch {
                if !error.isMissing { throw error }
            }
        }
        manifest.history = []
        try publish(manifest, names, disk)
    }

    /// Sizes of files, in bytes.
    static func bytes(
        of files: [LogManifest.File], _ names: LogNames, _ disk: any Disk
    ) throws(DiskProblem) -> Int {
        var sum = 0
        for item in files {
            let file = try disk.open(names.path(item.name))
            defer { file.close() }
            sum += try file.byteCount
        }
        return sum
    }

    /// Takes a log of one file, as servers wrote it before there were several, into the folder of the log, or goes on
    /// where that was interrupted.
    /// - Returns: whether there was one.
    static func adoptOldFile(
        _ manifest: inout LogManifest, _ names: LogNames, _ disk: any Disk
    ) throws(DiskProblem) -> Bool {
        let isAwaited =
            manifest.base?.name == names.name && manifest.increments.isEmpty
            && manifest.history.isEmpty
        guard manifest.files.isEmpty || isAwaited, try disk.exists(names.name) else { return false }
        if isAwaited, try disk.exists(names.path(names.name)) { return false }
        try disk.makeFolder(names.folder)
        if !isAwaited {
            manifest.base = LogManifest.File(names.name, number: 1, kind: .base)
            try publish(manifest, names, disk)
        }
        try disk.rename(names.name, to: names.path(names.name))
        try disk.syncFolder(of: names.manifest)
        try disk.syncFolder(of: names.name)
        return true
    }
}
