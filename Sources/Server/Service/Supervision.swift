// SPDX-License-Identifier: Apache-2.0
import Bytes
import Glibc

/// Who started the server and waits to be told how it fares (`supervised`).
enum Supervision: Equatable {
    case none
    /// A socket takes one datagram per message, as sd_notify(3) describes.
    case systemd(socket: ByteString)
    /// The process stops itself to say that it is ready.
    case upstart

    /// What a value of the directive means in this environment, and what is to be logged if it cannot be had.
    static func chosen(_ directive: String) -> (supervision: Supervision, warning: ByteString?) {
        let socket = Environment.bytes("NOTIFY_SOCKET").map { ByteString($0) }
        switch directive {
        case "systemd", "auto":
            if let socket { return (.systemd(socket: socket), nil) }
            if directive == "auto" { break }
            return (.none, "systemd supervision requested, but NOTIFY_SOCKET is not set: nobody is told")
        case "upstart": break
        default: return (.none, nil)
        }
        if Environment.text("UPSTART_JOB") != nil { return (.upstart, nil) }
        if directive == "auto" { return (.none, nil) }
        return (.none, "upstart supervision requested, but UPSTART_JOB is not set: nobody is told")
    }

    /// As INFO says it.
    var name: String {
        switch self {
        case .none: "no"
        case .systemd: "systemd"
        case .upstart: "upstart"
        }
    }

    /// The server accepts connections.
    func ready() {
        switch self {
        case .none: break
        case .systemd: tell("STATUS=Ready to accept connections\nREADY=1\n")
        case .upstart:
            // Upstart lets the process go on.
            raise(SIGSTOP)
            Environment.remove("UPSTART_JOB")
        }
    }

    /// What the server does at present, for `systemctl status`.
    func status(_ text: String) { tell("STATUS=\(text)\n") }

    /// The server is about to end.
    func stopping() { tell("STATUS=Shutting down\nSTOPPING=1\n") }

    private func tell(_ message: String) {
        guard case .systemd(let path) = self else { return }
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return }
        defer { close(socket) }
        let bytes = Array(message.utf8)
        // Nobody to hear it is no reason to fail.
        _ = unsafe PlainSocket.withUnixAddress(path) { address, length in
            unsafe bytes.withUnsafeBytes {
                unsafe sendto(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL), address, length)
            }
        }
    }
}
