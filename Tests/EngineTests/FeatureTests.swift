// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Server
import EngineRig
import Keyspace
import RESP
import Testing

/// A feature that stands in no list of the server: it brings a command, a subcommand of another's container, a
/// directive, INFO fields, a refusal, and hears of sessions and units.
private final class Guestbook: FeaturePart, ChangeListener, EffectReader {
    struct Options: FeatureSettings {
        var pagesMax = 3
    }

    var entries: [String] = []
    var pagesMax = 0
    var isShut = false

    static let feature = Feature(
        "guestbook",
        families: [
            Family(
                commands: [
                    Command("SIGN", arity: 2, [.write, .fast], .generic, Sign.self),
                    Command(
                        extending: "CLIENT", .connection,
                        [Command("BOOK", arity: 2, [.noscript], .connection, Book.self)]),
                ],
                docs: [
                    CommandDoc("SIGN", "Signs.", since: "1.0.0", "O(1)", "name"),
                    CommandDoc("CLIENT|BOOK", "Who signed.", since: "1.0.0", "O(1)"),
                ],
                parameters: [Parameter("guestbook-pages", .integer(0...10), .number(\.guestbook.pagesMax))])
        ],
        info: [
            InfoSection("Guestbook") {
                $1.line("guestbook_entries", $0.guestbook.entries.count)
            },
            InfoSection("Stats") { $1.line("guestbook_pages", $0.guestbook.pagesMax) },
        ],
        rules: [
            GateRule(.disk, .write) { engine, _, _ in
                engine.guestbook.isShut ? "MISCONF The book is shut." : nil
            }
        ]
    ) { _ in Guestbook() }

    func apply(_ settings: Settings, _ engine: Engine) { pagesMax = settings.guestbook.pagesMax }
    func connected(_ session: Session, _ engine: Engine) { entries.append("connected") }
    func disconnected(_ session: Session, _ engine: Engine) { entries.append("disconnected") }
    func reset(_ session: Session, _ engine: Engine) {
        entries.append("reset")
        session[Signature.self] = nil
    }
    func resetStatistics() { entries.append("statistics") }
    func describe(_ session: Session, _ facts: inout SessionFacts) {
        if let signature = session[Signature.self] { facts.bytes += signature.name.count }
    }
    func told(_ effect: Effect, _ log: EffectLog, _ engine: Engine) { entries.append("told \(effect.kind)") }
    func unitEnds(_ engine: Engine) { entries.append("unit ends") }
    func unitEnded(_ log: EffectLog) { entries.append("read \(log.effects.count)") }
}

private final class Signature {
    let name: [UInt8]
    init(_ name: [UInt8]) { self.name = name }
}

private enum Sign: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.session[Signature.self] = Signature(args[1].array)
        call.engine.recountFeatures(call.session)
        reply.ok()
    }
}

private enum Book: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.bulk(call.session[Signature.self]?.name ?? [])
    }
}

extension Settings {
    fileprivate var guestbook: Guestbook.Options {
        get { self[Guestbook.Options.self] }
        set { self[Guestbook.Options.self] = newValue }
    }
}

extension Engine {
    fileprivate var guestbook: Guestbook { part(Guestbook.self) }
}

@Suite struct FeatureTests {
    private let rig = Rig(withTwin: false, features: Wiring.features + [Guestbook.feature])
    private var book: Guestbook { rig.engine.guestbook }

    @Test func itsCommandsAreLikeAnyOthers() {
        #expect(rig.run("SIGN", "eva") == "+OK")
        #expect(rig.run("CLIENT", "BOOK") == "$3 eva")
        #expect(rig.run("COMMAND", "INFO", "SIGN").contains("sign"))
        #expect(rig.run("COMMAND", "INFO", "CLIENT|BOOK").contains("client|book"))
        #expect(rig.run("COMMAND", "DOCS", "CLIENT|BOOK").contains("Who signed."))
        #expect(rig.run("SIGN") == "-ERR wrong number of arguments for 'sign' command")
    }

    @Test func itsDirectiveIsSetAndArrives() {
        #expect(book.pagesMax == 3)
        #expect(rig.run("CONFIG", "SET", "guestbook-pages", "7") == "+OK" && book.pagesMax == 7)
        #expect(rig.run("CONFIG", "GET", "guestbook-*") == "*2 $15 guestbook-pages $1 7")
        #expect(rig.run("CONFIG", "SET", "guestbook-pages", "11").hasPrefix("-ERR"))
        #expect(Rig(features: Wiring.features + [Guestbook.feature]).engine.guestbook.pagesMax == 3)
    }

    @Test func itsInfoStandsInItsOwnSectionAndInAnothers() {
        #expect(rig.run("INFO", "guestbook").contains("# Guestbook guestbook_entries:"))
        #expect(rig.run("INFO", "stats").hasSuffix("guestbook_pages:3 "))
    }

    @Test func itsRefusalHoldsWhileItsMaskPointsAtACommand() {
        #expect(rig.run("SET", "a", "1") == "+OK")
        book.isShut = true
        #expect(rig.run("SET", "a", "2") == "+OK", "nobody has asked the gate to look")
        rig.engine.refusals.insert(CommandFlags.write)
        #expect(rig.run("SET", "a", "3") == "-MISCONF The book is shut.")
        #expect(rig.run("GET", "a") == "$1 2")
        #expect(rig.run("MULTI") == "+OK" && rig.run("SIGN", "b") == "-MISCONF The book is shut.")
        #expect(rig.run("EXEC").hasPrefix("-EXECABORT"))
        rig.engine.refusals.remove(CommandFlags.write)
        #expect(rig.run("SET", "a", "4") == "+OK")
    }

    @Test func itHearsOfSessions() {
        rig.run("PING")
        #expect(book.entries == ["connected"])
        let before = rig.session().countedBytes
        rig.run("SIGN", "a long name")
        #expect(rig.session().countedBytes == before + 11)
        rig.run("RESET")
        rig.run("CONFIG", "RESETSTAT")
        rig.leave("main")
        #expect(book.entries == ["connected", "reset", "statistics", "disconnected"])
    }

    @Test func itHearsOfChangesInTheirOrderAndOfTheEndOfEachUnit() {
        rig.run("CONFIG", "SET", "notify-keyspace-events", "KEA")
        rig.engine.listen(book)
        rig.engine.keys.effects.readers = EffectLog.Reader.twin
        rig.engine.effectReaders.append(book)
        book.entries = []
        rig.run("MULTI")
        rig.run("SET", "a", "1")
        rig.run("DEL", "a")
        #expect(book.entries.isEmpty, "a queued command has done nothing yet")
        rig.run("EXEC")
        #expect(book.entries == ["told event", "told event", "unit ends", "read 4"])
        book.entries = []
        rig.engine.unlisten(book)
        rig.run("SET", "a", "1")
        #expect(book.entries == ["read 2"])
    }

    /// The order of the gate's rules is Redis's, whatever the order of the features.
    @Test func rulesAreAskedInTheirPlaces() {
        func feature(_ place: GateRule.Place) -> Feature {
            let name = String(describing: place)
            let text: ByteString = "ERR \(name)"
            return Feature(name, rules: [GateRule(place, .write) { _, _, _ in text }])
        }
        let rules = GateRule.Place.allCases.reversed().map(feature)
        let rig = Rig(withTwin: false, features: Wiring.features + rules)
        rig.engine.refusals.insert(CommandFlags.write)
        #expect(rig.run("SET", "a", "1") == "-ERR authentication")
    }
}
