// SPDX-License-Identifier: Apache-2.0
// What the commands of the rate rows look like, and what the keyspace must hold for them.

/// The words, the data and the reply of one kind of load.
struct Workload {
    typealias Word = CommandTemplate.Word

    var words: [Word]
    var dataset: Dataset
    /// What the constant-reply server is to send; nil where the comparison makes no sense.
    var constantReply: [String]?
    /// Each round begins with the same data and sends the same number of commands, because they use it up.
    var usesUpItsData = false

    /// What one command of a row means.
    init(_ row: RateRow) {
        let size = row.valueSize
        let keys = row.keyCount
        let key = Word.random("key:", below: keys)
        let hash = Word.random("hash:", below: Workload.hashes)
        let field = Word.random("field:", below: 10)
        func fields(_ count: Int) -> [Word] { (0..<count).map { .numbered("field:", $0) } }
        func command(_ name: String, _ words: [Word]) -> [Word] { [.literal(name)] + words }
        let hashesOfTen = Dataset.hashes(count: Workload.hashes, fields: 10, size: size)
        let strings = Dataset.strings(count: keys, size: size)
        // Dense ones, 12 MB together.
        let hyperLogLogs = Dataset.hyperLogLogs(count: 1000, elements: 10_000)
        let hyperLogLog = Word.random("hll:", below: 1000)
        let tenOfThem = [Word](repeating: hyperLogLog, count: 10)
        switch row.command {
        case "SET": self.init(command("SET", [key, .value(size: size)]), strings, ["status"])
        case "GET": self.init(command("GET", [key]), strings, ["bulk", String(size)])
        case "MSET":
            let pairs = (0..<10).flatMap { _ in [key, .value(size: size)] }
            self.init(command("MSET", pairs), strings, ["status"])
        case "INCR":
            self.init(
                command("INCR", [.random("counter:", below: keys)]), .counters(count: keys), ["integer"])
        case "SADD":
            let member = Word.random("element:", below: keys)
            self.init(command("SADD", [.literal("myset"), member]), .empty, ["integer"], usesUp: true)
        case "SPOP":
            self.init(
                command("SPOP", [.literal("myset")]), .members(count: keys), ["bulk", "20"], usesUp: true)
        case "HSET": self.init(command("HSET", [hash, field, .value(size: size)]), hashesOfTen, ["integer"])
        case "HGET": self.init(command("HGET", [hash, field]), hashesOfTen, ["bulk", String(size)])
        case "HMGET of 10":
            self.init(command("HMGET", [hash] + fields(10)), hashesOfTen, ["array", "10", String(size)])
        case "HGETALL of 10":
            self.init(command("HGETALL", [hash]), hashesOfTen, ["array", "20", String(size)])
        case "HGETALL of 1000":
            let data = Dataset.hashes(count: 1000, fields: 1000, size: size)
            let words = command("HGETALL", [.random("hash:", below: 1000)])
            self.init(words, data, ["array", "2000", String(size)])
        case "HINCRBY":
            self.init(
                command("HINCRBY", [hash, field, .literal("1")]),
                .hashes(count: Workload.hashes, fields: 10, size: 0), ["integer"])
        case "HEXPIRE":
            self.init(
                command("HEXPIRE", [hash, .literal("100000"), .literal("FIELDS"), .literal("1"), field]),
                .volatileHashes(count: Workload.hashes, fields: 10, size: size), ["array", "1", "1"])
        case "BITCOUNT":
            self.init(command("BITCOUNT", [.literal("bits:0")]), .bitmaps(count: 2, size: size), nil)
        case "BITOP":
            let words = ["AND", "bits:result", "bits:0", "bits:1"].map { Word.literal($0) }
            self.init(command("BITOP", words), .bitmaps(count: 2, size: size), nil)
        case "PFADD":
            // A million elements: few are new after a while, as in life.
            let words = command("PFADD", [hyperLogLog, .random("element:", below: keys)])
            self.init(words, hyperLogLogs, ["integer"])
        case "PFCOUNT": self.init(command("PFCOUNT", [hyperLogLog]), hyperLogLogs, ["integer"])
        case "PFCOUNT of 10":
            self.init(command("PFCOUNT", tenOfThem), hyperLogLogs, ["integer"])
        case "PFMERGE of 10":
            self.init(command("PFMERGE", [.literal("merged")] + tenOfThem), hyperLogLogs, ["status"])
        case "PUBLISH":
            self.init(command("PUBLISH", [.literal(Audience.channel), .value(size: size)]), .empty, nil)
        default:
            guard let other = Workload.ofCollections(row) else {
                preconditionFailure("no workload for \(row.command)")
            }
            self.init(other.words, other.dataset, other.reply, usesUp: other.usesUp)
        }
    }

    private init(
        _ words: [Word], _ dataset: Dataset, _ constantReply: [String]?, usesUp: Bool = false
    ) {
        self.words = words
        self.dataset = dataset
        self.constantReply = constantReply
        usesUpItsData = usesUp
    }

    /// The loads on one collection; nil for others.
    private static func ofCollections(
        _ row: RateRow
    ) -> (words: [Word], dataset: Dataset, reply: [String]?, usesUp: Bool)? {
        ofLists(row) ?? ofSortedSets(row) ?? ofStreams(row) ?? ofPlaces(row)
    }

    static let hashes = 100_000
}
