// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine

/// What becomes of the commands that stand in a log.
protocol LogRunner: AnyObject {
    /// Why a command cannot be run; nil when it can.
    func problem(ofCommand name: ByteView, second: ByteView, words: Int) -> ByteString?
    /// Runs whole commands.
    /// - Returns: false when one of them has not ended.
    func run(_ commands: ByteView) -> Bool
    /// The transaction that has begun will not end.
    func dropTransaction()
}

/// Has an engine run them.
final class EngineRunner: LogRunner {
    private let engine: Engine
    private let session: Session

    init(_ engine: Engine) {
        self.engine = engine
        session = engine.replaySession()
    }

    func problem(ofCommand name: ByteView, second: ByteView, words: Int) -> ByteString? {
        engine.problem(ofCommand: name, second: second, words: words)
    }

    func run(_ commands: ByteView) -> Bool { engine.replay(commands, as: session) }
    func dropTransaction() { session.dropQueue() }
}
