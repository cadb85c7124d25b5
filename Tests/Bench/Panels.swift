// SPDX-License-Identifier: Apache-2.0
// Which of the results the two plots show.

extension Results {
    private var origin: String { "\(machine); \(date); \(mode)" }

    /// CPU time per command at 50 connections, as SVG text.
    func cpuPlot() -> String {
        var groups: [[DotRow]] = []
        var last: RateRow?
        for rate in mainRates {
            let dots = names.indices.map { rate.figures[$0].map { Dot($0.cpuMicroseconds) } }
            let label = "\(rate.row.command), pipeline \(rate.row.pipeline)"
            let row = DotRow(label: label, dots: dots, floor: rate.constant?.cpuMicroseconds.median)
            if last?.command == rate.row.command {
                groups[groups.count - 1].append(row)
            } else {
                groups.append([row])
            }
            last = rate.row
        }
        return Plot(
            title: "Server CPU time per command", subtitle: origin, axis: "µs per command", logarithmic: true,
            names: names, floorName: "constant replies", groups: groups
        ).svg()
    }

    /// Every command at 50 connections and 32-byte values, in the order of the commands.
    private var mainRates: [RateResult] {
        let order = [
            "GET", "SET", "INCR", "MSET", "SADD", "SPOP", "HSET", "HGET", "HMGET of 10", "HGETALL of 10",
            "HINCRBY", "HEXPIRE", "LPUSH", "RPUSH", "LPOP", "RPOP", "LRANGE of 100", "LRANGE of 600",
            "ZADD", "ZPOPMIN", "ZRANK", "ZRANGEBYSCORE of 10", "ZINCRBY",
        ]
        return order.flatMap { command in
            rates.filter {
                $0.row.command == command && $0.row.connections == 50 && $0.row.idle == nil
                    && [0, 32].contains($0.row.valueSize)
            }.sorted { $0.row.pipeline < $1.row.pipeline }
        }
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
