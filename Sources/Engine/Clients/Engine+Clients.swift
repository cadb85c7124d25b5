// SPDX-License-Identifier: Apache-2.0
import Bytes
import RESP

// What the log is told of clients, and those that are no clients at all.

extension Engine {
    /// A session's line of CLIENT LIST for the log, without what the client named itself if that is to be hidden.
    public func description(of session: Session) -> [UInt8] {
        var text: [UInt8] = []
        describe(session, hidesUserData: config.settings.service.hidesUserData, &text)
        return text
    }

    /// Logs a line about a session, with its description between the two texts.
    public func log(_ level: LogLevel, _ before: String, _ session: Session, _ after: String = "") {
        host.log(level, Array(before.utf8) + description(of: session) + Array(after.utf8))
    }

    // MARK: Protocol errors

    /// Of input that is no RESP so much is shown from its beginning, and as much from its end.
    private static let shownBytes = 64

    /// Logs that a session's input broke the protocol; `input` begins with the request.
    func logProtocolError(_ reason: ByteString, _ session: Session, _ input: ByteView) {
        var line = ("Protocol error (\(reason)) from client: " as ByteString).bytes + description(of: session)
        line += ". Query buffer during protocol error: ".utf8
        if config.settings.service.hidesUserData {
            line += "*redacted*".utf8
        } else {
            line += "'".utf8
            let (count, shown) = (input.count, Engine.shownBytes)
            if count <= 2 * shown {
                Engine.appendPlain(input, &line)
            } else {
                Engine.appendPlain(input[0..<shown], &line)
                line += " (... more \(count - 2 * shown) bytes ...) ".utf8
                Engine.appendPlain(input[(count - shown)..<count], &line)
            }
            line += "'".utf8
        }
        host.log(.verbose, line)
    }

    /// Appends bytes of which all that is no visible character becomes a dot.
    private static func appendPlain(_ bytes: ByteView, _ line: inout [UInt8]) {
        for i in 0..<bytes.count { line.append(32...126 ~= bytes[i] ? bytes[i] : UInt8(ascii: ".")) }
    }

    // MARK: Intruders

    /// Whether a command's name is the beginning of a line of HTTP. A web page can make a browser send a request whose
    /// body holds commands; the lines ahead of them give it away.
    func isHTTP(_ name: ByteView) -> Bool { name.matches("POST") || name.matches("HOST:") }

    /// Closes a connection over which somebody speaks HTTP: nothing is answered, and nothing more of it runs.
    func repel(_ session: Session) {
        clients.kill(session)
        guard repelLog.allows(keys.nowMs) else { return }
        host.log(
            .warning,
            "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Needletail. "
                + "This is likely due to an attacker attempting to use Cross Protocol Scripting to compromise your "
                + "Needletail instance. Connection from \(session.address) aborted.")
    }
}
