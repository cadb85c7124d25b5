// SPDX-License-Identifier: Apache-2.0
import Bytes
import Glibc

/// Sockets of C for the few talks that need no loop: telling systemd, asking whether a server answers.
enum PlainSocket {
    /// Why no server could listen on an address (a name, an IPv4 or IPv6 one, `*` or `::*` for all) and port; nil when one
    /// could. A port that is in use is none of the reasons: it may be that of the very server that is asked about.
    static func obstacle(toListeningOn address: ByteString, port: Int) -> ByteString? {
        let host: ByteString = address == "*" ? "0.0.0.0" : address == "::*" ? "::" : address
        var wanted = unsafe addrinfo()
        unsafe wanted.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(host.cString, "\(port)", &wanted, &list)
        guard status == 0, let first = unsafe list else {
            return unsafe ByteString(cString: gai_strerror(status))
        }
        defer { unsafe freeaddrinfo(first) }
        let family = unsafe first.pointee.ai_family
        let made = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard made >= 0 else { return Start.lastError() }
        defer { close(made) }
        var on: Int32 = 1
        unsafe setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        if family == AF_INET6 { unsafe setsockopt(made, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, 4) }
        let bound = unsafe bind(made, first.pointee.ai_addr, first.pointee.ai_addrlen)
        return bound == 0 || errno == EADDRINUSE ? nil : Start.lastError()
    }

    /// Calls `body` with the address of a Unix socket: a path, or a name behind `@` in the abstract space. Nil when the
    /// path is too long for one.
    static func withUnixAddress<Result>(
        _ path: ByteString, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = path.bytes
        let isAbstract = path.hasPrefix("@")
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        // A path ends with a zero, an abstract name begins with one.
        guard !bytes.isEmpty, bytes.count + (isAbstract ? 0 : 1) <= capacity else { return nil }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
            for (index, byte) in bytes.enumerated() { unsafe room[index] = byte }
            if isAbstract { unsafe room[0] = 0 }
        }
        let length = MemoryLayout<sockaddr_un>.size - capacity + bytes.count + (isAbstract ? 0 : 1)
        return unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, socklen_t(length)) }
        }
    }
}
