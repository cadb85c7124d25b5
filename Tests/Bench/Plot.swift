// SPDX-License-Identifier: Apache-2.0
// The plot: dot panels on one axis each. A row has a dot for either server, a bar for the range of its samples,
// a thin line between the two, and the ratio at the right edge; nothing needs a second look at a legend to be
// read, and the shapes differ as well as the colours.
import Foundation

/// One figure of a dot panel.
struct Dot {
    var value: Double
    var low: Double
    var high: Double

    init(_ spread: Spread) { (value, low, high) = (spread.median, spread.low, spread.high) }

    init(_ value: Double, low: Double, high: Double) {
        (self.value, self.low, self.high) = (value, low, high)
    }

    init(_ value: Double) { (self.value, low, high) = (value, value, value) }
}

/// One row of a dot panel.
struct DotRow {
    var label: String
    var ours: Dot?
    var peer: Dot?
}

/// One panel: rows over a common axis.
struct Panel {
    var title: String
    var axis: String
    var logarithmic: Bool
    var higherIsBetter = false
    /// Rows in groups; a little space parts the groups.
    var groups: [[DotRow]]

    var rowCount: Int { groups.reduce(0) { $0 + $1.count } }
}

/// Lays panels out in two columns and writes them as SVG.
struct Plot {
    let title: String
    let subtitle: String
    let ours: String
    let peer: String

    private static let oursColour = "#0b62a4"
    private static let peerColour = "#d1641b"
    private static let width = 1080.0
    private static let rowHeight = 19.0
    private static let groupGap = 9.0
    private static let top = 92.0

    /// - Parameter panels: those without a row are left out.
    func svg(_ panels: [Panel]) -> String {
        let shown = panels.filter { $0.rowCount > 0 }
        let columnWidth = Plot.width / 2
        var heights = [Plot.top, Plot.top]
        var body = ""
        for panel in shown {
            // Each panel goes to the shorter column, so that both end at about the same height.
            let column = heights[0] <= heights[1] ? 0 : 1
            body += draw(
                panel, left: Double(column) * columnWidth + 16, top: heights[column], width: columnWidth - 32)
            heights[column] += height(panel)
        }
        let total = max(heights[0], heights[1]) + 8
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Plot.width)) \(Int(total))" \
            width="\(Int(Plot.width))" height="\(Int(total))" font-family="'DejaVu Sans', Verdana, Arial, sans-serif" \
            font-size="11.5" fill="#222">
            <rect width="100%" height="100%" fill="#ffffff"/>
            \(text(16, 28, title, size: 18, weight: "bold"))
            \(text(16, 47, subtitle, fill: "#555"))
            \(legend())
            \(body)</svg>

            """
    }

    private func height(_ panel: Panel) -> Double {
        34 + rowsHeight(panel) + 52
    }

    private func rowsHeight(_ panel: Panel) -> Double {
        Double(panel.rowCount) * Plot.rowHeight + Double(panel.groups.count { !$0.isEmpty } - 1)
            * Plot.groupGap
    }

    private func legend() -> String {
        mark(.ours, 22, 66) + text(33, 70, ours) + mark(.peer, 222, 66) + text(233, 70, peer)
            + text(
                422, 70,
                "dot: median; bar: lowest to highest sample; at the right: ratio, in the better server's colour",
                fill: "#555")
    }

    private func draw(_ panel: Panel, left: Double, top: Double, width: Double) -> String {
        let rows = panel.groups.joined()
        let longest = rows.map(\.label.count).max() ?? 0
        let labelWidth = min(width * 0.45, Double(longest) * 6.6 + 10)
        let ratioWidth = 48.0
        let (x0, x1) = (left + labelWidth, left + width - ratioWidth)
        let scale = Scale(rows: Array(rows), logarithmic: panel.logarithmic, from: x0, to: x1)
        let rowsTop = top + 30
        let bottom = rowsTop + rowsHeight(panel)
        var out = text(left, top + 14, panel.title, size: 13, weight: "bold")
        for tick in scale.ticks {
            let x = scale.x(tick)
            out += line(x, rowsTop, x, bottom, "#e4e4e4", 1)
            out += text(x, bottom + 16, Plot.tickText(tick), anchor: "middle", fill: "#555")
        }
        out += line(x0, bottom, x1, bottom, "#888", 1)
        let axis = panel.axis + (panel.logarithmic ? " (log scale)" : "")
        out += text((x0 + x1) / 2, bottom + 32, axis, anchor: "middle", fill: "#333")
        var y = rowsTop + Plot.rowHeight / 2
        for group in panel.groups where !group.isEmpty {
            for row in group {
                out += draw(row, panel, y: y, labelRight: x0 - 8, ratioRight: left + width, scale)
                y += Plot.rowHeight
            }
            y += Plot.groupGap
        }
        return out
    }

    private func draw(
        _ row: DotRow, _ panel: Panel, y: Double, labelRight: Double, ratioRight: Double, _ scale: Scale
    ) -> String {
        var out = text(labelRight, y + 4, row.label, anchor: "end")
        if let a = row.ours, let b = row.peer {
            out += line(scale.x(a.value), y, scale.x(b.value), y, "#c9c9c9", 1.5)
            let better = panel.higherIsBetter ? a.value >= b.value : a.value <= b.value
            out += text(
                ratioRight, y + 4, Figure.ratio(a.value, b.value), anchor: "end",
                fill: better ? Plot.oursColour : Plot.peerColour)
        }
        // The peer is drawn first: where the two coincide, its diamond's corners still show.
        for (side, dot, colour) in [
            (Side.peer, row.peer, Plot.peerColour), (.ours, row.ours, Plot.oursColour),
        ] {
            guard let dot else { continue }
            out += line(scale.x(dot.low), y, scale.x(dot.high), y, colour, 3, opacity: 0.35)
            out += mark(side, scale.x(dot.value), y)
        }
        return out
    }

    private func mark(_ side: Side, _ x: Double, _ y: Double) -> String {
        switch side {
        case .ours: "<circle cx=\"\(r(x))\" cy=\"\(r(y))\" r=\"4.2\" fill=\"\(Plot.oursColour)\"/>\n"
        case .peer:
            "<path d=\"M\(r(x)) \(r(y - 5.4))L\(r(x + 5.4)) \(r(y))L\(r(x)) \(r(y + 5.4))L\(r(x - 5.4)) \(r(y))Z\" "
                + "fill=\"\(Plot.peerColour)\"/>\n"
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
        let dots = rows.flatMap { [$0.ours, $0.peer] }.compactMap { $0 }
        let most = max(dots.map(\.high).max() ?? 1, 1e-6)
        self.logarithmic = logarithmic
        self.from = from
        self.to = to
        if logarithmic {
            let least = max(dots.map(\.low).filter { $0 > 0 }.min() ?? most / 10, most / 1e6)
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
