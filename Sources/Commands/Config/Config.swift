// SPDX-License-Identifier: Apache-2.0
import Bytes

/// The server's settings and how they reach the engine.
public final class Config {
    public var settings: Settings
    /// The file the settings came from; empty without one.
    public var file = ""

    public init(_ settings: Settings = Settings()) { self.settings = settings }

    /// Carries the settings into the engine's own state.
    public func apply(to engine: Engine) {
        let keys = engine.keys
        keys.limits.setIntsetEntries = settings.setIntsetEntriesMax
        keys.limits.setListpackEntries = settings.setListpackEntriesMax
        keys.limits.setListpackValueBytes = settings.setListpackValueBytesMax
        keys.usesLFU = settings.maxmemoryPolicy.hasSuffix("lfu")
        keys.lfuLogFactor = settings.lfuLogFactor
        keys.lfuDecayMinutes = settings.lfuDecayMinutes
    }
}
