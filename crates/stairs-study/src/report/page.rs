//! The HTML page: everything in one file, no external resource, readable in light and dark.

use std::path::Path;

use maud::{Markup, html};
use stairs_train::{BackwardLaw, Method, RunRecord};

use super::{
    Group, ReportError, Study, Unfinished,
    accuracies::accuracy_table,
    curves, laws,
    number::{NONE, count, display_name, fixed},
    shell::{self, figure},
    stairs, studies,
    table::rows,
    weights,
};
use crate::files::write_atomically;

/// A report about some records.
///
/// ```no_run
/// use stairs_study::report::{Report, collect_records};
/// let records = collect_records("target/reproduce".as_ref())?;
/// Report::new("Digits", &records).write("target/reproduce/index.html".as_ref())?;
/// # Ok::<(), stairs_study::report::ReportError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Report<'a> {
    title: String,
    records: &'a [RunRecord],
    planned: Option<usize>,
    unfinished: Unfinished,
    commands: Vec<String>,
}

impl<'a> Report<'a> {
    /// A report with a title.
    pub fn new(title: impl Into<String>, records: &'a [RunRecord]) -> Self {
        Self { title: title.into(), records, planned: None, unfinished: Unfinished::default(), commands: Vec::new() }
    }

    /// Number of runs the experiment has; the page says how many are missing.
    #[must_use]
    pub fn with_planned(mut self, runs: usize) -> Self {
        self.planned = Some(runs);
        self
    }

    /// The trials of an experiment that have left no record, instead of a number alone.
    #[must_use]
    pub fn with_unfinished(mut self, unfinished: Unfinished) -> Self {
        self.unfinished = unfinished;
        self
    }

    /// Commands that make the records again, shown under “How to reproduce”.
    #[must_use]
    pub fn with_commands(mut self, commands: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.commands.extend(commands.into_iter().map(Into::into));
        self
    }

    /// The page.
    ///
    /// # Errors
    /// [`ReportError::Plot`] if a figure cannot be drawn.
    pub fn html(&self) -> Result<String, ReportError> {
        let studies = studies(self.records);
        let unfinished = match self.planned {
            Some(planned) => Unfinished::counted(planned.saturating_sub(self.records.len()), planned),
            None => self.unfinished.clone(),
        };
        let (named, whole) = (studies.len() > 1, unfinished.count == 0);
        let sections = studies.iter().map(|study| section(study, named, whole)).collect::<Result<Vec<_>, _>>()?;
        let content = html! {
            @for section in &sections { (section) }
            @if studies.is_empty() { p.notice { "There is no finished run to show yet." } }
        };
        let kicker = "stairs · quantisation-aware training by noise annealing";
        Ok(shell::page(&self.title, kicker, Some(&unfinished), &content, &self.commands))
    }

    /// Writes the page to `path`, replacing what is there in one step; directories are created.
    ///
    /// # Errors
    /// Those of [`Report::html`], and [`ReportError::Write`].
    pub fn write(&self, path: &Path) -> Result<(), ReportError> {
        let page = self.html()?;
        write_atomically(path, page.as_bytes())
            .map_err(|source| ReportError::Write { path: path.to_path_buf(), source })
    }
}

/// One study: headline where no run is missing, table, figures, configuration.
fn section(study: &Study<'_>, named: bool, whole: bool) -> Result<Markup, ReportError> {
    let rows = rows(study);
    let annealed: Vec<&Group<'_>> = study.groups.iter().filter(|g| g.method() != Method::Float).collect();
    let mut details = Vec::new();
    for group in &annealed {
        if let (Some(laws), Some(stairs)) = (laws::figure(group), stairs::figure(group)) {
            details.push(law_section(group, &figure(&laws)?, &figure(&stairs)?));
        }
    }
    for group in &annealed {
        if let Some(weights) = weights::figure(group) {
            details.push(weight_section(group, &figure(&weights)?));
        }
    }
    Ok(html! {
        @if named { h2.study { (display_name(study.model)) " on " (display_name(study.dataset)) } }
        @if whole { p.headline { (headline(study)) } }
        section {
            h2 { "Test accuracy" }
            p.note { "Hard network on the test set after the last epoch; mean ± standard deviation over the seeds." }
            (accuracy_table(study, &rows))
        }
        section {
            h2 { "Learning curves" }
            p.note { "Lines are means over the seeds, bands one standard deviation of the accuracy." }
            (figure(&curves::figure(study))?)
        }
        @for detail in details { (detail) }
        (configuration(study))
    })
}

fn law_section(group: &Group<'_>, laws_figure: &Markup, stairs_figure: &Markup) -> Markup {
    html! {
        section {
            h2 { "Laws over time: " (group.label) }
            p.note {
                "The noise of every quantiser after each epoch. A scale of 0 is the hard quantiser; evaluation uses the "
                "hard quantisers at every epoch."
                @if laws::centred(group.runs[0]) { " The mean of this noise is 0 throughout." }
            }
            (laws_figure)
        }
        section {
            h2 { "The stair while its noise disappears: " (group.label) }
            p.note {
                "Expected output of the quantiser (top) and its derivative (bottom), at the start, in the middle and at "
                "the end of the annealing. Grey: the hard stair. "
                @match group.runs[0].config.backward {
                    BackwardLaw::Annealed => { "The derivative is what the backward pass uses." }
                    BackwardLaw::Static => { "The backward pass kept the derivative of the first step to the end." }
                    BackwardLaw::Freeze => { "The backward pass kept the derivative of the first step until the noise was gone." }
                }
            }
            (stairs_figure)
        }
    }
}

fn weight_section(group: &Group<'_>, weights: &Markup) -> Markup {
    html! {
        section {
            h2 { "Weights: " (group.label) ", seed " (group.runs[0].config.seed) }
            p.note {
                "Above the axis the latent weights in units of their quantum, below it the levels the network computes "
                "with and the share of weights on each. The halves are scaled separately; values outside the axis are "
                "counted in its first and last bin."
            }
            (weights)
        }
    }
}

/// The result in one or two sentences.
fn headline(study: &Study<'_>) -> String {
    let best = |method: Method| {
        let groups = study.groups.iter().filter(|g| g.method() == method && g.accuracy().n > 0);
        groups.max_by(|a, b| a.accuracy().mean.total_cmp(&b.accuracy().mean))
    };
    let against = |mean: f64| match study.float().map(|g| mean - g.accuracy().mean) {
        Some(points) if points.is_finite() && points.abs() < 0.005 => ", the same as in float".to_string(),
        Some(points) if points.is_finite() => {
            let side = if points < 0.0 { "below" } else { "above" };
            format!(", {} points {side} the same network in float", fixed(points.abs(), 2))
        }
        _ => String::new(),
    };
    let (model, dataset) = (display_name(study.model), display_name(study.dataset));
    let percent = |group: &Group<'_>| format!("{} %", fixed(group.accuracy().mean, 2));
    match (best(Method::Ana), best(Method::Ste), best(Method::Float)) {
        (Some(ana), ste, _) => {
            let first = format!(
                "Trained by noise annealing, the {} {} classifies {} of the {} test set correctly{}.",
                quantised(ana.runs[0]),
                model,
                percent(ana),
                dataset,
                against(ana.accuracy().mean),
            );
            match ste {
                Some(ste) => format!("{first} The straight-through estimator reaches {}.", percent(ste)),
                None => first,
            }
        }
        (None, Some(ste), _) => format!(
            "Trained with a straight-through estimator, the {} {} classifies {} of the {} test set correctly{}.",
            quantised(ste.runs[0]),
            model,
            percent(ste),
            dataset,
            against(ste.accuracy().mean),
        ),
        (None, None, Some(float)) => {
            format!("The float {model} classifies {} of the {dataset} test set correctly.", percent(float))
        }
        (None, None, None) => format!("No run of {model} on {dataset} has a finite accuracy."),
    }
}

/// How the weights of a run are quantised, in a word.
fn quantised(run: &RunRecord) -> String {
    match run.config.bits {
        Some(_) => "mixed-precision".into(),
        None => run.config.quantiser.to_string(),
    }
}

/// What the runs share, then every run by itself.
fn configuration(study: &Study<'_>) -> Markup {
    let runs: Vec<&RunRecord> = study.groups.iter().flat_map(|g| g.runs.iter().copied()).collect();
    let common = |value: &dyn Fn(&RunRecord) -> String| {
        let mut values: Vec<String> = runs.iter().map(|run| value(run)).collect();
        values.sort();
        values.dedup();
        values.join(" · ")
    };
    let facts: [(&str, String); 9] = [
        ("Training samples", common(&|r| r.samples.0.to_string())),
        ("Test samples", common(&|r| r.samples.1.to_string())),
        ("Trainable parameters", common(&|r| r.parameters.to_string())),
        ("Epochs", common(&|r| r.config.epochs.to_string())),
        ("Batch", common(&|r| r.config.batch.to_string())),
        ("Learning rate", common(&|r| if r.config.lr.is_finite() { r.config.lr.to_string() } else { NONE.into() })),
        ("Device", common(&|r| r.device.clone())),
        ("stairs", common(&|r| r.versions.stairs.clone())),
        ("Burn", common(&|r| r.versions.burn.clone())),
    ];
    html! {
        section {
            h2 { "Configuration and versions" }
            dl { @for (name, value) in &facts { div { dt { (name) } dd { (value) } } } }
            @for group in &study.groups {
                details {
                    summary {
                        (group.label) ": " (count(group.runs.len(), "run")) ", seeds "
                        (group.runs.iter().map(|r| r.config.seed.to_string()).collect::<Vec<_>>().join(", "))
                    }
                    p.note { "Configuration of the first run; the others differ in the seed." }
                    pre { (toml::to_string(&group.runs[0].config).unwrap_or_default()) }
                }
            }
        }
    }
}
