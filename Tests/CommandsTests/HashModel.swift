// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig

@testable import Commands
@testable import Engine

/// Hashes as dictionaries. A field that has died stays until somebody meets it, as it does in the store, so that the
/// model says how many fields there are at any time.
struct HashModel {
    struct Field: Equatable {
        var value: String
        var deadlineMs: Int64?
    }

    var hashes: [String: [String: Field]] = [:]
    var nowMs = Rig.startMs

    func exists(_ key: String) -> Bool { hashes[key] != nil }
    func count(_ key: String) -> Int { hashes[key]?.count ?? 0 }
    func isDead(_ field: Field) -> Bool { field.deadlineMs.map { $0 <= nowMs } ?? false }

    /// A field that may be shown.
    func live(_ key: String, _ name: String) -> Field? {
        hashes[key]?[name].flatMap { isDead($0) ? nil : $0 }
    }

    func live(_ key: String) -> [String: String] {
        (hashes[key] ?? [:]).filter { !isDead($0.value) }.mapValues(\.value)
    }

    /// A field that a command meets: a dead one is deleted.
    mutating func meet(_ key: String, _ name: String) -> Field? {
        guard let field = hashes[key]?[name] else { return nil }
        guard isDead(field) else { return field }
        remove(key, name)
        return nil
    }

    mutating func set(_ key: String, _ name: String, _ field: Field) {
        hashes[key, default: [:]][name] = field
    }

    mutating func remove(_ key: String, _ name: String) {
        hashes[key]?[name] = nil
        if hashes[key]?.isEmpty ?? false { hashes[key] = nil }
    }

    /// Deletes all dead fields of a hash, or of all.
    mutating func bury(_ key: String? = nil) {
        for (name, hash) in hashes where key == nil || key == name {
            let left = hash.filter { !isDead($0.value) }
            hashes[name] = left.isEmpty ? nil : left
        }
    }
}

/// Random commands to an engine and to the model, whose answers must be the same.
struct HashPlayer {
    let rig: Rig
    var model = HashModel()
    var random: SeededRandom
    /// The commands of the step, for the report.
    private(set) var said = ""

    static let keys = ["few", "some", "many", "long", "numbers"]

    init(seed: UInt64, withTwin: Bool) {
        random = SeededRandom(seed: seed)
        rig = Rig(seed: seed, withTwin: withTwin) {
            $0.debugCommand = "yes"
            $0.limits.hashListpackEntries = 48
        }
        rig.comparesEvery = 20
    }

    private mutating func say(_ words: [String]) -> String {
        said = words.joined(separator: " ")
        return rig.run(words)
    }

    private mutating func name(_ key: String) -> String {
        switch key {
        case "few": "f\(random.below(12))"
        case "some": "s\(random.below(120))"
        case "many": "m\(random.below(3000))"
        case "long": random.below(30) == 0 ? String(repeating: "n", count: 70) : "l\(random.below(40))"
        default: "\(random.below(60))"
        }
    }

    private mutating func names(_ key: String, upTo max: Int) -> [String] {
        (0...random.below(max)).map { _ in name(key) }
    }

    private mutating func value(_ key: String) -> String {
        switch random.below(key == "long" ? 6 : 4) {
        case 0: String(Int64(bitPattern: random.next()) >> Int64(random.below(64)))
        case 1: String(random.below(100))
        case 4: String(repeating: "v", count: 60 + random.below(10))
        case 5: random.below(20) == 0 ? String(repeating: "B", count: 16_380 + random.below(20)) : "x"
        default: "v\(random.below(1000))"
        }
    }

    private static func bulk(_ text: String?) -> String { text.map { "$\($0.utf8.count) \($0)" } ?? "$-1" }
    private static func array(_ items: [String]) -> String {
        (["*\(items.count)"] + items).joined(separator: " ")
    }

    /// One random step.
    /// - Returns: nil when the engine answered as the model does; otherwise what was wrong.
    mutating func step() -> String? {
        let key = HashPlayer.keys[random.below(HashPlayer.keys.count)]
        let answer: (got: String, want: String)? =
            switch random.below(100) {
            case 0..<22: set(key)
            case 22..<32: delete(key)
            case 32..<42: read(key)
            case 42..<50: add(key)
            case 50..<64: expire(key)
            case 64..<70: setWithOptions(key)
            case 70..<76: getWithOptions(key)
            case 76..<82: ask(key)
            case 82..<87: pick(key)
            case 87..<90: walk(key)
            case 90: carry(key)
            default: pass()
            }
        guard let answer, answer.got != answer.want else { return nil }
        return "[\(said)] answered [\(answer.got.prefix(300))] instead of [\(answer.want.prefix(300))]"
    }

    // MARK: Time

    private mutating func pass() -> (got: String, want: String)? {
        let ms = Int64(random.below(random.below(20) == 0 ? 20_000 : 400))
        said = "advance \(ms)"
        model.nowMs += ms
        if random.below(3) == 0 {
            rig.sleepWithoutExpiry(ms: ms)
        } else {
            rig.advance(ms: ms)
            model.bury()
        }
        return nil
    }

    private mutating func deadline() -> (words: [String], ms: Int64) {
        switch random.below(8) {
        case 0: return (["PX", "0"], model.nowMs)
        case 1: return (["PXAT", "\(model.nowMs - 5)"], model.nowMs - 5)
        case 2: return (["EX", "1"], model.nowMs + 1000)
        case 3: return (["PXAT", "\(model.nowMs + 1_000_000)"], model.nowMs + 1_000_000)
        default:
            let ms = Int64(1 + random.below(2000))
            return (["PX", "\(ms)"], model.nowMs + ms)
        }
    }

    // MARK: Commands

    private mutating func set(_ key: String) -> (got: String, want: String) {
        if random.below(5) == 0 {
            let (name, value) = (name(key), value(key))
            let isFree = model.meet(key, name) == nil
            if isFree { model.set(key, name, .init(value: value)) }
            return (say(["HSETNX", key, name, value]), isFree ? ":1" : ":0")
        }
        let names = names(key, upTo: random.below(40) == 0 ? 100 : 4)
        var words = ["HSET", key]
        var added = 0
        for name in names {
            let value = value(key)
            words += [name, value]
            if model.meet(key, name) == nil { added += 1 }
            model.set(key, name, .init(value: value))
        }
        return (say(words), ":\(added)")
    }

    private mutating func delete(_ key: String) -> (got: String, want: String) {
        let names = names(key, upTo: 4)
        if random.below(3) == 0 {
            var items: [String] = []
            for name in names {
                items.append(HashPlayer.bulk(model.meet(key, name)?.value))
                model.remove(key, name)
            }
            let words = ["HGETDEL", key, "FIELDS", "\(names.count)"] + names
            return (say(words), HashPlayer.array(items))
        }
        var removed = 0
        for name in names where model.hashes[key]?[name] != nil {
            model.remove(key, name)
            removed += 1
        }
        return (say(["HDEL", key] + names), ":\(removed)")
    }

    private mutating func read(_ key: String) -> (got: String, want: String) {
        let name = name(key)
        switch random.below(5) {
        case 0: return (say(["HEXISTS", key, name]), model.meet(key, name) == nil ? ":0" : ":1")
        case 1: return (say(["HSTRLEN", key, name]), ":\(model.meet(key, name)?.value.utf8.count ?? 0)")
        case 2: return (say(["HGET", key, name]), HashPlayer.bulk(model.meet(key, name)?.value))
        case 3: return (say(["HLEN", key]), ":\(model.count(key))")
        default:
            let names = names(key, upTo: 6)
            var items: [String] = []
            for name in names { items.append(HashPlayer.bulk(model.meet(key, name)?.value)) }
            return (say(["HMGET", key] + names), HashPlayer.array(items))
        }
    }

    private mutating func add(_ key: String) -> (got: String, want: String) {
        let name = name(key)
        let old = model.meet(key, name)
        let step = Int64(random.below(2000)) - 1000
        if random.below(4) == 0 {
            // A whole number, so that the sum is one and the model can do it.
            let value = old.map { Int64($0.value) ?? .max } ?? 0
            guard value.magnitude < 1 << 50 else {
                return (say(["HEXISTS", key, name]), old == nil ? ":0" : ":1")
            }
            model.set(key, name, .init(value: "\(value + step)", deadlineMs: old?.deadlineMs))
            return (say(["HINCRBYFLOAT", key, name, "\(step)"]), HashPlayer.bulk("\(value + step)"))
        }
        let got = say(["HINCRBY", key, name, "\(step)"])
        guard let value = Int64(old?.value ?? "0") else { return (got, "-ERR hash value is not an integer") }
        let (sum, overflow) = value.addingReportingOverflow(step)
        guard !overflow else { return (got, "-ERR increment or decrement would overflow") }
        model.set(key, name, .init(value: "\(sum)", deadlineMs: old?.deadlineMs))
        return (got, ":\(sum)")
    }

    private mutating func expire(_ key: String) -> (got: String, want: String) {
        let names = names(key, upTo: random.below(20) == 0 ? 60 : 4)
        let list = ["FIELDS", "\(names.count)"] + names
        if random.below(6) == 0 {
            var items: [String] = []
            for name in names {
                let field = model.meet(key, name)
                items.append(field == nil ? ":-2" : field?.deadlineMs == nil ? ":-1" : ":1")
                if let field { model.set(key, name, .init(value: field.value)) }
            }
            return (say(["HPERSIST", key] + list), HashPlayer.array(items))
        }
        let condition = ["", "", "", "NX", "XX", "GT", "LT"][random.below(7)]
        let ms = random.below(12) == 0 ? 0 : Int64(random.below(3000))
        let deadline = model.nowMs + ms
        var items: [String] = []
        for name in names {
            guard let field = model.meet(key, name) else {
                items.append(":-2")
                continue
            }
            let allowed =
                switch condition {
                case "NX": field.deadlineMs == nil
                case "XX": field.deadlineMs != nil
                case "GT": field.deadlineMs.map { deadline > $0 } ?? false
                case "LT": field.deadlineMs.map { deadline < $0 } ?? true
                default: true
                }
            items.append(!allowed ? ":0" : ms == 0 ? ":2" : ":1")
            guard allowed else { continue }
            if ms == 0 {
                model.remove(key, name)
            } else {
                model.set(key, name, .init(value: field.value, deadlineMs: deadline))
            }
        }
        let words = ["HPEXPIRE", key, "\(ms)"] + (condition.isEmpty ? [] : [condition]) + list
        return (say(words), HashPlayer.array(items))
    }

    private mutating func setWithOptions(_ key: String) -> (got: String, want: String) {
        let names = names(key, upTo: 4)
        let values = names.map { _ in value(key) }
        let condition = ["", "", "FNX", "FXX"][random.below(4)]
        let keepsTTL = random.below(4) == 0
        let deadline = !keepsTTL && random.below(4) != 0 ? deadline() : nil
        var words = ["HSETEX", key] + (condition.isEmpty ? [] : [condition])
        words += keepsTTL ? ["KEEPTTL"] : deadline?.words ?? []
        words += ["FIELDS", "\(names.count)"] + zip(names, values).flatMap { [$0, $1] }
        if !condition.isEmpty {
            for name in names where (model.meet(key, name) == nil) == (condition == "FXX") {
                return (say(words), ":0")
            }
        }
        for (name, value) in zip(names, values) {
            if let deadline, deadline.ms <= model.nowMs {
                model.remove(key, name)
                continue
            }
            let old = model.meet(key, name)
            model.set(
                key, name, .init(value: value, deadlineMs: keepsTTL ? old?.deadlineMs : deadline?.ms))
        }
        return (say(words), ":1")
    }

    private mutating func getWithOptions(_ key: String) -> (got: String, want: String) {
        let names = names(key, upTo: 4)
        let persists = random.below(4) == 0
        let deadline = !persists && random.below(4) != 0 ? deadline() : nil
        var items: [String] = []
        for name in names {
            let field = model.meet(key, name)
            items.append(HashPlayer.bulk(field?.value))
            guard let field else { continue }
            if let deadline, deadline.ms <= model.nowMs {
                model.remove(key, name)
            } else if persists || deadline != nil {
                model.set(key, name, .init(value: field.value, deadlineMs: deadline?.ms))
            }
        }
        let options = persists ? ["PERSIST"] : deadline?.words ?? []
        return (
            say(["HGETEX", key] + options + ["FIELDS", "\(names.count)"] + names), HashPlayer.array(items)
        )
    }

    private mutating func ask(_ key: String) -> (got: String, want: String) {
        let names = names(key, upTo: 6)
        let isAbsolute = random.below(2) == 0
        let items = names.map { name in
            guard let field = model.live(key, name) else { return ":-2" }
            return ":\(field.deadlineMs.map { isAbsolute ? $0 : $0 - model.nowMs } ?? -1)"
        }
        let words = [isAbsolute ? "HPEXPIRETIME" : "HPTTL", key, "FIELDS", "\(names.count)"] + names
        return (say(words), HashPlayer.array(items))
    }

    private mutating func pick(_ key: String) -> (got: String, want: String) {
        model.bury(key)
        let live = model.live(key)
        let count = random.below(live.count + 4)
        let picked = pairs(say(["HRANDFIELD", key, "\(count)", "WITHVALUES"]))
        let areRight = picked.allSatisfy { live[$0.key] == $0.value }
        let again = members(rig.run("HRANDFIELD", key, "-5"))
        let areKnown = again.allSatisfy { live[$0] != nil }
        return (
            "\(picked.count) \(areRight) \(again.count) \(areKnown)",
            "\(min(count, live.count)) true \(live.isEmpty ? 0 : 5) true"
        )
    }

    private mutating func walk(_ key: String) -> (got: String, want: String) {
        said = "a walk over \(key)"
        let count = "\(1 + random.below(50))"
        let scanned = rig.scanFields(key, ["COUNT", count]).fields
        return (
            "\(scanned == model.live(key)) \(rig.fields(key) == model.live(key)) \(rig.run("HLEN", key))",
            "true true :\(model.count(key))"
        )
    }

    private mutating func carry(_ key: String) -> (got: String, want: String) {
        // What is dead is not worth a rule of its own: it goes first.
        rig.advance(ms: 0)
        model.bury()
        let other = HashPlayer.keys[random.below(HashPlayer.keys.count)]
        guard other != key else {
            model.hashes[key] = nil
            let before = rig.run("EXISTS", key)
            return (say(["DEL", key]), before)
        }
        if random.below(2) == 0 {
            let copies = model.exists(key)
            if copies { model.hashes[other] = model.hashes[key] }
            return (say(["COPY", key, other, "REPLACE"]), copies ? ":1" : ":0")
        }
        guard model.exists(key) else { return (say(["RENAME", key, other]), "-ERR no such key") }
        model.hashes[other] = model.hashes[key]
        model.hashes[key] = nil
        return (say(["RENAME", key, other]), "+OK")
    }
}
