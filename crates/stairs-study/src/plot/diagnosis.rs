//! A diagnosis over optimiser steps: weights outside the windows, flips, cosines; one line a layer.

use stairs_train::diagnose::{Diagnosis, DiagnosisRecord, LayerRecord};

use super::{Axis, Figure, Ink, Layer, Panel};

/// The three panels of a diagnosis. Layers are coloured by depth, all of them together dashed. Values that do not exist,
/// such as the cosine of a hard layer, and a logarithm of no flips at all, leave gaps.
pub fn diagnosis_figure(title: impl Into<String>, diagnosis: &Diagnosis) -> Figure {
    let panels = [
        Panel::new("Weights outside the window", steps(), Axis::new("share").with_range(-0.02, 1.02))
            .with_layers(lines(diagnosis, |layer| Some(layer.outside))),
        Panel::new("Flips", steps(), flip_axis())
            .with_layers(lines(diagnosis, |layer| layer.flips.filter(|flips| *flips > 0.0).map(f64::log10))),
        Panel::new("Surrogate against smoothed gradient", steps(), cosine_axis(diagnosis))
            .with_layer(Layer::dashed(points(diagnosis, |record| record.cosine), Ink::Grey))
            .with_layers(lines(diagnosis, |layer| layer.cosine)),
    ];
    let figure = Figure::new(title).with_columns(3).with_size(960.0, 280.0).with_panels(panels);
    let count = diagnosis.layers.len();
    let legend = diagnosis.layers.iter().enumerate();
    legend
        .fold(figure, |figure, (i, (path, _))| figure.with_legend(Ink::depth(i, count), path.as_str()))
        .with_legend(Ink::Grey, "all")
}

fn steps() -> Axis {
    Axis::new("step").with_whole_ticks()
}

/// A logarithmic axis: positions are decimal logarithms, ticks say the value.
fn flip_axis() -> Axis {
    let named = (-7..=0).map(|power: i32| {
        let share = 10f64.powi(power);
        (f64::from(power), if power < -3 { format!("{share:.0e}") } else { share.to_string() })
    });
    Axis::new("share of the weights a step (logarithmic)").with_named_ticks(named.collect())
}

/// From 0, or from −1 where a cosine is negative.
fn cosine_axis(diagnosis: &Diagnosis) -> Axis {
    let cosines = |record: &DiagnosisRecord| {
        record.layers.iter().map(|layer| layer.cosine).chain([record.cosine]).flatten().collect::<Vec<_>>()
    };
    let negative = diagnosis.records.iter().flat_map(cosines).any(|cosine| cosine < 0.0);
    Axis::new("cosine").with_range(if negative { -1.04 } else { -0.02 }, 1.04)
}

fn points(diagnosis: &Diagnosis, value: impl Fn(&DiagnosisRecord) -> Option<f64>) -> Vec<(f64, f64)> {
    diagnosis.records.iter().map(|record| (record.step as f64, value(record).unwrap_or(f64::NAN))).collect()
}

/// One line a layer.
fn lines(diagnosis: &Diagnosis, value: impl Fn(&LayerRecord) -> Option<f64>) -> Vec<Layer> {
    let count = diagnosis.layers.len();
    let line = |i: usize| {
        let points = points(diagnosis, |record| record.layers.get(i).and_then(&value));
        Layer::line(points, Ink::depth(i, count))
    };
    (0..count).map(line).collect()
}
