// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// Looking ahead in a pipeline.
//
// *Idea*. A lookup in a large keyspace waits for three cache lines in a row: the segment's header, the bucket, the
// entry. When a client has sent many commands at once, the dispatcher names the keys of the next ones here; `warm`
// takes all of them one step at a time, so that the waits overlap, and keeps their hashes for the lookups to come.
// (Batched prefetching: Valkey 8, `memory_prefetch.c` in idea.) Measured with a million random keys at pipeline 100,
// it more than halves the time of a GET.
//
// *Invariants*. A hint is found by the address and length of its key, so it may only live as long as the receive
// buffer is untouched: `forget` ends it. Hints are advice; no lookup depends on one.

/// A key that is about to be looked up.
@usableFromInline struct KeyHint {
    @usableFromInline var start: UInt = 0
    @usableFromInline var count = 0
    @usableFromInline var hash: UInt64 = 0
    /// What was warmed last: segment, then bucket line, then entry.
    var at = Address.null
    var tag: UInt16 = 0
    var readsBeyondEntry = false
}

extension Keyspace {
    /// Whether the current database is too large for the processor's caches: from about a megabyte on.
    @inlinable @inline(__always) public var isWorthWarming: Bool { selected.count > warmedCountMin }

    /// The most keys that can be named at once.
    @inlinable public static var hintsMax: Int { 64 }

    /// Names the next key. Ignored beyond `hintsMax`.
    /// - Parameter readsBeyondEntry: whether the command will read what the entry points to, as those of collections do.
    @inline(__always) public func hint(_ key: ByteView, readsBeyondEntry: Bool) {
        guard hintCount < Keyspace.hintsMax else { return }
        hints[hintCount] = KeyHint(
            start: key.start.bits, count: key.count, hash: Table.hash(key, store),
            readsBeyondEntry: readsBeyondEntry)
        hintCount &+= 1
        if readsBeyondEntry { hintsReadBeyondEntries = true }
    }

    /// How many keys were named; `resumeHints` takes such a number.
    @inlinable @inline(__always) public var hintMark: Int { hintCount }

    /// How many of the named keys are still to be looked up.
    @inlinable @inline(__always) public var hintsLeft: Int { max(0, hintCount &- hintCursor) }

    /// The next lookups are those of the keys named from `mark` on.
    @inlinable @inline(__always) public func resumeHints(at mark: Int) { hintCursor = mark }

    /// Loads what the lookups of the named keys will read.
    public func warm() {
        for i in 0..<hintCount {
            let key = ByteView(start: Address(bits: hints[i].start), count: hints[i].count)
            hints[i].at = selected.table(of: key).warmSegment(hints[i].hash)
        }
        for i in 0..<hintCount {
            let step = Table.warmBucket(hints[i].at, hints[i].hash)
            hints[i].at = step.line
            hints[i].tag = step.tag
        }
        for i in 0..<hintCount { hints[i].at = Table.warmEntry(hints[i].at, hints[i].tag) }
        // A step of its own costs something, because it waits for the entries: commands of plain strings go without.
        guard hintsReadBeyondEntries else { return }
        for i in 0..<hintCount where hints[i].readsBeyondEntry && !hints[i].at.isNull {
            Value(hints[i].at).warmPayload()
        }
    }

    /// Ends all hints: the receive buffer is about to change.
    @inlinable @inline(__always) public func forgetHints() {
        hintCount = 0
        hintCursor = Keyspace.hintsMax
        hintsReadBeyondEntries = false
    }

    /// The key's hash, from a hint if the key was named.
    @inlinable @inline(__always) func hash(of key: ByteView) -> UInt64 {
        let cursor = hintCursor
        if cursor < hintCount {
            let hint = hints[cursor]
            if hint.start == key.start.bits, hint.count == key.count {
                hintCursor = cursor &+ 1
                assert(hint.hash == Table.hash(key, store), "a hint of bytes that have changed")
                return hint.hash
            }
        }
        return Table.hash(key, store)
    }
}
