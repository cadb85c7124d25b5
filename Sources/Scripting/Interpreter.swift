// SPDX-License-Identifier: Apache-2.0
import Bytes
import CScripting
import Engine
import RESP

/// The Lua interpreter of one engine, with the scripts compiled in it.
///
/// Lua's errors never cross a Swift frame: the C functions behind this catch them, and call Swift only by functions
/// that return.
@safe final class Interpreter {
    private let lua: OpaquePointer
    private let version: ContiguousArray<CChar>

    /// - Parameter version: what scripts are told that the server is, `8.0.0`.
    init(version: String) {
        let numbers = version.split(separator: ".").compactMap { Int32($0) }
        let number = numbers.prefix(3).reduce(0) { $0 << 8 | $1 }
        self.version = version.utf8CString
        let opened = unsafe self.version.withUnsafeBufferPointer {
            unsafe nt_lua_open($0.baseAddress, number)
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

    /// Forgets a compiled script.
    func forget(_ number: Int32) { unsafe nt_lua_forget(lua, number) }

    /// Runs a script, whose reply is in `output` afterwards.
    /// - Parameter keyCount: how many of `args` are keys.
    func run(
        _ number: Int32, _ digest: ByteView, _ args: Arguments, keyCount: Int, isRESP3: Bool, _ run: ScriptRun
    ) {
        let items = unsafe (0..<args.count).map { unsafe nt_bytes(args[$0]) }
        let context = unsafe Unmanaged.passUnretained(run).toOpaque()
        let host = unsafe nt_host(
            context: context,
            call: { context, args, count, isRESP3 in
                let run = unsafe ScriptRun.behind(context)
                return unsafe nt_bytes(run.call(args, count, isRESP3: isRESP3 != 0))
            },
            log: { context, level, text in
                unsafe ScriptRun.behind(context).log(level, ByteView(text))
            },
            may_run: { context, args, count in
                unsafe ScriptRun.behind(context).mayRun(args, count)
            },
            must_end: { context in unsafe ScriptRun.behind(context).mustEnd ? 1 : 0 })
        unsafe items.withUnsafeBufferPointer { list in
            let base = list.baseAddress
            let rest = unsafe base.map { unsafe $0 + keyCount }
            _ = unsafe nt_lua_run(
                lua, number, nt_bytes(digest), base, keyCount, rest, args.count - keyCount, isRESP3 ? 1 : 0,
                host)
        }
    }

    /// The SHA-1 digest of a text in 40 hexadecimal digits.
    static func digest(_ text: ByteView) -> [UInt8] {
        var digits = [CChar](repeating: 0, count: 40)
        unsafe digits.withUnsafeMutableBufferPointer { unsafe nt_sha1hex(nt_bytes(text), $0.baseAddress) }
        return digits.map { UInt8(bitPattern: $0) }
    }
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

    fileprivate func call(_ args: UnsafePointer<nt_bytes>?, _ count: Int, isRESP3: Bool) -> ByteView {
        unsafe take(args, count)
        return call(isRESP3: isRESP3)
    }

    fileprivate func mayRun(_ args: UnsafePointer<nt_bytes>?, _ count: Int) -> Int32 {
        unsafe take(args, count)
        return isCommand ? 1 : -1
    }

    private func take(_ args: UnsafePointer<nt_bytes>?, _ count: Int) {
        list.reset()
        guard let args = unsafe args else { return }
        for i in 0..<count { unsafe list.append(ByteView(args[i])) }
    }
}
