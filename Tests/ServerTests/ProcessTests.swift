// SPDX-License-Identifier: Apache-2.0
import Bytes
import Foundation
import Loop
import TestSupport
import Testing

@testable import Engine
@testable import Server

/// What concerns the process: lines of the log, its title, its processors.
@Suite struct ProcessTests {
    private func line(_ format: LogFormat, _ text: ByteString, _ level: Log.Level = .notice) -> String {
        var time = timespec()
        time.tv_sec = 1_700_000_000
        time.tv_nsec = 7_000_000
        return format.line(level, text, pid: 42, at: time).description
    }

    @Test func linesOfTheLog() {
        var format = LogFormat()
        #expect(
            line(format, "hello").wholeMatch(of: /42:M 1[45] Nov 2023 \d\d:\d\d:20.007 \* hello\n/) != nil)
        #expect(
            line(format, "x", .debug).contains(" . x\n") && line(format, "x", .warning).contains(" # x\n"))
        format.timestamps = .milliseconds
        #expect(line(format, "x", .verbose) == "42:M 1700000000007 - x\n")
        format.style = .logfmt
        #expect(
            line(format, "a \"b\"\nc")
                == "pid=42 role=primary timestamp=\"1700000000007\" level=notice message=\"a 'b' c\"\n")
        format.timestamps = .iso8601
        #expect(
            line(format, "x", .verbose).contains(
                /timestamp="2023-11-1[45]T\d\d:\d\d:20.007[+-]\d\d:\d\d" level=info message/))
    }

    @Test func linesOfJSONAreJSON() throws {
        var format = LogFormat()
        format.style = .json
        format.timestamps = .milliseconds
        let text = "a \"b\" \\ \n\r\t\u{8}\u{c} \u{1}\u{1f} é"
        let data = Data(line(format, ByteString(text), .warning).utf8)
        let read = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(read["message"] as? String == text && read["level"] as? String == "warning")
        #expect(read["pid"] as? Int == 42 && read["role"] as? String == "primary")
        #expect(read["timestamp"] as? String == "1700000000007")
        // As Valkey writes them; bytes that are no UTF-8 stay.
        #expect(
            LogFormat.escaped(ByteString([8, 9, 10, 11, 12, 13, 31, 127] as [UInt8])) == Array(
                #"\b\t\n\u000b\f\r\u001f"#.utf8) + [
                    127
                ])
        #expect(LogFormat.escaped(ByteString([0xff, 0x80, 0xc3] as [UInt8])) == [0xff, 0x80, 0xc3])
    }

    @Test func bytesOfALineStay() {
        var format = LogFormat()
        let bytes: [UInt8] = [0xff, 0x80, 9, 11, 34, 10, 0xc3]
        #expect(
            format.line(.notice, ByteString(bytes), pid: 1, at: timespec()).bytes.suffix(8)
                == (bytes + [10])[...])
        format.style = .logfmt
        // Line breaks and double quotes would end the field.
        let plain: [UInt8] = [0xff, 0x80, 9, 11, 39, 32, 0xc3, 34, 10]
        #expect(format.line(.notice, ByteString(bytes), pid: 1, at: timespec()).bytes.suffix(9) == plain[...])
    }

    /// Whoever moves the file away gets a new one with the next line; what is no file stays what it is.
    @Test func theLogFollowsItsFile() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("log")
        let log = Log()
        #expect(log.open(ByteString(path)))
        let number = log.descriptor
        log.notice("one")
        rename(path, path + ".1")
        log.notice("two")
        log.notice("three")
        #expect(try String(contentsOfFile: path + ".1", encoding: .utf8).hasSuffix("one\n"))
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("two\n") && text.hasSuffix("three\n") && log.descriptor == number)
        unlink(path)
        log.followFile()
        #expect(FileManager.default.fileExists(atPath: path))
        // Without the folder it goes on in the file it has.
        rename(folder.path, folder.path + ".away")
        log.notice("four")
        rename(folder.path + ".away", folder.path)
        #expect(try String(contentsOfFile: path, encoding: .utf8).hasSuffix("four\n"))
        close(number)
        let pipe = folder.file("pipe")
        mkfifo(pipe, 0o600)
        let reader = open(pipe, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        let other = Log()
        #expect(other.open(ByteString(pipe)))
        unlink(pipe)
        other.notice("five")
        var bytes = [UInt8](repeating: 0, count: 200)
        #expect(read(reader, &bytes, 200) > 0 && !FileManager.default.fileExists(atPath: pipe))
        close(other.descriptor)
    }

    @Test(arguments: [
        ("0", [0]), ("0,2,4", [0, 2, 4]), ("1-3", [1, 2, 3]), ("0-6:2,9", [0, 2, 4, 6, 9]),
        ("3,3,1", [1, 3]),
    ])
    func listsOfProcessors(_ text: String, _ numbers: [Int]) {
        #expect(Processors(text)?.numbers == numbers)
    }

    @Test(arguments: ["", "a", "1-", "-1", "3-1", "1:2:3", "0-4:0", "1,", "1024", "99999999999999999999"])
    func noListsOfProcessors(_ text: String) {
        #expect(Processors(text) == nil)
    }

    @Test func titles() {
        var settings = Settings()
        #expect(ProcessTitle.text(settings, name: "./needletail", file: "") == "./needletail *:6379")
        settings.bind = ["-::1", "127.0.0.1"]
        settings.process.titleTemplate =
            "{title} {port} {listen-addr} <{config-file}> {unixsocket} {server-mode}"
        #expect(
            ProcessTitle.text(settings, name: "./needletail", file: "/a.conf")
                == "./needletail 6379 ::1:6379 </a.conf>")
        settings.port = 0
        settings.unixSocket = "/run/x.sock"
        settings.process.titleTemplate = "{listen-addr}"
        #expect(ProcessTitle.text(settings, name: "./needletail", file: "") == "/run/x.sock")
    }

    @Test func scoresThatFallNeedPrivileges() {
        #expect(OOMScore.mayNeedPrivileges(["3", "2", "1"]) && OOMScore.mayNeedPrivileges(["0", "-5", "9"]))
        #expect(!OOMScore.mayNeedPrivileges(["0", "0", "800"]))
    }
}
