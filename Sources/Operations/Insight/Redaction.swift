// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import RESP

/// Which arguments of commands are secrets, which neither logs nor MONITOR may show.
enum Redaction {
    static let mark = Array("(redacted)".utf8)

    /// Directives whose values are secret.
    private static let directives: Set<String> = [
        "requirepass", "masterauth", "masteruser", "tls-key-file-pass", "tls-client-key-file-pass",
    ]

    /// The places of the secrets among the arguments of a command.
    static func secrets(_ engine: Engine, _ index: Int, _ args: Arguments) -> Set<Int> {
        switch engine.table.fullName(index) {
        case "auth": return all(args, from: 1)
        case "acl|setuser", "acl|getuser", "acl|deluser": return all(args, from: 2)
        case "hello": return behind(args, "AUTH", 2)
        case "migrate": return behind(args, "AUTH", 1).union(behind(args, "AUTH2", 2))
        case "config|set":
            let values = stride(from: 2, to: args.count - 1, by: 2).filter { name in
                directives.contains(engine.config.parameters.find(ByteString(args[name]))?.name ?? "")
            }
            return Set(values.map { $0 + 1 })
        default: return []
        }
    }

    private static func all(_ args: Arguments, from first: Int) -> Set<Int> {
        first < args.count ? Set(first..<args.count) : []
    }

    /// So many arguments behind each occurrence of a word.
    private static func behind(_ args: Arguments, _ word: StaticString, _ count: Int) -> Set<Int> {
        var found: Set<Int> = []
        for index in 1..<max(args.count, 1) where args[index].matches(word) {
            for secret in (index + 1)..<(index + 1 + count) where secret < args.count { found.insert(secret) }
        }
        return found
    }
}
