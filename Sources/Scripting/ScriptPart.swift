// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// A script that is kept.
struct Script {
    let text: [UInt8]
    /// Its number in the interpreter.
    let number: Int32
    let flags: ScriptFlags
    /// It was loaded on purpose and stays until all are flushed.
    var isLoaded: Bool
}

/// The scripts of an engine and the interpreter that they run in, which is made for the first of them.
final class ScriptPart: FeaturePart {
    /// So many scripts are kept that were only evaluated; the oldest gives way to the next.
    private static let evaluatedMax = 500

    private unowned let engine: Engine
    private let version: String
    private(set) var scripts: [[UInt8]: Script] = [:]
    /// Digests of evaluated scripts, the oldest at `oldest` once all places are taken.
    private var evaluated: [[UInt8]] = []
    private var oldest = 0
    private var machine: Interpreter?
    private var replies: (reply: Reply, flat: Reply)?
    private var countedBytes = 0
    private var textBytes = 0

    init(_ engine: Engine, version: String) {
        self.engine = engine
        self.version = version
    }

    func resetStatistics() { engine.scripts.evicted = 0 }

    /// Memory of the interpreter in bytes.
    private var interpreterBytes: Int { machine?.bytes ?? 0 }

    private var interpreter: Interpreter {
        if let machine { return machine }
        let made = Interpreter(version: version)
        machine = made
        return made
    }

    /// The memory of scripts stands in the books of the heap, for the sake of the limit.
    private func recount() {
        let bytes = interpreterBytes + textBytes
        engine.keys.heap.account(outside: bytes - countedBytes)
        countedBytes = bytes
        engine.scripts.interpreterBytes = interpreterBytes
        engine.scripts.textBytes = textBytes
        engine.scripts.count = scripts.count
    }

    /// Compiles and keeps a script, unless it is known.
    func load(_ text: ByteView, _ digest: [UInt8], stays: Bool, _ call: Call) throws(Refusal) -> Script {
        if var known = scripts[digest] {
            if stays, !known.isLoaded {
                known.isLoaded = true
                scripts[digest] = known
            }
            return known
        }
        let (flags, body) = try Shebang.read(text, call)
        defer { recount() }
        guard let number = interpreter.compile(body) else {
            throw call.refusal(ByteString(interpreter.output))
        }
        let script = Script(text: text.array, number: number, flags: flags, isLoaded: stays)
        scripts[digest] = script
        textBytes += text.count
        if !stays { keepEvaluated(digest) }
        return script
    }

    private func keepEvaluated(_ digest: [UInt8]) {
        guard evaluated.count == ScriptPart.evaluatedMax else { return evaluated.append(digest) }
        let old = evaluated[oldest]
        // One that was loaded since has its place for good.
        if let script = scripts[old], !script.isLoaded {
            interpreter.forget(script.number)
            textBytes -= script.text.count
            scripts[old] = nil
            engine.scripts.evicted += 1
        }
        evaluated[oldest] = digest
        oldest = (oldest + 1) % ScriptPart.evaluatedMax
    }

    /// Forgets all scripts, and the interpreter with them.
    func flush() {
        scripts = [:]
        evaluated = []
        oldest = 0
        textBytes = 0
        machine = nil
        recount()
    }

    /// Runs a script and writes its reply.
    /// - Parameter args: keys and arguments of the script.
    func run(
        _ script: Script, _ digest: [UInt8], _ args: Arguments, keyCount: Int, isReadOnly: Bool, _ call: Call,
        _ reply: Reply
    ) throws(Refusal) {
        if script.flags.contains(.declared) {
            if isReadOnly, !script.flags.contains(.noWrites) {
                throw .custom("ERR Can not execute a script with write flag using *_ro command.")
            }
            if script.flags.isDisjoint(with: [.noWrites, .allowOOM]), engine.refusals.contains(.denyoom),
                engine.refusalText(.denyoom, nil, call.session) != nil
            {
                throw .custom(
                    """
                    OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'
                    """)
            }
        }
        let pair = replies ?? (Reply(engine.keys.heap), Reply(engine.keys.heap))
        replies = pair
        let run = ScriptRun(
            engine, call.session, pair.reply, pair.flat, script.flags,
            isReadOnly: isReadOnly || script.flags.contains(.noWrites))
        digest.withView {
            interpreter.run(script.number, $0, args, keyCount: keyCount, isRESP3: reply.isRESP3, run)
        }
        run.close()
        reply.raw(interpreter.output)
        recount()
        // Its commands have propagated themselves.
        call.propagateNothing()
    }
}

/// The first line of a script that says what it needs: `#!lua flags=no-writes,allow-oom`.
enum Shebang {
    /// The flags, and the rest of the text from the end of the line on, so that lines keep their numbers.
    static func read(_ text: ByteView, _ call: Call) throws(Refusal) -> (ScriptFlags, ByteView) {
        guard text.count >= 2, text[0] == UInt8(ascii: "#"), text[1] == UInt8(ascii: "!") else {
            return ([], text)
        }
        var end = 2
        while end < text.count, text[end] != 10 { end += 1 }
        guard end < text.count else { throw .custom("ERR Invalid script shebang") }
        let words = text[2..<end].array.split(separator: 32)
        guard let first = words.first, first.elementsEqual("lua".utf8) else {
            throw call.refusal("ERR Unexpected engine in script shebang: \(ByteString(words.first ?? []))")
        }
        var flags: ScriptFlags = .declared
        for word in words.dropFirst() {
            guard word.starts(with: "flags=".utf8) else {
                throw call.refusal("ERR Unknown lua shebang option: \(ByteString(word))")
            }
            for name in word.dropFirst(6).split(separator: UInt8(ascii: ",")) {
                let known = ScriptFlags.names.first { flag in Array(name).withView { $0 == ByteView(flag.1) }
                }
                guard let known else {
                    throw call.refusal("ERR Unexpected flag in script shebang: \(ByteString(name))")
                }
                flags.insert(known.0)
            }
        }
        return (flags, text.dropFirst(end))
    }
}
