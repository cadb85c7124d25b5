// SPDX-License-Identifier: Apache-2.0
import Bytes

/// One section of INFO: its name and what writes its `field:value` lines.
public struct InfoSection: Sendable {
    public let name: String
    /// What it is asked for by, in any case: the name without blanks.
    let key: [UInt8]
    /// Whether plain INFO shows it.
    public let isDefault: Bool
    /// Whether only its own name shows it, and not `INFO everything` either.
    public let isNamedOnly: Bool
    public let write: @Sendable (Engine, TextBuffer) -> Void

    public init(
        _ name: String, isDefault: Bool = true, isNamedOnly: Bool = false,
        _ write: @escaping @Sendable (Engine, TextBuffer) -> Void
    ) {
        self.name = name
        key = name.utf8.filter { $0 != 32 }
        self.isDefault = isDefault && !isNamedOnly
        self.isNamedOnly = isNamedOnly
        self.write = write
    }
}

/// The sections of INFO in their order; each feature brings its own.
public struct InfoSections: Sendable {
    public var sections: [InfoSection]
    public init(_ sections: [InfoSection] = []) { self.sections = sections }

    /// The sections of this target.
    public static let core = InfoSections([
        InfoSection("Server", InfoWriter.server),
        InfoSection("TLS", isDefault: false, InfoWriter.tls),
        InfoSection("Clients", InfoWriter.clients),
        InfoSection("Memory", InfoWriter.memory),
        InfoSection("Persistence", InfoWriter.persistence),
        InfoSection("Threads", InfoWriter.threads),
        InfoSection("Stats", InfoWriter.stats),
        InfoSection("Replication", InfoWriter.replication),
        InfoSection("CPU", InfoWriter.cpu),
        InfoSection("Modules") { _, _ in },
        InfoSection("Commandstats", isDefault: false, InfoWriter.commandStatistics),
        InfoSection("Errorstats", InfoWriter.errorStatistics),
        InfoSection("Latencystats", isDefault: false, InfoWriter.latencyStatistics),
        InfoSection("Cluster", InfoWriter.cluster),
        InfoSection("Scripting Engines", isDefault: false, InfoWriter.scriptingEngines),
        InfoSection("Keyspace", InfoWriter.keyspace),
        InfoSection("Debug", isNamedOnly: true, InfoWriter.debug),
    ])
}

/// Writes the sections.
///
/// Every field is a true value. Features that are not built yet have the fields that they have while they are idle,
/// because tools look for them; only what would claim such a feature is left out.
enum InfoWriter {
    /// A number with a fixed count of decimals, as text; see `Decimals`.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        let parts = Decimals(value, decimals)
        let whole = (parts.isNegative ? "-" : "") + String(parts.whole)
        guard decimals > 0 else { return whole }
        let digits = String(parts.fraction)
        return whole + "." + String(repeating: "0", count: decimals - digits.utf8.count) + digits
    }
}
