// SPDX-License-Identifier: Apache-2.0
import Bytes
import Foundation
import TestSupport
import Testing

@testable import Engine
@testable import Server

/// A whole server on a loop of its own thread.
final class ThreadedServer: @unchecked Sendable {
    private let server: Server
    private let folder: TemporaryDirectory
    private let ended = DispatchSemaphore(value: 0)
    var path: String { folder.file("socket") }

    init(_ features: [Feature] = Wiring.features, _ prepare: (Server) -> Void = { _ in }) throws {
        folder = try TemporaryDirectory()
        let config = Config(features: features)
        config.settings.port = 0
        config.settings.debugCommand = "yes"
        config.settings.unixSocket = ByteString(folder.file("socket"))
        server = Server(config, Log(), Launch(arguments: [], directory: "/"), features: features)
        server.connectRims()
        server.log.level = .warning
        prepare(server)
        guard server.open() else { throw SupportError("no socket") }
        Thread { [self] in
            server.loop.run()
            ended.signal()
        }.start()
    }

    /// Read while the loop runs: a number that is a little old will do.
    var disposal: Disposal { server.disposal }

    func client() throws -> Client { try Client(path: path) }

    func stop() throws {
        try client().send("SHUTDOWN", "NOSAVE")
        #expect(ended.wait(timeout: .now() + 20) == .success)
        server.engine.close()
    }
}
