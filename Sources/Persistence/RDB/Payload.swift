// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

/// The payloads of DUMP and RESTORE: an RDB type, a value, the version in two bytes, and the checksum.
enum Payload {
    private static let footerBytes = 10

    /// The payload of a key that is there.
    /// - Parameter wanted: the version to write; nil for the oldest that can hold the value.
    /// - Returns: nil when that version cannot hold it.
    static func bytes(
        _ found: Found, _ keys: Keyspace, _ wanted: RDBVersion?, compresses: Bool, _ checksums: CRC64
    ) -> [UInt8]? {
        let version = wanted ?? oldestVersion(for: found.value, keys)
        var isRefused = false
        let payload = sealed(version, keys, compresses: compresses, checksums) { out in
            let writer = ValueWriter(version, out)
            keys.hand(found, to: writer)
            isRefused = writer.refusedKey != nil
        }
        return isRefused ? nil : payload
    }

    /// What `write` writes, with the version and the checksum behind.
    static func sealed(
        _ version: RDBVersion, _ keys: Keyspace, compresses: Bool, _ checksums: CRC64,
        _ write: (RDBOutput) -> Void
    ) -> [UInt8] {
        let out = RDBOutput(keys.heap)
        let press = LZFPress()
        var bytes: [UInt8] = []
        out.onChunk = { chunk in
            chunk.render(compressing: compresses, press) { bytes.append($0) }
            chunk.release(keys.heap)
        }
        write(out)
        out.flush()
        bytes.append(UInt8(version.number & 255))
        bytes.append(UInt8(version.number >> 8))
        bytes.append(littleEndian: bytes.withView { checksums.update(0, $0) })
        return bytes
    }

    /// A payload without the version and the checksum behind.
    static func body(_ payload: ByteView) -> ByteView { payload[0..<(payload.count - footerBytes)] }

    private static func oldestVersion(for value: Value, _ keys: Keyspace) -> RDBVersion {
        var need = VersionNeed()
        need.note(value, keys)
        return need.version
    }

    /// The version of a payload whose checksum is right; nil when one of the two is wrong.
    static func version(_ payload: ByteView, relaxed: Bool, _ checksums: CRC64) -> RDBVersion? {
        guard let version = uncheckedVersion(payload, relaxed: relaxed) else { return nil }
        let stored = payload.start.u64(payload.count - 8)
        return checksums.update(0, payload[0..<(payload.count - 8)]) == stored ? version : nil
    }

    /// The version of a payload whose checksum nobody looks at.
    static func uncheckedVersion(_ payload: ByteView, relaxed: Bool) -> RDBVersion? {
        guard payload.count >= footerBytes else { return nil }
        let footer = payload.count - footerBytes
        let version = RDBVersion(number: Int(payload[footer]) | Int(payload[footer + 1]) << 8)
        return version.isRead(relaxed: relaxed) ? version : nil
    }

    /// Puts the value of a payload together, whose version is known.
    /// - Returns: nil when the value has no elements.
    static func restore(
        _ payload: ByteView, _ version: RDBVersion, _ keys: Keyspace
    ) throws(RDBStop) -> Restorer? {
        let scratch = RDBScratch(keys.heap)
        var input = RDBInput(body(payload), behind: 0, scratch)
        let context = ReadingContext(keys: keys, version: version, dropsDeadFields: false, scratch: scratch)
        let reader = try ValueCodecs.reader(try input.byte(), context)
        while !(try reader.read(&input, max: 1 << 16)) {}
        guard input.left == 0 else { throw .damaged("Bytes behind the value") }
        return reader.take()
    }
}
