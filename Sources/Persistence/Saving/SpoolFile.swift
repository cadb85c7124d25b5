// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

/// Keeps pre-images that are too many for memory in a file without a name.
final class SpoolFile: CutSpool {
    private let disk: any Disk
    let path: ByteString
    /// Something that was written could not be read back: what is read from then on is made up.
    private(set) var hasLostBytes = false
    private var takesMore = true
    private var writing: (any DiskFile)?
    private var reading: (any DiskFile)?
    private var end = 0
    /// What the disk would not take, by its place.
    private var kept: [Int: [UInt8]] = [:]

    init(_ disk: any Disk, _ path: ByteString) {
        self.disk = disk
        self.path = path
    }

    func append(_ bytes: ByteView) -> Int {
        let place = end
        end += bytes.count
        do throws(DiskProblem) {
            if writing == nil, takesMore {
                writing = try disk.create(path)
                reading = try disk.open(path)
                try disk.remove(path)
            }
            guard let writing else {
                kept[place] = bytes.array
                return place
            }
            try writing.write(bytes)
        } catch {
            // From here on everything stays in memory: what was written in part must not move the places.
            kept[place] = bytes.array
            takesMore = false
            writing?.close()
            writing = nil
        }
        return place
    }

    func read(_ place: Int, count: Int) -> [UInt8] {
        if let bytes = kept.removeValue(forKey: place) { return bytes }
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        bytes.withMutableBytes { memory in
            while done < count, let reading {
                do throws(DiskProblem) {
                    let read = try reading.read(
                        at: place + done, into: memory.advanced(by: done), max: count - done)
                    if read == 0 { break }
                    done += read
                } catch {
                    break
                }
            }
        }
        if done < count { hasLostBytes = true }
        return bytes
    }

    func close() {
        writing?.close()
        reading?.close()
        writing = nil
        reading = nil
        kept = [:]
    }
}
