// SPDX-License-Identifier: Apache-2.0
// The rows of places: load and data.

extension RateRow {
    /// A million places in a square of a degree. A search finds a hundred of them; GEOADD fills the square.
    static let places = ["GEOADD", "GEOSEARCH of 100"].flatMap { command in
        [1, 16].map { RateRow(command: command, pipeline: $0, valueSize: 0, connections: 50) }
    }
}

extension Workload {
    /// Digits behind the point of a coordinate.
    fileprivate static let fractions = 1_000_000_000_000

    /// What one command of a row on places means; nil for other rows.
    static func ofPlaces(
        _ row: RateRow
    ) -> (words: [Word], dataset: Dataset, reply: [String]?, usesUp: Bool)? {
        let key = Word.literal("places")
        let longitude = Word.random("10.", below: fractions)
        let latitude = Word.random("50.", below: fractions)
        switch row.command {
        case "GEOADD":
            let member = Word.random("element:", below: row.keyCount)
            return ([.literal("GEOADD"), key, longitude, latitude, member], .empty, ["integer"], true)
        case "GEOSEARCH of 100":
            let circle = ["BYRADIUS", "500", "m"].map { Word.literal($0) }
            let words = [.literal("GEOSEARCH"), key, .literal("FROMLONLAT"), longitude, latitude] + circle
            return (words, .places(count: row.keyCount), ["array", "100", "20"], false)
        default: return nil
        }
    }
}

extension Connection {
    /// Adds `count` places to a sorted set, 100 at a time.
    func fillPlaces(count: Int) throws {
        try pipelined((count + 99) / 100, pipeline: 4) { text, batch in
            let first = batch * 100
            let last = min(count, first + 100)
            text.command(2 + 3 * (last - first))
            text.argument("GEOADD")
            text.argument("places")
            for member in first..<last {
                text.numbered("10.", CommandText.scramble(2 * member) % Workload.fractions)
                text.numbered("50.", CommandText.scramble(2 * member + 1) % Workload.fractions)
                text.numbered("element:", member)
            }
        }
    }
}
