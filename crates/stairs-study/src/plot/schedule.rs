//! Laws over time as a picture: one panel for the mean, one for the scale.

use super::{Axis, Ink, Layer, Panel};

/// The law of one quantiser (or of several that share it) over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Colour.
    pub ink: Ink,
    /// (time, mean, scale), ascending in time; mean and scale in units of the quantum.
    pub points: Vec<(f64, f64, f64)>,
}

/// Panels of mean and scale over `time` (the label of the horizontal axis); a mean that is 0 throughout has none.
///
/// Tracks that would cover one another are drawn from wide to narrow, so that each stays visible.
pub fn schedule_panels(time: &str, tracks: &[Track]) -> Vec<Panel> {
    let panel = |title: &str, value: fn(&(f64, f64, f64)) -> f64| {
        let count = tracks.len().max(1) as f64;
        let layers = tracks.iter().enumerate().map(|(i, track)| Layer::Line {
            points: track.points.iter().map(|p| (p.0, value(p))).collect(),
            ink: track.ink,
            width: 2.0 + 1.6 * (count - 1.0 - i as f64) / count,
            dashed: false,
        });
        Panel::new(title, Axis::new(time), Axis::new("in units of the quantum")).with_layers(layers)
    };
    let scale = panel("Scale of the noise", |p| p.2);
    let centred = tracks.iter().all(|track| track.points.iter().all(|p| p.1 == 0.0));
    if centred { vec![scale] } else { vec![panel("Mean of the noise", |p| p.1), scale] }
}
