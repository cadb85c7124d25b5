// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

/// What a waiter wants a key to be before its command is run again.
struct KeyWish {
    /// The only type of value that serves it; nil: any does.
    let type: ValueType?
    /// Whether the loss of the key, or another type, serves it as well.
    let evenIfGone: Bool

    /// - Parameter type: of the key's value; nil where it is not there.
    func isServed(by type: ValueType?) -> Bool {
        if evenIfGone { return true }
        guard let type else { return false }
        return self.type.map { $0 == type } ?? true
    }

    /// A bit for each type that serves it, and the highest one for the loss of the key.
    var types: UInt8 {
        if evenIfGone { return .max }
        return type.map { 1 << $0.rawValue } ?? KeyWish.gone - 1
    }
    static let gone: UInt8 = 1 << 7
}

/// Who waits for which keys: a line for each key, first come first served.
///
/// A waiter may stand in several lines and leaves all of them in time that depends on their number only.
final class KeyLines {
    typealias Name = WatchVersions.Name

    /// One waiter in one line.
    final class Place {
        /// Whose place it is. The session leaves its places before it goes.
        unowned let session: Session
        let name: Name
        let wish: KeyWish
        fileprivate(set) var next: Place?
        fileprivate unowned var previous: Place?

        init(_ session: Session, _ name: Name, _ wish: KeyWish) {
            self.session = session
            self.name = name
            self.wish = wish
        }
    }

    private struct Line {
        var first: Place
        var last: Place
        /// What serves its waiters, those who have left included; see `KeyWish.types`.
        var types: UInt8
        /// How many lines were begun before.
        let number: UInt64
        /// Waiters whom the loss of the key serves.
        var lossWaiters = 0
    }

    private var lines: [Name: Line] = [:]
    private var lastNumber: UInt64 = 0
    /// Keys that have been made ready, in the order in which they were. Those up to `readyAt` have been looked at since.
    private var ready: [Name] = []
    private var readyAt = 0
    private var isReady: Set<Name> = []

    /// How many keys are waited for, and of how many of them the loss as well.
    var keyCount: Int { lines.count }
    private(set) var lossCount = 0
    var hasReady: Bool { readyAt < ready.count }

    /// Puts a session at the end of a line. A session stands in a line once.
    /// - Returns: its place.
    func enter(_ session: Session, _ name: Name, _ wish: KeyWish) -> Place {
        let place = Place(session, name, wish)
        let types = wish.types
        if let line = lines[name] {
            line.last.next = place
            place.previous = line.last
            lines[name]?.last = place
            lines[name]?.types |= types
        } else {
            lastNumber += 1
            lines[name] = Line(first: place, last: place, types: types, number: lastNumber)
        }
        if wish.evenIfGone {
            if lines[name]?.lossWaiters == 0 { lossCount += 1 }
            lines[name]?.lossWaiters += 1
        }
        return place
    }

    /// Takes a place out of its line.
    func leave(_ place: Place) {
        let (previous, next) = (place.previous, place.next)
        previous?.next = next
        next?.previous = previous
        place.next = nil
        place.previous = nil
        if place.wish.evenIfGone {
            lines[place.name]?.lossWaiters -= 1
            if lines[place.name]?.lossWaiters == 0 { lossCount -= 1 }
        }
        switch (previous, next) {
        case (nil, nil): lines[place.name] = nil
        case (nil, let next?): lines[place.name]?.first = next
        case (let previous?, nil): lines[place.name]?.last = previous
        case (_?, _?): break
        }
    }

    /// Notes that a key may be what somebody waits for.
    func makeReady(_ name: Name) {
        guard lines[name] != nil, isReady.insert(name).inserted else { return }
        ready.append(name)
    }

    /// The key that was made ready first, which is forgotten here.
    func takeReady() -> Name? {
        guard readyAt < ready.count else { return nil }
        let name = ready[readyAt]
        readyAt += 1
        isReady.remove(name)
        if readyAt == ready.count {
            ready.removeAll(keepingCapacity: ready.count < 1024)
            readyAt = 0
        }
        return name
    }

    /// The first in the line of a key whom a value of this type, or the loss of the key (nil), may serve; nil where
    /// there is nobody.
    func first(_ name: Name, for type: ValueType?) -> Place? {
        let bit = type.map { UInt8(1) << $0.rawValue } ?? KeyWish.gone
        guard let line = lines[name], line.types & bit != 0 else { return nil }
        return line.first
    }

    /// The keys of two databases that are waited for, in the order in which their lines were begun.
    func names(inDatabase a: Int, or b: Int) -> [Name] {
        lines.filter { $0.key.database == a || $0.key.database == b }
            .sorted { $0.value.number < $1.value.number }.map(\.key)
    }

    /// Traps on a broken invariant (tests and fuzzers).
    func checkInvariants() {
        for (name, line) in lines {
            var place: Place? = line.first
            var previous: Place?
            while let current = place {
                precondition(current.name == name && current.previous === previous, "a broken line")
                precondition(
                    current.session.wait?.places.contains { $0 === current } == true, "a stranger in a line")
                previous = current
                place = current.next
            }
            precondition(previous === line.last, "a line that does not end where it says")
        }
        let losses = lines.values.filter { $0.lossWaiters > 0 }.count
        precondition(losses == lossCount, "keys whose loss is waited for are miscounted")
    }
}
