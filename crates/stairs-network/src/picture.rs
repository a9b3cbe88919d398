//! The graph drawn, as SVG: nodes below each other in the order of computation, skip connections as arcs beside them.

use std::fmt::Write as _;

use crate::{Cost, Network, Op, Precision, Source};

/// Height of a row, and of the box in it.
const ROW: usize = 34;
const BOX: usize = 26;
/// Left edge of the boxes.
const LEFT: usize = 130;
/// In the dark theme of a reader paper and lines change; boxes stay light, with dark letters.
const DARK: &str = "@media (prefers-color-scheme:dark){.paper{fill:#151a21}.title{fill:#e8ebf0}\
    .edge{stroke:#9ba6b5}.skip{stroke:#66b1f5}}";
/// Width of a letter, bold ones included, generously.
const LETTER: usize = 7;

/// What stands in a box.
struct Row<'a> {
    path: &'a str,
    text: String,
    shape: String,
    fill: &'static str,
}

impl Row<'_> {
    /// Width that its texts need beside each other.
    fn width(&self) -> usize {
        let letters = self.path.chars().count() + self.text.chars().count() + self.shape.chars().count();
        LETTER * letters + 40
    }

    fn draw(&self, svg: &mut String, row: usize, width: usize) {
        let (y, right) = (row * ROW, LEFT + width - 8);
        let (baseline, middle) = (y + 17, LEFT + 8);
        let _ = writeln!(
            svg,
            "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{width}\" height=\"{BOX}\" rx=\"4\" fill=\"{}\" stroke=\"#888888\"/>\
             <text x=\"{middle}\" y=\"{baseline}\" fill=\"#111111\"><tspan font-weight=\"600\">{}</tspan> \
             <tspan fill=\"#333333\">{}</tspan></text>\
             <text x=\"{right}\" y=\"{baseline}\" fill=\"#333333\" text-anchor=\"end\">{}</text>",
            self.fill,
            escaped(self.path),
            escaped(&self.text),
            self.shape,
        );
    }
}

impl Network {
    /// A drawing of the graph under this title: what every node does, the shape it gives, its parameters.
    pub fn svg(&self, title: &str) -> String {
        let costs = self.costs();
        let sample = Row { path: "sample", text: String::new(), shape: shape(self.input()), fill: "#eeeeee" };
        let nodes = costs.iter().map(|cost| Row {
            path: &cost.node.path,
            text: what(cost),
            shape: shape(&cost.node.shape),
            fill: colour(cost),
        });
        let rows: Vec<Row<'_>> = [sample].into_iter().chain(nodes).collect();
        let inside = rows.iter().map(Row::width).chain([LETTER * title.chars().count() * 5 / 4]).max().unwrap_or(0);
        let (width, height) = (LEFT + inside + 30, ROW * (rows.len() + 2));
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             font-family=\"system-ui, sans-serif\" font-size=\"12\" role=\"img\">\n<title>{0}</title>\n\
             <style>{DARK}</style><rect class=\"paper\" width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
             <text class=\"title\" x=\"{LEFT}\" y=\"22\" font-size=\"15\" fill=\"#111111\">{0}</text>\n",
            escaped(title)
        );
        for (index, row) in rows.iter().enumerate() {
            row.draw(&mut svg, index + 1, inside);
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
}

/// A straight line to the next row, an arc on the left to any other.
fn edge(svg: &mut String, from: usize, to: usize) {
    let (start, end) = (from * ROW + BOX, to * ROW);
    if to == from + 1 {
        let x = LEFT + 60;
        let _ = writeln!(svg, "<path class=\"edge\" d=\"M{x} {start}V{end}\" stroke=\"#555555\" fill=\"none\"/>");
        return;
    }
    let (start, end) = (start - BOX / 2, end + BOX / 2);
    let out = LEFT.saturating_sub(16 + 6 * (to - from).min(18));
    let _ = writeln!(
        svg,
        "<path class=\"skip\" d=\"M{LEFT} {start}C{out} {start} {out} {end} {LEFT} {end}\" stroke=\"#1a56a8\" stroke-width=\"1.5\" fill=\"none\"/>"
    );
}

fn what(cost: &Cost<'_>) -> String {
    let parameters = cost.parameters();
    let text = match (&cost.node.op, cost.weights) {
        (Op::Stair(_), _) => cost.output_features.to_string(),
        (op, Some(Precision::Float) | None) => op.to_string(),
        (op, Some(weights)) => format!("{op}, {weights} weights"),
    };
    if parameters == 0 { text } else { format!("{text}, {parameters} parameters") }
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

#[cfg(test)]
mod tests {
    use crate::{Network, Op, Source};

    /// A skip connection is an arc, texts are escaped, and what is known by name only is seen.
    #[test]
    fn the_drawing_shows_every_node_and_skip() {
        let mut builder = Network::builder(vec![4]);
        let relu = builder.push("a<b", Op::Relu, &[Source::Input]).unwrap();
        let other = Op::Other { name: "gelu".into(), shape: vec![4] };
        let other = builder.push("own", other, &[relu]).unwrap();
        let add = builder.push("add", Op::Add, &[other, relu]).unwrap();
        let svg = builder.finish(add).svg("a & b");
        assert_eq!((svg.matches("<rect").count(), svg.matches("stroke-width").count()), (1 + 4, 1));
        assert!(svg.contains("a&lt;b") && svg.contains("a &amp; b") && svg.contains("gelu (by name)"));
    }
}
