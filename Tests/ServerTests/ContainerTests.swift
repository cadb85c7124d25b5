// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Server

@Suite struct ContainerTests {
    /// The health check finds the server's arguments in the command line of the first process.
    @Test(arguments: [
        ("needletail entrypoint needletail", ""),
        ("needletail entrypoint --port 7000", "--port 7000"),
        ("needletail entrypoint needletail /etc/n.conf --port 7000", "/etc/n.conf --port 7000"),
        ("/usr/local/bin/needletail entrypoint redis-server --port 1", "--port 1"),
        ("needletail entrypoint /etc/n.conf", "/etc/n.conf"),
        ("valkey-server --port 2", "--port 2"),
        ("/sbin/docker-init -- needletail entrypoint needletail --port 3", "--port 3"),
        ("sh -c sleep", ""),
        ("", ""),
    ])
    func argumentsOfTheFirstProcess(_ line: String, _ expected: String) {
        let words = line.split(separator: " ")
        let bytes: [UInt8] = words.flatMap { (word: Substring) -> [UInt8] in Array(word.utf8) + [0] }
        let found = Container.arguments(ofCommandLine: bytes)
        #expect(found == ByteString(expected).words())
    }

    @Test func emptyWordsOfTheCommandLineAreKept() {
        let bytes = Array("needletail\0--requirepass\0\0--port\07\0".utf8)
        #expect(Container.arguments(ofCommandLine: bytes) == ["--requirepass", "", "--port", "7"])
    }
}
