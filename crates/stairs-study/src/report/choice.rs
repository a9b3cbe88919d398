//! Candidates of several methods by validation accuracy; the test accuracy of those that were chosen.

use maud::html;

use super::{
    Page, ReportError, Results, Stat,
    grid::Grid,
    number::{NONE, fixed},
    shell,
};
use crate::plot::Figure;

/// The page of an experiment that chooses configurations.
#[derive(Clone, Copy, Debug)]
pub struct ChoicePage;

/// A row of the experiment.
struct Candidate {
    name: String,
    method: String,
    validation: Stat,
    test: Stat,
}

/// Candidates, method after method as they come, the best of each first.
fn candidates(results: &Results) -> Vec<Candidate> {
    let mut names: Vec<&str> = Vec::new();
    let mut methods: Vec<String> = Vec::new();
    for (id, _) in &results.runs {
        let name = id.rsplit_once("-seed").map_or(id.as_str(), |(name, _)| name);
        if !names.contains(&name) {
            names.push(name);
        }
        let method = method(name).to_owned();
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    let candidate = |name: &str| {
        let of = |id: &str| id.rsplit_once("-seed").is_some_and(|(other, _)| other == name);
        let runs: Vec<_> = results.runs.iter().filter(|(id, _)| of(id)).map(|(_, run)| run).collect();
        Candidate {
            name: name.to_owned(),
            method: method(name).to_owned(),
            validation: Stat::of(runs.iter().filter_map(|run| Some(run.validation.as_ref()?.accuracy))),
            test: Stat::of(runs.iter().map(|run| run.chosen().1)),
        }
    };
    let mut candidates: Vec<Candidate> = names.into_iter().map(candidate).collect();
    let rank = |candidate: &Candidate| methods.iter().position(|method| *method == candidate.method);
    candidates.sort_by(|a, b| rank(a).cmp(&rank(b)).then(b.validation.mean.total_cmp(&a.validation.mean)));
    candidates
}

/// The method a row is named after: what stands before the first hyphen.
fn method(row: &str) -> &str {
    row.split('-').next().unwrap_or(row)
}

fn text(stat: Stat) -> String {
    match (stat.mean.is_finite(), stat.sd.is_finite()) {
        (false, _) => NONE.into(),
        (true, false) => fixed(stat.mean, 2),
        (true, true) => format!("{} ± {}", fixed(stat.mean, 2), fixed(stat.sd, 2)),
    }
}

fn table(results: &Results) -> Grid {
    let mut grid = Grid::new(["candidate", "seeds", "validation accuracy, %", "test accuracy of the chosen, %"]);
    let mut before = String::new();
    for candidate in candidates(results) {
        let chosen = candidate.method != before;
        before.clone_from(&candidate.method);
        let test = if chosen { text(candidate.test) } else { String::new() };
        grid.row([candidate.name, candidate.validation.n.to_string(), text(candidate.validation), test]);
    }
    grid
}

impl Page for ChoicePage {
    fn html(&self, results: &Results) -> Result<String, ReportError> {
        let content = html! {
            p.note {
                "Every method has as many candidates. The best of each by validation accuracy is chosen; only then is its test accuracy "
                "looked at."
            }
            section { h2 { "Candidates" } (table(results).html()) }
        };
        let unfinished = results.unfinished();
        Ok(shell::page(
            &results.title,
            "stairs · choosing on held-out samples",
            unfinished.as_ref(),
            &content,
            &results.commands,
        ))
    }

    fn text(&self, results: &Results) -> String {
        format!("{}\n{}\n", results.title, table(results).text())
    }

    fn figures(&self, _results: &Results) -> Vec<(String, Figure)> {
        Vec::new()
    }
}
