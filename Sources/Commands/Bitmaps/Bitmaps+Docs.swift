// SPDX-License-Identifier: Apache-2.0
import Engine

extension Bitmaps {
    /// The bitmap commands with their documentation.
    public static let family = Family(commands: commands, docs: docs)

    private static let fieldGet = "GET (get-block: encoding offset:integer)"

    static let docs: [CommandDoc] = [
        CommandDoc(
            "SETBIT", "Sets or clears one bit of a string, which grows with zeros if need be.",
            since: "2.2.0", "O(1)", "key offset:integer value:integer"),
        CommandDoc("GETBIT", "One bit of a string.", since: "2.2.0", "O(1)", "key offset:integer"),
        CommandDoc(
            "BITCOUNT", "How many bits of a string or of a part of it are set.", since: "2.6.0",
            "O(N), N bytes looked at",
            "key [range: start:integer [end-unit-block: end:integer [unit: BYTE | BIT]]]",
            history: ["7.0.0 The option `BYTE|BIT`.", "8.0.0 `end` may be left out: up to the last byte."]),
        CommandDoc(
            "BITPOS", "Where the first set or clear bit of a string or of a part of it is.", since: "2.8.7",
            "O(N), N bytes looked at",
            "key bit:integer [range: start:integer [end-unit-block: end:integer [unit: BYTE | BIT]]]",
            history: ["7.0.0 The option `BYTE|BIT`."]),
        CommandDoc(
            "BITOP", "Combines strings bit by bit and stores the result.", since: "2.6.0",
            "O(N), N bytes of all strings",
            "(operation: AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE) destkey:key key..."),
        CommandDoc(
            "BITFIELD", "Reads, sets and adds to numbers of any width within a string.", since: "3.2.0",
            "O(1) for each number",
            "key [operation: \(fieldGet) | (write: [OVERFLOW (overflow-block: WRAP | SAT | FAIL)] "
                + "(write-operation: SET (set-block: encoding offset:integer value:integer) "
                + "| INCRBY (incrby-block: encoding offset:integer increment:integer)))]..."),
        CommandDoc(
            "BITFIELD_RO", "Reads numbers of any width within a string.", since: "6.0.0",
            "O(1) for each number", "key [\(fieldGet)]..."),
    ]
}
