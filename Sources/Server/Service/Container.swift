// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Glibc
import RESP

/// What is different inside a container image, which says so by `NEEDLETAIL_CONTAINER=yes` in its environment.
///
/// - Protected mode is off unless configured: every client comes from outside, and who can reach the server is decided by
///   the ports that are published.
/// - The password may come from the environment or from a file of secrets.
/// - A data folder that cannot be written to ends the start.
enum Container {
    static var isHere: Bool { Environment.text("NEEDLETAIL_CONTAINER") == "yes" }

    /// Names under which an image starts a server.
    private static let serverNames: Set<ByteString> = ["needletail", "redis-server", "valkey-server"]
    /// Variables that hold a password, the first that is set counts; with `_FILE` behind it, the path of a file.
    private static let passwordNames = ["NEEDLETAIL_PASSWORD", "VALKEY_PASSWORD", "REDIS_PASSWORD"]

    // MARK: Entry point

    /// `needletail entrypoint`, with what follows it: options, a file that ends in `.conf`, or the name of a server with
    /// its arguments start the server; anything else is a command of its own and takes the place of this process.
    static func enter(_ arguments: [ByteString]) -> Int32 {
        guard let first = arguments.first, !isForServer(first) else { return Start.run(arguments) }
        if serverNames.contains(lastComponent(first)) { return Start.run(Array(arguments.dropFirst())) }
        let reason = Execution.replaceProcess(first, arguments)
        Start.say(STDERR_FILENO, "needletail: cannot run '\(first)': \(reason.text)")
        return reason.isMissing ? 127 : 126
    }

    private static func isForServer(_ word: ByteString) -> Bool {
        word.hasPrefix("-") || word.hasSuffix(".conf")
    }

    private static func lastComponent(_ path: ByteString) -> ByteString {
        path.words(UInt8(ascii: "/")).last ?? path
    }

    /// The arguments of the server that is this container's first process; empty when that is something else.
    static func serverArguments() -> [ByteString] {
        arguments(ofCommandLine: ConfigFile.read(path: "/proc/1/cmdline") ?? [])
    }

    /// The server's own arguments in a command line of words that end with zeros, whatever started it.
    static func arguments(ofCommandLine bytes: [UInt8]) -> [ByteString] {
        let words = bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { ByteString($0) }
        guard let name = words.firstIndex(where: { serverNames.contains(lastComponent($0)) }) else {
            return []
        }
        var rest = words[(name + 1)...]
        if rest.first == "entrypoint" {
            rest = rest.dropFirst()
            if let first = rest.first, !isForServer(first) { rest = rest.dropFirst() }
        }
        return Array(rest)
    }

    // MARK: Configuration

    /// The lines that the environment adds behind those of the file; options win over both.
    static func lines() throws(ConfigFile.Failure) -> [UInt8] {
        for name in passwordNames {
            let fileName = name + "_FILE"
            let path = Environment.bytes(fileName).map { ByteString($0) }
            if let value = Environment.bytes(name) {
                guard path == nil else {
                    throw ConfigFile.Failure(
                        text: "Both \(name) and \(fileName) are set; only one of them may be.")
                }
                return directive(ByteString(value))
            }
            if let path { return directive(try secret(path, fileName)) }
        }
        return []
    }

    private static func directive(_ password: ByteString) -> [UInt8] {
        Array("requirepass ".utf8) + quoted(password).bytes
    }

    /// The first line of a file of secrets. An empty one is a mistake: the server would be open to all.
    private static func secret(
        _ path: ByteString, _ variable: String
    ) throws(ConfigFile.Failure) -> ByteString {
        guard var bytes = ConfigFile.read(path: path) else {
            throw ConfigFile.Failure(
                text: "\(variable): cannot read '\(path)' as uid \(geteuid()): \(Start.lastError())")
        }
        if bytes.last == 10 { bytes.removeLast() }
        if bytes.last == 13 { bytes.removeLast() }
        guard !bytes.isEmpty else { throw ConfigFile.Failure(text: "\(variable): '\(path)' is empty") }
        return ByteString(bytes)
    }

    /// Why the data folder cannot be used, and what to do about it; nil when it can. Called from inside the folder.
    static func problem(withDirectory directory: ByteString) -> ByteString? {
        guard unsafe faccessat(AT_FDCWD, ".", W_OK | X_OK, AT_EACCESS) != 0 else { return nil }
        let reason = Start.lastError()
        return """
            The data folder '\(directory)' cannot be written to by uid \(geteuid()), gid \(getegid()): \(reason).
            Give the folder to this user (chown \(geteuid()) on the host's folder), start the container as the user who \
            owns it (--user UID), mount a volume there (-v needletail-data:\(directory)), or name another folder \
            (--dir /tmp).
            """
    }
}
