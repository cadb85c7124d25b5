// SPDX-License-Identifier: Apache-2.0
// The bench's own client: a blocking socket with time limits, to load data fast and to ask for figures.
import Foundation

/// A reply of the server, as far as the bench needs to know it.
enum Reply {
    case text(String)
    case integer(Int)
    case error(String)
    case list([Reply])
    case null
}

/// A blocking connection to a server on the loopback interface. Every read and write ends after a minute.
final class Connection: @unchecked Sendable {
    private let socketFile: Int32
    private var buffer = [UInt8](repeating: 0, count: 65_536)
    private var start = 0
    private var end = 0

    convenience init(port: Int) throws { self.init(socket: try Connection.open(port: port)) }

    private init(socket: Int32) { socketFile = socket }

    /// A connected socket, which the caller closes.
    static func open(port: Int) throws -> Int32 {
        let socketFile = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socketFile >= 0 else { throw BenchError("no socket: errno \(errno)") }
        var address = Connection.loopback(port: port)
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socketFile, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            defer { close(socketFile) }
            throw BenchError("cannot connect to port \(port): errno \(errno)")
        }
        var on: Int32 = 1
        setsockopt(socketFile, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(socketFile, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        return socketFile
    }

    deinit { if socketFile >= 0 { close(socketFile) } }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        return address
    }

    /// A port that nobody listened on a moment ago.
    static func freePort() throws -> Int {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(file) }
        var address = loopback(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(file, pointer, size) == 0 ? getsockname(file, pointer, &size) : -1
            }
        }
        guard code == 0 else { throw BenchError("no free port: errno \(errno)") }
        return Int(in_port_t(bigEndian: address.sin_port))
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(socketFile, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw BenchError("send failed: errno \(errno)") }
            sent += count
        }
    }

    private func fill() throws {
        start = 0
        end = 0
        let count = buffer.withUnsafeMutableBytes { recv(socketFile, $0.baseAddress, $0.count, 0) }
        guard count > 0 else {
            throw BenchError(count == 0 ? "the server closed the connection" : "recv failed: errno \(errno)")
        }
        end = count
    }

    private func line() throws -> [UInt8] {
        var line: [UInt8] = []
        while true {
            while start < end {
                let byte = buffer[start]
                start += 1
                if byte == 0x0a { return line.dropLast() }
                line.append(byte)
            }
            try fill()
        }
    }

    /// Reads `count` replies of one line each (status, integer) and throws the first error among them.
    func skipLines(_ count: Int) throws {
        var left = count
        while left > 0 {
            if start == end { try fill() }
            if buffer[start] == UInt8(ascii: "-") {
                throw BenchError("the server said: " + String(decoding: try line(), as: UTF8.self))
            }
            while true {
                let found = buffer.withUnsafeBytes { bytes -> Int? in
                    let from = bytes.baseAddress! + start
                    return memchr(from, 0x0a, end - start).map { UnsafeRawPointer($0) - bytes.baseAddress! }
                }
                if let found {
                    start = found + 1
                    break
                }
                try fill()
            }
            left -= 1
        }
    }

    /// Reads one reply of any RESP2 kind.
    func reply() throws -> Reply {
        let line = try line()
        let text = String(decoding: line.dropFirst(), as: UTF8.self)
        switch line.first {
        case UInt8(ascii: "+"): return .text(text)
        case UInt8(ascii: "-"): return .error(text)
        case UInt8(ascii: ":"): return .integer(Int(text) ?? 0)
        case UInt8(ascii: "$"):
            guard var left = Int(text), left >= 0 else { return .null }
            var body: [UInt8] = []
            left += 2
            while left > 0 {
                if start == end { try fill() }
                let count = min(left, end - start)
                body += buffer[start..<start + count]
                start += count
                left -= count
            }
            return .text(String(decoding: body.dropLast(2), as: UTF8.self))
        case UInt8(ascii: "*"):
            guard let count = Int(text), count >= 0 else { return .null }
            return .list(try (0..<count).map { _ in try reply() })
        default: throw BenchError("a reply of an unknown kind: \(text.prefix(60))")
        }
    }

    /// Reads `count` replies of any kind, keeps nothing of them, and throws the first error among them.
    func skipReplies(_ count: Int) throws {
        var scanner = ReplyScanner()
        var left = count
        var error: String?
        while left > 0 {
            if start == end { try fill() }
            left -= buffer.withUnsafeBytes {
                scanner.scan(UnsafeRawBufferPointer(rebasing: $0[start..<end]), error: &error)
            }
            start = end
        }
        if let error { throw BenchError("the server said: \(error)") }
    }

    /// The fields of a section of INFO.
    func info(_ section: String) throws -> [String: String] {
        guard case .text(let info) = try must("INFO", section) else { throw BenchError("no INFO") }
        var fields: [String: String] = [:]
        for line in info.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
        }
        return fields
    }

    /// A number in INFO's section about memory.
    func memory(_ name: String) throws -> Int {
        guard let value = try info("memory")[name].flatMap({ Int($0) }) else {
            throw BenchError("no \(name)")
        }
        return value
    }

    /// Sends one command and reads its reply.
    func ask(_ words: String...) throws -> Reply {
        var text = CommandText()
        text.command(words.count)
        for word in words { text.argument(word) }
        try send(text.bytes)
        return try reply()
    }

    /// Sends one command that must not fail.
    @discardableResult
    func must(_ words: String...) throws -> Reply { try must(words) }

    /// The same.
    @discardableResult
    func must(_ words: [String]) throws -> Reply {
        var text = CommandText()
        text.command(words.count)
        for word in words { text.argument(word) }
        try send(text.bytes)
        let answer = try reply()
        if case .error(let why) = answer { throw BenchError("\(words[0]): \(why)") }
        return answer
    }

    /// Sends `count` commands of one-line replies, `pipeline` at a time.
    func pipelined(
        _ count: Int, pipeline: Int, linesEach: Int = 1, _ write: (inout CommandText, Int) -> Void
    ) throws {
        var text = CommandText()
        var index = 0
        while index < count {
            let batch = min(pipeline, count - index)
            text.bytes.removeAll(keepingCapacity: true)
            for offset in 0..<batch { write(&text, index + offset) }
            try send(text.bytes)
            try skipLines(batch * linesEach)
            index += batch
        }
    }
}
