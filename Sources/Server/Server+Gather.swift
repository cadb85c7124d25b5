// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Loop

// Reads of several connections that run together (see `Engine.gather`). They stay side by side in the read buffer, and
// have run at the latest when the loop has handed out its events: before the turn ends, and before a connection that was
// closed is freed.

extension Server {
    /// The engine has gathered what was read from a connection.
    @inline(__always) func gathered(_ count: Int, _ connection: Connection) {
        buffer.keep(count)
        gatheredFrom.append(connection)
        if engine.hasGatheredEnough { runGatheredNow() }
    }

    /// Runs what was gathered, if there is anything.
    @inline(__always) func runGathered() {
        if engine.gatheredCount > 0 { runGatheredNow() }
    }

    @inline(never) private func runGatheredNow() {
        engine.warmGathered()
        gatheredFrom.takeAll { number, connection in
            // A command before it may have led to its end.
            if connection.stream.isClosed { return }
            serve(connection) { engine.runGathered(number, for: connection.session) }
        }
        engine.endGathered()
        buffer.release()
    }
}
