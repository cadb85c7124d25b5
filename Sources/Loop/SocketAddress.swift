// SPDX-License-Identifier: Apache-2.0
import Bytes
import CLibUV
import Glibc

/// An IPv4 or IPv6 address with its port.
struct SocketAddress {
    private var storage = sockaddr_storage()

    /// An address in numbers; nil when `host` is none.
    init?(numeric host: ByteString, port: Int) {
        let isAddress = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            let v4 = unsafe pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                unsafe uv_ip4_addr(host.cString, Int32(port), $0)
            }
            if v4 == 0 { return true }
            return unsafe pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                unsafe uv_ip6_addr(host.cString, Int32(port), $0)
            } == 0
        }
        if !isAddress { return nil }
    }

    /// What a lookup has found; nil when it is of neither kind.
    init?(found entry: addrinfo, port: Int) {
        guard let address = unsafe entry.ai_addr, unsafe entry.ai_addrlen <= 28 else { return nil }
        unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            unsafe bytes.copyMemory(
                from: UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen)))
            // The port lies at the same place in both kinds of address.
            unsafe bytes.storeBytes(of: UInt16(port).bigEndian, toByteOffset: 2, as: UInt16.self)
        }
    }

    /// AF_INET or AF_INET6.
    var family: Int32 { Int32(storage.ss_family) }

    /// Calls `body` with the address as C has it.
    mutating func with(_ body: (UnsafePointer<sockaddr>) -> Int32) -> Int32 {
        unsafe withUnsafePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0) }
        }
    }
}
