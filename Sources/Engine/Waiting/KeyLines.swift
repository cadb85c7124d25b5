// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

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
        fileprivate(set) var next: Place?
        fileprivate unowned var previous: Place?

        init(_ session: Session, _ name: Name) {
            self.session = session
            self.name = name
        }
    }

    private struct Line {
        var first: Place
        var last: Place
    }

    private var lines: [Name: Line] = [:]
    /// Keys that have been made ready and not been looked at since, in the order in which they were.
    private var ready: [Name] = []
    private var isReady: Set<Name> = []

    /// How many keys are waited for.
    var keyCount: Int { lines.count }
    var hasReady: Bool { !ready.isEmpty }

    /// Puts a session at the end of a line. A session stands in a line once.
    /// - Returns: its place.
    func enter(_ session: Session, _ name: Name) -> Place {
        let place = Place(session, name)
        if let line = lines[name] {
            line.last.next = place
            place.previous = line.last
            lines[name]?.last = place
        } else {
            lines[name] = Line(first: place, last: place)
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
        guard !ready.isEmpty else { return nil }
        // A unit makes few keys ready, and whoever is served adds few more.
        let name = ready.removeFirst()
        isReady.remove(name)
        return name
    }

    /// The first in the line of a key.
    func first(_ name: Name) -> Place? { lines[name]?.first }

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
    }
}
