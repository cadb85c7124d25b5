// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Glibc

// What a start would stumble over beyond the text of the configuration: files and addresses of this machine.

extension ConfigFile {
    /// Everything that is wrong with the configuration these arguments ask for, one line of text each. Nothing is
    /// changed, and nothing is created.
    static func check(
        _ arguments: [ByteString], defaults: Settings = Settings(),
        _ surroundings: Surroundings = Surroundings()
    ) -> [ByteString] {
        let reader = ConfigFile(Config(defaults, features: Wiring.features), surroundings, findsAll: true)
        reader.take(arguments)
        reader.lookAround()
        return reader.problems.map { problem in
            if problem.line == 0 { return problem.text }
            let place = problem.file.isEmpty ? "options" : problem.file
            return "\(place):\(problem.line): \(problem.text)\n>>> '\(problem.shown)'"
        }
    }

    private func lookAround() {
        let settings = config.settings
        if let reason = ConfigFile.obstacle(toWriting: settings.logFile) {
            note("Can't open the log file: \(reason)", at: "logfile")
        }
        if settings.port > 0 {
            // An address with a dash before it may be missing.
            for address in settings.bind where !address.hasPrefix("-") {
                guard let reason = PlainSocket.obstacle(toListeningOn: address, port: settings.port) else {
                    continue
                }
                note(
                    "Could not create server TCP listening socket \(address):\(settings.port): \(reason)",
                    at: "bind")
            }
        }
        if !settings.unixSocket.isEmpty, let reason = ConfigFile.obstacle(inFolderOf: settings.unixSocket) {
            note("Failed opening Unix socket: bind: \(reason)", at: "unixsocket")
        }
    }

    /// Notes a problem with what a directive says, at the line that says it.
    private func note(_ text: ByteString, at directive: ByteString) {
        note(text, settled[directive] ?? Problem(text: ""))
    }

    /// Why a file cannot be opened for writing; nil when it can, or could be made.
    private static func obstacle(toWriting path: ByteString) -> ByteString? {
        if path.isEmpty { return nil }
        let file = unsafe open(path.cString, O_WRONLY | O_APPEND | O_CLOEXEC)
        if file >= 0 {
            close(file)
            return nil
        }
        return errno == ENOENT ? obstacle(inFolderOf: path) : Start.lastError()
    }

    /// Why nothing can be made in the folder of a path; nil when it can.
    private static func obstacle(inFolderOf path: ByteString) -> ByteString? {
        let end = path.bytes.lastIndex(of: UInt8(ascii: "/"))
        let folder = end.map { ByteString(path.bytes[...$0]) } ?? "."
        return unsafe access(folder.cString, W_OK | X_OK) == 0 ? nil : Start.lastError()
    }
}
