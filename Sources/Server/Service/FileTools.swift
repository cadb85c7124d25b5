// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Glibc
import Persistence

/// The program's other trades: what it does with files of data instead of serving them.
enum FileTools {
    /// `needletail check-rdb FILE`, and whatever is called like `redis-check-rdb`.
    /// - Returns: 0: the file is sound; 1: it is not, or cannot be read.
    static func checkSnapshot(_ arguments: [ByteString]) -> Int32 {
        guard let path = arguments.first, arguments.count == 1 else { return misuse(checkUsage) }
        if let code = answered(path, "check-rdb", checkUsage) { return code }
        let bar = ProgressBar(STDOUT_FILENO)
        let check = SnapshotCheck(path, MachineDisk(), nowMs: Clock.realtimeUs() / 1000) { bar.say($0) }
        return check.run { bar.show($0, of: $1) } ? 0 : 1
    }

    private static let checkUsage: ByteString = """
        Usage: needletail check-rdb FILE

        Looks at every byte of an RDB file of Redis or Valkey, as a server would that loads it, and tells what is in it:
        versions, keys by database and type, deadlines, the largest keys, and where it is damaged. Exits with 0 when the
        file is sound and with 1 when it is not. A terminal shows how far it has come.
        """

    /// `needletail check-aof [--fix] FILE|MANIFEST`, and whatever is called like `redis-check-aof`.
    static func checkLog(_ arguments: [ByteString]) -> Int32 {
        let paths = arguments.filter { $0 != "--fix" }
        guard let path = paths.first, paths.count == 1, arguments.count <= 2 else {
            return misuse(checkLogUsage)
        }
        if let code = answered(path, "check-aof", checkLogUsage) { return code }
        if path.hasPrefix("--") { return misuse(checkLogUsage) }
        let bar = ProgressBar(STDOUT_FILENO)
        let check = LogCheck(
            path, MachineDisk(), fixes: arguments.count == 2, say: { bar.say($0) },
            confirm: { question in
                bar.clear()
                Start.write(STDOUT_FILENO, question.bytes)
                return readLine()?.first.map { $0 == "y" || $0 == "Y" } ?? false
            }, progress: { bar.show($0, of: $1) })
        return check.run() ? 0 : 1
    }

    private static let checkLogUsage: ByteString = """
        Usage: needletail check-aof [--fix] FILE|MANIFEST

        Looks at every byte of a log of commands, or of all files that a manifest names, and tells how far it is whole.
        With --fix what is not whole at the end of the last file is cut off, once standard input has said y. Exits with 0
        when everything is whole.
        """

    /// `needletail convert IN OUT [--rdb-version N]`.
    static func convert(_ arguments: [ByteString]) -> Int32 {
        if arguments.first == "--help" || arguments.first == "-h" { return help(convertUsage) }
        var paths: [ByteString] = []
        var version: Int?
        var words = arguments[...]
        while let word = words.popFirst() {
            guard word == "--rdb-version" else {
                if word.hasPrefix("--") { return misuse(convertUsage) }
                paths.append(word)
                continue
            }
            guard let number = words.popFirst() else { return misuse(convertUsage) }
            if number == "auto" { continue }
            guard let wanted = number.withView(\.integer), SnapshotConversion.versions.contains(Int(wanted))
            else {
                Start.say(STDERR_FILENO, "needletail convert: no RDB version that can be written: \(number)")
                return 1
            }
            version = Int(wanted)
        }
        guard paths.count == 2 else { return misuse(convertUsage) }
        return convert(paths[0], paths[1], version)
    }

    private static func convert(_ source: ByteString, _ target: ByteString, _ version: Int?) -> Int32 {
        let bar = ProgressBar(STDOUT_FILENO)
        let conversion = SnapshotConversion(from: source, to: target, version: version, MachineDisk()) {
            bar.say($0)
        }
        do throws(SnapshotConversion.Failure) {
            let result = try conversion.run(process: Int(getpid())) { bar.show($0, of: $1) }
            bar.say(
                "\(target): RDB version \(result.version) (\(result.family)), \(result.keys) keys, "
                    + "\(result.bytes) bytes")
            return 0
        } catch {
            bar.clear()
            Start.say(STDERR_FILENO, "needletail convert: \(error.text)")
            return 1
        }
    }

    private static let convertUsage: ByteString = """
        Usage: needletail convert IN OUT [--rdb-version 9|10|11|12|80|auto]

        Reads the RDB file IN, of any version of Redis or Valkey, and writes OUT in the version that is asked for, or in
        the oldest one that holds all that is in it. Where that version cannot hold a key, its name is told, and OUT is as
        it was before. Exits with 0 when OUT is whole and on disk.

            Redis 5 and 6: 9    Redis 7.0: 10    Redis 7.2, Valkey 7.2 to 8.1: 11    Redis 7.4 and 8: 12    Valkey 9: 80
        """

    /// Answers what asks for the tool itself; nil for anything else.
    private static func answered(_ word: ByteString, _ tool: StaticString, _ usage: ByteString) -> Int32? {
        switch word {
        case "--help", "-h": return help(usage)
        case "--version", "-v":
            Start.say(STDOUT_FILENO, "needletail \(tool) \(Version.needletail)")
            return 0
        default: return nil
        }
    }

    private static func help(_ usage: ByteString) -> Int32 {
        Start.say(STDOUT_FILENO, usage)
        return 0
    }

    private static func misuse(_ usage: ByteString) -> Int32 {
        Start.say(STDERR_FILENO, usage)
        return 1
    }
}

/// Shows how far something has come, where somebody looks; lines go above it.
final class ProgressBar {
    private static let width = 40
    private static let everyNs: Int64 = 100_000_000
    private let descriptor: Int32
    private let isTerminal: Bool
    private let startNs = Clock.monotonicNs()
    private var shownNs: Int64
    private var isShown = false

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
        shownNs = Clock.monotonicNs()
    }

    /// Writes a line.
    func say(_ line: ByteString) {
        clear()
        Start.say(descriptor, line)
    }

    /// So much of it is done.
    func show(_ done: Int, of all: Int) {
        guard isTerminal, all > 0 else { return }
        let now = Clock.monotonicNs()
        guard now - shownNs >= ProgressBar.everyNs else { return }
        shownNs = now
        isShown = true
        let filled = ProgressBar.width * min(done, all) / all
        let bar =
            String(repeating: "#", count: filled) + String(repeating: ".", count: ProgressBar.width - filled)
        let perSecond = Double(done) / max(0.001, Double(now - startNs) / 1e9) / 1e6
        write(
            "\r[\(bar)] \(100 * min(done, all) / all) %  \(done >> 20) of \(all >> 20) MB, \(Int(perSecond)) MB/s "
        )
    }

    /// Takes the bar away.
    func clear() {
        guard isShown else { return }
        isShown = false
        write("\r\u{1B}[K")
    }

    private func write(_ text: ByteString) { Start.write(descriptor, text.bytes) }
}
