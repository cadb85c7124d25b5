// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

/// Keyspace events as messages: which of them are wanted, and on which channels they go out.
final class KeyspaceEvents {
    /// The letters in effect.
    private var letters = ""
    /// Classes that are published.
    private var classes: UInt16 = 0
    /// `__keyspace@db__:key` carries the event's name.
    private var toKeys = false
    /// `__keyevent@db__:event` carries the key.
    private var toEvents = false
    private var channel: [UInt8] = []

    private static let classLetters: [(Character, UInt16)] = [
        ("g", EventClass.generic),
        ("$", EventClass.string),
        ("l", EventClass.list),
        ("s", EventClass.set),
        ("h", EventClass.hash),
        ("z", EventClass.zset),
        ("x", EventClass.expired),
        ("e", EventClass.evicted),
        ("t", EventClass.stream),
        ("m", EventClass.miss),
        ("n", EventClass.new),
    ]
    private static let all: UInt16 =
        classLetters.reduce(0) { $0 | $1.1 } & ~(EventClass.miss | EventClass.new)

    /// Publishes what these letters of `notify-keyspace-events` ask for, and nothing else. Without a letter that names
    /// channels nothing is published.
    /// - Returns: whether anything is published.
    func choose(_ letters: String, _ log: EffectLog) -> Bool {
        guard letters != self.letters else { return classes != 0 }
        self.letters = letters
        toKeys = letters.contains("K")
        toEvents = letters.contains("E")
        classes = letters.contains("A") ? KeyspaceEvents.all : 0
        for (letter, eventClass) in KeyspaceEvents.classLetters where letters.contains(letter) {
            classes |= eventClass
        }
        if !toKeys, !toEvents { classes = 0 }
        log.eventMask = classes
        return classes != 0
    }

    /// Publishes an event of the log, if its class is wanted.
    func publish(_ effect: Effect, _ log: EffectLog, _ pubsub: PubSub, _ engine: Engine) {
        guard effect.eventClass & classes != 0, !pubsub.isSilent else { return }
        log.bytes.withView { bytes in
            let name = bytes[effect.range.lowerBound..<(effect.range.lowerBound + effect.nameCount)]
            let key = bytes[(effect.range.lowerBound + effect.nameCount)..<effect.range.upperBound]
            if toKeys { publish("__keyspace@", effect.database, key, name, pubsub, engine) }
            if toEvents { publish("__keyevent@", effect.database, name, key, pubsub, engine) }
        }
    }

    private func publish(
        _ prefix: StaticString, _ database: Int32, _ subject: ByteView, _ message: ByteView,
        _ pubsub: PubSub, _ engine: Engine
    ) {
        channel.removeAll(keepingCapacity: channel.count < 4096)
        channel.append(prefix)
        channel.appendDecimal(Int64(database))
        channel.append("__:")
        channel.append(subject)
        channel.withView { _ = pubsub.publish($0, message, engine) }
    }
}
