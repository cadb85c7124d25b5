// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine

// The files that the log goes to, and how it passes from one to the next.

extension AppendLog {
    // MARK: From file to file

    /// What is logged from now on goes to a new file; to be called between two units.
    func beginFile() {
        closeChunk()
        queue.append(.newFile)
        stream.forgetDatabase()
        stampSecond = 0
    }

    /// Ends the file that is written to, and makes the next one. Nothing that the log has been given so far is anywhere
    /// but on the disk then.
    func switchFile() {
        let (disk, names, before, old) = (host.disk, settings.names, manifest, file)
        let next = names.increment(before.nextIncrementNumber)
        let (publishes, position) = (state == .on, self.position)
        let result = JobResult<LogFile>()
        perform { () throws(DiskProblem) in
            if let old {
                try old.sync()
                try old.coverRest(position: position)
                try old.sync()
            }
            try disk.makeFolder(names.folder)
            let fresh = try LogFile.create(names.path(next.name), disk)
            if publishes {
                var after = before
                after.increments.append(next)
                try LogFiles.publish(after, names, disk)
            }
            old?.close()
            result.value = fresh
        } then: { [unowned self] problem in
            if let problem { return failed(problem) }
            failure = nil
            queue.removeFirst()
            if publishes { manifest.increments.append(next) }
            if old != nil { olderBytes += fileBytes }
            fileBytes = 0
            rewrite.firstIncrement = next
            file = result.value
            letGo(isOnDisk: true)
            host.log(.notice, "Creating AOF incr file \(next.name) on background rewrite")
        }
    }

    /// Names a base in the manifest that stands for everything before the file that was begun with it.
    func publish(_ base: LogManifest.File) {
        let (disk, names, before, keeps) = (host.disk, settings.names, manifest, settings.keepsHistory)
        let first = state == .off ? nil : rewrite.firstIncrement
        var after = LogManifest()
        after.base = base
        // The newest comes first.
        var gone: [LogManifest.File] = []
        for item in before.increments {
            if let first, item.number >= first.number {
                after.increments.append(item)
            } else {
                gone.insert(item, at: 0)
            }
        }
        gone += (before.base.map { [$0] } ?? []) + before.history
        if let first, after.increments.isEmpty { after.increments = [first] }
        after.history = gone.map { LogManifest.File($0.name, number: $0.number, kind: .history) }
        let planned = after
        let result = JobResult<(LogManifest, older: Int)>()
        perform { () throws(DiskProblem) in
            var after = planned
            try disk.makeFolder(names.folder)
            try LogFiles.publish(after, names, disk)
            if !keeps { try LogFiles.deleteHistory(of: &after, names, disk) }
            let older = after.files.filter { $0 != after.increments.last }
            result.value = (after, try LogFiles.bytes(of: older, names, disk))
        } then: { [unowned self] problem in
            if let problem { return failed(problem) }
            failure = nil
            queue.removeFirst()
            if let (after, older) = result.value { (manifest, olderBytes) = (after, older) }
            onPublished()
        }
    }

    /// Deletes what is not needed any more; everybody waits for it.
    func deleteHistory() {
        guard !settings.keepsHistory, !manifest.history.isEmpty, job == nil else { return }
        do throws(DiskProblem) {
            try LogFiles.deleteHistory(of: &manifest, settings.names, host.disk)
        } catch {
            failed(error)
        }
    }

    // MARK: Beginnings and ends

    /// Opens the file that is to be written to, when the data is there. Everybody waits for it.
    /// - Parameter isNew: there is no log yet, and `base` was written for it.
    func openAtStart(base: LogManifest.File?) throws(DiskProblem) {
        let (disk, names) = (host.disk, settings.names)
        try disk.makeFolder(names.folder)
        var after = manifest
        if let base { after.base = base }
        if let last = after.increments.last {
            let file = try LogFile.resume(names.path(last.name), disk)
            try file.sync()
            self.file = file
            host.log(.notice, "Opening AOF incr file \(last.name) on server start")
        } else {
            let next = names.increment(after.nextIncrementNumber)
            file = try LogFile.create(names.path(next.name), disk)
            after.increments.append(next)
            host.log(.notice, "Creating AOF incr file \(next.name) on server start")
        }
        if after != manifest { try LogFiles.publish(after, names, disk) }
        if !settings.keepsHistory { try LogFiles.deleteHistory(of: &after, names, disk) }
        manifest = after
        olderBytes = try LogFiles.bytes(of: manifest.files.dropLast(), names, disk)
        sizeAfterRewrite = try LogFiles.bytes(of: manifest.base.map { [$0] } ?? [], names, disk)
    }

    /// Brings everything to the disk while all wait; the last mark of the file says so.
    /// - Returns: why it cannot be done.
    func settle() -> DiskProblem? {
        waitForJob()
        guard let file, state == .on else { return nil }
        // What failed before is tried once more.
        if let failure {
            self.failure = nil
            recover(failure)
            waitForJob()
            if let failure = self.failure { return failure.problem }
        }
        closeChunk()
        // A file that was to come is not begun any more: what belongs there goes to this one.
        let chunks = queue.compactMap(\.chunk)
        let written = file
        do throws(DiskProblem) {
            try written.write(chunks)
            try written.sync()
            try written.coverRest(position: position)
            try written.sync()
        } catch {
            return error
        }
        queue = []
        for chunk in chunks { retain(chunk) }
        letGo(isOnDisk: true)
        return nil
    }
}
