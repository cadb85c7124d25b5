// SPDX-License-Identifier: Apache-2.0
import Bytes
import Glibc

/// Sockets of C for the few talks that need no loop: telling systemd, asking whether a server answers.
enum PlainSocket {
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
