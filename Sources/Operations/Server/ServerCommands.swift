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
            "INFO", arity: -1, [.loading, .stale], .server, acl: "@dangerous", tips: infoTips, Info.self),
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
        var saves = false
        var savesNot = false
        var aborts = false
        for i in 1..<max(args.count, 1) {
            let word = args[i]
            if word.matches("SAVE") {
                saves = true
            } else if word.matches("NOSAVE") {
                savesNot = true
            } else if word.matches("ABORT") {
                aborts = true
            } else {
                // These hasten an end that waits for replicas or a save, of which there are none.
                let isKnown =
                    word.matches("NOW") || word.matches("FORCE") || word.matches("SAFE")
                    || word.matches("FAILOVER")
                guard isKnown else { throw .syntax }
            }
        }
        guard !(saves && savesNot), !aborts || args.count == 2 else { throw .syntax }
        if aborts {
            guard call.engine.host.abortShutdown() else { throw .custom("ERR No shutdown in progress.") }
            return reply.ok()
        }
        if saves { throw .custom("ERR SHUTDOWN SAVE is not built yet; only SHUTDOWN NOSAVE is accepted") }
        call.engine.host.requestShutdown()
        call.leaveUnanswered()
    }
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
