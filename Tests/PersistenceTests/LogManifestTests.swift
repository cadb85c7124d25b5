// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Persistence

@Suite struct LogManifestTests {
    private func parse(_ text: String) throws(ManifestProblem) -> LogManifest {
        try LogManifest(parsing: Array(text.utf8))
    }

    private func problem(_ text: String) -> (ByteString, Int)? {
        do throws(ManifestProblem) {
            _ = try parse(text)
            return nil
        } catch {
            return (error.text, error.line)
        }
    }

    @Test func itIsReadAndWritten() throws {
        let text = """
            file appendonly.aof.2.base.rdb seq 2 type b
            file appendonly.aof.1.base.rdb seq 1 type h
            file appendonly.aof.4.incr.aof seq 4 type i
            file appendonly.aof.7.incr.aof seq 7 type i

            """
        let manifest = try parse(text)
        #expect(manifest.base == LogManifest.File("appendonly.aof.2.base.rdb", number: 2, kind: .base))
        #expect(manifest.history.map(\.number) == [1] && manifest.increments.map(\.number) == [4, 7])
        #expect(manifest.nextBaseNumber == 3 && manifest.nextIncrementNumber == 8)
        #expect(manifest.files.map(\.number) == [2, 4, 7])
        #expect(manifest.bytes == Array(text.utf8))
        #expect(
            try parse("# remark\nseq 1 type i file a later on\n").increments == [
                LogManifest.File("a", number: 1, kind: .increment)
            ])
    }

    /// Names with blanks and line breaks stand in quotes.
    @Test func namesAreQuoted() throws {
        var manifest = LogManifest()
        manifest.base = LogNames(folder: "d", name: " file seq \n\n.aof ").base(2, isSnapshot: true)
        #expect(manifest.bytes == Array("file \" file seq \\n\\n.aof .2.base.rdb\" seq 2 type b\n".utf8))
        #expect(try LogManifest(parsing: manifest.bytes) == manifest)
    }

    @Test func damageIsRefused() {
        let good = "file a seq 1 type i\n"
        #expect(problem("")! == ("Found an empty AOF manifest", 0))
        for bad in [
            "\n", "filx a seq 1 type b\n", "file a type b\n", "file a seq 1 type i odd\n",
            "file a seq x type b\n",
            "file a seq 0 type b\n", "file \"a seq 1 type b\n", "file a seq 99999999999999999999 type b\n",
        ] {
            #expect(problem(good + bad)! == ("Invalid AOF manifest file format", 2), "\(bad)")
        }
        #expect(problem("file a seq 1 type x\n")! == ("Unknown AOF file type", 1))
        #expect(problem("file a/b seq 1 type b\n")! == ("File can't be a path, just a filename", 1))
        #expect(
            problem("file a seq 2 type i\nfile b seq 1 type i\n")! == (
                "Found a non-monotonic sequence number", 2
            ))
        #expect(
            problem("file a seq 1 type b\nfile b seq 2 type b\n")! == (
                "Found duplicate base file information", 2
            ))
        let long = "file a seq 1 type b " + String(repeating: "k v ", count: 300) + "\n"
        #expect(problem(long)! == ("The AOF manifest file contains too long line", 1))
        #expect(
            problem("file a seq 1 type b")! == ("The AOF manifest file contains too long line", 1),
            "no line break")
    }
}
