// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Writes from one client, in pipelines, until it is stopped.
final class WriteLoad {
    private let flag = Flag()
    private let written = Counter()
    private let work: Background<Void>

    init(port: Int, write: @escaping @Sendable (inout CommandText, Int) -> Void) {
        let (flag, written) = (flag, written)
        work = Background {
            let connection = try Connection(port: port)
            while !flag.isRaised {
                let first = written.value
                try connection.pipelined(800, pipeline: 16) { write(&$0, first + $1) }
                written.add(800)
            }
        }
    }

    /// Writes per second while something else happens.
    func rate(_ body: () throws -> Void) rethrows -> Double {
        let (first, begin) = (written.value, Clock.now())
        try body()
        return Double(written.value - first) * 1e9 / Double(max(1, Clock.now() - begin))
    }

    /// Ends the load. Later calls do nothing more.
    /// - Returns: how many writes there were.
    @discardableResult func stop() throws -> Int {
        if !flag.isRaised {
            flag.raise()
            try work.wait()
        }
        return written.value
    }
}
