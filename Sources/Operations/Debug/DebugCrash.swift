// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Ends and restarts on purpose: to see the crash report, and what clients make of a server that goes.

/// DEBUG SEGFAULT
enum DebugSegfault: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.engine.host.crash(.fault)
        reply.ok()
    }
}

/// DEBUG PANIC
enum DebugPanic: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.engine.host.crash(.panic)
        reply.ok()
    }
}

/// DEBUG ASSERT
enum DebugAssert: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.engine.host.crash(.assertion)
        reply.ok()
    }
}

/// DEBUG RESTART [delay-ms]
enum DebugRestart: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try restart(call, args, inOrder: true)
    }

    static func restart(_ call: Call, _ args: Arguments, inOrder: Bool) throws(Refusal) {
        // A delay below zero is none, as in Redis.
        let delayMs = args.count > 2 ? max(0, try args.integer(2)) : 0
        guard delayMs <= DebugRestart.delayMsMax else { throw .outOfRange }
        guard call.engine.host.restart(inOrder: inOrder, delayMs: delayMs) else {
            throw .custom("ERR failed to restart the server. Check server logs.")
        }
        // Whoever asked is cut off like everybody else, without an answer.
        call.session.isClosing = true
        call.leaveUnanswered()
    }

    /// A day: all clients wait so long.
    private static let delayMsMax: Int64 = 86_400_000
}

/// DEBUG CRASH-AND-RECOVER [delay-ms]
enum DebugCrashAndRecover: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try DebugRestart.restart(call, args, inOrder: false)
    }
}
