// SPDX-License-Identifier: Apache-2.0
// Which of the results the plots show.

/// Commands that share a plot of CPU time.
struct PlotFamily {
    /// The plot's file is `bench-cpu-<name>.svg`.
    let name: String
    let title: String
    /// The commands as the rate rows call them, in the order of the plot.
    let commands: [String]

    static let all = [
        PlotFamily(name: "strings", title: "strings", commands: ["GET", "SET", "INCR", "MSET"]),
        PlotFamily(
            name: "hashes", title: "hashes and sets",
            commands: [
                "HSET", "HGET", "HMGET of 10", "HGETALL of 10", "HINCRBY", "HEXPIRE", "SADD", "SPOP",
            ]),
        PlotFamily(
            name: "lists", title: "lists",
            commands: [
                "LPUSH", "RPUSH", "LPOP", "RPOP", "LRANGE of 100", "LRANGE of 300", "LRANGE of 500",
                "LRANGE of 600", "LINDEX of 1 M", "SORT of 10,000",
            ]),
        PlotFamily(
            name: "sorted-sets", title: "sorted sets",
            commands: ["ZADD", "ZPOPMIN", "ZRANK", "ZRANGEBYSCORE of 10", "ZINCRBY"]),
        PlotFamily(
            name: "streams", title: "streams",
            commands: ["XADD", "XRANGE of 100", "XREAD tail of 10", "XREADGROUP", "XACK"]),
        PlotFamily(
            name: "sketches", title: "HyperLogLog and places",
            commands: ["PFADD", "PFCOUNT", "PFCOUNT of 10", "PFMERGE of 10", "GEOADD", "GEOSEARCH of 100"]),
    ]
}

extension Results {
    private var origin: String { "\(machine); \(date); \(mode)" }

    /// CPU time per command at 50 connections and 32-byte values, as SVG text; nil where nothing of the family was
    /// measured.
    func cpuPlot(_ family: PlotFamily) -> String? {
        let groups = family.commands.map { command in
            rates.filter {
                $0.row.command == command && $0.row.connections == 50 && $0.row.idle == nil
                    && [0, 32].contains($0.row.valueSize)
            }.sorted { $0.row.pipeline < $1.row.pipeline }.map { rate in
                DotRow(
                    label: "\(rate.row.command), pipeline \(rate.row.pipeline)",
                    dots: names.indices.map { rate.figures[$0].map { Dot($0.cpuMicroseconds) } },
                    floor: rate.constant?.cpuMicroseconds.median)
            }
        }
        guard !groups.joined().isEmpty else { return nil }
        return Plot(
            title: "Server CPU time per command: \(family.title)", subtitle: origin, axis: "µs per command",
            logarithmic: true, names: names, floorName: "constant replies", groups: groups
        ).svg()
    }

    /// Resident bytes per key as SVG text. The mark stands at the largest keyspace, the bar spans the sizes.
    func memoryPlot() -> String {
        var groups: [[DotRow]] = []
        for result in memory where result.name != MemoryRow(content: .connections).name {
            let points = result.points.filter { !$0.label.hasSuffix("deleted") }
            let dots = names.indices.map { index -> Dot? in
                let values = points.compactMap { $0.bytesPerKey[index] }
                guard let last = values.last, let low = values.min(), let high = values.max() else {
                    return nil
                }
                return Dot(last, low: low, high: high)
            }
            let row = DotRow(label: result.name.replacing("memory ", with: ""), dots: dots)
            let kind = row.label.prefix { $0 != "," && $0 != " " }
            if let last = groups.last?.last, last.label.hasPrefix(kind) {
                groups[groups.count - 1].append(row)
            } else {
                groups.append([row])
            }
        }
        return Plot(
            title: "Resident bytes per key, member or field", subtitle: origin,
            axis: "bytes; bar: the sizes of a keyspace", logarithmic: false, names: names, groups: groups
        ).svg()
    }
}
