// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

// Loading the files of the log, one after the other.

/// The files of a log that are being loaded.
struct LogLoading {
    /// What is still to be loaded, the first one is under way.
    var files: [LogManifest.File]
    var loader: LogLoader
    let beganTicks: UInt64
    var fileTicks: UInt64
    var bytesBefore = 0
    let bytesInAll: Int
}

extension PersistencePart {
    /// Reads the manifest.
    /// - Returns: false when it is none that can be used; the log says why.
    func readManifest() -> Bool {
        let (names, disk) = (log.settings.names, engine.host.disk)
        do throws(DiskProblem) {
            let bytes = try disk.contents(of: names.manifest)
            do throws(ManifestProblem) {
                log.manifest = try LogManifest(parsing: bytes)
            } catch {
                tell(error)
                return false
            }
        } catch {
            if error.isMissing { return true }
            engine.host.log(
                .warning,
                "Fatal error: can't open the AOF manifest file \(names.manifest) for reading: \(error.reason)"
            )
            return false
        }
        return true
    }

    private func tell(_ problem: ManifestProblem) {
        let host = engine.host
        host.log(.warning, "*** FATAL AOF MANIFEST FILE ERROR ***")
        if problem.line > 0 {
            host.log(.warning, "Reading the manifest file, at line \(problem.line)")
            host.log(.warning, ">>> '\(problem.content)'")
        }
        host.log(.warning, problem.text)
    }

    /// Begins to load the log.
    /// - Returns: false when there is none; `failed` when it cannot be loaded, which the log explains.
    func beginLoadingLog() throws(LoadFailure) -> Bool {
        let (names, disk) = (log.settings.names, engine.host.disk)
        var bytesInAll = 0
        do throws(DiskProblem) {
            if try LogFiles.adoptOldFile(&log.manifest, names, disk) {
                engine.host.log(
                    .notice,
                    "Successfully migrated an old-style AOF file (\(names.name)) into the AOF directory (\(names.folder))."
                )
            }
        } catch {
            throw LoadFailure(
                text:
                    "Error trying to move the old AOF file \(names.name) into dir \(names.folder): \(error.reason)",
                offset: 0)
        }
        for file in log.manifest.files {
            do throws(DiskProblem) {
                bytesInAll += try LogFiles.bytes(of: [file], names, disk)
            } catch {
                throw LoadFailure(
                    text: error.isMissing
                        ? "The append log file \(file.name) doesn't exist: \(error.reason)"
                        : "Fatal error: can't open the append log file \(file.name) for reading: \(error.reason)",
                    offset: 0)
            }
        }
        guard let first = log.manifest.files.first else { return false }
        let now = Clock.ticks()
        logLoading = LogLoading(
            files: log.manifest.files, loader: logLoader(first), beganTicks: now, fileTicks: now,
            bytesInAll: bytesInAll)
        try openLogFile()
        return true
    }

    private func logLoader(_ file: LogManifest.File) -> LogLoader {
        let isBase = file.kind == .base
        let loader = LogLoader(engine) { [unowned self] in
            engine.host.log(
                .notice,
                isBase && file.name.hasSuffix(".rdb")
                    ? "Reading RDB base file on AOF loading..." : "Reading RDB preamble from AOF file...")
            var options = LoadOptions()
            // The commands behind it expect what was there.
            options.dropsDead = false
            return self.loader(options)
        }
        loader.onNote = { [unowned self] in engine.host.log(.notice, $0) }
        loader.onSnapshot = { [unowned self] snapshot, isWhole in isWhole ? settle(snapshot) : nil }
        return loader
    }

    /// Opens the file that is next.
    private func openLogFile() throws(LoadFailure) {
        guard let state = logLoading, let file = state.files.first else { return }
        do throws(DiskProblem) {
            let opened = try engine.host.disk.open(log.settings.names.path(file.name))
            let run = try LoadRun(opened, state.loader, engine)
            run.bytesBefore = state.bytesBefore
            run.bytesInAll = state.bytesInAll
            run.keyDelayUs = Int64(max(0, settings.loadDelayUs))
            loading = run
        } catch {
            throw LoadFailure(
                text: "Fatal error: can't open the append log file \(file.name) for reading: \(error.reason)",
                offset: 0)
        }
    }

    /// A file of the log was read.
    /// - Returns: true when that was the last one.
    func logFileEnded() throws(LoadFailure) -> Bool {
        guard var state = logLoading, let file = state.files.first else { return true }
        try judge(state.loader, file, isLast: state.files.count == 1)
        let kind: ByteString = file.kind == .base ? "base" : "incr"
        engine.host.log(
            .notice, "DB loaded from \(kind) file \(file.name): \(seconds(since: state.fileTicks)) seconds")
        state.bytesBefore += state.loader.offset
        state.files.removeFirst()
        guard let next = state.files.first else {
            logLoading = nil
            engine.host.log(
                .notice, "DB loaded from append only file: \(seconds(since: state.beganTicks)) seconds")
            return true
        }
        state.loader = logLoader(next)
        state.fileTicks = Clock.ticks()
        logLoading = state
        try openLogFile()
        return false
    }

    func seconds(since ticks: UInt64) -> ByteString {
        let ms = Int(Double(Clock.ticks() &- ticks) / engine.ticksPerUs / 1000)
        let digits = String(ms % 1000)
        return "\(ms / 1000).\(String(repeating: "0", count: 3 - digits.utf8.count))\(digits)"
    }

    /// Decides whether a file that was read as far as it can be is good enough.
    private func judge(_ loader: LogLoader, _ file: LogManifest.File, isLast: Bool) throws(LoadFailure) {
        guard let fault = loader.fault else { return }
        let name = file.name
        func failure(_ text: ByteString) -> LoadFailure { LoadFailure(text: text, offset: loader.soundBytes) }
        switch fault {
        case .cutOff:
            if loader.isInTransaction {
                engine.host.log(.warning, "Revert incomplete MULTI/EXEC transaction in AOF file \(name)")
            }
            guard isLast else {
                engine.host.log(.warning, "!!! Warning: short read while loading the AOF file \(name)!!!")
                throw failure("Fatal error: the truncated file is not the last file")
            }
            guard log.settings.loadsTruncated else {
                throw failure(
                    """
                    Unexpected end of file reading the append only file \(name). You can: 1) Make a backup of your AOF \
                    file, then use ./redis-check-aof --fix <filename.manifest>. 2) Alternatively you can set the \
                    'aof-load-truncated' configuration option to yes and restart the server.
                    """)
            }
            try cut(file, to: loader.soundBytes, loader.salvaged)
        case .badFormat(let details):
            throw failure(
                """
                Bad file format reading the append only file \(name): make a backup of your AOF file, then use \
                ./redis-check-aof --fix <filename.manifest> (\(details))
                """)
        case .unknownCommand(let command):
            throw failure(
                "Unknown command '\(command)' reading the append only file \(name): unknown command '\(command)'"
            )
        case .unrunnable(let text):
            throw failure("Unrecoverable error reading the append only file \(name): \(text)")
        case .badSnapshot(let text):
            engine.host.log(.warning, "Internal error in RDB reading: \(text)")
            throw failure(
                file.kind == .base && name.hasSuffix(".rdb")
                    ? "Error reading the RDB base file \(name), AOF loading aborted"
                    : "Error reading the RDB preamble of the AOF file \(name), AOF loading aborted")
        }
    }

    /// Takes the torn end of a file away.
    private func cut(
        _ file: LogManifest.File, to bytes: Int, _ salvaged: (at: Int, commands: [UInt8])?
    ) throws(LoadFailure) {
        let path = log.settings.names.path(file.name)
        engine.host.log(.warning, "!!! Warning: short read while loading the AOF file \(file.name)!!!")
        engine.host.log(.warning, "!!! Truncating the AOF \(file.name) at offset \(bytes) !!!")
        do throws(DiskProblem) {
            let opened = try engine.host.disk.append(to: path)
            defer { opened.close() }
            try opened.truncate(to: min(bytes, salvaged?.at ?? bytes))
            try salvaged?.commands.withView { (bytes) throws(DiskProblem) in try opened.write(bytes) }
            try opened.sync()
        } catch {
            throw LoadFailure(
                text: "Error truncating the AOF file \(file.name): \(error.reason)", offset: bytes)
        }
        engine.host.log(
            .warning, "AOF \(file.name) loaded anyway because aof-load-truncated is enabled")
    }

    /// Begins to log where the files end that were loaded.
    /// - Returns: false when that is impossible, which the log explains.
    func openLog() -> Bool {
        var base: LogManifest.File?
        let names = log.settings.names
        if log.manifest.files.isEmpty {
            let made = names.base(
                log.manifest.nextBaseNumber, isSnapshot: log.settings.basesAreSnapshots)
            do throws(DiskProblem) { try engine.host.disk.makeFolder(names.folder) } catch {
                failed("Can't open or create append-only dir \(names.folder): \(error.reason)")
                return false
            }
            engine.host.log(.notice, "Creating AOF base file \(made.name) on server start")
            let outcome = WaitedSnapshot.write(logPlan(made), engine.keys, engine.host)
            guard case .saved = outcome else {
                _ = tell(failed: outcome)
                return false
            }
            base = made
        }
        do throws(DiskProblem) {
            try log.openAtStart(base: base)
        } catch {
            failed("Can't open the append-only file \(error.text)")
            return false
        }
        log.begin(.on)
        return true
    }

    /// Empties all databases and begins to load the log again (DEBUG LOADAOF); who waits for that is told when it is done.
    /// - Returns: false when it cannot be loaded; the log says why.
    func reloadLog() -> Bool {
        let (keys, dirty) = (engine.keys, engine.keys.stats.dirty)
        keys.quietly { emptyData() }
        onLoaded = { [unowned self] isWhole in
            lastReloadIsWhole = isWhole
            engine.keys.stats.dirty = dirty
            if isWhole { engine.host.log(.warning, "Append Only File loaded by DEBUG LOADAOF") }
            engine.retryWaiting(.loading)
        }
        do throws(LoadFailure) {
            if try beginLoadingLog() {
                engine.setLoading(true)
            } else {
                lastReloadIsWhole = true
                engine.host.away({}, then: { [unowned self] in end(true) })
            }
            return true
        } catch {
            failed(error.text)
            onLoaded = { _ in }
            return false
        }
    }
}
