// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Fields as numbers. Their deadlines stay.

/// HINCRBY key field increment
enum HIncrBy: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let step = try args.integer(3)
        let found = keys.locate(args[1])
        try found.require(.hash)
        var edit = keys.edit(found)
        let field = edit.field(args[2], keys)
        guard let current = field.exists ? field.value.integer : 0 else {
            edit.abandon(keys)
            throw .custom("ERR hash value is not an integer")
        }
        let (sum, overflow) = current.addingReportingOverflow(step)
        guard !overflow else {
            edit.abandon(keys)
            throw .overflow
        }
        var text = DecimalText(sum)
        text.withView { edit.setField(field, $0, keepsDeadline: true, keys) }
        edit.commit(.hincrby, keys)
        reply.integer(sum)
    }
}

/// HINCRBYFLOAT key field increment
enum HIncrByFloat: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        // An increment that is no number is told before a key of the wrong type.
        try requireFinite(args[3])
        let found = keys.locate(args[1])
        try found.require(.hash)
        var edit = keys.edit(found)
        let field = edit.field(args[2], keys)
        let sum: [UInt8]
        do throws(Refusal) {
            sum = try self.sum(field, args[3])
        } catch {
            edit.abandon(keys)
            throw error
        }
        let hasDeadline = field.deadline != nil
        sum.withView { text in
            edit.setField(field, text, keepsDeadline: true, keys)
            reply.bulk(text)
            propagate(call, args, text, hasDeadline: hasDeadline)
        }
        edit.commit(.hincrbyfloat, keys)
    }

    private static func requireFinite(_ increment: ByteView) throws(Refusal) {
        do throws(DecimalSumError) {
            _ = try decimalSum(ByteView("0"), increment)
        } catch .notFinite {
            throw .custom("ERR value is NaN or Infinity")
        } catch {
            throw .notFloat
        }
    }

    private static func sum(_ field: FoundField, _ increment: ByteView) throws(Refusal) -> [UInt8] {
        do throws(DecimalSumError) {
            guard field.exists else { return try decimalSum(ByteView("0"), increment) }
            return try field.value.withText { attempt($0, increment) }.get()
        } catch .notFinite {
            throw .notFinite
        } catch {
            throw .custom("ERR hash value is not a float")
        }
    }

    private static func attempt(_ text: ByteView, _ increment: ByteView) -> Result<[UInt8], DecimalSumError> {
        do throws(DecimalSumError) {
            return .success(try decimalSum(text, increment))
        } catch {
            return .failure(error)
        }
    }

    /// The sum travels, so that no other machine's arithmetic can differ; and as HSET if it can, which servers without
    /// deadlines of fields know.
    private static func propagate(
        _ call: Call, _ args: Arguments, _ sum: ByteView, hasDeadline: Bool
    ) {
        guard call.isPropagationWanted else { return }
        if hasDeadline {
            let (keepTTL, fields, one) = (ByteView("KEEPTTL"), ByteView("FIELDS"), ByteView("1"))
            call.propagate("HSETEX", args[1], keepTTL, fields, one, args[2], sum)
        } else {
            call.propagate("HSET", args[1], args[2], sum)
        }
    }
}
