// SPDX-License-Identifier: Apache-2.0
import Bytes

/// How the server is to end: the words of SHUTDOWN and of `shutdown-on-sigterm`.
public struct ShutdownModes: OptionSet, Sendable {
    /// One bit for each word.
    public let rawValue: UInt8
    /// The modes of these bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The data is saved, or not, whatever the save points say.
    public static let save = ShutdownModes(rawValue: 1)
    public static let noSave = ShutdownModes(rawValue: 2)
    /// Nobody is waited for.
    public static let now = ShutdownModes(rawValue: 4)
    /// What goes wrong does not keep the server alive.
    public static let force = ShutdownModes(rawValue: 8)

    /// The modes that these words name; those of clusters and replicas change nothing here.
    public init(words: [ByteString]) {
        self = []
        for word in words {
            switch word.lowercased {
            case "save": insert(.save)
            case "nosave": insert(.noSave)
            case "now": insert(.now)
            case "force": insert(.force)
            default: break
            }
        }
    }
}

extension Engine {
    /// Has the features do what is to be done before the server ends: saving, mostly.
    /// - Returns: false when the server must not end, because something went wrong; the log says what.
    public func prepareShutdown(_ modes: ShutdownModes) -> Bool {
        host.log(.warning, "User requested shutdown...")
        for part in allParts where !part.willShutDown(modes, self) {
            if modes.contains(.force) { continue }
            return false
        }
        return true
    }
}
