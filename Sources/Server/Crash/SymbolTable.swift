// SPDX-License-Identifier: Apache-2.0
import Bytes
import Glibc

/// The symbols of the running program, read from its own file: the loader knows only those it exports, and a server
/// exports next to none. Works inside a signal handler: system calls and loads, no allocation.
///
/// *Layout*: an ELF file of 64 bits as the system wrote it, mapped whole and never unmapped: the process is about to end.
@safe struct SymbolTable {
    private let file: Address
    /// The section of symbols: 24 bytes each.
    private let symbols: (at: Int, count: Int)
    private let names: (at: Int, count: Int)
    /// Whether addresses count from where the program was loaded.
    private let isRelative: Bool

    private static let symbolBytes = 24
    private static let sectionBytes = 64
    private static let symbolSection: UInt32 = 2
    private static let function: UInt8 = 2
    private static let sharedObject: UInt16 = 3

    /// Nil for a program without symbols (stripped), or when its file cannot be read.
    init?() {
        let descriptor = unsafe Glibc.open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let bytes = Int(lseek(descriptor, 0, SEEK_END))
        let mapping = unsafe mmap(nil, max(bytes, 1), PROT_READ, MAP_PRIVATE, descriptor, 0)
        Glibc.close(descriptor)
        guard bytes > 64, let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else { return nil }
        let file = unsafe Address(mapping)
        guard file.u32(0) == 0x464c_457f, file.u8(4) == 2 else { return nil }
        let sections = Int(file.i64(40))
        let count = Int(file.u16(60))
        guard sections > 0, sections + count * SymbolTable.sectionBytes <= bytes else { return nil }
        for i in 0..<count {
            let section = file + (sections + i * SymbolTable.sectionBytes)
            guard section.u32(4) == SymbolTable.symbolSection, Int(section.u32(40)) < count else { continue }
            let strings = file + (sections + Int(section.u32(40)) * SymbolTable.sectionBytes)
            self.file = file
            symbols = (Int(section.i64(24)), Int(section.i64(32)) / SymbolTable.symbolBytes)
            names = (Int(strings.i64(24)), Int(strings.i64(32)))
            isRelative = file.u16(16) == SymbolTable.sharedObject
            guard symbols.at >= 0, symbols.at + symbols.count * SymbolTable.symbolBytes <= bytes,
                names.at >= 0, names.count > 0, names.at + names.count <= bytes
            else { return nil }
            return
        }
        return nil
    }

    /// The function that an address lies in: its name, mangled as the compiler did, and the distance from its start.
    func find(_ address: UInt, base: UInt) -> (name: ByteView, offset: UInt)? {
        let wanted = isRelative ? address &- base : address
        for i in 0..<symbols.count {
            let symbol = file + (symbols.at + i * SymbolTable.symbolBytes)
            guard symbol.u8(4) & 15 == SymbolTable.function else { continue }
            let start = UInt(symbol.u64(8))
            guard wanted >= start, wanted - start < UInt(symbol.u64(16)) else { continue }
            let at = Int(symbol.u32(0))
            guard at < names.count else { return nil }
            var length = 0
            while at + length < names.count, file.u8(names.at + at + length) != 0 { length += 1 }
            return (file.view(names.at + at, length), wanted - start)
        }
        return nil
    }
}
