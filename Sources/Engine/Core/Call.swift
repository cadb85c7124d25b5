// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// The running command: who called it, and how it is to be propagated.
///
/// One object serves all calls of an engine; the dispatcher prepares it before each.
public final class Call {
    /// The engine that runs the command.
    public let engine: Engine
    /// Set before every read of every client: a counted reference would cost two atomic operations each time. The
    /// registry keeps the session alive while its command runs.
    private unowned(unsafe) var caller: Session
    /// The session whose command runs.
    public internal(set) var session: Session {
        @inline(__always) get { unsafe caller }
        @inline(__always) set { unsafe caller = newValue }
    }
    /// Index of the running command in the command table.
    public internal(set) var commandIndex = 0
    /// Where arguments stand that are no longer in the input.
    public let list: ArgumentList
    /// Where its replies go.
    public internal(set) var reply: Reply
    /// Stands in while nobody's command runs.
    private let idleSession: Session
    /// The text of a `Refusal.composed`.
    var refusalText: ByteString = ""

    /// Why the command runs again, if it has waited.
    public internal(set) var resumption = Resumption.none
    /// It waits: there is no reply yet.
    var waits = false

    #if DEBUG
        /// It has no reply; see `leaveUnanswered`.
        var isUnanswered = false
    #endif

    enum Propagation { case verbatim, handled, always }
    var propagation = Propagation.verbatim

    init(_ engine: Engine, session: Session, _ reply: Reply) {
        self.engine = engine
        self.reply = reply
        unsafe caller = session
        idleSession = session
        list = ArgumentList(engine.keys.heap)
    }

    /// Unix time of the unit, ms.
    @inlinable public var nowMs: Int64 { engine.keys.nowMs }

    /// The running command's full name in lower case, `client|list` for a subcommand.
    public var fullName: String { engine.table.fullName(commandIndex) }

    /// The block that holds argument `index` whole, if it was received into one.
    @inline(__always) public func block(_ index: Int) -> Block? { list.block(index) }

    /// A refusal with a text made for the occasion (code first).
    public func refusal(_ text: ByteString) -> Refusal {
        refusalText = text
        return .composed
    }

    /// The command has no reply, because its client is to get none: the server ends, say. All others have one.
    public func leaveUnanswered() {
        #if DEBUG
            isUnanswered = true
        #endif
    }

    // MARK: Propagation

    /// Nothing of this call is propagated, whatever it changes.
    public func propagateNothing() { propagation = .handled }

    /// The call is propagated as it came even if it changed nothing.
    public func propagateAlways() { propagation = .always }

    /// The call is propagated as it came to all but the log of commands: a message is no data.
    public func propagateToReplicas(_ args: Arguments) {
        propagation = .handled
        let effects = engine.keys.effects
        guard effects.readers & EffectLog.Reader.allButAOF != 0 else { return }
        effects.begin(args.count, database: engine.keys.current)
        for i in 0..<args.count { effects.append(args[i], block(i)) }
        effects.end(targets: EffectLog.Reader.allButAOF)
    }

    /// The call is propagated as this command instead; call several times for several commands.
    public func propagate(_ name: StaticString, _ arguments: ByteView...) {
        propagation = .handled
        let effects = engine.keys.effects
        guard effects.isWanted else { return }
        effects.begin(arguments.count + 1, database: engine.keys.current)
        effects.append(ByteView(name))
        for argument in arguments { effects.append(argument) }
        effects.end()
    }

    /// Whether anybody would read a propagated command; lets handlers skip costly preparations.
    public var isPropagationWanted: Bool { engine.keys.effects.isWanted }
}
