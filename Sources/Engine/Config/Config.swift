// SPDX-License-Identifier: Apache-2.0
import Bytes

/// The server's settings and how they reach the engine.
public final class Config {
    /// The values of all directives as they are now.
    public var settings: Settings
    /// The directives that exist.
    public let parameters: Parameters
    /// The file the settings came from; empty without one.
    public var file: ByteString = ""
    /// Somebody has said when snapshots are to be taken, even if it was never; Redis takes some unless told otherwise.
    public private(set) var isSavingDecided = false
    /// By what names commands are called.
    public private(set) var commandNames: CommandNames

    /// - Parameter features: what the server consists of: their directives and the names of their commands are known.
    public init(_ settings: Settings = Settings(), features: [Feature]) {
        self.settings = settings
        let families = features.flatMap(\.families)
        parameters = Parameters(families.map(\.parameters))
        commandNames = CommandNames(Command.merged(families).map { ByteString($0.name) })
    }

    /// Carries the settings into the engine's own state.
    public func apply(to engine: Engine) {
        engine.keys.limits = settings.limits
        for part in engine.allParts { part.apply(settings, engine) }
        engine.outputLimits = OutputLimits(settings.outputBufferLimits)
        engine.limitedClasses = engine.outputLimits.classes
        engine.setClientMemoryMax()
        engine.standStill()
        for session in engine.clients.all {
            engine.limit(session)
            if session.waitingOutputBytes > 0 { engine.checkOutput(session) }
        }
    }

    /// Whether something that is opened to nobody, everybody or local clients is open to this one.
    public func allows(_ gate: String, _ session: Session) -> Bool {
        gate == "yes" || (gate == "local" && session.isLocal)
    }

    // MARK: Files

    /// Takes in one directive of a configuration file or command line, its name first. `include` is the reader's own.
    /// - Returns: what is wrong with it, in Redis's words; nil when it was accepted.
    public func take(_ words: [ByteString]) -> ByteString? {
        guard let name = words.first else { return nil }
        guard let parameter = parameters.find(name) else { return Config.unknown(words) }
        switch parameter.standing {
        case .ignored: return words.count == 2 ? nil : Config.bad
        case .line: return takeLine(words)
        default: break
        }
        var values = Array(words.dropFirst())
        if values.isEmpty, parameter.form.mayBeBare { values = [""] }
        guard !values.isEmpty else { return parameter.isFileOnly ? Config.bad : "wrong number of arguments" }
        // A single argument may hold several words, as CONFIG SET's does.
        if values.count == 1 { values = parameter.words(of: values[0]) }
        do throws(ParameterError) {
            try parameter.set(accumulated(parameter, values), in: &settings)
            return nil
        } catch {
            return error.text
        }
    }

    /// The first `save` of a configuration takes the place of the default, further ones add to it, and an empty one
    /// does away with all before it.
    private func accumulated(_ parameter: Parameter, _ values: [ByteString]) -> [ByteString] {
        guard case .savePoints = parameter.form else { return values }
        defer { isSavingDecided = true }
        guard isSavingDecided, !values.isEmpty, values != [""], values.count % 2 == 0 else { return values }
        return parameter.value(in: settings).words() + values
    }

    private static let bad: ByteString = "Bad directive or wrong number of arguments"

    /// A directive that is carried out at once and kept nowhere.
    private func takeLine(_ words: [ByteString]) -> ByteString? {
        guard words[0].lowercased == "rename-command", words.count == 3 else { return Config.bad }
        return commandNames.rename(words[1], to: words[2])
    }

    /// What is said of a directive that is none.
    private static func unknown(_ words: [ByteString]) -> ByteString {
        let name = words[0]
        if name.lowercased == "sentinel" {
            return words.count == 1
                ? "sentinel mode is not built yet" : "sentinel directive while not in sentinel mode"
        }
        guard name.bytes.contains(UInt8(ascii: ".")) else { return bad }
        return words.count == 1
            ? "Module config specified without value"
            : "Module Configuration detected without loadmodule directive or no ApplyConfig call: aborting"
    }

    // MARK: Run time

    /// A directive with the words of its new value.
    public struct Change {
        let parameter: Parameter
        /// The name as the client gave it.
        let name: ByteString
        let value: ByteString

        /// A directive, the name it was called by (which errors repeat), and its new value.
        public init(_ parameter: Parameter, name: ByteString, value: ByteString) {
            self.parameter = parameter
            self.name = name
            self.value = value
        }
    }

    /// Sets several directives, or none of them.
    /// - Returns: what is wrong, as the text behind the error code; nil when all are set.
    public func change(_ changes: [Change], _ engine: Engine) -> ByteString? {
        let before = settings
        for change in changes {
            do throws(ParameterError) {
                try change.parameter.set(change.parameter.words(of: change.value), in: &settings)
            } catch {
                settings = before
                return Config.failure(change, error.text)
            }
        }
        // A value set again is not carried out again: the sockets of `port 6379` stay open.
        let news = changes.filter { $0.parameter.value(in: settings) != $0.parameter.value(in: before) }
        for (index, change) in news.enumerated() {
            guard let problem = engine.host.apply(change.parameter.name, settings) else { continue }
            settings = before
            // What was already carried to the host is carried back, and what failed may have failed halfway.
            for done in news.prefix(index + 1) { _ = engine.host.apply(done.parameter.name, settings) }
            return Config.failure(change, problem)
        }
        if changes.contains(where: { $0.parameter.name == "save" }) { isSavingDecided = true }
        apply(to: engine)
        return nil
    }

    static func failure(_ change: Change, _ problem: ByteString) -> ByteString {
        failure(change.name, problem)
    }
    /// The text of the error when CONFIG SET refuses a directive, with the reason.
    public static func failure(_ name: ByteString, _ problem: ByteString) -> ByteString {
        "CONFIG SET failed (possibly related to argument '\(name)') - \(problem)"
    }
}
