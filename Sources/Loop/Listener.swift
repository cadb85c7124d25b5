// SPDX-License-Identifier: Apache-2.0
import Bytes
import CLibUV
import Glibc

/// A listening socket, TCP or Unix.
@safe public final class Listener {
    /// Why a socket could not be opened.
    public struct Failure: Error { public let message: ByteString }

    private let handle: UnsafeMutablePointer<uv_stream_t>
    private let loop: EventLoop
    private let buffer: Stream.SharedBuffer
    private let isTCP: Bool
    private let onAccept: (Stream) -> Void
    private let onError: (String) -> Void
    private var isClosed = false
    /// How many connections may still be taken in before the next turn.
    private var acceptsLeft = Int.max
    /// A connection waits in libuv's hands, which does not poll for more until it is taken.
    private var holdsOne = false

    /// What sockets are made with.
    public struct Options: Sendable {
        /// SO_MARK, for the firewall's rules; 0: none.
        public var mark = 0
        /// Multipath TCP, where the kernel has it.
        public var isMultipath = false
        public init() {}
        var areOrdinary: Bool { mark == 0 && !isMultipath }
    }

    private init(
        _ loop: EventLoop, isTCP: Bool, _ buffer: Stream.SharedBuffer,
        onAccept: @escaping (Stream) -> Void, onError: @escaping (String) -> Void
    ) {
        self.loop = loop
        self.isTCP = isTCP
        self.buffer = buffer
        self.onAccept = onAccept
        self.onError = onError
        unsafe handle = loop.makeSocket(isTCP: isTCP)
    }

    /// Listens on an address (a name, an IPv4 or IPv6 address, `*` or `::*` for all) and port.
    public static func tcp(
        _ loop: EventLoop, address: ByteString, port: Int, backlog: Int, options: Options = Options(),
        _ buffer: Stream.SharedBuffer,
        onAccept: @escaping (Stream) -> Void, onError: @escaping (String) -> Void
    ) throws(Failure) -> Listener {
        let host: ByteString = address == "*" ? "0.0.0.0" : address == "::*" ? "::" : address
        let listener = Listener(loop, isTCP: true, buffer, onAccept: onAccept, onError: onError)
        var status = listener.bindNumeric(host, port, options)
        if status == UV_EINVAL.rawValue, let resolved = resolve(host) {
            status = listener.bindNumeric(resolved, port, options)
        }
        if status == 0 { status = listener.listen(backlog) }
        if status != 0 {
            listener.close()
            throw Failure(message: ByteString(EventLoop.message(status)))
        }
        return listener
    }

    /// Listens on a Unix socket, created under a tight umask and given `permissions` (0: as the umask says) and a
    /// group (its name or number; empty: the process's own).
    public static func unix(
        _ loop: EventLoop, path: ByteString, permissions: Int, group: ByteString = "", backlog: Int,
        _ buffer: Stream.SharedBuffer,
        onAccept: @escaping (Stream) -> Void, onError: @escaping (String) -> Void
    ) throws(Failure) -> Listener {
        let bytesMax = MemoryLayout.size(ofValue: sockaddr_un().sun_path)
        guard path.count < bytesMax else {
            throw Failure(
                message: "unix socket path too long (\(path.count)), must be under \(bytesMax)")
        }
        let listener = Listener(loop, isTCP: false, buffer, onAccept: onAccept, onError: onError)
        _ = unsafe unlink(path.cString)
        let mask = permissions != 0 ? umask(0o777 & ~mode_t(permissions)) : umask(0)
        if permissions == 0 { _ = umask(mask) }
        var status = unsafe listener.handle.withMemoryRebound(to: uv_pipe_t.self, capacity: 1) {
            unsafe uv_pipe_bind($0, path.cString)
        }
        // What libuv calls a lack of permission, to be like elsewhere, may be a folder that is missing.
        let isMissing = status == UV_EACCES.rawValue && errno == ENOENT
        if permissions != 0 {
            _ = umask(mask)
            if status == 0 { _ = unsafe chmod(path.cString, mode_t(permissions)) }
        }
        if status == 0, !group.isEmpty {
            guard let number = groupNumber(group) else {
                listener.close()
                throw Failure(message: "there is no group '\(group)'")
            }
            if unsafe chown(path.cString, uid_t.max, number) != 0 { status = -errno }
        }
        if status == 0 { status = listener.listen(backlog) }
        if status != 0 {
            listener.close()
            throw Failure(message: ByteString("bind: " + EventLoop.message(isMissing ? -ENOENT : status)))
        }
        return listener
    }

    /// The number of a group that is given by its name or number.
    private static func groupNumber(_ group: ByteString) -> gid_t? {
        if let entry = unsafe getgrnam(group.cString) { return unsafe entry.pointee.gr_gid }
        return group.withView(\.unsignedInteger).flatMap { gid_t(exactly: $0) }
    }

    /// Gives the handle a socket that libuv would not make so.
    private static func open(_ tcp: UnsafeMutablePointer<uv_tcp_t>, _ family: Int32, _ options: Options)
        -> Int32
    {
        if options.areOrdinary { return 0 }
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        // IPPROTO_MPTCP, which the C library's headers may not name yet.
        let file = socket(family, kind, options.isMultipath ? 262 : 0)
        guard file >= 0 else { return -errno }
        var mark = UInt32(truncatingIfNeeded: options.mark)
        if mark != 0, unsafe setsockopt(file, SOL_SOCKET, SO_MARK, &mark, 4) != 0 {
            let status = -errno
            Glibc.close(file)
            return status
        }
        return unsafe uv_tcp_open(tcp, file)
    }

    private func bindNumeric(_ host: ByteString, _ port: Int, _ options: Options) -> Int32 {
        guard var address = SocketAddress(numeric: host, port: port) else { return UV_EINVAL.rawValue }
        let family = address.family
        return unsafe handle.withMemoryRebound(to: uv_tcp_t.self, capacity: 1) { tcp in
            let status = unsafe Listener.open(tcp, family, options)
            if status != 0 { return status }
            let flags = family == AF_INET6 ? UV_TCP_IPV6ONLY.rawValue : 0
            return unsafe address.with { unsafe uv_tcp_bind(tcp, $0, flags) }
        }
    }

    /// The first numeric address of a name.
    private static func resolve(_ name: ByteString) -> ByteString? {
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(name.cString, nil, nil, &list) == 0, let first = unsafe list else {
            return nil
        }
        defer { unsafe freeaddrinfo(first) }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let status = unsafe getnameinfo(
            first.pointee.ai_addr, first.pointee.ai_addrlen, &text, socklen_t(NI_MAXHOST), nil, 0,
            NI_NUMERICHOST)
        return status == 0 ? unsafe ByteString(cString: text) : nil
    }

    private func listen(_ backlog: Int) -> Int32 {
        unsafe handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        return unsafe uv_listen(handle, Int32(backlog)) { server, status in
            unsafe Unmanaged<Listener>.fromOpaque(server!.pointee.data).takeUnretainedValue().incoming(status)
        }
    }

    private func incoming(_ status: Int32) {
        // Out of descriptors: libuv has already shed the connection, so that the loop does not spin on it.
        guard status == 0 else { return onError(EventLoop.message(status)) }
        guard acceptsLeft > 0 else {
            holdsOne = true
            return
        }
        take()
    }

    private func take() {
        acceptsLeft -= 1
        let stream = Stream(loop, isTCP: isTCP, buffer)
        guard unsafe stream.accept(from: handle) else { return stream.close() }
        onAccept(stream)
    }

    /// Lets so many more connections in until this is called again; the others wait, unseen by the loop.
    public func allow(accepts: Int) {
        acceptsLeft = accepts
        guard holdsOne, !isClosed else { return }
        holdsOne = false
        take()
    }

    /// Stops listening; clients that were accepted stay. May be called twice.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        unsafe uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
            unsafe UnsafeMutableRawPointer(handle!).deallocate()
        }
    }
}
