// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Connections to a server that have said one PING and nothing more; they close with this object.
final class Crowd: @unchecked Sendable {
    private var sockets: [Int32] = []

    /// - Throws: `BenchError` when the server or the limit of open files does not allow so many.
    init(_ count: Int, port: Int) throws {
        let ping = Array("PING\r\n".utf8)
        sockets.reserveCapacity(count)
        for _ in 0..<count {
            let file = try Connection.open(port: port)
            sockets.append(file)
            let sent = ping.withUnsafeBytes { send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent == ping.count else { throw BenchError("send failed: errno \(errno)") }
        }
        for file in sockets {
            var answer = [16 of UInt8](repeating: 0)
            let count = withUnsafeMutableBytes(of: &answer) { recv(file, $0.baseAddress, $0.count, 0) }
            guard count > 0, answer[0] == UInt8(ascii: "+") else {
                throw BenchError("the server refused one of \(count) connections")
            }
        }
    }

    deinit { for file in sockets { close(file) } }
}
