// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// Counts what a cut hands over: a reader of cuts that costs next to nothing.
final class CutCounter: CutSink {
    private(set) var keys = 0
    private(set) var elements = 0
    private(set) var bytes = 0

    func beginKey(_ head: CutKey) {
        keys += 1
        bytes += head.key.count
    }

    func key(_ head: CutKey, packed: ByteView) {
        beginKey(head)
        head.forEachElement(of: packed) { element($0) }
    }

    func element(_ element: ValueElement) {
        elements += 1
        bytes += element.bytes.count + (element.value?.count ?? 0)
    }

    func endKey() {}
}

/// What DEBUG keeps for an engine.
final class DebugPart: FeaturePart {
    /// What the last DEBUG CUT has counted.
    var cutCounter: CutCounter?
}

/// DEBUG CUT [STATUS]
///
/// The walk goes on in slices between the turns, like that of any cut.
enum DebugCut: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if args.count == 3 {
            guard args[2].matches("STATUS") else { throw .syntax }
            let last = call.engine.part(DebugPart.self).cutCounter
            reply.map(4)
            reply.bulk("open")
            reply.integer(keys.hasOpenCut ? 1 : 0)
            reply.bulk("keys")
            reply.integer(last?.keys ?? 0)
            reply.bulk("elements")
            reply.integer(last?.elements ?? 0)
            reply.bulk("bytes")
            return reply.integer(last?.bytes ?? 0)
        }
        let counter = CutCounter()
        guard keys.cut(counter) != nil else { throw .custom("ERR too many cuts are open") }
        call.engine.part(DebugPart.self).cutCounter = counter
        reply.ok()
    }
}
