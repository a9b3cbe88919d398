//! Residual blocks as diagrams: what is quantised where.
//!
//! A block is a row of boxes from left to right and a skip connection below. Boxes have the colour of what they make, wires
//! that of what they carry.

use super::{Anchor, Figure, Ink, Layer, Panel};

/// Weights that are quantised.
const WEIGHTS: Ink = Ink::Blue;
/// Features of the network's quantiser.
const FEATURES: Ink = Ink::Orange;
/// The stream, of 8 bits.
const STREAM: Ink = Ink::Purple;
/// Sums of products, norms: numbers of many bits that are not stored.
const SUMS: Ink = Ink::Grey;

/// Width of a diagram in pixels, which are the units of its coordinates.
const WIDTH: f64 = 868.0;
/// Half the height of a box.
const HALF: f64 = 15.0;
/// Gap between two boxes, where an arrow is.
const GAP: f64 = 21.0;

/// A row of boxes under construction; y grows upwards.
struct Diagram {
    layers: Vec<Layer>,
    /// Where the last arrow ends.
    x: f64,
    y: f64,
    /// What the wire carries.
    ink: Ink,
}

impl Diagram {
    fn new(x: f64, y: f64, ink: Ink) -> Self {
        Self { layers: Vec::new(), x, y, ink }
    }

    fn label(&mut self, at: (f64, f64), text: &str, ink: Ink, anchor: Anchor) {
        self.layers.push(Layer::Label { at, text: text.into(), ink, anchor });
    }

    fn wire(&mut self, points: &[(f64, f64)], ink: Ink) {
        self.layers.push(Layer::line(points.to_vec(), ink));
    }

    /// A wire with an arrow head at its end, which comes from the left or from below.
    fn arrow(&mut self, points: &[(f64, f64)], ink: Ink) {
        self.wire(points, ink);
        if let [.., before, (x, y)] = *points {
            let head = if before.0 < x {
                [(x - 6.0, y + 4.0), (x, y), (x - 6.0, y - 4.0)]
            } else {
                [(x - 4.0, y - 6.0), (x, y), (x + 4.0, y - 6.0)]
            };
            self.wire(&head, ink);
        }
    }

    /// An arrow to the right, then a box of `width` around `text`, which makes what `carries` says.
    fn part(&mut self, text: &str, width: f64, ink: Ink, carries: Ink) {
        let (from, left, right) = (self.x, self.x + GAP, self.x + GAP + width);
        let (low, high) = (self.y - HALF, self.y + HALF);
        self.arrow(&[(from, self.y), (left, self.y)], self.ink);
        self.layers.push(Layer::Bars { bars: vec![[left, right, low, high]], ink, opacity: 0.16 });
        self.wire(&[(left, low), (right, low), (right, high), (left, high), (left, low)], ink);
        self.label(((left + right) / 2.0, self.y), text, Ink::Text, Anchor::Centre);
        (self.x, self.ink) = (right, carries);
    }

    fn convolution(&mut self, text: &str, width: f64) {
        self.part(text, width, WEIGHTS, SUMS);
        self.part("norm", 42.0, SUMS, SUMS);
    }

    fn features(&mut self) {
        self.part("Q", 24.0, FEATURES, FEATURES);
    }

    /// A sum; returns where a second arrow may end.
    fn add(&mut self) -> (f64, f64) {
        self.part("+", 22.0, SUMS, SUMS);
        (self.x - 11.0, self.y - HALF)
    }

    fn end(mut self, title: &str, height: f64) -> Panel {
        self.part("Q₈", 28.0, STREAM, STREAM);
        let (x, y) = (self.x + GAP, self.y);
        self.arrow(&[(self.x, y), (x, y)], STREAM);
        self.label((x, y), "s′", Ink::Text, Anchor::Right);
        Panel::bare(title, (0.0, WIDTH), (0.0, height)).with_layers(self.layers)
    }

    /// The beginning of a block; returns where the stream branches.
    fn start(&mut self) -> (f64, f64) {
        self.label((self.x, self.y), "s", Ink::Text, Anchor::Left);
        let branch = (self.x + 0.5 * GAP, self.y);
        self.layers.push(Layer::Dots { points: vec![branch], ink: STREAM, radius: 3.0 });
        branch
    }
}

fn figure(title: &str) -> Figure {
    Figure::new(title)
        .with_size(900.0, 130.0)
        .with_legend(WEIGHTS, "quantised weights")
        .with_legend(FEATURES, "features Q")
        .with_legend(STREAM, "stream Q₈")
        .with_legend(SUMS, "sums, not stored")
}

/// The basic block of a ResNet: as it is, and where it changes the shape of what goes through.
pub fn residual_figure() -> Figure {
    let block = |projects: bool| {
        let mut diagram = Diagram::new(24.0, 78.0, STREAM);
        let branch = diagram.start();
        diagram.features();
        let reads = (diagram.x + 0.5 * GAP, diagram.y);
        diagram.convolution("conv 3×3", 76.0);
        diagram.features();
        diagram.convolution("conv 3×3", 76.0);
        let sum = diagram.add();
        let low = 24.0;
        if projects {
            let mut below = Diagram::new(reads.0 + 60.0, low, FEATURES);
            below.layers.push(Layer::Dots { points: vec![reads], ink: FEATURES, radius: 3.0 });
            below.wire(&[reads, (reads.0, low), (below.x, low)], FEATURES);
            below.convolution("conv 1×1", 76.0);
            below.arrow(&[(below.x, low), (sum.0, low), sum], SUMS);
            diagram.layers.extend(below.layers);
            diagram.end("Where the shape changes: a projection of what the block reads", 104.0)
        } else {
            diagram.arrow(&[branch, (branch.0, low), (sum.0, low), sum], STREAM);
            diagram.end("Where the shape stays: the stream itself", 104.0)
        }
    };
    figure("A block of a quantised ResNet").with_panel(block(false)).with_panel(block(true))
}

/// The block of a MobileNetV2.
pub fn inverted_residual_figure() -> Figure {
    let mut diagram = Diagram::new(24.0, 78.0, STREAM);
    let branch = diagram.start();
    diagram.convolution("expand 1×1", 82.0);
    diagram.features();
    diagram.convolution("depthwise 3×3", 100.0);
    diagram.features();
    diagram.convolution("project 1×1", 82.0);
    let sum = diagram.add();
    diagram.arrow(&[branch, (branch.0, 24.0), (sum.0, 24.0), sum], STREAM);
    let panel = diagram.end("Where stride and channels permit; elsewhere without the skip connection", 104.0);
    figure("A block of a quantised MobileNetV2").with_panel(panel)
}
