// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine

/// A message that says which keys are no longer what they were, encoded once in each form that a receiver needs.
struct Invalidation {
    /// Nil: all keys.
    let keys: [[UInt8]]?
    private var push: Block?
    private var message: Block?

    /// The channel of clients that speak RESP2 and receive other clients' invalidations.
    static let channel: StaticString = "__redis__:invalidate"

    init(keys: [[UInt8]]?) { self.keys = keys }

    /// Ends the hold on what was encoded.
    func release(_ outbox: Outbox) {
        if let push { outbox.release(push) }
        if let message { outbox.release(message) }
    }

    /// Sends it to a session that tracks keys, or to the one that it redirects to.
    mutating func send(to session: Session, _ tracking: ClientTracking, _ engine: Engine) {
        var receiver = session
        if tracking.redirect != 0 {
            guard let other = engine.clients.sessions[tracking.redirect] else {
                return Invalidation.complain(session, tracking, engine)
            }
            receiver = other
        }
        if receiver.isRESP3 {
            engine.push(asPush(engine.outbox), to: receiver)
        } else if tracking.redirect != 0, receiver.isSubscriber {
            engine.push(asMessage(engine.outbox), to: receiver)
        }
        // Whoever speaks RESP2 and redirects to nobody cannot be told.
    }

    /// The session that was to be told is gone: the one that tracks hears that, as far as its protocol can say it.
    private static func complain(_ session: Session, _ tracking: ClientTracking, _ engine: Engine) {
        tracking.isBroken = true
        guard session.isRESP3 else { return }
        var bytes: [UInt8] = Array(">2\r\n".utf8)
        bytes.appendBulk(ByteView("tracking-redir-broken"))
        bytes += ":\(tracking.redirect)\r\n".utf8
        engine.push(bytes, to: session)
    }

    private mutating func asPush(_ outbox: Outbox) -> Block {
        if let push { return push }
        var bytes: [UInt8] = Array(">2\r\n".utf8)
        bytes.appendBulk(ByteView("invalidate"))
        appendKeys(to: &bytes, null: "_\r\n")
        let block = outbox.message(bytes)
        push = block
        return block
    }

    private mutating func asMessage(_ outbox: Outbox) -> Block {
        if let message { return message }
        var bytes: [UInt8] = Array("*3\r\n".utf8)
        bytes.appendBulk(ByteView("message"))
        bytes.appendBulk(ByteView(Invalidation.channel))
        appendKeys(to: &bytes, null: "$-1\r\n")
        let block = outbox.message(bytes)
        message = block
        return block
    }

    private func appendKeys(to bytes: inout [UInt8], null: StaticString) {
        guard let keys else { return bytes.append(null) }
        bytes.append(UInt8(ascii: "*"))
        bytes.appendDecimal(Int64(keys.count))
        bytes.append("\r\n")
        for key in keys { key.withView { bytes.appendBulk($0) } }
    }
}
