// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

extension PersistencePart {
    /// Begins to load what is on disk, slice by slice: the log of commands where it is turned on, the snapshot otherwise.
    /// Until the data is there, commands that need it are refused.
    /// - Parameter done: told on the loop, at once where there is no file; false when it cannot be loaded, which the log
    ///   explains.
    public func load(done: @escaping (Bool) -> Void) {
        guard readManifest() else { return done(false) }
        onLoaded = { [unowned self] isWhole in
            guard isWhole else { return done(false) }
            isReady = true
            done(!log.settings.isOn || openLog())
            followSwitch()
        }
        let isBegun: Bool
        if log.settings.isOn {
            do throws(LoadFailure) {
                // Where there is no log yet it begins with what a snapshot has kept.
                isBegun = try beginLoadingLog() ? true : beginLoadingSnapshot()
            } catch {
                failed(error.text)
                return end(false)
            }
        } else {
            isBegun = beginLoadingSnapshot()
        }
        if isBegun { engine.setLoading(true) }
    }

    /// - Returns: false when there is nothing to load, or it cannot be; who waits for it was told.
    private func beginLoadingSnapshot() -> Bool {
        guard !settings.fileName.isEmpty else {
            end(true)
            return false
        }
        do throws(DiskProblem) {
            let file = try engine.host.disk.open(settings.fileName)
            let run = try LoadRun(file, loader(LoadOptions()), engine)
            run.keyDelayUs = Int64(max(0, settings.loadDelayUs))
            loading = run
            return true
        } catch {
            if !error.isMissing {
                let name = settings.fileName
                failed("Fatal error: can't open the RDB file \(name) for reading: \(error.reason)")
            }
            end(error.isMissing)
            return false
        }
    }

    /// What is on disk was loaded, or cannot be: who waits for it is told.
    func end(_ isWhole: Bool) {
        let done = onLoaded
        onLoaded = { _ in }
        done(isWhole)
    }

    func loader(_ options: LoadOptions) -> SnapshotLoader {
        var options = options
        options.checks = settings.checksums && !skipsChecksums
        options.isRelaxed = settings.versionCheck == "relaxed"
        let loader = SnapshotLoader(engine.keys, options, checksums)
        loader.onNote = { [unowned self] in engine.host.log(.notice, $0) }
        loader.onAux = { [unowned self] in note(aux: $0, $1) }
        return loader
    }

    /// What a file says of itself.
    private func note(aux name: ByteString, _ value: ByteString) {
        let host = engine.host
        let number = value.withView { $0.integer }
        switch name {
        case "redis-ver": host.log(.notice, "Loading RDB produced by version \(value)")
        case "valkey-ver": host.log(.notice, "Loading RDB produced by Valkey version \(value)")
        case "ctime":
            let age = max(0, nowSeconds - max(0, number ?? nowSeconds))
            host.log(.notice, "RDB age \(age) seconds")
        case "used-mem":
            loading?.savedUsedBytes = Int(number ?? 0)
            let hundredths = (number ?? 0) / ((1 << 20) / 100)
            host.log(
                .notice,
                "RDB memory usage when created \(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10) Mb"
            )
        case "aof-base" where value == "1": host.log(.notice, "RDB is base AOF")
        default: if name.hasPrefix("%") { host.log(.notice, "RDB '\(name)': \(value)") }
        }
    }

    func failed(_ reason: ByteString) { engine.host.log(.warning, reason) }

    /// Loads for a while.
    /// - Returns: true when there is more to do at once.
    func loadSlice() -> Bool {
        guard let run = loading else { return false }
        var outcome = LoadRun.Outcome.waits
        engine.keys.quietly { outcome = run.slice() }
        switch outcome {
        case .more: return true
        case .waits: return false
        case .finished: fileEnded(run)
        case .failed(let reason):
            failed("--- RDB ERROR DETECTED --- \(reason)")
            // Tools look for the reason in one of the last two lines.
            failed("Terminating server after rdb file reading failure.")
            failed("Internal error in RDB reading: \(reason)")
            endLoading(false)
        }
        return false
    }

    private func fileEnded(_ run: LoadRun) {
        if let loader = run.loader as? SnapshotLoader {
            if let problem = settle(loader) {
                failed("Internal error in RDB reading: \(problem)")
                return endLoading(false)
            }
            engine.host.log(.notice, "DB loaded from disk: \(seconds(since: run.startTicks)) seconds")
            return endLoading(true)
        }
        do throws(LoadFailure) {
            if try logFileEnded() { endLoading(true) }
        } catch {
            failed(error.text)
            logLoading = nil
            endLoading(false)
        }
    }

    private func endLoading(_ isWhole: Bool) {
        loading = nil
        engine.setLoading(false)
        end(isWhole)
    }

    /// Takes in what a loader has met beside keys.
    /// - Returns: why it cannot be.
    func settle(_ loader: SnapshotLoader) -> ByteString? {
        lastLoad = loader.counts
        let policy: LibraryPolicy = loader.options.merges ? .replace : .append
        if let problem = engine.libraryKeeper?.takeLibraries(loader.functions, policy) {
            return "Failed loading the functions of the file: \(problem)"
        }
        let counts = loader.counts
        let empty: ByteString = counts.empty == 0 ? "" : ", empty keys skipped: \(counts.empty)"
        let dead: ByteString =
            counts.deadHashes == 0 ? "" : ", all fields expired hashes: \(counts.deadHashes)"
        engine.host.log(
            .notice,
            "Done loading RDB, keys loaded: \(counts.keys), keys expired: \(counts.expired)\(empty)\(dead).")
        return nil
    }

    /// Why the file is none that can be read, as far as its first bytes tell.
    func problemOfHeader() -> ByteString? {
        do throws(DiskProblem) {
            let file = try engine.host.disk.open(settings.fileName)
            defer { file.close() }
            let window = FileWindow(engine.keys.heap, fileBytes: try file.byteCount, capacity: 64)
            let memory = window.reserve(RDBVersion.headerBytes)
            window.added(try file.read(at: 0, into: memory, max: RDBVersion.headerBytes))
            guard let version = RDBVersion(header: window.view) else {
                return "Wrong signature trying to load DB from file"
            }
            let isRead = version.isRead(relaxed: settings.versionCheck == "relaxed")
            return isRead ? nil : "Can't handle RDB format version \(version.number)"
        } catch {
            return error.text
        }
    }

    /// Empties all databases and forgets the libraries: what is loaded comes instead.
    func emptyData() {
        for index in 0..<engine.keys.databaseCount { engine.keys.flush(index) }
        engine.libraryKeeper?.forgetLibraries()
    }

    /// Loads the file at once, while all wait.
    /// - Returns: why it cannot be loaded.
    func loadAtOnce(merges: Bool) -> ByteString? {
        do throws(DiskProblem) {
            let file = try engine.host.disk.open(settings.fileName)
            defer { file.close() }
            var options = LoadOptions()
            options.merges = merges
            let loader = loader(options)
            let window = FileWindow(engine.keys.heap, fileBytes: try file.byteCount, capacity: 1 << 20)
            do throws(LoadFailure) {
                try loader.readAll(file, window)
            } catch {
                return LoadRun.text(error)
            }
            return settle(loader)
        } catch {
            return error.text
        }
    }
}

extension Keyspace {
    /// Lets nobody hear of the changes that `body` makes, and counts none of them.
    func quietly(_ body: () -> Void) {
        let (readers, mask, before) = (effects.readers, effects.eventMask, listeners)
        let (dirty, tells) = (stats.dirty, tellsReady)
        effects.readers = 0
        effects.eventMask = 0
        listeners = []
        tellsReady = false
        body()
        effects.readers = readers
        effects.eventMask = mask
        listeners = before
        tellsReady = tells
        stats.dirty = dirty
    }
}
