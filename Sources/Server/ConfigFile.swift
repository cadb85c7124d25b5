// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Glibc
import Operations
import RESP

/// Reads configuration: a file in the syntax of redis.conf, standard input, and the options of the command line.
///
/// The options count as lines behind those of the file, so that they win over it.
public final class ConfigFile {
    /// Why the configuration is refused: text for the terminal, of several lines.
    public struct Failure: Error, Equatable {
        /// What to print.
        public let text: ByteString
        /// A refusal with this text.
        public init(text: ByteString) { self.text = text }
    }

    /// One thing that is wrong.
    struct Problem: Equatable {
        /// The file the line stands in; empty for standard input and options.
        var file: ByteString = ""
        /// 0 where it is no single line's fault.
        var line = 0
        var shown: ByteString = ""
        let text: ByteString
    }

    /// What the reader asks of the process it runs in. A test gives it a quiet one.
    public struct Surroundings {
        /// Gives the lines for `-`.
        public var standardInput: () -> [UInt8] = { ConfigFile.read(descriptor: STDIN_FILENO) }
        /// Makes a folder the working directory, or says why it cannot be: `dir` is obeyed at once, so that paths in
        /// the lines behind it are relative to it.
        public var enter: (ByteString) -> ByteString? = { _ in nil }
        /// Lines between those of the file and the options.
        public var behindFile: [UInt8] = []
        public init() {}
    }

    /// How deep files may include each other.
    static let includeDepthMax = 16

    let config: Config
    private let surroundings: Surroundings
    /// Reading goes on behind a problem, to find the others.
    private let findsAll: Bool
    private(set) var problems: [Problem] = []
    /// The line that a directive was last set by.
    private(set) var settled: [ByteString: Problem] = [:]

    init(_ config: Config, _ surroundings: Surroundings, findsAll: Bool = false) {
        self.config = config
        self.surroundings = surroundings
        self.findsAll = findsAll
    }

    /// The configuration that these arguments (without the program's name) ask for:
    /// `[file] [-] [--option value …]… [-]`.
    /// - Parameter defaults: what holds where nothing else is said.
    public static func load(
        _ arguments: [ByteString], defaults: Settings = Settings(),
        _ surroundings: Surroundings = Surroundings()
    ) throws(Failure) -> Config {
        let reader = ConfigFile(Config(defaults, features: Wiring.features), surroundings)
        reader.take(arguments)
        if let problem = reader.problems.first { throw Failure(text: fatal(problem)) }
        return reader.config
    }

    /// Reads the directives of a text, for instance of a file.
    public static func load(text: [UInt8], into config: Config) throws(Failure) {
        let reader = ConfigFile(config, Surroundings())
        reader.take(text, "", depth: 0)
        if let problem = reader.problems.first { throw Failure(text: fatal(problem)) }
    }

    /// The words in which Redis refuses to start.
    private static func fatal(_ problem: Problem) -> ByteString {
        guard problem.line > 0 else { return problem.text }
        return """

            *** FATAL CONFIG FILE ERROR (Needletail \(Version.needletail)) ***
            Reading the configuration file, at line \(problem.line)
            >>> '\(problem.shown)'
            \(problem.text)

            """
    }

    /// Why the log file could not be opened, in Redis's shape.
    static func fatal(logFile reason: ByteString) -> ByteString {
        "\n*** FATAL CONFIG FILE ERROR (Needletail \(Version.needletail)) ***\nCan't open the log file: \(reason)\n"
    }

    private var isDone: Bool { !problems.isEmpty && !findsAll }

    // MARK: Sources

    /// File, standard input and options are one text; the lines of a problem are counted through it.
    func take(_ arguments: [ByteString]) {
        var rest = arguments[...]
        var text: [UInt8] = []
        if let first = rest.first, !first.hasPrefix("-") {
            rest = rest.dropFirst()
            config.file = ConfigFile.absolute(first)
            guard let contents = contents(of: first) else { return }
            text = contents
        }
        // A dash asks for standard input where it is the very first or the last word.
        var wantsInput = false
        if rest.last == "-" {
            rest = rest.dropLast()
            wantsInput = true
        }
        if rest.first == "-", arguments.first == "-" {
            rest = rest.dropFirst()
            wantsInput = true
        }
        let fileLines = text.count { $0 == ConfigFile.newline }
        if wantsInput {
            if text.last.map({ $0 != ConfigFile.newline }) ?? false { text.append(ConfigFile.newline) }
            text += surroundings.standardInput()
        }
        if !surroundings.behindFile.isEmpty { text += [ConfigFile.newline] + surroundings.behindFile }
        let options = CommandLineOptions.lines(rest)
        if !options.isEmpty { text += [ConfigFile.newline] + options }
        take(text, config.file, depth: 0, ownLines: fileLines)
    }

    // MARK: Lines

    private static let newline = UInt8(ascii: "\n")

    /// - Parameter ownLines: so many line breaks belong to `file`; what follows them came from elsewhere.
    private func take(_ text: [UInt8], _ file: ByteString, depth: Int, ownLines: Int = .max) {
        let lines = text.split(separator: ConfigFile.newline, omittingEmptySubsequences: false)
        for (index, raw) in lines.enumerated() {
            if isDone { return }
            let line = ConfigFile.trimmed(Array(raw))
            if line.isEmpty || line[0] == UInt8(ascii: "#") { continue }
            let place = Problem(
                file: index <= ownLines ? file : "", line: index + 1,
                shown: ByteString(line), text: "")
            guard let words = splitWords(line) else {
                note("Unbalanced quotes in configuration line", place)
                continue
            }
            guard let name = words.first else { continue }
            if words.count == 2, name.lowercased == "include" {
                include(words[1], place, depth)
            } else if let problem = config.take(words) ?? enter(name) {
                note(problem, place)
            } else if let parameter = config.parameters.find(name) {
                settled[ByteString(parameter.name)] = place
            }
        }
    }

    func note(_ text: ByteString, _ place: Problem) {
        problems.append(Problem(file: place.file, line: place.line, shown: place.shown, text: text))
    }

    /// Obeys `dir`.
    private func enter(_ name: ByteString) -> ByteString? {
        name.lowercased == "dir" ? surroundings.enter(config.settings.directory) : nil
    }

    private static func trimmed(_ line: [UInt8]) -> [UInt8] {
        func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 }
        return Array(line.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }

    /// Takes in the files that a path or pattern names, in the order of their names.
    private func include(_ path: ByteString, _ place: Problem, _ depth: Int) {
        guard depth < ConfigFile.includeDepthMax else {
            return note("Files include each other more than \(ConfigFile.includeDepthMax) deep", place)
        }
        let isPattern = path.bytes.contains { ByteView("*?[").firstIndex(of: $0) != nil }
        for file in isPattern ? ConfigFile.matches(path) : [path] {
            guard !isDone else { return }
            if let text = contents(of: file, place) { take(text, file, depth: depth + 1) }
        }
    }

    // MARK: Files

    private static func absolute(_ path: ByteString) -> ByteString {
        path.hasPrefix("/") ? path : "\(currentDirectory())/\(path)"
    }

    /// The process's working directory.
    static func currentDirectory() -> ByteString {
        guard let path = unsafe getcwd(nil, 0) else { return "." }
        defer { unsafe free(path) }
        return unsafe ByteString(cString: path)
    }

    /// The text of a file; nil, and a problem noted, when it cannot be opened.
    /// - Parameter place: the line that names it.
    private func contents(of path: ByteString, _ place: Problem = Problem(text: "")) -> [UInt8]? {
        if let contents = ConfigFile.read(path: path) { return contents }
        let reason = Start.lastError()
        note("Fatal error, can't open config file '\(ConfigFile.absolute(path))': \(reason)", place)
        return nil
    }

    /// The contents of a file; nil when it cannot be opened, or is a folder, for the reason in `errno`.
    static func read(path: ByteString) -> [UInt8]? {
        let descriptor = unsafe open(path.cString, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var facts = stat()
        if unsafe fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR {
            errno = EISDIR
            return nil
        }
        return ConfigFile.read(descriptor: descriptor)
    }

    /// Everything that can be read from a descriptor.
    public static func read(descriptor: Int32) -> [UInt8] {
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return all }
            all += piece.prefix(count)
        }
    }

    /// The paths that a shell pattern matches.
    private static func matches(_ pattern: ByteString) -> [ByteString] {
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        guard unsafe glob(pattern.cString, 0, nil, &found) == 0 else { return [] }
        var paths: [ByteString] = []
        for index in 0..<(unsafe Int(found.gl_pathc)) {
            if let path = unsafe found.gl_pathv[index] { paths.append(unsafe ByteString(cString: path)) }
        }
        return paths
    }
}
