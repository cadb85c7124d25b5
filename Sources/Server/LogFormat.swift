// SPDX-License-Identifier: Apache-2.0
import Bytes
import Glibc

/// How a line of the log is put together.
struct LogFormat {
    enum Style: String {
        case legacy, logfmt, json
    }
    enum Timestamps: String {
        case legacy, iso8601, milliseconds
    }

    var style = Style.legacy
    var timestamps = Timestamps.legacy

    /// A line with its line break. Bytes that are no UTF-8 stay what they are.
    func line(_ level: Log.Level, _ text: ByteString, pid: Int32, at time: timespec) -> ByteString {
        let stamp = timestamp(time)
        let name = ["debug", "info", "notice", "warning", "nothing"][level.rawValue]
        switch style {
        case .legacy:
            let sign = [".", "-", "*", "#", "#"][level.rawValue]
            return ByteString(Array("\(pid):M \(stamp) \(sign) ".utf8) + text.bytes + [10])
        case .logfmt:
            let head = "pid=\(pid) role=primary timestamp=\"\(stamp)\" level=\(name) message=\""
            return ByteString(Array(head.utf8) + LogFormat.plain(text) + Array("\"\n".utf8))
        case .json:
            let head =
                "{\"pid\":\(pid),\"role\":\"primary\",\"timestamp\":\"\(stamp)\",\"level\":\"\(name)\",\"message\":\""
            return ByteString(Array(head.utf8) + LogFormat.escaped(text) + Array("\"}\n".utf8))
        }
    }

    /// Text for a field of logfmt, which knows no escapes: double quotes become single ones, line breaks blanks.
    static func plain(_ text: ByteString) -> [UInt8] {
        text.bytes.map { $0 == UInt8(ascii: "\"") ? UInt8(ascii: "'") : $0 == 10 || $0 == 13 ? 32 : $0 }
    }

    /// Text for a string of JSON.
    static func escaped(_ text: ByteString) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        for byte in text.bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
            case 8: out += "\\b".utf8
            case 9: out += "\\t".utf8
            case 10: out += "\\n".utf8
            case 12: out += "\\f".utf8
            case 13: out += "\\r".utf8
            case 0..<32: out += ("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16)).utf8
            default: out.append(byte)
            }
        }
        return out
    }

    private func timestamp(_ time: timespec) -> String {
        let ms = time.tv_nsec / 1_000_000
        if timestamps == .milliseconds { return String(Int(time.tv_sec) * 1000 + ms) }
        var seconds = time.tv_sec
        var parts = unsafe tm()
        unsafe localtime_r(&seconds, &parts)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let year = Int(unsafe parts.tm_year) + 1900
        let (month, day) = unsafe (Int(parts.tm_mon), two(Int(parts.tm_mday)))
        let (hour, minute, second) = unsafe (Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec))
        let fraction = ms < 10 ? "00\(ms)" : ms < 100 ? "0\(ms)" : "\(ms)"
        let clock = "\(two(hour)):\(two(minute)):\(two(second)).\(fraction)"
        if timestamps == .iso8601 {
            let offset = unsafe parts.tm_gmtoff
            let zone = abs(offset) / 60
            let sign = offset < 0 ? "-" : "+"
            return "\(year)-\(two(month + 1))-\(day)T\(clock)\(sign)\(two(zone / 60)):\(two(zone % 60))"
        }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return "\(day) \(months[month]) \(year) \(clock)"
    }
}
