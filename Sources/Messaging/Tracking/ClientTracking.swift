// SPDX-License-Identifier: Apache-2.0
import Engine

/// How one session tracks keys (CLIENT TRACKING ON).
final class ClientTracking {
    struct Options: OptionSet {
        let rawValue: UInt8
        /// Told of every key under its prefixes, read or not.
        static let broadcast = Options(rawValue: 1)
        /// Only what is read behind CLIENT CACHING YES is tracked.
        static let optIn = Options(rawValue: 2)
        /// What is read behind CLIENT CACHING NO is not tracked.
        static let optOut = Options(rawValue: 4)
        /// Not told of its own changes.
        static let noLoop = Options(rawValue: 8)
    }

    var options: Options
    /// The session that is told instead; 0: none.
    var redirect: UInt64
    /// The session told instead is gone.
    var isBroken = false
    /// CLIENT CACHING was given for the next command, or for the transaction.
    var isCaching = false
    /// With `broadcast`: what the keys begin with.
    var prefixes: [[UInt8]] = []
    /// Commands of the session that run, one within the other (EXEC).
    var depth = 0

    init(_ options: Options, redirect: UInt64) {
        self.options = options
        self.redirect = redirect
    }

    var memoryBytes: Int { prefixes.reduce(64) { $0 + $1.count + 64 } }

    /// Whether what is read now has to be remembered.
    var remembers: Bool {
        if options.contains(.broadcast) { return false }
        if options.contains(.optIn) { return isCaching }
        return !(options.contains(.optOut) && isCaching)
    }
}
