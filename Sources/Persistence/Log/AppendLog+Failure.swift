// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine

// When the disk does not take what it is given.

extension DiskProblem {
    /// Bytes that were written could not be brought to the disk.
    var isOfSync: Bool { ["fsync", "sync", "syncFolder"].contains(operation) }
}

/// Carries what a job has made from its thread to the loop.
final class JobResult<Value>: @unchecked Sendable {
    var value: Value?
}

extension AppendLog {
    /// A job has failed: nothing is written until what is not safe was written again.
    func failed(_ problem: DiskProblem) {
        let before = failure
        failure = Failure(
            problem: problem, isSync: problem.isOfSync || before?.isSync == true,
            retryUs: nowUs + AppendLog.retryUs)
        if before?.problem != problem { tell(problem) }
        onFailureChanged()
    }

    private func tell(_ problem: DiskProblem) {
        let free = host.disk.freeBytes(at: problem.path)
        let details: ByteString =
            "\(problem.path): \(problem.operation): errno \(problem.number)"
            + (free.map { ", \($0) bytes free" } ?? "")
        host.log(
            .warning,
            problem.isOfSync
                ? "Fail to fsync the AOF file: \(problem.reason) (\(details))."
                : "Error writing to the AOF file: \(problem.reason) (\(details))")
    }

    /// Everything that was not safe is.
    private func solved() {
        failure = nil
        host.log(.warning, "AOF write error looks solved, Redis can write again.")
        onFailureChanged()
    }

    /// Writes again what is not safe.
    func recover(_ failure: Failure) {
        guard let file, !failure.isSync || state == .on else {
            // No file of the log holds anything that could be lost: what failed is tried again.
            self.failure = nil
            return attend()
        }
        if failure.isSync { rewriteTail(of: file) } else { repair(file) }
    }

    /// Cuts the file back to what is safe and goes on with it.
    private func repair(_ file: LogFile) {
        let chunks = retained
        let syncs = policy != .never
        perform { () throws(DiskProblem) in
            try file.cutBack()
            try file.write(chunks)
        } sync: { () throws(DiskProblem) in
            if syncs { try file.sync() } else { file.keep() }
        } then: { [unowned self] problem in
            if let problem { return failed(problem) }
            letGo(isOnDisk: syncs)
            solved()
        }
    }

    /// Leaves the file with what is safe of it, and writes the rest to a new one.
    private func rewriteTail(of file: LogFile) {
        let chunks = retained
        let (disk, names, before) = (host.disk, settings.names, manifest)
        let next = names.increment(before.nextIncrementNumber)
        // Each file is read alone.
        let first = chunks.first ?? firstWaiting
        let database = first == nil ? stream.database : first?.database
        let result = JobResult<LogFile>()
        perform { () throws(DiskProblem) in
            try file.cutBack()
            let fresh = try LogFile.create(names.path(next.name), disk)
            do throws(DiskProblem) {
                if let database { try fresh.select(database) }
                try fresh.write(chunks)
                try fresh.sync()
                var after = before
                after.increments.append(next)
                try LogFiles.publish(after, names, disk)
            } catch {
                fresh.close()
                do throws(DiskProblem) { try disk.remove(names.path(next.name)) } catch {}
                throw error
            }
            file.close()
            result.value = fresh
        } then: { [unowned self] problem in
            if let problem { return failed(problem) }
            manifest.increments.append(next)
            olderBytes += file.byteCount
            self.file = result.value
            fileBytes = result.value?.byteCount ?? 0
            host.log(.notice, "Creating AOF incr file \(next.name) after a failure of the disk")
            letGo(isOnDisk: true)
            solved()
        }
    }
}
