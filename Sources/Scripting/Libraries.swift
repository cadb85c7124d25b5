// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import RESP

/// A function of a library.
struct Function {
    let name: ByteString
    let description: ByteString?
    let flags: ScriptFlags
    /// Its number in the interpreter.
    let number: Int32

    /// By this FCALL finds it, in any case.
    var key: ByteString { name.lowercased }
}

/// A library of functions.
final class Library {
    let name: ByteString
    /// Its text with the line that names it.
    let text: [UInt8]
    let functions: [Function]

    init(name: ByteString, text: [UInt8], functions: [Function]) {
        self.name = name
        self.text = text
        self.functions = functions
    }
}

/// The libraries of an engine, by their names, with the interpreter that their functions run in.
final class Libraries {
    private let version: String
    /// Where the next interpreter's random numbers begin.
    private let seed: () -> UInt64
    private(set) var all: [ByteString: Library] = [:]
    /// Functions of all libraries by their names in lower case.
    private(set) var functions: [ByteString: Function] = [:]
    /// Bytes of their texts.
    private(set) var textBytes = 0
    private var machine: Interpreter?

    init(version: String, seed: @escaping () -> UInt64) {
        self.version = version
        self.seed = seed
    }

    /// Memory of the interpreter in bytes.
    var interpreterBytes: Int { machine?.bytes ?? 0 }

    /// The libraries in the order of their names.
    var inOrder: [Library] { all.values.sorted { $0.name.bytes.lexicographicallyPrecedes($1.name.bytes) } }

    /// Where functions run.
    var interpreter: Interpreter {
        if let machine { return machine }
        let made = Interpreter(version: version, isForFunctions: true, seed: seed())
        machine = made
        return made
    }

    /// Why a library cannot be taken in, code first.
    struct Problem: Error {
        let text: ByteString
        init(_ text: ByteString) { self.text = text }
    }

    /// Takes a library in.
    /// - Parameter replaces: whether it may take the place of one of its name.
    /// - Returns: its name.
    @discardableResult
    func load(_ text: [UInt8], replaces: Bool, _ limit: ScriptSlice) throws(Problem) -> ByteString {
        let (name, body) = try Libraries.readHeader(text)
        let old = all[name]
        if old != nil, !replaces { throw Problem("ERR Library '\(name)' already exists") }
        let functions = text.withView { interpreter.load($0.dropFirst(body), limit) }
        guard let functions else { throw Problem("ERR \(ByteString(interpreter.output))") }
        let library = Library(name: name, text: text, functions: functions)
        do throws(Problem) {
            guard !functions.isEmpty else { throw Problem("ERR No functions registered") }
            let own = Set(old?.functions.map(\.key) ?? [])
            for function in functions where self.functions[function.key] != nil {
                if !own.contains(function.key) {
                    throw Problem("ERR Function \(function.name) already exists")
                }
            }
        } catch {
            for function in functions { interpreter.forget(function.number) }
            throw error
        }
        if let old { remove(old) }
        add(library)
        return name
    }

    private func add(_ library: Library) {
        all[library.name] = library
        for function in library.functions { functions[function.key] = function }
        textBytes += library.text.count
    }

    /// Forgets a library.
    func remove(_ library: Library) {
        all[library.name] = nil
        for function in library.functions {
            functions[function.key] = nil
            interpreter.forget(function.number)
        }
        textBytes -= library.text.count
    }

    /// Forgets all libraries.
    /// - Returns: the interpreter that they had, which may take time to be taken apart.
    func removeAll() -> Interpreter? {
        defer { machine = nil }
        all = [:]
        functions = [:]
        textBytes = 0
        return machine
    }

    // MARK: The first line

    /// The name that a library gives itself; nil where it has none.
    func name(of text: [UInt8]) -> ByteString? { try? Libraries.readHeader(text).name }

    /// Reads `#!lua name=library`: the name, and where the line ends.
    private static func readHeader(_ text: [UInt8]) throws(Problem) -> (name: ByteString, end: Int) {
        guard text.starts(with: "#!".utf8) else { throw Problem("ERR Missing library metadata") }
        guard let end = text.firstIndex(of: 10) else { throw Problem("ERR Invalid library metadata") }
        guard let words = splitWords(Array(text[..<end])) else {
            throw Problem("ERR Invalid library metadata")
        }
        guard let first = words.first else { throw Problem("ERR Invalid library metadata") }
        let engine = first.dropFirst(2)
        var name: [UInt8]?
        for word in words.dropFirst() {
            guard word.bytes.prefix(5).map(\.asciiLower) == Array("name=".utf8) else {
                throw Problem("ERR Invalid metadata value given: \(word)")
            }
            if name != nil {
                throw Problem("ERR Invalid metadata value, name argument was given multiple times")
            }
            name = Array(word.bytes.dropFirst(5))
        }
        guard let name else { throw Problem("ERR Library name was not given") }
        let isName = !name.isEmpty && name.allSatisfy { $0 == UInt8(ascii: "_") || isAlphanumeric($0) }
        guard isName else {
            throw Problem(
                """
                ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one \
                character long
                """)
        }
        guard engine.lowercased == "lua" else {
            throw Problem("ERR Engine '\(engine)' not found")
        }
        return (ByteString(name), end)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        let lower = byte.asciiLower
        return UInt8(ascii: "a")...UInt8(ascii: "z") ~= lower || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }
}
