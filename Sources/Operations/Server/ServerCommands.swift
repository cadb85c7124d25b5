// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands on the server as a whole.
public enum ServerCommands {
    /// The rows of the command table.
    public static let commands: [Command] = [
        Command(
            "INFO", arity: -1, [.loading, .stale, .besideUnits, .mayInterrupt], .server, acl: "@dangerous",
            tips: infoTips, Info.self),
        Command(
            "TIME", arity: 1, [.loading, .stale, .fast], .server, tips: "nondeterministic_output", Time.self),
        Command(
            "SHUTDOWN", arity: -1, [.admin, .noscript, .loading, .stale, .noMulti, .allowBusy], .server,
            Shutdown.self),
        Command("LOLWUT", arity: -1, [.readonly, .fast], .server, acl: "@read", Lolwut.self),
    ]

    private static let infoTips = "nondeterministic_output request_policy:all_shards response_policy:special"
}

/// TIME
enum Time: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.array(2)
        reply.bulk(keys.nowUs / 1_000_000)
        reply.bulk(keys.nowUs % 1_000_000)
    }
}

/// SHUTDOWN [[NOSAVE | SAVE] [NOW] [FORCE] [SAFE] [FAILOVER] | ABORT]
enum Shutdown: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let engine = call.engine
        if args.count == 2, args[1].matches("ABORT") {
            guard engine.host.abortShutdown() else { throw .custom("ERR No shutdown in progress.") }
            return reply.ok()
        }
        var words: [ByteString] = []
        for i in 1..<max(args.count, 1) {
            let word = ByteString(args[i]).lowercased
            guard known.contains(word) else { throw .syntax }
            words.append(word)
        }
        let modes = ShutdownModes(words: words)
        guard !modes.isSuperset(of: [.save, .noSave]) else { throw .syntax }
        if engine.hasOpenUnit, !modes.contains(.noSave) {
            throw call.refusal(engine.refusalBesideUnit ?? "BUSY Redis is busy running a script.")
        }
        guard engine.prepareShutdown(modes) else {
            throw .custom("ERR Errors trying to SHUTDOWN. Check logs.")
        }
        engine.host.requestShutdown()
        call.leaveUnanswered()
    }

    private static let known: [ByteString] = ["save", "nosave", "now", "force", "safe", "failover"]
}

/// INFO [section [section …]]
enum Info: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let text = call.engine.part(InfoPart.self).text
        defer { text.clear() }
        for section in call.engine.info.sections where wants(section, args) {
            if text.count > 0 { text.add("\r\n") }
            text.add("# ")
            text.add(section.name)
            text.add("\r\n")
            section.write(call.engine, text)
        }
        reply.verbatim("txt", text.view)
    }

    private static func wants(_ section: InfoSection, _ args: Arguments) -> Bool {
        if args.count == 1 { return section.isDefault }
        for i in 1..<args.count {
            if args[i].matches("ALL") || args[i].matches("EVERYTHING") {
                if !section.isNamedOnly { return true }
            }
            if args[i].matches("DEFAULT"), section.isDefault { return true }
            if section.key.withView({ args[i].equalsIgnoringCase($0) }) { return true }
        }
        return false
    }
}
