// SPDX-License-Identifier: Apache-2.0
import Bytes
import CShims
import Glibc

/// Writes the stack of the thread that a signal interrupted: addresses, files and names as far as there are any.
///
/// *Who frees*: the room for the frames is the object's and goes with it.
@safe final class CrashStack {
    private static let framesMax = 128
    private let frames: UnsafeMutablePointer<UInt>
    private let text: CrashText

    init(_ text: CrashText) {
        self.text = text
        unsafe frames = .allocate(capacity: CrashStack.framesMax)
        // The first walk loads libgcc, which a signal handler must not do.
        _ = unsafe nt_backtrace(frames, 1)
    }

    deinit { unsafe frames.deallocate() }

    /// - Parameters:
    ///   - interrupted: the address of the instruction that was interrupted; the frames of the handler, which lie within,
    ///     are left out. 0: the caller's own stack.
    ///   - readably: names only, as they stand in the source, which needs memory to format.
    func write(interrupted: UInt, readably: Bool = false) {
        let count = unsafe Int(nt_backtrace(frames, Int32(CrashStack.framesMax)))
        let symbols = SymbolTable()
        if symbols == nil {
            if readably { return text.line("(none)") }
            text.line(
                "(no symbols in this program: addr2line -e needletail-with-symbols ADDRESS names the lines)")
        }
        var first = 0
        for i in 0..<count where unsafe frames[i] == interrupted { first = i }
        func frame(_ address: UInt, _ number: Int, isCall: Bool) {
            // A return address may already belong to the next function.
            let code = isCall ? address &- 1 : address
            if readably {
                readable(code, number, symbols)
            } else {
                self.frame(address, code, number, symbols)
            }
        }
        if interrupted != 0, first == 0 { frame(interrupted, 0, isCall: false) }
        var number = interrupted != 0 && first == 0 ? 1 : 0
        for i in first..<count {
            frame(unsafe frames[i], number, isCall: i > first || interrupted == 0)
            number += 1
        }
    }

    private func readable(_ code: UInt, _ number: Int, _ symbols: SymbolTable?) {
        guard let found = symbols?.find(code, base: programBase) else { return }
        text.text("#")
        text.number(number)
        text.byte(32)
        let name = unsafe nt_demangle(
            found.name.start.pointer.assumingMemoryBound(to: CChar.self), found.name.count)
        if let name = unsafe name { unsafe text.text(at: name) } else { text.bytes(found.name) }
        text.line()
    }

    private func frame(_ address: UInt, _ code: UInt, _ number: Int, _ symbols: SymbolTable?) {
        text.text("#")
        text.number(number)
        text.byte(32)
        text.hex(address)
        text.byte(32)
        var path: UnsafePointer<CChar>?
        var name: UnsafePointer<CChar>?
        var base: UInt = 0
        var start: UInt = 0
        guard unsafe nt_find_module(code, &path, &base, &name, &start), let path = unsafe path else {
            return text.line("?")
        }
        unsafe text.text(at: path)
        text.text("(+")
        text.hex(address &- base)
        text.text(")")
        if base == programBase, let found = symbols?.find(code, base: base) {
            text.byte(32)
            text.bytes(found.name)
            offset(address &- (code &- found.offset))
        } else if let name = unsafe name {
            text.byte(32)
            unsafe text.text(at: name)
            offset(address &- start)
        }
        text.line()
    }

    private func offset(_ bytes: UInt) {
        text.text(" + ")
        text.number(Int(bitPattern: bytes))
    }

    /// Where the program is loaded; addresses of the stack minus this are those of its file.
    var programBase: UInt {
        var path: UnsafePointer<CChar>?
        var name: UnsafePointer<CChar>?
        var base: UInt = 0
        var start: UInt = 0
        _ = unsafe nt_find_module(nt_program_address(), &path, &base, &name, &start)
        return base
    }
}
