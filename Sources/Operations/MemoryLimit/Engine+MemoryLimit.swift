// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

// Where the limit meets the commands: each write pays for what was added since the last one, and the turns do the rest.

/// The memory limit of one engine.
public final class MemoryLimit: FeaturePart {
    /// The directives and the refusal of the memory limit.
    public static let feature = Feature(
        "memory limit",
        families: [
            Family(commands: [], docs: [], parameters: Parameters.memoryLimit + Parameters.defragmentation)
        ],
        rules: [
            GateRule(.memory, .denyoom) { engine, _, _ in
                engine.refusals.contains(.denyoom) && engine.isOutOfMemory()
                    ? "OOM command not allowed when used memory > 'maxmemory'." : nil
            }
        ]
    ) { _ in MemoryLimit() }

    /// Carries the settings of the limit to where they are needed. An unlimited server looks at none of this again.
    public func apply(_ settings: Settings, _ engine: Engine) {
        let limit = settings.memoryLimit
        let keys = engine.keys
        keys.eviction.samples = limit.samples
        keys.eviction.uncountedBytes = engine.reply.excessBytes
        keys.limitMemory(
            bytes: Int(clamping: limit.bytes),
            EvictionPolicy(rawValue: settings.maxmemoryPolicy) ?? .noeviction)
        keys.defragmenter.settings = settings.defragmentation
        keys.lfuLogFactor = settings.lfuLogFactor
        keys.lfuDecayMinutes = settings.lfuDecayMinutes
        if limit.bytes > 0 { engine.refusals.insert(.denyoom) } else { engine.refusals.remove(.denyoom) }
    }
}

extension Engine {

    /// Whether a command that may need memory must be refused. Some keys may go first.
    @inline(never) func isOutOfMemory() -> Bool {
        // What the turn's replies take is on its way out.
        keys.eviction.uncountedBytes = reply.excessBytes
        if keys.isWithinLimit { return false }
        let limit = config.settings.memoryLimit
        var slice =
            slicesAreTimed
            ? Slice(floor: MemoryLimitSettings.keysPerWriteMin, ticks: UInt64(limit.usPerWrite * ticksPerUs))
            : Slice(max: limit.keysPerWrite)
        let outcome = keys.evict(&slice, payingOnly: true)
        return outcome == .stuck
    }

    /// Deletes up to `max` keys if memory is above the limit.
    /// - Returns: true when there is more to do.
    public func memoryLimitSlice(max: Int) -> Bool {
        var slice = Slice(max: max)
        return memoryLimit(&slice)
    }

    /// Deletes keys if memory is above the limit, as many as the slice allows; to be called in every turn.
    /// - Returns: true when there is more to do.
    public func memoryLimit(_ slice: inout Slice) -> Bool {
        guard keys.eviction.limitBytes > 0 else { return false }
        keys.eviction.uncountedBytes = reply.excessBytes
        let outcome = keys.evict(&slice)
        closeUnit()
        return outcome == .over
    }
}
