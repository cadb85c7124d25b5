// SPDX-License-Identifier: Apache-2.0
// A blocking client over a raw socket, in which every wait has a limit.

import Foundation

/// One connection. Not for use by two threads at once.
public final class Client {
    /// Seconds that a single write or a single reply may take.
    public var timeout: Double = 20

    private var socket: Int32 = -1
    private var inbound: [UInt8] = []
    /// Where the unread bytes of `inbound` begin.
    private var consumed = 0

    /// Connects to a TCP port of this machine; `host` is a numeric IPv4 or IPv6 address.
    public init(port: Int, host: String = "127.0.0.1", timeout: Double = 20) throws {
        self.timeout = timeout
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &found)
        guard status == 0, let found else {
            throw SupportError("\(host): \(String(cString: gai_strerror(status)))")
        }
        defer { freeaddrinfo(found) }
        try connect(family: found.pointee.ai_family, found.pointee.ai_addr, found.pointee.ai_addrlen)
        var on: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Connects to a Unix socket.
    public init(path: String, timeout: Double = 20) throws {
        self.timeout = timeout
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SupportError("path too long")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        try withUnsafePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try connect(family: AF_UNIX, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    deinit { close() }

    private func connect(family: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) throws {
        socket = Glibc.socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw SupportError.system("socket") }
        guard Glibc.connect(socket, address, length) == 0 else {
            let error = SupportError.system("connect")
            close()
            throw error
        }
        _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK)
    }

    public func close() {
        if socket >= 0 { Glibc.close(socket) }
        socket = -1
    }

    /// Closes with a reset instead of in order.
    public func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        close()
    }

    /// Tells the server that nothing more will be sent; replies can still be read.
    public func closeSending() { shutdown(socket, Int32(SHUT_WR)) }

    // MARK: Sending

    /// One command in its wire form.
    public static func encode(_ arguments: [[UInt8]]) -> [UInt8] {
        var bytes = Array("*\(arguments.count)\r\n".utf8)
        for argument in arguments {
            bytes += Array("$\(argument.count)\r\n".utf8) + argument + [13, 10]
        }
        return bytes
    }

    public static func encode(_ arguments: [String]) -> [UInt8] { encode(arguments.map { Array($0.utf8) }) }

    public func send(_ arguments: String...) throws { try send(raw: Client.encode(arguments)) }

    public func send(raw text: String) throws { try send(raw: Array(text.utf8)) }

    /// Sends bytes as they are. Replies that arrive meanwhile are taken in, so that a long pipeline cannot lock up.
    public func send(raw bytes: [UInt8]) throws {
        let deadline = Deadline(seconds: timeout)
        var sent = 0
        while sent < bytes.count {
            let events = try waitFor(Int16(POLLIN | POLLOUT), deadline)
            if events & Int16(POLLIN) != 0, try !receive() {
                throw SupportError("closed by the server while sending")
            }
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 { sent += count }
            if count < 0 && errno != EAGAIN && errno != EINTR { throw SupportError.system("send") }
        }
    }

    /// Sends bytes as they are without taking anything in; fails when the server has gone.
    public func sendDeaf(_ bytes: [UInt8]) throws {
        let deadline = Deadline(seconds: timeout)
        var sent = 0
        while sent < bytes.count {
            _ = try waitFor(Int16(POLLOUT), deadline)
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 { sent += count }
            if count < 0 && errno != EAGAIN && errno != EINTR { throw SupportError.system("send") }
        }
    }

    // MARK: Receiving

    /// Sends one command and returns its reply.
    @discardableResult
    public func call(_ arguments: String...) throws -> Resp { try call(arguments) }

    @discardableResult
    public func call(_ arguments: [String]) throws -> Resp {
        try send(raw: Client.encode(arguments))
        return try read()
    }

    @discardableResult
    public func call(bytes arguments: [[UInt8]]) throws -> Resp {
        try send(raw: Client.encode(arguments))
        return try read()
    }

    /// The next reply.
    public func read() throws -> Resp { try readReply(Deadline(seconds: timeout)) }

    /// The next `count` replies.
    public func read(_ count: Int) throws -> [Resp] { try (0..<count).map { _ in try read() } }

    /// The bytes that have arrived and were not read yet, as they are.
    public func takeRaw() throws -> [UInt8] {
        while try hasMore() { if try !receive() { break } }
        defer { consumed = inbound.count }
        return Array(inbound[consumed...])
    }

    private func hasMore() throws -> Bool {
        var watched = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return poll(&watched, 1, 0) > 0
    }

    /// Whether anything has arrived that was not read yet.
    public func hasInput() throws -> Bool {
        if consumed < inbound.count { return true }
        _ = try receive()
        return consumed < inbound.count
    }

    /// Whether the server closes the connection; everything it still sends is taken in and can be read.
    public func isClosedByServer(within seconds: Double = 20) throws -> Bool {
        let deadline = Deadline(seconds: seconds)
        while !deadline.hasPassed {
            guard let events = try? waitFor(Int16(POLLIN), deadline) else { return false }
            if events != 0, try !receive() { return true }
        }
        return false
    }

    /// Every byte until the server closes the connection.
    public func readToEnd() throws -> [UInt8] {
        guard try isClosedByServer(within: timeout) else {
            throw SupportError("still open after \(timeout) s")
        }
        defer { consumed = inbound.count }
        return Array(inbound[consumed...])
    }

    private func waitFor(_ events: Int16, _ deadline: Deadline) throws -> Int16 {
        guard socket >= 0 else { throw SupportError("the connection is closed") }
        var watched = pollfd(fd: socket, events: events, revents: 0)
        let count = poll(&watched, 1, deadline.millisecondsLeft)
        if count < 0 && errno != EINTR { throw SupportError.system("poll") }
        if count == 0 { throw SupportError("no answer in time; unread: \(inbound.count - consumed) bytes") }
        return count < 0 ? 0 : watched.revents
    }

    /// Takes in what has arrived; false at the end of the stream. An idle client keeps no buffer: there may be thousands.
    private func receive() throws -> Bool {
        if consumed > 1 << 20 {
            inbound.removeFirst(consumed)
            consumed = 0
        }
        let count = withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { chunk in
            let count = recv(socket, chunk.baseAddress, chunk.count, 0)
            if count > 0 { inbound += chunk[..<count] }
            return count
        }
        if count >= 0 { return count > 0 }
        if errno == EAGAIN || errno == EINTR { return true }
        if errno != ECONNRESET { throw SupportError.system("recv") }
        return false
    }

    private func fill(_ deadline: Deadline) throws {
        if try waitFor(Int16(POLLIN), deadline) != 0, try !receive() {
            throw SupportError("closed by the server")
        }
    }

    private func readLine(_ deadline: Deadline) throws -> String {
        var scanned = consumed
        while true {
            if let end = inbound[scanned...].firstIndex(of: 13), end + 1 < inbound.count {
                guard inbound[end + 1] == 10 else { throw SupportError("a reply line without its line feed") }
                defer { consumed = end + 2 }
                return String(decoding: inbound[consumed..<end], as: UTF8.self)
            }
            scanned = max(consumed, inbound.count - 1)
            let before = consumed
            try fill(deadline)
            scanned -= before - consumed
        }
    }

    private func readBytes(_ count: Int, _ deadline: Deadline) throws -> [UInt8] {
        guard count >= 0 else { throw SupportError("a reply of \(count) bytes") }
        while inbound.count - consumed < count + 2 { try fill(deadline) }
        let end = consumed + count
        guard inbound[end] == 13, inbound[end + 1] == 10 else {
            throw SupportError("a bulk reply without its end")
        }
        defer { consumed = end + 2 }
        return Array(inbound[consumed..<end])
    }

    private func readElements(_ count: Int, _ deadline: Deadline) throws -> [Resp] {
        guard count >= 0 else { throw SupportError("a reply of \(count) elements") }
        return try (0..<count).map { _ in try readReply(deadline) }
    }

    private func readReply(_ deadline: Deadline) throws -> Resp {
        let line = try readLine(deadline)
        guard let type = line.first else { throw SupportError("an empty reply line") }
        let rest = String(line.dropFirst())
        switch type {
        case "+": return .simple(rest)
        case "-": return .error(rest)
        case "_": return .null
        case ",": return .double(rest)
        case "(": return .bigNumber(rest)
        case "#":
            guard rest == "t" || rest == "f" else { throw SupportError("a boolean \(rest)") }
            return .boolean(rest == "t")
        default: break
        }
        guard let number = Int64(rest) else {
            throw SupportError("a reply that begins with \(line.prefix(60))")
        }
        let count = Int(number)
        switch (type, count) {
        case (":", _): return .integer(number)
        case ("$", -1): return .nullBulk
        case ("*", -1): return .nullArray
        case ("$", _): return .bulk(try readBytes(count, deadline))
        case ("!", _): return .blobError(try readBytes(count, deadline))
        case ("=", 4...):
            let bytes = try readBytes(count, deadline)
            return .verbatim(format: String(decoding: bytes[..<3], as: UTF8.self), Array(bytes[4...]))
        case ("*", _): return .array(try readElements(count, deadline))
        case ("~", _): return .set(try readElements(count, deadline))
        case (">", _): return .push(try readElements(count, deadline))
        case ("%", _): return .map(try readElements(count * 2, deadline))
        case ("|", _): return .attributed(try readElements(count * 2, deadline), try readReply(deadline))
        default: throw SupportError("a reply that begins with \(line.prefix(60))")
        }
    }
}
