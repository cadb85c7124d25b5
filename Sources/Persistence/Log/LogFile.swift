// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine

/// A file of the log that commands are written to. One thread at a time uses it, away from the loop.
final class LogFile: @unchecked Sendable {
    /// A place to which the file can be cut back.
    private struct Place {
        var byteCount = 0
        /// From where on no mark covers the bytes, and the checksum of those.
        var uncoveredFrom = 0
        var sum: UInt32 = 0
        /// Up to here it was ended with a mark.
        var sealedBytes = 0
        /// What is there was not written by this object: a mark has to stand in front of what comes.
        var isForeign = false
    }

    let path: ByteString
    private let file: any DiskFile
    private let buffer = WriteBuffer(capacity: 256 << 10)
    private var place = Place()
    /// The end of what is safe: on the disk, or as safe as the policy wants it.
    private var kept = Place()
    /// Bytes of the file that are on the disk for sure.
    private(set) var syncedBytes = 0

    /// Creates the file.
    static func create(_ path: ByteString, _ disk: any Disk) throws(DiskProblem) -> LogFile {
        LogFile(try disk.create(path), path, holds: 0)
    }

    /// Goes on with a file that is there.
    static func resume(_ path: ByteString, _ disk: any Disk) throws(DiskProblem) -> LogFile {
        let file = try disk.append(to: path)
        return LogFile(file, path, holds: try file.byteCount)
    }

    private init(_ file: any DiskFile, _ path: ByteString, holds bytes: Int) {
        self.file = file
        self.path = path
        place.byteCount = bytes
        place.uncoveredFrom = bytes
        place.isForeign = bytes > 0
        kept = place
    }

    var byteCount: Int { place.byteCount }

    // MARK: Writing

    /// Adds chunks. Should that fail, the file has to be cut back before anything else is written.
    func write(_ chunks: [LogChunk]) throws(DiskProblem) {
        for chunk in chunks { try write(chunk) }
        try flush()
    }

    private func write(_ chunk: LogChunk) throws(DiskProblem) {
        let count = chunk.count
        guard count > 0 else { return }
        let pieces = chunk.pieces
        let sector = BatchMark.sectorBytes
        // What stays within a sector is torn nowhere.
        let staysInSector =
            !place.isForeign && (place.byteCount + count - 1) / sector == place.uncoveredFrom / sector
        if staysInSector {
            for piece in pieces { place.sum = CRC32C.update(place.sum, piece) }
        } else {
            try mark(pieces, count: count, position: chunk.position)
        }
        for piece in pieces { try add(piece) }
        place.byteCount += count
        if !staysInSector { place.uncoveredFrom = place.byteCount }
    }

    /// Selects a database at the beginning of the file.
    func select(_ database: Int) throws(DiskProblem) {
        let number = "\(database)"
        let command = Array("*2\r\n$6\r\nSELECT\r\n$\(number.utf8.count)\r\n\(number)\r\n".utf8)
        try command.withView { (bytes) throws(DiskProblem) in
            place.sum = CRC32C.update(place.sum, bytes)
            place.byteCount += bytes.count
            try add(bytes)
        }
    }

    /// Writes the mark of the bytes that come next, and of those that have none yet.
    private func mark(_ pieces: [ByteView], count: Int, position: UInt64) throws(DiskProblem) {
        var mark = BatchMark()
        mark.at = place.byteCount
        mark.back = place.isForeign ? 0 : place.byteCount - place.uncoveredFrom
        mark.backSum = place.isForeign ? 0 : place.sum
        mark.count = count
        mark.synced = syncedBytes
        mark.position = position
        try BatchMark.write(mark, pieces) { (line) throws(DiskProblem) in
            place.byteCount += line.count
            try add(line)
        }
        place.isForeign = false
        place.sum = 0
    }

    /// Ends the file with a mark that covers what none covers yet, and tells how much is on the disk.
    func coverRest(position: UInt64) throws(DiskProblem) {
        guard place.byteCount > place.sealedBytes else { return }
        try mark([], count: 0, position: position)
        place.uncoveredFrom = place.byteCount
        place.sealedBytes = place.byteCount
        try flush()
    }

    private func add(_ bytes: ByteView) throws(DiskProblem) {
        try buffer.add(bytes) { (full) throws(DiskProblem) in try file.write(full) }
    }

    private func flush() throws(DiskProblem) {
        try buffer.flush { (full) throws(DiskProblem) in try file.write(full) }
    }

    // MARK: Safety

    /// Brings everything to the disk.
    func sync() throws(DiskProblem) {
        try file.sync()
        syncedBytes = place.byteCount
        kept = place
    }

    /// What was written is safe enough: it is not written again should something fail later.
    func keep() { kept = place }

    /// Takes away what was written and is not safe.
    func cutBack() throws(DiskProblem) {
        buffer.forget()
        try file.truncate(to: kept.byteCount)
        place = kept
        try file.sync()
        syncedBytes = place.byteCount
    }

    func close() { file.close() }
}
