// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands on the configuration.
public enum ConfigCommands {
    private static let flags: CommandFlags = [.admin, .noscript, .loading, .stale]

    /// The rows of the command table.
    public static let commands: [Command] = [
        Command(
            container: "CONFIG", arity: -2, .server,
            [
                Command("GET", arity: -3, flags, .server, ConfigGet.self),
                Command(
                    "SET", arity: -4, flags, .server,
                    tips: "request_policy:all_nodes response_policy:all_succeeded", ConfigSet.self),
                Command(
                    "RESETSTAT", arity: 2, flags, .server,
                    tips: "request_policy:all_nodes response_policy:all_succeeded", ConfigResetStat.self),
                Command(
                    "REWRITE", arity: 2, flags, .server,
                    tips: "request_policy:all_nodes response_policy:all_succeeded", ConfigRewrite.self),
                Command("HELP", arity: 2, [.loading, .stale], .server, ConfigHelp.self),
            ])
    ]
}

/// CONFIG GET parameter [parameter …]
enum ConfigGet: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let config = call.engine.config
        var chosen: [(name: ByteString, parameter: Parameter)] = []
        var seen: Set<ByteString> = []
        for i in 2..<args.count {
            let pattern = ByteString(args[i])
            guard ConfigGet.isPattern(pattern) else {
                // A name is answered as it was asked for.
                guard let parameter = config.parameters.find(pattern), !parameter.isFileOnly else { continue }
                if seen.insert(pattern.lowercased).inserted { chosen.append((pattern, parameter)) }
                continue
            }
            let glob = Glob(args[i], ignoringCase: true)
            for (name, index) in config.parameters.names where name.withView({ glob.matches($0) }) {
                let parameter = config.parameters.all[index]
                guard !parameter.isFileOnly, !parameter.isHidden, seen.insert(name).inserted else { continue }
                chosen.append((name, parameter))
            }
        }
        reply.map(chosen.count)
        for (name, parameter) in chosen {
            reply.bulk(name)
            reply.bulk(parameter.value(in: config.settings))
        }
    }

    private static func isPattern(_ name: ByteString) -> Bool {
        name.bytes.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") }
    }
}

/// CONFIG SET parameter value [parameter value …]
enum ConfigSet: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count % 2 == 0 else { throw .syntax }
        let config = call.engine.config
        var changes: [Config.Change] = []
        var seen: Set<ByteString> = []
        for i in stride(from: 2, to: args.count, by: 2) {
            let name = ByteString(args[i])
            guard let parameter = config.parameters.find(name), !parameter.isFileOnly else {
                throw call.refusal(
                    "ERR Unknown option or number of arguments for CONFIG SET - '\(name)'")
            }
            // Under an alias it may be there again, as in Redis: the last one wins.
            if let problem = ConfigSet.objection(parameter, call)
                ?? (seen.contains(name.lowercased) ? "duplicate parameter" : nil)
            {
                throw call.refusal("ERR \(Config.failure(name, problem))")
            }
            seen.insert(name.lowercased)
            changes.append(Config.Change(parameter, name: name, value: ByteString(args[i + 1])))
        }
        if let problem = config.change(changes, call.engine) { throw call.refusal("ERR \(problem)") }
        reply.ok()
    }

    /// Why the directive cannot be changed by this client now.
    private static func objection(_ parameter: Parameter, _ call: Call) -> ByteString? {
        let config = call.engine.config
        switch parameter.change {
        case .anytime: return nil
        case .fixed: return "can't set immutable config"
        case .protected:
            let open = config.allows(config.settings.protectedConfigs, call.session)
            return open ? nil : "can't set protected config"
        }
    }
}

/// CONFIG RESETSTAT
enum ConfigResetStat: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.engine.resetStatistics()
        reply.ok()
    }
}

/// CONFIG REWRITE
enum ConfigRewrite: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try rewrite(call, addsDefaults: false)
        reply.ok()
    }

    /// Brings the configuration file up to date; `addsDefaults` makes it hold every directive.
    static func rewrite(_ call: Call, addsDefaults: Bool) throws(Refusal) {
        let (config, host) = (call.engine.config, call.engine.host)
        guard !config.file.isEmpty else { throw .custom("ERR The server is running without a config file") }
        if let problem = replace(config, host, addsDefaults) {
            host.log(.warning, "CONFIG REWRITE failed: \(problem)")
            throw call.refusal("ERR Rewriting config file: \(problem)")
        }
        host.log(.notice, "CONFIG REWRITE executed with success.")
    }

    private static func replace(_ config: Config, _ host: any Host, _ addsDefaults: Bool) -> ByteString? {
        var old: [UInt8] = []
        switch host.readFile(config.file) {
        case .bytes(let bytes): old = bytes
        // A file that was removed is written anew.
        case .missing: break
        case .failed(let problem): return problem
        }
        let rewriter = ConfigRewriter(
            parameters: config.parameters, settings: config.settings, addsDefaults: addsDefaults)
        return host.replaceFile(config.file, rewriter.rewritten(old))
    }
}

/// CONFIG HELP
enum ConfigHelp: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.help(
            "CONFIG",
            [
                "GET <pattern> [<pattern> ...]",
                "    The directives whose names match, and their values.",
                "SET <directive> <value> [<directive> <value> ...]",
                "    Set directives: all of them, or none if one value is refused.",
                "RESETSTAT",
                "    Set the counters of INFO to zero.",
                "REWRITE",
                "    Write the present values into the configuration file.",
            ])
    }
}
