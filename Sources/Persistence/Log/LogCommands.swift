// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// BGREWRITEAOF
enum RewriteLog: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let part = call.engine.part(PersistencePart.self)
        if part.log.rewrite.isRunning {
            throw .custom("ERR Background append only file rewriting already in progress")
        }
        // The cut lies between two units.
        if part.snapshot != nil || call.engine.isNested || call.engine.hasOpenUnit {
            part.log.rewrite.isScheduled = true
            return reply.simple("Background append only file rewriting scheduled")
        }
        guard part.rewriteLog() else {
            throw .custom(
                "ERR Can't execute an AOF background rewriting. Please check the server logs for more information."
            )
        }
        reply.simple("Background append only file rewriting started")
    }
}

/// WAITAOF numlocal numreplicas timeout
enum WaitForLog: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let part = call.engine.part(PersistencePart.self)
        let locals = try args.integer(1)
        guard (0...1).contains(locals) else {
            throw .custom("ERR value is out of range, value must between 0 and 1")
        }
        guard let replicas = args[2].integer, replicas >= 0 else { throw .mustBePositive }
        let deadlineMs = try args.waitDeadlineMs(ofMs: 3, call)
        let isOn = part.log.state == .on && !part.log.isStopping
        guard part.log.state != .off && !part.log.isStopping || locals == 0 else {
            throw .custom("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
        }
        call.propagateNothing()
        let isThere = isOn && part.log.durable >= call.session.loggedPosition
        // Nobody else has a log of this server's yet.
        let isEnough = (isThere ? 1 : 0) >= locals && replicas == 0
        if isEnough || call.resumption == .timedOut || !call.mayWait {
            reply.array(2)
            reply.integer(isThere ? 1 : 0)
            return reply.integer(0)
        }
        part.log.bringToDisk()
        call.wait(for: .logPosition, args, deadlineMs: deadlineMs)
    }
}
