// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// DEBUG POPULATE count [prefix] [size]
///
/// Keys that exist stay as they are. What is created is propagated as MSETs, so that replicas keep the same data.
enum DebugPopulate: Handler {
    /// Keys per propagated command.
    private static let batch = 512

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard let count = args[2].integer, count >= 0 else { throw .mustBePositive }
        var size: Int?
        if args.count == 5 {
            guard let bytes = args[4].integer, bytes >= 0 else { throw .mustBePositive }
            guard bytes <= call.engine.config.settings.stringBytesMax else { throw .stringTooLong }
            size = bytes == 0 ? nil : Int(bytes)
        }
        let prefix = args.count > 3 ? args[3].array : Array("key".utf8)
        var batch = Batch(call)
        var key: [UInt8] = []
        var value: [UInt8] = []
        for number in 0..<count {
            var digits = DecimalText(number)
            digits.withView { text in
                key.removeAll(keepingCapacity: true)
                key += prefix
                key.append(":")
                key.append(text)
                fill(&value, text, size)
            }
            let isNew = key.withView { name in value.withView { create(name, $0, keys) } }
            if isNew { batch.add(key, value) }
        }
        batch.flush()
        reply.ok()
    }

    /// `value:<number>`, cut or padded with zeros to `size`.
    private static func fill(_ value: inout [UInt8], _ number: ByteView, _ size: Int?) {
        value.removeAll(keepingCapacity: true)
        value.append("value:")
        value.append(number)
        guard let size else { return }
        if value.count > size { value.removeLast(value.count - size) }
        if value.count < size { value += repeatElement(0, count: size - value.count) }
    }

    private static func create(_ key: ByteView, _ value: ByteView, _ keys: Keyspace) -> Bool {
        let found = keys.peek(key)
        guard !found.exists else { return false }
        var edit = keys.edit(found)
        edit.setString(value, keys)
        edit.commit(.set, keys)
        return true
    }

    /// Gathers pairs for one MSET after the other; nothing while nobody reads.
    private struct Batch {
        private let effects: EffectLog
        private let database: Int
        private var pairs: [[UInt8]] = []

        init(_ call: Call) {
            call.propagateNothing()
            effects = call.engine.keys.effects
            database = call.engine.keys.current
        }

        mutating func add(_ key: [UInt8], _ value: [UInt8]) {
            guard effects.isWanted else { return }
            pairs.append(key)
            pairs.append(value)
            if pairs.count >= batch * 2 { flush() }
        }

        mutating func flush() {
            guard !pairs.isEmpty else { return }
            effects.begin(pairs.count + 1, database: database)
            effects.append(ByteView("MSET"))
            for text in pairs { text.withView { effects.append($0) } }
            effects.end()
            pairs.removeAll(keepingCapacity: true)
        }
    }
}
