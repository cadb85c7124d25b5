// SPDX-License-Identifier: Apache-2.0
import Engine

extension HyperLogLogs {
    /// The HyperLogLog commands with their documentation.
    public static let family = Family(commands: commands, docs: docs)

    static let docs: [CommandDoc] = [
        CommandDoc(
            "PFADD", "Adds elements to a HyperLogLog, which is created if need be.", since: "2.8.9",
            "O(1) for each element", "key [element]..."),
        CommandDoc(
            "PFCOUNT",
            "Roughly how many different elements were added to one HyperLogLog, or to several together.",
            since: "2.8.9", "O(1) for one key, O(N) with a large constant for N keys", "key..."),
        CommandDoc(
            "PFMERGE", "Adds to a HyperLogLog whatever was added to others.", since: "2.8.9",
            "O(N) with a large constant, N HyperLogLogs", "destkey:key [sourcekey:key]..."),
        CommandDoc(
            "PFDEBUG", "Shows a HyperLogLog from inside.", since: "2.8.9", "N/A", "subcommand key",
            isInternal: true),
        CommandDoc(
            "PFSELFTEST", "Tests the code of HyperLogLogs.", since: "2.8.9", "N/A", isInternal: true),
    ]
}
