// SPDX-License-Identifier: Apache-2.0

/// One section of INFO: its name and what writes its `field:value` lines.
public struct InfoSection: Sendable {
    public let name: String
    /// Whether plain INFO shows it.
    public let isDefault: Bool
    /// Whether only its own name shows it, and not `INFO everything` either.
    public let isNamedOnly: Bool
    public let write: @Sendable (Engine, inout String) -> Void

    public init(
        _ name: String, isDefault: Bool = true, isNamedOnly: Bool = false,
        _ write: @escaping @Sendable (Engine, inout String) -> Void
    ) {
        self.name = name
        self.isDefault = isDefault && !isNamedOnly
        self.isNamedOnly = isNamedOnly
        self.write = write
    }

    func followed(by other: InfoSection) -> InfoSection {
        let first = write
        return InfoSection(name, isDefault: isDefault, isNamedOnly: isNamedOnly) { engine, out in
            first(engine, &out)
            other.write(engine, &out)
        }
    }
}

/// The sections of INFO in their order; each feature brings its own.
public struct InfoSections: Sendable {
    public var sections: [InfoSection]

    /// What is said of a section that stands in the list already is shown behind it.
    public init(_ sections: [InfoSection]) {
        self.sections = []
        for section in sections {
            guard let place = self.sections.firstIndex(where: { $0.name == section.name }) else {
                self.sections.append(section)
                continue
            }
            self.sections[place] = self.sections[place].followed(by: section)
        }
    }
}

extension InfoWriter {
    /// The sections of the server as a whole, in Redis's order.
    static let sections = [
        InfoSection("Server", InfoWriter.server),
        InfoSection("Clients", InfoWriter.clients),
        InfoSection("Memory", InfoWriter.memory),
        InfoSection("Persistence", InfoWriter.persistence),
        InfoSection("Stats", InfoWriter.stats),
        InfoSection("Replication", InfoWriter.replication),
        InfoSection("CPU", InfoWriter.cpu),
        InfoSection("Modules") { _, _ in },
        InfoSection("Commandstats", isDefault: false, InfoWriter.commandStatistics),
        InfoSection("Errorstats", InfoWriter.errorStatistics),
        InfoSection("Latencystats", isDefault: false, InfoWriter.latencyStatistics),
        InfoSection("Cluster", InfoWriter.cluster),
        InfoSection("Keyspace", InfoWriter.keyspace),
        InfoSection("Debug", isNamedOnly: true, InfoWriter.debug),
    ]
}

/// Writes the sections. Every field is a true value; fields whose feature does not exist yet are left out, unless
/// their zero is the truth and tools look for it.
public enum InfoWriter {
    /// Appends a field and its value as a line.
    public static func line(_ field: String, _ value: some CustomStringConvertible, _ out: inout String) {
        out += "\(field):\(value)\r\n"
    }

    /// A number with a fixed count of decimals.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "0" }
        if decimals == 0 { return String(Int(value)) }
        var scale = 1
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int((value * Double(scale)).rounded())
        let whole = scaled.magnitude / UInt(scale)
        let rest = String(scaled.magnitude % UInt(scale))
        let padding = String(repeating: "0", count: decimals - rest.utf8.count)
        return (scaled < 0 ? "-" : "") + "\(whole).\(padding)\(rest)"
    }

    /// Bytes with a unit, as people read them.
    static func human(_ bytes: Int) -> String {
        let units = ["K", "M", "G", "T", "P"]
        guard bytes >= 1024 else { return "\(bytes)B" }
        var value = Double(bytes) / 1024
        var unit = 0
        while value >= 1024, unit + 1 < units.count {
            value /= 1024
            unit += 1
        }
        return fixed(value, 2) + units[unit]
    }

    static func percent(_ part: Int, of whole: Int) -> String {
        fixed(whole > 0 ? Double(part) * 100 / Double(whole) : 0, 2) + "%"
    }
}
