// SPDX-License-Identifier: Apache-2.0
// Stalls of a large list.
import Foundation

extension Stalls {
    static let largeListElements = 10_000_000

    /// One command on the list mylist of ten million elements.
    func listStep(_ server: ServerUnderTest, _ command: String...) throws -> StallFigures {
        let connection = try server.connect()
        try connection.fillList("mylist", count: Stalls.largeListElements, size: 8)
        usleep(500_000)
        let probe = probe(server)
        usleep(200_000)
        let begin = Clock.now()
        try connection.must(command)
        let answered = Clock.now() - begin
        usleep(3_000_000)
        return try probe.stop(
            remark: "\(command[0]) answered in \(Figure.text(Double(answered) / 1e6)) ms")
    }
}
