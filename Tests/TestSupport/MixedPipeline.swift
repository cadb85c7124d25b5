// SPDX-License-Identifier: Apache-2.0

/// Commands of all kinds in both request forms, with a wrong one here and there; the same replies on every run.
public struct MixedPipeline {
    public let bytes: [UInt8]
    public let replyCount: Int

    public init() {
        var bytes: [UInt8] = []
        var count = 0
        func add(_ arguments: [String], replies: Int = 1) {
            bytes += Client.encode(arguments)
            count += replies
        }
        func inline(_ line: String, replies: Int = 1) {
            bytes += Array(line.utf8)
            count += replies
        }
        add(["FLUSHDB"])
        add(["SET", "s", "with\r\n$3\r\nin it"])
        inline("PING\r\n")
        inline("\r\n", replies: 0)
        inline("*0\r\n", replies: 0)
        inline("set t \"quo\\x74ed \\\"text\\\"\" \n")
        add(["GET", "t"])
        add(["INCRBY", "n", "9223372036854775807"])
        add(["INCR", "n"])
        add(["SADD", "set", "1", "2", "3"])
        add(["SISMEMBER", "set", "2"])
        add(["SINTER", "set", "nothing"])
        add(["GET", "set"])
        add(["GET"])
        add(["NOSUCH", "a", "b"])
        add(["SET", "", ""])
        add(["GET", ""])
        inline("  ECHO 'single quoted'\r\n")
        add(["MULTI"])
        add(["APPEND", "s", String(repeating: "x", count: 300)])
        add(["GETRANGE", "s", "-5", "-1"])
        add(["EXEC"])
        add(["MGET", "s", "none", "set", "n"])
        add(["SET", "s", "1", "EX", "0"])
        add(["ECHO", "end"])
        self.bytes = bytes
        replyCount = count
    }
}
