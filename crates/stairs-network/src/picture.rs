//! The graph drawn, as SVG: nodes below each other in the order of computation, skip connections as arcs beside them.

use std::fmt::Write as _;

use crate::{Cost, Network, Op, Precision, Source};

/// Height of a row, and of the box in it.
const ROW: usize = 34;
const BOX: usize = 26;
/// Left edge and width of the boxes.
const LEFT: usize = 130;
const WIDTH: usize = 470;

impl Network {
    /// A drawing of the graph under this title: what every node does, the shape it gives, its parameters.
    pub fn svg(&self, title: &str) -> String {
        let costs = self.costs();
        let height = ROW * (self.nodes().len() + 3);
        let width = LEFT + WIDTH + 30;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             font-family=\"system-ui, sans-serif\" font-size=\"12\" role=\"img\">\n<title>{0}</title>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
             <text x=\"{LEFT}\" y=\"22\" font-size=\"15\" fill=\"#111111\">{0}</text>\n",
            escaped(title)
        );
        self.row(&mut svg, 1, "sample", "", &shape(self.input()), "#eeeeee");
        for (index, cost) in costs.iter().enumerate() {
            let parameters = cost.parameters();
            let numbers = if parameters == 0 { String::new() } else { format!(", {parameters} parameters") };
            let text = format!("{}{numbers}", what(cost));
            self.row(&mut svg, index + 2, &cost.node.path, &text, &shape(&cost.node.shape), colour(cost));
        }
        for (index, node) in self.nodes().iter().enumerate() {
            for source in &node.inputs {
                let from = match *source {
                    Source::Input => 1,
                    Source::Node(node) => node + 2,
                };
                edge(&mut svg, from, index + 2);
            }
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn row(&self, svg: &mut String, row: usize, path: &str, text: &str, shape: &str, fill: &str) {
        let (y, right) = (row * ROW, LEFT + WIDTH - 8);
        let (baseline, middle) = (y + 17, LEFT + 8);
        let _ = writeln!(
            svg,
            "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{BOX}\" rx=\"4\" fill=\"{fill}\" stroke=\"#888888\"/>\
             <text x=\"{middle}\" y=\"{baseline}\" fill=\"#111111\"><tspan font-weight=\"600\">{}</tspan> \
             <tspan fill=\"#333333\">{}</tspan></text>\
             <text x=\"{right}\" y=\"{baseline}\" fill=\"#333333\" text-anchor=\"end\">{shape}</text>",
            escaped(path),
            escaped(text),
        );
    }
}

/// A straight line to the next row, an arc on the left to any other.
fn edge(svg: &mut String, from: usize, to: usize) {
    let (start, end) = (from * ROW + BOX, to * ROW);
    if to == from + 1 {
        let x = LEFT + 60;
        let _ = writeln!(svg, "<path d=\"M{x} {start}V{end}\" stroke=\"#555555\" fill=\"none\"/>");
        return;
    }
    let (start, end) = (start - BOX / 2, end + BOX / 2);
    let out = LEFT.saturating_sub(16 + 6 * (to - from).min(18));
    let _ = writeln!(
        svg,
        "<path d=\"M{LEFT} {start}C{out} {start} {out} {end} {LEFT} {end}\" stroke=\"#1a56a8\" stroke-width=\"1.5\" fill=\"none\"/>"
    );
}

fn what(cost: &Cost<'_>) -> String {
    match (&cost.node.op, cost.weights) {
        (Op::Stair(_), _) => cost.output_features.to_string(),
        (op, Some(Precision::Float) | None) => op.to_string(),
        (op, Some(weights)) => format!("{op}, {weights} weights"),
    }
}

fn colour(cost: &Cost<'_>) -> &'static str {
    match (&cost.node.op, cost.weights) {
        (Op::Other { .. }, _) => "#f6d5d0",
        (Op::Stair(_), _) => "#d9ead3",
        (_, Some(Precision::Float)) => "#fce8c5",
        (_, Some(_)) => "#cfe2f3",
        _ => "#f7f7f7",
    }
}

fn shape(sizes: &[usize]) -> String {
    sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
