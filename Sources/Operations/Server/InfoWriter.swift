// SPDX-License-Identifier: Apache-2.0
import Engine

extension InfoWriter {
    /// The sections of the server as a whole, in Redis's order.
    static let sections = [
        InfoSection("Server", InfoWriter.server),
        InfoSection("TLS", isDefault: false, InfoWriter.tls),
        InfoSection("Clients", InfoWriter.clients),
        InfoSection("Memory", InfoWriter.memory),
        InfoSection("Persistence") { _, _ in },
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
        InfoSection("Keysizes", InfoWriter.keySizes),
        InfoSection("Debug", isNamedOnly: true, InfoWriter.debug),
    ]
}

/// Writes the sections.
///
/// Every field is a true value. Features that are not built yet have the fields that they have while they are idle,
/// because tools look for them; only what would claim such a feature is left out.
enum InfoWriter {}
