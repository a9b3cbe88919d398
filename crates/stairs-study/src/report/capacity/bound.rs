//! `2sed-bound`: the deviation bound of 2sED and that of a plain cover over the number of samples, against the largest deviation found.

use maud::html;

use super::{KICKER, power};
use crate::{
    deviation::{BoundPoint, BoundRecord},
    plot::{Axis, Figure, Ink, Layer, Panel},
    report::{
        Page, ReportError, Results,
        grid::Grid,
        number::{count, display_name, fixed, signed},
        shell,
    },
};

/// The page of the bounds and the deviations found.
#[derive(Clone, Copy, Debug)]
pub struct BoundPage;

/// `softmax regression 54→7 on Covertype`, with what differs from the box ±1 and the error.
fn name(record: &BoundRecord) -> String {
    let config = &record.config;
    let model = config.hidden.map_or("softmax regression".into(), |units| format!("MLP of {units} tanh"));
    let inputs = config.inputs.as_ref().map_or("all inputs".into(), |inputs| count(inputs.len(), "input"));
    let radius = if config.radius == 1.0 { String::new() } else { format!(", box ±{}", config.radius) };
    let loss = if config.loss.name() == "error" { String::new() } else { format!(", {}", config.loss) };
    format!("{}: {model}, {inputs}, d = {}{radius}{loss}", display_name(&config.dataset), record.parameters)
}

/// 8,192: a whole number with its thousands apart.
fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let head = digits.len() % 3;
    let groups = digits.as_bytes()[head..].chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let parts = Some(digits[..head].to_string()).filter(|head| !head.is_empty()).into_iter().chain(groups);
    parts.collect::<Vec<_>>().join(",")
}

fn from(n: Option<u64>) -> String {
    n.map_or("beyond 10¹⁸".into(), thousands)
}

/// Least and largest of some values, as `3.1 to 12.0`.
fn range(values: impl Iterator<Item = f64> + Clone, decimals: usize) -> String {
    let (low, high) = (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max));
    format!("{} to {}", fixed(low, decimals), fixed(high, decimals))
}

/// By how many per cent the bound of two scales is below that of the plain cover.
fn gain(point: &BoundPoint) -> f64 {
    100.0 * (1.0 - point.two_scale.deviation / point.euclidean.deviation)
}

fn headline(results: &Results) -> String {
    if results.bounds.is_empty() {
        return "There is no finished bound to show yet.".into();
    }
    let all = || results.bounds.iter().flat_map(|(_, record)| record.points.iter().map(move |point| (record, point)));
    let cases: usize = all().map(|(_, point)| point.found.len()).sum();
    let held = if all().all(|(_, point)| point.holds()) {
        format!("Neither bound was exceeded in any of {} samples.", thousands(cases as u64))
    } else {
        let broken = all().filter(|(_, point)| !point.holds()).count();
        format!("A bound was EXCEEDED at {}: it, or the program, is wrong.", count(broken, "number of samples"))
    };
    let says: Vec<_> = all().filter(|(record, point)| point.two_scale.deviation < record.range).collect();
    let never = results
        .bounds
        .iter()
        .filter(|(_, record)| record.points.iter().all(|point| point.two_scale.deviation >= record.range));
    let distance = if says.is_empty() {
        "At no number of samples tried is it below the range of the loss: it says nothing.".into()
    } else {
        format!(
            "Where the bound of 2sED is below the range of the loss it is {} times the largest deviation found, and {} % below the bound of a \
             plain cover, which knows the number of parameters alone.",
            range(says.iter().map(|(_, point)| point.two_scale.deviation / point.largest()), 1),
            range(says.iter().map(|(_, point)| gain(point)), 0),
        )
    };
    let never = match never.count() {
        0 => String::new(),
        some => format!(" For {} it says nothing at any number of samples tried.", count(some, "model")),
    };
    format!("{held} {distance}{never}")
}

/// One row a model.
fn summary(results: &Results) -> Grid {
    let mut grid =
        Grid::new(["model", "samples of each size", "B", "2sED says anything from n =", "a plain cover from n ="]);
    for (_, record) in &results.bounds {
        let (two_scale, plain) = (from(record.two_scale_from), from(record.euclidean_from));
        let samples = record.config.repetitions.to_string();
        grid.row([name(record), samples, fixed(record.range, 2), two_scale, plain]);
    }
    grid
}

/// One row a model and number of samples.
fn table(results: &Results) -> Grid {
    let mut grid = Grid::new([
        "model",
        "n",
        "found, random",
        "found, ascended",
        "2sED",
        "times what is found",
        "plain cover",
        "below it, %",
        "with 2sED = ζd",
        "ε",
        "ζ",
        "2sED / d",
        "log C / d",
    ]);
    for (_, record) in &results.bounds {
        let d = record.parameters as f64;
        for point in &record.points {
            let two_scale = &point.two_scale;
            grid.row([
                name(record),
                power(point.samples as f64),
                fixed(point.largest_random(), 4),
                fixed(point.largest(), 4),
                fixed(two_scale.deviation, 4),
                fixed(two_scale.deviation / point.largest(), 1),
                fixed(point.euclidean.deviation, 4),
                signed(gain(point), 1),
                fixed(point.floor.deviation, 4),
                format!("{:.1e}", two_scale.eps),
                fixed(two_scale.zeta, 3),
                fixed(two_scale.dimension / d, 3),
                fixed(two_scale.log_constant / d, 2),
            ]);
        }
    }
    grid
}

fn panel(record: &BoundRecord) -> Panel {
    let x = |point: &BoundPoint| (point.samples as f64).log10();
    let line = |value: &dyn Fn(&BoundPoint) -> f64| -> Vec<(f64, f64)> {
        record.points.iter().map(|point| (x(point), value(point).log10())).collect()
    };
    let ticks = |range: std::ops::RangeInclusive<i32>| {
        range.map(|exponent| (f64::from(exponent), power(10f64.powi(exponent)))).collect::<Vec<_>>()
    };
    let (two_scale, plain) = (line(&|p| p.two_scale.deviation), line(&|p| p.euclidean.deviation));
    let (ascended, random) = (line(&BoundPoint::largest), line(&BoundPoint::largest_random));
    let ends = [record.points.first(), record.points.last()].into_iter().flatten();
    let range = ends.map(|point| (x(point), record.range.log10())).collect();
    let samples = Axis::new("samples n").with_named_ticks(ticks(0..=9));
    let deviation = Axis::new("deviation of the risk").with_named_ticks(ticks(-12..=9));
    let dots = |points: &Vec<(f64, f64)>, ink| Layer::Dots { points: points.clone(), ink, radius: 3.0 };
    Panel::new(name(record), samples, deviation).with_layers([
        Layer::dashed(range, Ink::Grey),
        Layer::line(plain, Ink::Orange),
        Layer::line(two_scale, Ink::Red),
        dots(&random, Ink::Green),
        Layer::line(random, Ink::Green),
        dots(&ascended, Ink::Blue),
        Layer::line(ascended, Ink::Blue),
    ])
}

fn figure(results: &Results) -> Option<Figure> {
    if results.bounds.is_empty() {
        return None;
    }
    let panels = results.bounds.iter().map(|(_, record)| panel(record));
    let figure = Figure::new("").with_columns(2).with_size(960.0, 260.0).with_panels(panels);
    let legend = [
        (Ink::Red, "bound of 2sED"),
        (Ink::Orange, "bound of a plain cover"),
        (Ink::Blue, "largest found, ascended"),
        (Ink::Green, "largest found at random parameters"),
        (Ink::Grey, "B, the range of the loss"),
    ];
    Some(legend.into_iter().fold(figure, |figure, (ink, label)| figure.with_legend(ink, label)))
}

impl Page for BoundPage {
    fn html(&self, results: &Results) -> Result<String, ReportError> {
        let drawn = figure(results).map(|figure| shell::figure(&figure)).transpose()?;
        let confidence = results.bounds.first().map_or(0.95, |(_, record)| record.config.confidence);
        let content = html! {
            @if let Some(headline) = results.concluded(headline) { p.headline { (headline) } }
            section {
                h2 { "Over the number of samples" }
                p.note {
                    "The largest |R − R̂ₙ| over a box of parameters: what is allowed with probability " (confidence) ", and the largest that was found. "
                    "What is found is a lower bound: no search is complete."
                }
                @if let Some(drawn) = drawn { (drawn) }
            }
            section {
                h2 { "From where on they say anything" }
                p.note { "The least n for which a bound is below B, the range of the loss." }
                (summary(results).html())
            }
            section {
                h2 { "In numbers" }
                p.note {
                    "ε and ζ are those where the bound is least. 2sED is an upper bound of it, for the Fisher matrix of the population, not normalised. "
                    "With 2sED = ζd: what the bound would be for a Fisher matrix that vanishes, below what any 2sED gives."
                }
                (table(results).html())
            }
        };
        let unfinished = results.unfinished();
        Ok(shell::page(&results.title, KICKER, unfinished.as_ref(), &content, &results.commands))
    }

    fn text(&self, results: &Results) -> String {
        let headline = results.concluded(headline).unwrap_or_default();
        format!("{}\n{}\n\n{headline}", summary(results).text(), table(results).text())
    }

    fn figures(&self, results: &Results) -> Vec<(String, Figure)> {
        figure(results).map(|figure| ("bound".into(), figure)).into_iter().collect()
    }

    fn markdown(&self, results: &Results) -> String {
        format!("{}\n{}", summary(results).markdown(), table(results).markdown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_their_thousands_apart() {
        assert_eq!([1, 100, 1_000, 12_345_678].map(thousands), ["1", "100", "1,000", "12,345,678"]);
        assert_eq!(from(None), "beyond 10¹⁸");
    }
}
