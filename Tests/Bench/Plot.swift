// SPDX-License-Identifier: Apache-2.0
// A plot: rows of dots over one axis. A row has a mark for each server, a bar for the range of its samples, and at the
// right edge Needletail's figure divided by that of the best peer; the shapes differ as well as the colours.
import Foundation

/// One figure of a plot.
struct Dot {
    var value: Double
    var low: Double
    var high: Double

    init(_ spread: Spread) { (value, low, high) = (spread.median, spread.low, spread.high) }

    init(_ value: Double, low: Double, high: Double) {
        (self.value, self.low, self.high) = (value, low, high)
    }
}

/// One row of a plot.
struct DotRow {
    var label: String
    /// A dot for each server, Needletail first.
    var dots: [Dot?]
    /// What no server can beat, as a line.
    var floor: Double?
}

/// Rows over a common axis, where less is better, written as SVG.
struct Plot {
    var title: String
    var subtitle: String
    var axis: String
    var logarithmic: Bool
    var names: [String]
    /// What the line of a row means; nil where there is none.
    var floorName: String?
    /// Rows in groups; a little space parts the groups.
    var groups: [[DotRow]]

    private static let colours = ["#0b62a4", "#d1641b", "#3c8d2f", "#8b4fa8", "#b0306a", "#777711"]
    private static let floorColour = "#555555"
    private static let width = 860.0
    private static let rowHeight = 19.0
    private static let groupGap = 9.0
    private static let top = 92.0

    func svg() -> String {
        let rows = Array(groups.joined())
        let longest = rows.map(\.label.count).max() ?? 0
        let left = 16 + Double(longest) * 6.6 + 10
        let right = Plot.width - 16 - 48
        let scale = Scale(rows: rows, logarithmic: logarithmic, from: left, to: right)
        let gaps = Double(max(0, groups.count { !$0.isEmpty } - 1)) * Plot.groupGap
        let bottom = Plot.top + Double(rows.count) * Plot.rowHeight + gaps
        var body = ""
        for tick in scale.ticks {
            let x = scale.x(tick)
            body += line(x, Plot.top, x, bottom, "#e4e4e4", 1)
            body += text(x, bottom + 16, Plot.tickText(tick), anchor: "middle", fill: "#555")
        }
        body += line(left, bottom, right, bottom, "#888", 1)
        body += text(
            (left + right) / 2, bottom + 32, axis + (logarithmic ? " (log scale)" : ""), anchor: "middle",
            fill: "#333")
        var y = Plot.top + Plot.rowHeight / 2
        for group in groups where !group.isEmpty {
            for row in group {
                body += draw(row, y: y, labelRight: left - 8, scale)
                y += Plot.rowHeight
            }
            y += Plot.groupGap
        }
        let height = Int(bottom + 44)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Plot.width)) \(height)" \
            width="\(Int(Plot.width))" height="\(height)" font-family="'DejaVu Sans', Verdana, Arial, sans-serif" \
            font-size="11.5" fill="#222">
            <rect width="100%" height="100%" fill="#ffffff"/>
            \(text(16, 28, title, size: 18, weight: "bold"))
            \(text(16, 47, subtitle, fill: "#555"))
            \(legend())
            \(body)</svg>

            """
    }

    private func legend() -> String {
        var x = 22.0
        var out = ""
        for (index, name) in names.enumerated() {
            out += mark(index, x, 66) + text(x + 11, 70, name)
            x += Double(name.count) * 7 + 36
        }
        if let floorName {
            out += line(x, 60, x, 72, Plot.floorColour, 2) + text(x + 8, 70, floorName)
        }
        return out + text(Plot.width - 16, 84, "of the best peer", anchor: "end", fill: "#555")
    }

    private func draw(_ row: DotRow, y: Double, labelRight: Double, _ scale: Scale) -> String {
        var out = text(labelRight, y + 4, row.label, anchor: "end")
        let present = row.dots.compactMap { $0 }
        if let low = present.map(\.value).min(), let high = present.map(\.value).max() {
            out += line(scale.x(low), y, scale.x(high), y, "#c9c9c9", 1.5)
        }
        if let floor = row.floor {
            out += line(scale.x(floor), y - 6, scale.x(floor), y + 6, Plot.floorColour, 2)
        }
        let best = row.dots.dropFirst().compactMap { $0?.value }.min()
        if let ours = row.dots.first ?? nil, let best {
            out += text(
                Plot.width - 16, y + 4, Figure.ratio(ours.value, best), anchor: "end",
                fill: ours.value <= best ? Plot.colours[0] : Plot.colours[1])
        }
        // Needletail comes last: where marks coincide, the corners of the others still show.
        for index in row.dots.indices.reversed() {
            guard let dot = row.dots[index] else { continue }
            let colour = Plot.colours[index % Plot.colours.count]
            out += line(scale.x(dot.low), y, scale.x(dot.high), y, colour, 3, opacity: 0.35)
            out += mark(index, scale.x(dot.value), y)
        }
        return out
    }

    private func mark(_ index: Int, _ x: Double, _ y: Double) -> String {
        let colour = "fill=\"\(Plot.colours[index % Plot.colours.count])\"/>\n"
        func path(_ corners: [(Double, Double)]) -> String {
            let points = corners.map { "\(r(x + $0.0)),\(r(y + $0.1))" }.joined(separator: " ")
            return "<polygon points=\"\(points)\" " + colour
        }
        switch index % 4 {
        case 0: return "<circle cx=\"\(r(x))\" cy=\"\(r(y))\" r=\"4.2\" " + colour
        case 1: return path([(0, -5.4), (5.4, 0), (0, 5.4), (-5.4, 0)])
        case 2: return path([(-3.8, -3.8), (3.8, -3.8), (3.8, 3.8), (-3.8, 3.8)])
        default: return path([(0, -5), (4.8, 3.8), (-4.8, 3.8)])
        }
    }

    private func line(
        _ xa: Double, _ ya: Double, _ xb: Double, _ yb: Double, _ colour: String, _ width: Double,
        opacity: Double = 1
    ) -> String {
        "<line x1=\"\(r(xa))\" y1=\"\(r(ya))\" x2=\"\(r(xb))\" y2=\"\(r(yb))\" stroke=\"\(colour)\" "
            + "stroke-width=\"\(width)\" stroke-opacity=\"\(opacity)\"/>\n"
    }

    private func text(
        _ x: Double, _ y: Double, _ words: String, anchor: String = "start", size: Double = 11.5,
        weight: String = "normal", fill: String = "#222"
    ) -> String {
        let safe = words.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(
            ">", with: "&gt;")
        return "<text x=\"\(r(x))\" y=\"\(r(y))\" text-anchor=\"\(anchor)\" font-size=\"\(size)\" "
            + "font-weight=\"\(weight)\" fill=\"\(fill)\">\(safe)</text>\n"
    }

    private func r(_ value: Double) -> String { String(format: "%.1f", value) }

    private static func tickText(_ value: Double) -> String {
        if value >= 1e6 { return String(format: "%g M", value / 1e6) }
        if value >= 1e4 { return String(format: "%g k", value / 1e3) }
        return String(format: "%g", value)
    }
}

/// Maps values to a horizontal stretch, linear from zero or logarithmic.
struct Scale {
    let ticks: [Double]
    private let low: Double
    private let high: Double
    private let logarithmic: Bool
    private let from: Double
    private let to: Double

    init(rows: [DotRow], logarithmic: Bool, from: Double, to: Double) {
        let dots = rows.flatMap(\.dots).compactMap { $0 }
        let most = max(dots.map(\.high).max() ?? 1, 1e-6)
        self.logarithmic = logarithmic
        self.from = from
        self.to = to
        if logarithmic {
            let lows = dots.map(\.low) + rows.compactMap(\.floor)
            let least = max(lows.filter { $0 > 0 }.min() ?? most / 10, most / 1e6)
            (low, high) = (log10(least) - 0.08, log10(most) + 0.08)
            // 1, 2, 5 per decade while that leaves room for their text, otherwise the decades alone.
            let factors: [Double] = high - low > 3 ? [1] : high - low > 2 ? [1, 3] : [1, 2, 5]
            let (bottom, top) = (low, high)
            ticks = (Int(floor(low))...Int(ceil(high))).flatMap { power in
                factors.map { $0 * pow(10, Double(power)) }
            }.filter { log10($0) >= bottom && log10($0) <= top }
        } else {
            (low, high) = (0, most * 1.05)
            let rough = most / 5
            let unit = pow(10, floor(log10(rough)))
            let step = [1.0, 2, 5, 10].map { $0 * unit }.first { $0 >= rough * 0.7 } ?? rough
            ticks = Array(stride(from: 0, through: most * 1.05, by: step))
        }
    }

    func x(_ value: Double) -> Double {
        let position = logarithmic ? log10(max(value, 1e-9)) : value
        return from + (to - from) * min(1, max(0, (position - low) / (high - low)))
    }
}
