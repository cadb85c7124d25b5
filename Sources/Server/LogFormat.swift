// SPDX-License-Identifier: Apache-2.0
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

    /// A line with its line break.
    func line(_ level: Log.Level, _ text: String, pid: Int32, at time: timespec) -> String {
        let stamp = timestamp(time)
        let name = ["debug", "info", "notice", "warning", "nothing"][level.rawValue]
        switch style {
        case .legacy:
            let sign = [".", "-", "*", "#", "#"][level.rawValue]
            return "\(pid):M \(stamp) \(sign) \(text)\n"
        case .logfmt:
            return
                "pid=\(pid) role=primary timestamp=\"\(stamp)\" level=\(name) message=\"\(LogFormat.plain(text))\"\n"
        case .json:
            return "{\"pid\":\(pid),\"role\":\"primary\",\"timestamp\":\"\(stamp)\",\"level\":\"\(name)\","
                + "\"message\":\"\(LogFormat.escaped(text))\"}\n"
        }
    }

    /// Text for a field of logfmt, which knows no escapes: double quotes become single ones, line breaks blanks.
    static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0 == "\"" ? "'" : $0.value < 32 || $0.value == 127 ? " " : $0 }))
    }

    /// Text for a string of JSON.
    static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case let control where control.value < 32:
                out += "\\u00" + (control.value < 16 ? "0" : "") + String(control.value, radix: 16)
            default: out.unicodeScalars.append(scalar)
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
