// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Glibc

/// `needletail healthcheck`: whether the server of this configuration answers.
///
/// A server is healthy that answers a PING within two seconds, with whatever it has to say: one that loads its data, or
/// wants another password, lives. With `--ready` only PONG counts.
struct HealthCheck {
    /// For connecting, asking and listening together, in ns.
    private static let budgetNs: Int64 = 2_000_000_000
    private static let replyBytesMax = 4096

    private let deadlineNs = Clock.monotonicNs() + HealthCheck.budgetNs

    /// What is wrong, for standard error.
    struct Failure: Error {
        let text: ByteString
    }

    /// Runs the check with what follows the word `healthcheck`: the server's own file and options, and `--socket PATH`
    /// and `--ready`. Inside a container and without any of these it takes those of the server there.
    /// - Returns: 0: it answers; 1: it does not, and standard error says why.
    static func run(_ arguments: [ByteString]) -> Int32 {
        if let first = arguments.first, first == "--help" || first == "-h" {
            Start.say(STDOUT_FILENO, usage)
            return 0
        }
        var rest: [ByteString] = []
        var socket: ByteString?
        var wantsReady = false
        var words = arguments[...]
        while let word = words.popFirst() {
            if word == "--ready" {
                wantsReady = true
            } else if word == "--socket", let path = words.popFirst() {
                socket = path
            } else {
                rest.append(word)
            }
        }
        if rest.isEmpty, socket == nil, Container.isHere { rest = Container.serverArguments() }
        do throws(Failure) {
            let settings = try settings(rest)
            let reply = try HealthCheck().ask(settings, socket: socket)
            let isReady = reply == "+PONG"
            // It lives, but says what keeps it from more.
            if !isReady { Start.say(wantsReady ? STDERR_FILENO : STDOUT_FILENO, reply.dropFirst()) }
            return isReady || !wantsReady ? 0 : 1
        } catch {
            Start.say(STDERR_FILENO, "needletail healthcheck: \(error.text)")
            return 1
        }
    }

    private static let usage: ByteString = """
        Usage: needletail healthcheck [--ready] [--socket PATH] [configuration file] [--directive value ...]...

        Sends a PING to the server of this configuration, and exits with 0 when it answers within 2 seconds, whatever it
        says, with 1 otherwise. In a container the server's own arguments are known.

               --ready          only PONG counts: a server that loads its data, or wants a password, is not ready
               --socket PATH    ask over this Unix socket
        """

    private static func settings(_ arguments: [ByteString]) throws(Failure) -> Settings {
        do throws(ConfigFile.Failure) {
            return try Start.configuration(arguments, standardInput: { [] }).settings
        } catch {
            throw Failure(text: error.text)
        }
    }

    /// Asks the server; the last line that it says is the answer to PING.
    private func ask(_ settings: Settings, socket path: ByteString?) throws(Failure) -> ByteString {
        let path = path ?? (settings.port == 0 ? settings.unixSocket : "")
        let target: ByteString = path.isEmpty ? "port \(settings.port)" : path
        guard !path.isEmpty || settings.port > 0 else { throw Failure(text: "the server listens nowhere") }
        let socket = path.isEmpty ? connect(settings) : connect(unix: path)
        guard socket >= 0 else { throw Failure(text: "cannot connect to \(target): \(Start.lastError())") }
        defer { close(socket) }
        var request: [UInt8] = []
        let greets = !settings.password.isEmpty
        if greets { HealthCheck.append(["AUTH", settings.password], &request) }
        HealthCheck.append(["PING"], &request)
        let sent = unsafe request.withUnsafeBytes {
            unsafe send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard sent == request.count else { throw Failure(text: "cannot ask \(target): \(Start.lastError())") }
        let lines = receive(greets ? 2 : 1, socket)
        guard let last = lines.last, last.hasPrefix("+") || last.hasPrefix("-") else {
            throw Failure(text: "no answer from \(target) within 2 seconds")
        }
        return last
    }

    private static func append(_ words: [ByteString], _ out: inout [UInt8]) {
        out += "*\(words.count)\r\n".utf8
        for word in words {
            out += "$\(word.count)\r\n".utf8
            out += word.bytes
            out += "\r\n".utf8
        }
    }

    /// Reads until so many lines are there, the server has closed, or time is up. A refusal of the whole connection is
    /// one line, however many were asked for.
    private func receive(_ count: Int, _ socket: Int32) -> [ByteString] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 512)
        while bytes.count < HealthCheck.replyBytesMax, bytes.count(where: { $0 == 10 }) < count, bound(socket)
        {
            let got = unsafe piece.withUnsafeMutableBytes { unsafe recv(socket, $0.baseAddress, $0.count, 0) }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { break }
            bytes += piece.prefix(got)
        }
        let whole = bytes.prefix(through: bytes.lastIndex(of: 10) ?? -1)
        return whole.split { $0 == 10 || $0 == 13 }.map { ByteString($0) }
    }

    // MARK: Connections

    /// Lets the next call on a socket take no longer than what is left of the budget; false when nothing is.
    private func bound(_ socket: Int32) -> Bool {
        let leftUs = (deadlineNs - Clock.monotonicNs()) / 1000
        guard leftUs > 0 else { return false }
        var time = timeval(tv_sec: Int(leftUs / 1_000_000), tv_usec: Int(leftUs % 1_000_000))
        let size = socklen_t(MemoryLayout<timeval>.size)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            guard unsafe setsockopt(socket, SOL_SOCKET, option, &time, size) == 0 else { return false }
        }
        return true
    }

    private func connect(unix path: ByteString) -> Int32 {
        let made = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard made >= 0, bound(made) else { return -1 }
        let status = unsafe PlainSocket.withUnixAddress(path) { unsafe Glibc.connect(made, $0, $1) }
        return connected(made, status ?? -1)
    }

    /// Connects to the address that the server is bound to: the loopback one where that is among them.
    private func connect(_ settings: Settings) -> Int32 {
        let addresses = settings.bind.map { $0.hasPrefix("-") ? $0.dropFirst() : $0 }
        let onLoopback: Set<ByteString> = ["*", "0.0.0.0", "127.0.0.1", "localhost"]
        if addresses.isEmpty || addresses.contains(where: onLoopback.contains) {
            return connect("127.0.0.1", settings.port)
        }
        for address in addresses {
            let made = connect(address == "::*" || address == "::" ? "::1" : address, settings.port)
            if made >= 0 { return made }
        }
        return -1
    }

    private func connect(_ host: ByteString, _ port: Int) -> Int32 {
        var wanted = unsafe addrinfo()
        unsafe wanted.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host.cString, "\(port)", &wanted, &list) == 0, let first = unsafe list else {
            errno = EHOSTUNREACH
            return -1
        }
        defer { unsafe freeaddrinfo(first) }
        let family = unsafe first.pointee.ai_family
        let made = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard made >= 0, bound(made) else { return -1 }
        let status = unsafe Glibc.connect(made, first.pointee.ai_addr, first.pointee.ai_addrlen)
        return connected(made, status)
    }

    private func connected(_ socket: Int32, _ status: Int32) -> Int32 {
        if status == 0 { return socket }
        let reason = errno == EINPROGRESS ? ETIMEDOUT : errno
        close(socket)
        errno = reason
        return -1
    }
}
