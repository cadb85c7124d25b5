// SPDX-License-Identifier: Apache-2.0
import Bytes
import CScripting
import Engine
import RESP

/// A Lua interpreter with what is compiled in it: scripts, or functions.
///
/// Lua's errors never cross a Swift frame: the C functions behind this catch them, and call Swift only by functions
/// that return. A script runs on a stack of its own and may stop there; no Swift frame stands on it then.
@safe final class Interpreter {
    private let lua: OpaquePointer
    private let version: ContiguousArray<CChar>

    /// - Parameters:
    ///   - version: what scripts are told that the server is, `8.0.0`.
    ///   - seed: where math.random begins.
    ///   - isForFunctions: whether it is to run functions of libraries instead of scripts.
    init(version: String, isForFunctions: Bool, seed: UInt64) {
        let numbers = version.split(separator: ".").compactMap { Int32($0) }
        let number = numbers.prefix(3).reduce(0) { $0 << 8 | $1 }
        self.version = version.utf8CString
        let opened = unsafe self.version.withUnsafeBufferPointer {
            unsafe nt_lua_open($0.baseAddress, number, isForFunctions ? 1 : 0, seed)
        }
        guard let opened = unsafe opened else { preconditionFailure("no memory for the interpreter") }
        unsafe lua = opened
    }

    deinit { unsafe nt_lua_close(lua) }

    /// Bytes that it holds, its scripts and their values included.
    var bytes: Int { unsafe nt_lua_bytes(lua) }

    /// What the last compilation or run left: an error, or a reply in protocol form. Valid until the next.
    var output: ByteView { unsafe ByteView(nt_lua_output(lua)) }

    /// Compiles a script: its number; nil when it is wrong, with the error in `output`.
    func compile(_ text: ByteView) -> Int32? {
        let number = unsafe nt_lua_compile(lua, nt_bytes(text))
        return number < 0 ? nil : number
    }

    /// Forgets a compiled script or a function.
    func forget(_ number: Int32) { unsafe nt_lua_forget(lua, number) }

    /// Runs the text of a library: the functions that it registers; nil when it is wrong, with the error in `output`.
    func load(_ text: ByteView, _ limit: ScriptSlice) -> [Function]? {
        let count = unsafe nt_lua_load(lua, nt_bytes(text), nt_slice(limit))
        guard count >= 0 else { return nil }
        return (0..<count).map { index in
            let function = unsafe nt_lua_function(lua, index)
            return Function(
                name: unsafe ByteString(ByteView(function.name)),
                description: unsafe function.has_description == 0
                    ? nil : ByteString(ByteView(function.description)),
                flags: ScriptFlags(rawValue: UInt8(truncatingIfNeeded: unsafe function.flags) << 1)
                    .union(.declared),
                number: unsafe function.number)
        }
    }

    /// Begins to run a script or a function.
    /// - Parameters:
    ///   - name: what errors call it.
    ///   - keyCount: how many of `args` are keys.
    /// - Returns: whether it has ended; its reply is in `output` then.
    func run(
        _ number: Int32, _ name: ByteView, _ args: Arguments, keyCount: Int, isFunction: Bool, isRESP3: Bool,
        _ run: ScriptRun, _ slice: ScriptSlice
    ) -> Bool {
        let items = unsafe (0..<args.count).map { unsafe nt_bytes(args[$0]) }
        let context = unsafe Unmanaged.passUnretained(run).toOpaque()
        let host = unsafe nt_host(
            context: context,
            call: { context, args, count, isRESP3, isCounted in
                let run = unsafe ScriptRun.behind(context)
                unsafe run.take(args, count)
                let (reply, counted) = run.call(isRESP3: isRESP3 != 0)
                unsafe isCounted?.pointee = counted ? 1 : 0
                return unsafe nt_bytes(reply)
            },
            log: { context, level, text in
                unsafe ScriptRun.behind(context).log(level, ByteView(text))
            },
            may_run: { context, args, count in
                let run = unsafe ScriptRun.behind(context)
                unsafe run.take(args, count)
                return run.isCommand ? 1 : -1
            })
        return unsafe items.withUnsafeBufferPointer { list in
            let base = list.baseAddress
            let rest = unsafe base.map { unsafe $0 + keyCount }
            var start = unsafe nt_start(
                name: nt_bytes(name), keys: base, key_count: keyCount, args: rest,
                arg_count: args.count - keyCount, is_function: isFunction ? 1 : 0, resp3: isRESP3 ? 1 : 0,
                host: host)
            return unsafe nt_lua_run(lua, number, &start, nt_slice(slice)) != 0
        }
    }

    /// Goes on with the script that stopped; as `run`.
    func goOn(_ slice: ScriptSlice) -> Bool { unsafe nt_lua_go_on(lua, nt_slice(slice)) != 0 }

    /// The script that stopped ends with an error when it goes on, whatever it does.
    func kill(_ text: StaticString) {
        text.withUTF8Buffer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { unsafe nt_lua_kill(lua, $0.baseAddress) }
        }
    }

    /// Whether the error that the script ended with has been counted where it happened.
    var errorIsCounted: Bool { unsafe nt_lua_is_counted(lua) != 0 }

    /// The SHA-1 digest of a text in 40 hexadecimal digits.
    static func digest(_ text: ByteView) -> [UInt8] {
        var digits = [CChar](repeating: 0, count: 40)
        unsafe digits.withUnsafeMutableBufferPointer { unsafe nt_sha1hex(nt_bytes(text), $0.baseAddress) }
        return digits.map { UInt8(bitPattern: $0) }
    }
}

/// How long a script runs before others have their turn.
struct ScriptSlice {
    /// Until then, by `Clock.ticks`; 0: the looks decide.
    var until: UInt64 = 0
    /// So often it looks at the clock, each time after a thousand instructions: so that runs repeat exactly.
    var looks: UInt32 = 0
}

extension nt_slice {
    fileprivate init(_ slice: ScriptSlice) { self.init(until: slice.until, looks: slice.looks) }
}

extension ByteView {
    fileprivate init(_ bytes: nt_bytes) {
        guard let start = unsafe bytes.start, unsafe bytes.count > 0 else {
            self = .empty
            return
        }
        unsafe self.init(start: Address(UnsafeRawPointer(start)), count: bytes.count)
    }
}

extension nt_bytes {
    fileprivate init(_ view: ByteView) {
        unsafe self.init(
            start: UnsafePointer(view.start.pointer.assumingMemoryBound(to: CChar.self)), count: view.count)
    }
}

extension ScriptRun {
    fileprivate static func behind(_ context: UnsafeMutableRawPointer?) -> ScriptRun {
        guard let context = unsafe context else { preconditionFailure("a script without its run") }
        return unsafe Unmanaged<ScriptRun>.fromOpaque(context).takeUnretainedValue()
    }

    fileprivate func take(_ args: UnsafePointer<nt_bytes>?, _ count: Int) {
        list.reset()
        guard let args = unsafe args else { return }
        for i in 0..<count { unsafe list.append(ByteView(args[i])) }
    }
}
