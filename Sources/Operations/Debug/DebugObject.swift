// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// DEBUG OBJECT key [FAST]
enum DebugObject: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        // Without the length in a dump, which takes a walk through all elements.
        let isFast = args.count == 4
        guard !isFast || args[3].matches("FAST") else { throw .syntax }
        let found = keys.peek(args[2])
        guard found.exists else { throw .noSuchKey }
        let value = found.value
        let length = isFast ? "" : "serializedlength:\(serializedBytes(value, keys)) "
        let text =
            "Value at:0x\(String(value.entry.bits, radix: 16)) refcount:1 encoding:\(value.encodingName) "
            + length + "lru:\(value.access) "
            + "lru_seconds_idle:\(keys.idleSeconds(value))" + value.encodingShape
        Array(text.utf8).withView { reply.simple($0) }
    }

    /// What the value takes in a dump as plain, uncompressed strings.
    private static func serializedBytes(_ value: Value, _ keys: Keyspace) -> Int {
        var total = value.type == .string ? 0 : lengthBytes(value.elementCount)
        value.forEachElement(keys) { element in
            total += serializedBytes(element.bytes)
            if let value = element.value { total += serializedBytes(value) }
            if element.deadlineMs != nil { total += 8 }
        }
        return total
    }

    private static func serializedBytes(_ bytes: StoredBytes) -> Int {
        // Short decimal texts are written as integers of one, two or four bytes behind a mark.
        if let integer = bytes.integer, integer == Int64(Int32(truncatingIfNeeded: integer)) {
            return Int8(exactly: integer) != nil ? 2 : (Int16(exactly: integer) != nil ? 3 : 5)
        }
        return lengthBytes(bytes.count) + bytes.count
    }

    private static func lengthBytes(_ count: Int) -> Int { count < 64 ? 1 : (count < 16384 ? 2 : 5) }
}

/// DEBUG PROTOCOL type
enum DebugProtocol: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let type = args[2]
        if type.matches("STRING") { return reply.bulk("Hello World") }
        if type.matches("INTEGER") { return reply.integer(12345) }
        if type.matches("DOUBLE") { return reply.double(3.141) }
        if type.matches("BIGNUM") { return reply.bigNumber("1234567999999999999999999999999999999") }
        if type.matches("NULL") { return reply.null() }
        if type.matches("TRUE") { return reply.bool(true) }
        if type.matches("FALSE") { return reply.bool(false) }
        if type.matches("VERBATIM") { return reply.verbatim("txt", Array("This is a verbatim\nstring".utf8)) }
        if try many(type, reply) { return }
        throw .custom(
            """
            ERR Wrong protocol type name. Please use one of the following: \
            string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false
            """)
    }

    private static func many(_ type: ByteView, _ reply: Reply) throws(Refusal) -> Bool {
        if type.matches("ARRAY") {
            reply.array(3)
            for i in 0..<3 { reply.integer(i) }
        } else if type.matches("SET") {
            reply.set(3)
            for i in 0..<3 { reply.integer(i) }
        } else if type.matches("MAP") {
            reply.map(3)
            for i in 0..<3 {
                reply.integer(i)
                reply.bool(i == 1)
            }
        } else if type.matches("ATTRIB") {
            if reply.isRESP3 {
                reply.attributeOfOnePair()
                reply.bulk("key-popularity")
                reply.array(2)
                reply.bulk("key:123")
                reply.integer(90)
            }
            // Attributes are only remarks: a reply has to follow.
            reply.bulk("Some real reply following the attribute")
        } else if type.matches("PUSH") {
            guard reply.isRESP3 else { throw .custom("ERR RESP2 is not supported by this command") }
            reply.push(2)
            reply.bulk("server-cpu-usage")
            reply.integer(42)
            // A push answers nothing: whoever waits for a reply still gets one.
            reply.bulk("Some real reply following the push reply")
        } else {
            return false
        }
        return true
    }
}
