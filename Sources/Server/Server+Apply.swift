// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Glibc
import Loop

// Directives that concern sockets and the process: at the start and when they change.

extension Server {
    /// Carries out a run-time change of a directive; a text says why it cannot be done.
    func apply(_ directive: String, _ settings: Settings) -> ByteString? {
        switch directive {
        case "port", "bind":
            return listenAnew(directive, settings)
        case "loglevel", "log-format", "log-timestamp-format":
            log.follow(settings)
            return nil
        case "dir":
            if let problem = Start.enter(settings.directory) { return problem }
            engine.config.settings.directory = ConfigFile.currentDirectory()
            return nil
        case "maxclients":
            return applyClientsMax(settings.clientsMax)
        case "oom-score-adj", "oom-score-adj-values":
            return applyOOMScore(settings.process)
        case "crash-log-enabled":
            crashReport.enable(settings.service.reportsCrashes)
            return nil
        case "turn-log-slower-than", "latency-monitor-threshold":
            watchdog.follow(settings.insight)
            return nil
        case "watchdog-period":
            watch(settings.service)
            return nil
        case "locale-collate":
            return Collation.set(settings.process.collation) ? nil : "Invalid locale name"
        case "proc-title-template":
            showTitle(settings)
            return nil
        default:
            return nil
        }
    }

    /// The new sockets may need addresses of the old ones, so those go first and come back after a failure.
    private func listenAnew(_ directive: String, _ settings: Settings) -> ByteString? {
        let before = listening
        for listener in tcpListeners { listener.close() }
        tcpListeners = []
        if settings.port == 0 || settings.bind.isEmpty || listenTCP(settings) > 0 {
            listening = (settings.port, settings.bind)
            showTitle(settings)
            return nil
        }
        var old = settings
        (old.port, old.bind) = before
        if old.port > 0 { _ = listenTCP(old) }
        return directive == "port"
            ? "Unable to listen on this port. Check server logs."
            : "Failed to bind to specified addresses."
    }

    // MARK: Descriptors

    /// Every client needs a descriptor; the server itself keeps 32 for its own use.
    private static let ownDescriptors = 32

    /// Raises the limit of descriptors for so many clients.
    /// - Returns: for how many it suffices, the limit before, and why it could not be raised.
    private func raiseDescriptorLimit(clients: Int) -> (clients: Int, before: Int, problem: ByteString?) {
        var limit = rlimit()
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(kind, &limit) == 0 else { return (clients, 0, nil) }
        let before = Int(clamping: limit.rlim_cur)
        let wanted = rlim_t(clients + Server.ownDescriptors)
        guard limit.rlim_cur < wanted else { return (clients, before, nil) }
        limit.rlim_cur = wanted
        if limit.rlim_max < wanted { limit.rlim_max = wanted }
        if unsafe setrlimit(kind, &limit) == 0 { return (clients, before, nil) }
        let problem = Start.lastError()
        unsafe getrlimit(kind, &limit)
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(kind, &limit)
        unsafe getrlimit(kind, &limit)
        return (max(1, Int(clamping: limit.rlim_cur) - Server.ownDescriptors), before, problem)
    }

    /// At the start: fewer clients than asked for are better than none.
    func limitClients() {
        let wanted = engine.config.settings.clientsMax
        let reached = raiseDescriptorLimit(clients: wanted)
        guard reached.clients < wanted, let problem = reached.problem else { return }
        let needed = wanted + Server.ownDescriptors
        log.warning(
            "You requested maxclients of \(wanted) requiring at least \(needed) max file descriptors.")
        log.warning("Server can't set maximum open files to \(needed) because of OS error: \(problem).")
        log.warning(
            "Current maximum open files is \(reached.before). maxclients has been reduced to \(reached.clients) to "
                + "compensate for low ulimit. If you need higher maxclients increase 'ulimit -n'.")
        engine.config.settings.clientsMax = reached.clients
    }

    private func applyClientsMax(_ clients: Int) -> ByteString? {
        let reached = raiseDescriptorLimit(clients: clients)
        guard reached.clients < clients else { return nil }
        return "The operating system is not able to handle the specified number of clients, try with "
            + "\(reached.clients)"
    }

    // MARK: The process

    /// What is done once, at the start: processors, score, title.
    func setUpProcess() {
        let process = engine.config.settings.process
        bindThreads(process)
        if applyOOMScore(process) != nil { log.warning("The score of oom-score-adj stays as it is.") }
        if process.setsTitle { title = ProcessTitle() }
        showTitle(engine.config.settings)
    }

    private func applyOOMScore(_ process: ProcessSettings) -> ByteString? {
        if OOMScore.mayNeedPrivileges(process.oomScores) {
            log.warning(
                "The oom-score-adj-values configuration may not work for non-privileged processes! Please consult "
                    + "the documentation.")
        }
        guard let problem = oomScore.follow(process) else { return nil }
        log.warning("Unable to write oom_score_adj: \(problem)")
        return "Failed to apply new oom_score_adj configuration, check server logs."
    }

    func showTitle(_ settings: Settings) {
        title?.follow(settings, file: engine.config.file)
    }

    /// The pool's threads inherit what the thread is bound to that starts them.
    private func bindThreads(_ process: ProcessSettings) {
        let before = Processors.current
        if bind("bio-cpulist", process.poolProcessors) {
            loop.startPool()
            _ = before.bindThread()
        }
        _ = bind("server-cpulist", process.serverProcessors)
    }

    private func bind(_ directive: String, _ text: ByteString) -> Bool {
        if text.isEmpty { return false }
        guard let processors = Processors(text.description) else {
            log.warning("\(directive) '\(text)' is no list of processors; it is not followed.")
            return false
        }
        guard let problem = processors.bindThread() else { return true }
        log.warning("Cannot bind threads to the processors of \(directive): \(problem)")
        return false
    }
}
