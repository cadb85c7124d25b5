// SPDX-License-Identifier: Apache-2.0

/// A keyspace event: what has happened to a key, by the name that clients see.
@frozen public struct Event: Sendable {
    /// What the message of the event says has happened, as `del`.
    public let name: StaticString
    /// The class that it belongs to, a bit of `EventClass`.
    public let eventClass: UInt16

    /// An event of this name and class.
    @inlinable public init(_ name: StaticString, _ eventClass: UInt16) {
        self.name = name
        self.eventClass = eventClass
    }
}

/// What happens to keys of any type. The events of a type stand beside its commands.
extension Event {
    /// A key is gone because a command deleted it or took its last element.
    @inlinable public static var del: Event { Event("del", EventClass.generic) }
    /// A key is gone because memory had reached its limit.
    @inlinable public static var evicted: Event { Event("evicted", EventClass.evicted) }
    /// A key was given a deadline.
    @inlinable public static var expire: Event { Event("expire", EventClass.generic) }
    /// A key is gone because its deadline had passed.
    @inlinable public static var expired: Event { Event("expired", EventClass.expired) }
    /// A command that reads looked for a key that is not there.
    @inlinable public static var keymiss: Event { Event("keymiss", EventClass.miss) }
    /// A key came into being.
    @inlinable public static var new: Event { Event("new", EventClass.new) }
    /// Nothing that anybody is told.
    @inlinable public static var none: Event { Event("", 0) }
    /// A key lost its deadline.
    @inlinable public static var persist: Event { Event("persist", EventClass.generic) }
    /// A string has a new value.
    @inlinable public static var set: Event { Event("set", EventClass.string) }
    /// A field of a hash has died.
    @inlinable public static var hexpired: Event { Event("hexpired", EventClass.hash) }
}

/// Classes of keyspace events, as `notify-keyspace-events` names them.
public enum EventClass {
    /// The bits of a set of classes, each with its letter. `generic` is what happens to keys of any type, `miss` a
    /// lookup that found nothing, `new` a key that came into being.
    public static let generic: UInt16 = 1 << 0  // g
    public static let string: UInt16 = 1 << 1  // $
    public static let list: UInt16 = 1 << 2  // l
    public static let set: UInt16 = 1 << 3  // s
    public static let hash: UInt16 = 1 << 4  // h
    public static let zset: UInt16 = 1 << 5  // z
    public static let expired: UInt16 = 1 << 6  // x
    public static let evicted: UInt16 = 1 << 7  // e
    public static let stream: UInt16 = 1 << 8  // t
    public static let miss: UInt16 = 1 << 9  // m
    public static let new: UInt16 = 1 << 10  // n
}
