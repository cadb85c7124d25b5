// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

/// Listens to a rig: what was propagated and which keyspace events there were, as lines of text.
///
///     let tap = Tap(rig)
///     rig.run("SETEX", "a", "10", "x")
///     tap.commands    // ["SET a x PXAT 1700000010000"]
///     tap.events      // ["set a", "expire a"]
public final class Tap: EffectReader {
    private var commandLines: [String] = []
    private var eventLines: [String] = []

    /// Listens to all events but those of missed and new keys.
    public init(_ rig: Rig, eventMask: UInt16 = ~(EventClass.miss | EventClass.new)) {
        rig.engine.keys.effects.readers |= EffectLog.Reader.twin
        rig.engine.keys.effects.eventMask = eventMask
        rig.engine.effectReaders.append(self)
    }

    /// What was propagated since the last look.
    public var commands: [String] {
        defer { commandLines = [] }
        return commandLines
    }

    /// The events since the last look, `@db` behind them when it is not database 0.
    public var events: [String] {
        defer { eventLines = [] }
        return eventLines
    }

    public func unitEnded(_ log: EffectLog) {
        for effect in log.effects {
            var bytes: [UInt8] = []
            log.forEachPiece(of: effect) { bytes.append($0) }
            let suffix = effect.database == 0 ? "" : " @\(effect.database)"
            switch effect.kind {
            case .command:
                commandLines.append(Tap.words(bytes).joined(separator: " ") + suffix)
            case .event:
                let name = String(decoding: bytes.prefix(effect.nameCount), as: UTF8.self)
                eventLines.append(
                    name + " " + String(decoding: bytes.dropFirst(effect.nameCount), as: UTF8.self) + suffix)
            case .change, .flush, .ready:
                break
            }
        }
    }

    /// The arguments of an encoded command.
    private static func words(_ bytes: [UInt8]) -> [String] {
        var words: [String] = []
        var at = 0
        func number() -> Int {
            var value = 0
            at += 1
            while bytes[at] != 13 {
                value = value * 10 + Int(bytes[at]) - 48
                at += 1
            }
            at += 2
            return value
        }
        for _ in 0..<number() {
            let count = number()
            words.append(String(decoding: bytes[at..<(at + count)], as: UTF8.self))
            at += count + 2
        }
        return words
    }
}
