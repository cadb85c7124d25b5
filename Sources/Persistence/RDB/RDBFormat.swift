// SPDX-License-Identifier: Apache-2.0
import Bytes

// The numbers that RDB files are made of.
//
// *A file* is nine bytes of name and version, then items that begin with a byte each, the last of which ends the file;
// from version 5 on a checksum of eight bytes follows. A byte up to 25 is the type of a key's value: key and value come
// behind it. A byte from 243 on is an opcode.
//
// *A payload* of DUMP is a type and a value, the version in two bytes, and the checksum.
//
// *Lengths*. The upper two bits of the first byte tell: 0, six bits; 1, fourteen bits with the next byte; 2, the whole
// byte says whether 4 (0x80) or 8 (0x81) bytes follow, high ones first; 3, what follows is a string in a form of its own.

/// Types of values in RDB files.
enum RDBType {
    /// One string.
    static let string: UInt8 = 0
    /// Strings behind their count: elements of a list, members of a set.
    static let list: UInt8 = 1
    static let set: UInt8 = 2
    /// Members with scores as text, and with scores in binary.
    static let textScores: UInt8 = 3
    static let scores: UInt8 = 5
    /// Names and values in turn.
    static let hash: UInt8 = 4
    /// A value of a module: its first format had no end of its own.
    static let earlyModule: UInt8 = 6
    static let module: UInt8 = 7
    /// Values in one piece, in forms that servers kept in memory until version 10.
    static let hashZipmap: UInt8 = 9
    static let listZiplist: UInt8 = 10
    static let setIntset: UInt8 = 11
    static let zsetZiplist: UInt8 = 12
    static let hashZiplist: UInt8 = 13
    /// A list in pieces: ziplists.
    static let listZiplists: UInt8 = 14
    /// A stream, by the version of its format.
    static let stream1: UInt8 = 15
    static let stream2: UInt8 = 19
    static let stream3: UInt8 = 21
    /// Values that are one listpack.
    static let hashListpack: UInt8 = 16
    static let zsetListpack: UInt8 = 17
    static let setListpack: UInt8 = 20
    /// A list in pieces: listpacks and large elements.
    static let listListpacks: UInt8 = 18
    /// Fields with deadlines. Valkey and an early Redis mean different things by 22.
    static let hashDated22: UInt8 = 22
    static let earlyHashListpackEx: UInt8 = 23
    static let hashDated: UInt8 = 24
    static let hashListpackEx: UInt8 = 25
}

/// What stands in an RDB file where no key begins.
enum RDBOpcode {
    /// What becomes of slots that are on their way to another node; how many keys a slot has.
    static let slotImport: UInt8 = 243
    static let slotInfo: UInt8 = 244
    /// A library of functions: its text.
    static let function: UInt8 = 245
    static let earlyFunction: UInt8 = 246
    /// Data of a module that belongs to no key.
    static let moduleAux: UInt8 = 247
    /// How long the next key was not used, in seconds; how often it was used.
    static let idle: UInt8 = 248
    static let frequency: UInt8 = 249
    /// A name and a value about the file.
    static let aux: UInt8 = 250
    /// How many keys the database has, and how many of them have a deadline.
    static let sizes: UInt8 = 251
    /// When the next key dies, in ms and in seconds.
    static let deadlineMs: UInt8 = 252
    static let deadline: UInt8 = 253
    /// The next keys belong to the database of this number.
    static let database: UInt8 = 254
    static let end: UInt8 = 255
}

/// A version of the format: 1 to 12 are Redis's, 80 is Valkey's.
struct RDBVersion: Equatable, Sendable {
    let number: Int

    /// What is written when nothing needs more: every server since Redis 5 reads it.
    static let plain = RDBVersion(number: 9)
    /// The first that keeps listpacks as they are, and the first that does so with sets.
    static let listpacks = RDBVersion(number: 10)
    static let setListpacks = RDBVersion(number: 11)
    /// What streams are written in when nothing needs more (`StreamCodec` says why).
    static let streams = listpacks
    /// The first that knows when consumers were last given something.
    static let activeTimes = setListpacks
    /// The first with libraries of functions.
    static let functions = listpacks
    /// Redis's first with deadlines of fields.
    static let datedFields = RDBVersion(number: 12)
    static let valkey = RDBVersion(number: 80)

    /// Whether Valkey's meanings of numbers hold.
    var isValkey: Bool { number >= 80 }
    /// Whether a checksum stands behind the end.
    var hasChecksum: Bool { number >= 5 }
    /// Whether fields may have deadlines.
    var holdsDatedFields: Bool { number >= RDBVersion.datedFields.number }

    /// Whether what has this version is read.
    /// - Parameter relaxed: also what is newer than all that is known, as far as it can be understood.
    func isRead(relaxed: Bool) -> Bool {
        (1...12).contains(number) || number == 80 || (relaxed && number > 0)
    }

    static let headerBytes = 9

    /// The first bytes of a file.
    var header: ByteString {
        let digits = String(number)
        let zeros = String(repeating: "0", count: (isValkey ? 3 : 4) - digits.utf8.count)
        return "\(isValkey ? "VALKEY" : "REDIS")\(zeros)\(digits)"
    }

    init(number: Int) { self.number = number }

    /// The version that a file's first nine bytes name; nil when they are no such file's.
    init?(header: ByteView) {
        guard header.count == RDBVersion.headerBytes else { return nil }
        let digits: ByteView
        if header[0..<5] == ByteView("REDIS") {
            digits = header[5..<9]
        } else if header[0..<6] == ByteView("VALKEY") {
            digits = header[6..<9]
        } else {
            return nil
        }
        var number = 0
        for index in 0..<digits.count {
            guard (48...57).contains(digits[index]) else { return nil }
            number = number * 10 + Int(digits[index] - 48)
        }
        self.number = number
    }
}
