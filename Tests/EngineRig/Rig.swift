// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import Operations
import RESP
import Server

/// An engine in a test: virtual time, a seed, named sessions, and a twin that is fed with the effects only.
///
///     let rig = Rig()
///     rig.run("SADD", "x", "1")          // ":1"
///     rig.advance(ms: 10)
///     rig.run(as: "other", "SCARD", "x") // ":1"
///
/// After every command the twin's digest must equal the engine's; `mismatch` says when it did not.
public final class Rig {
    public let engine: Engine
    public let host = QuietHost()
    /// The first unit after which the twin differed, and how.
    public private(set) var mismatch: String?
    /// The twin is compared after one of so many commands (fuzzing; tests compare after each).
    public var comparesEvery = 1
    private var unitsUncompared = 0
    private let twin: Engine?
    private var twinSession: Session?
    private let features: [Feature]
    private var sessions: [String: Session] = [:]
    private var lastCommand = ""

    public static let startMs: Int64 = 1_700_000_000_000

    /// - Parameter lines: lines of a configuration file, which must be right.
    public init(
        seed: UInt64 = 1, withTwin: Bool = true, lines: [String] = [], features: [Feature] = Wiring.features,
        _ change: (inout Settings) -> Void = { _ in }
    ) {
        self.features = features
        var settings = Settings()
        change(&settings)
        engine = Rig.makeEngine(seed, settings, lines, host, features)
        twin = withTwin ? Rig.makeEngine(seed &+ 99, settings, lines, QuietHost(), features) : nil
        if let twin {
            twinSession = twin.clients.connect(address: "twin", localAddress: "", nowMs: Rig.startMs)
            // A twin is like a replica: it deletes nothing by itself, and what it is told does not die of its age.
            twin.keys.expiresActively = false
            if let twinSession {
                for line in ["CONFIG SET import-mode yes\r\n", "CLIENT IMPORT-SOURCE ON\r\n"] {
                    Array(line.utf8).withView { twin.receive($0, from: twinSession) }
                }
                twin.reply.reset()
            }
            engine.keys.effects.readers = EffectLog.Reader.twin
            engine.effectReaders.append(Relay(self))
        }
    }

    deinit {
        engine.effectReaders = []
        engine.close()
        twin?.close()
    }

    private static func makeEngine(
        _ seed: UInt64, _ settings: Settings, _ lines: [String], _ host: any Host, _ features: [Feature]
    ) -> Engine {
        let config = Config(settings, features: features)
        for line in lines {
            let problem = splitWords(Array(line.utf8)).map { config.take($0) } ?? "quotes"
            precondition(problem == nil, "\(line): \(problem ?? "")")
        }
        let keys = Keyspace(
            databases: settings.databases, seed: seed, hashKey: HashKey(seed: 7), nowMs: startMs)
        return Engine(
            keys: keys, config: config, features: features, host: host)
    }

    // MARK: Commands

    public func session(_ name: String = "main") -> Session {
        if let session = sessions[name] { return session }
        let session = engine.clients.connect(
            address: "127.0.0.1:\(5000 + sessions.count)", localAddress: "127.0.0.1:6379",
            nowMs: engine.keys.nowMs)
        engine.admit(session)
        sessions[name] = session
        return session
    }

    /// A client goes: its session is forgotten, and the name is free for another.
    public func leave(_ name: String) {
        guard let session = sessions.removeValue(forKey: name) else { return }
        engine.disconnected(session)
    }

    /// Runs a command and returns its reply in protocol form, line breaks as spaces and the last one cut off.
    @discardableResult public func run(as name: String = "main", _ words: String...) -> String {
        run(as: name, words)
    }

    @discardableResult public func run(as name: String = "main", _ words: [String]) -> String {
        text(raw(as: name, words.map { Array($0.utf8) }))
    }

    /// Runs a command given as bytes; the reply as bytes.
    public func raw(as name: String = "main", _ words: [[UInt8]]) -> [UInt8] {
        lastCommand = words.map { String(decoding: $0.prefix(40), as: UTF8.self) }.joined(separator: " ")
        return feed(as: name, Rig.encode(words))
    }

    /// Feeds protocol bytes as they might arrive from a socket.
    public func feed(as name: String = "main", _ bytes: [UInt8]) -> [UInt8] {
        let session = session(name)
        bytes.withView { engine.receive($0, from: session) }
        defer { compareTwin() }
        return takeReply()
    }

    /// Feeds what several sessions have sent before any of it ran, as a server does that looks ahead across connections.
    /// - Returns: the replies to each.
    public func feedTogether(_ inputs: [(name: String, bytes: [UInt8])]) -> [[UInt8]] {
        var replies: [[UInt8]] = []
        var waiting: [Session] = []
        func runGathered() {
            engine.warmGathered()
            for (number, session) in waiting.enumerated() {
                engine.runGathered(number, for: session)
                replies.append(takeReply())
                compareTwin()
            }
            waiting = []
            engine.endGathered()
        }
        inputs.flatMap(\.bytes).withView { all in
            var at = 0
            for input in inputs {
                let bytes = all[at..<(at + input.bytes.count)]
                at += input.bytes.count
                let session = session(input.name)
                if engine.gather(bytes, from: session) {
                    waiting.append(session)
                    if engine.hasGatheredEnough { runGathered() }
                } else {
                    runGathered()
                    engine.receive(bytes, from: session)
                    replies.append(takeReply())
                    compareTwin()
                }
            }
            runGathered()
        }
        return replies
    }

    private func takeReply() -> [UInt8] {
        let reply = engine.reply
        var out: [UInt8] = []
        var at = 0
        for item in reply.blocks {
            out.append(reply.written(at..<item.offset))
            out.append(item.block.view)
            at = item.offset
        }
        out.append(reply.written(from: at))
        reply.reset()
        return out
    }

    public static func encode(_ words: [[UInt8]]) -> [UInt8] {
        var out = Array("*\(words.count)\r\n".utf8)
        for word in words { out += Array("$\(word.count)\r\n".utf8) + word + [13, 10] }
        return out
    }

    /// The messages that wait for a session, in protocol form with line breaks as spaces; they are gone afterwards.
    @discardableResult public func pushes(as name: String = "main") -> String {
        var out: [UInt8] = []
        var messages = engine.outbox.take(session(name))
        messages.forEachPiece { out.append($0) }
        messages.drop(engine.keys.heap)
        return text(out)
    }

    /// Resumes the sessions that are held, if nothing holds them any more, and returns their replies by name.
    public func resumeHeld() -> [String: String] {
        var replies: [String: String] = [:]
        guard engine.mayResume else { return replies }
        for session in engine.clients.takeHeld() {
            engine.resume(session)
            let name = sessions.first { $0.value === session }?.key ?? ""
            replies[name] = text(takeReply())
            compareTwin()
        }
        return replies
    }

    private func text(_ bytes: [UInt8]) -> String {
        let all = String(decoding: bytes, as: UTF8.self)
        return (all.hasSuffix("\r\n") ? String(all.dropLast()) : all).replacing("\r\n", with: " ")
    }

    /// A turn of the loop goes on with the unit that has stopped in the middle, if there is one.
    /// - Returns: whether it is still open.
    @discardableResult public func goOn() -> Bool {
        for work in features.flatMap(\.works) where work.name == "script" && work.isDue(engine) {
            var slice = Slice(max: 1)
            _ = work.run(engine, &slice)
        }
        // Half of a unit is nothing that a twin could have.
        if !engine.hasOpenUnit { compareTwin() }
        return engine.hasOpenUnit
    }

    // MARK: Time

    /// Moves virtual time on and deletes what falls due.
    public func advance(ms: Int64) {
        engine.keys.nowMs += ms
        engine.endPauses()
        var more = engine.hasWaiters
        while more {
            var slice = Slice(max: 100)
            more = engine.endWaits(&slice)
        }
        while engine.keys.expireSlice(max: 100) {}
        engine.closeUnit()
        compareTwin()
    }

    // MARK: Twin

    /// Stands between, because the engine holds its readers and the rig holds the engine.
    private final class Relay: EffectReader {
        private unowned let rig: Rig
        init(_ rig: Rig) { self.rig = rig }
        func unitEnded(_ log: EffectLog) { rig.feedTwin(log) }
    }

    private func feedTwin(_ log: EffectLog) {
        guard let twin, let twinSession else { return }
        twin.keys.nowMs = engine.keys.nowMs
        // As any reader does: a unit of several commands becomes one transaction, with its SELECTs inside.
        var stream: [UInt8] = []
        if log.isTransaction(for: EffectLog.Reader.twin) { stream += Rig.encode([Array("MULTI".utf8)]) }
        for effect in log.effects where effect.kind == .command {
            stream += Rig.encode([Array("SELECT".utf8), Array(String(effect.database).utf8)])
            log.forEachPiece(of: effect) { stream.append($0) }
        }
        if log.isTransaction(for: EffectLog.Reader.twin) { stream += Rig.encode([Array("EXEC".utf8)]) }
        let errors = twin.stats.errors
        stream.withView { twin.receive($0, from: twinSession) }
        let answer = twin.reply.written(from: 0).array
        twin.reply.reset()
        if twin.stats.errors != errors, mismatch == nil {
            mismatch =
                "the twin refused an effect of [\(lastCommand)]: \(String(decoding: answer, as: UTF8.self))"
        }
    }

    private func compareTwin() {
        if engine.hasOpenUnit { return }
        unitsUncompared += 1
        guard unitsUncompared >= comparesEvery else { return }
        unitsUncompared = 0
        compareNow()
    }

    /// Compares the twin's digest with the engine's, and the deadlines, of which a digest only says that there are some.
    public func compareNow() {
        guard let twin, mismatch == nil else { return }
        twin.keys.nowMs = engine.keys.nowMs
        // Whether dead keys are shown depends on the last command; what is compared is what is there.
        let deadKeys = engine.keys.deadKeys
        engine.keys.deadKeys = .alive
        defer { engine.keys.deadKeys = deadKeys }
        if Digest.ofDataset(engine.keys).bytes != Digest.ofDataset(twin.keys).bytes {
            mismatch = "the twin's digest differs after [\(lastCommand)]"
        } else if DeadlineSum(engine.keys) != DeadlineSum(twin.keys) {
            mismatch = "the twin's deadlines differ after [\(lastCommand)]"
        }
    }
}

extension Config {
    /// The directives of the whole server.
    public convenience init(_ settings: Settings = Settings()) {
        self.init(settings, features: Wiring.features)
    }
}
