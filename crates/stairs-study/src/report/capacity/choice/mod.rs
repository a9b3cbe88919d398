//! `2sed-choice`: what it is worth to choose by a measure, among networks that cost the same.
//!
//! | file | what |
//! |---|---|
//! | `set` | networks of one cost, and what is known of a measure among them |
//! | `measure` | what may choose |
//! | `tables`, `figures` | what is shown |

mod figures;
mod measure;
mod set;
mod tables;

use maud::{Markup, html};

use self::{
    measure::Measure,
    set::{POOL, RADIUS, RESAMPLES, sets},
    tables::{measures, networks, resampled},
};
use super::KICKER;
use crate::{
    plot::Figure,
    report::{
        Page, ReportError, Results,
        number::{fixed, signed},
        shell,
    },
};

/// The page of choices among networks of one cost.
#[derive(Clone, Copy, Debug)]
pub struct NetworkChoicePage;

/// What 2sED and the best measure gain, set by set.
fn headline(results: &Results) -> String {
    let sentences = sets(results).into_iter().map(|set| {
        let all = Measure::all(&set);
        let gain = |measure: &Measure| set.gain(measure);
        let two_scale = all.iter().find(|measure| matches!(measure, Measure::Jensen(eps) if *eps == RADIUS));
        let others = all.iter().filter(|measure| matches!(measure, Measure::Other(..)));
        let best = others.filter(|m| gain(m).value.is_finite()).max_by(|a, b| gain(a).value.total_cmp(&gain(b).value));
        let said = |measure: Option<&Measure>| measure.map_or_else(String::new, |m| resampled(gain(m), 2));
        format!(
            "{} ({} networks): the one that 2sED ranks first of {POOL} is {} points from a random one; of the other measures {} gains \
             most: {}; who knows all accuracies gains {}",
            set.title(),
            set.networks.len(),
            said(two_scale),
            best.map_or_else(String::new, Measure::name),
            said(best),
            signed(set.ceiling(), 2),
        )
    });
    let sentences: Vec<String> = sentences.collect();
    if sentences.is_empty() {
        return "There is no network that is measured and trained yet.".into();
    }
    format!("{}.", sentences.join(". "))
}

fn figures(results: &Results) -> Vec<(String, Figure)> {
    let sets = sets(results);
    if sets.is_empty() {
        return Vec::new();
    }
    vec![("gains".into(), figures::gains(&sets)), ("scatter".into(), figures::scatter(&sets))]
}

impl Page for NetworkChoicePage {
    fn html(&self, results: &Results) -> Result<String, ReportError> {
        let sets = sets(results);
        let drawn = figures(results)
            .into_iter()
            .map(|(_, figure)| shell::figure(&figure))
            .collect::<Result<Vec<Markup>, _>>()?;
        let content = html! {
            @if let Some(headline) = results.concluded(headline) { p.headline { (headline) } }
            section {
                h2 { "What a choice is worth" }
                p.note {
                    "Gain: mean test accuracy of the network that a measure ranks first among " (POOL) " networks, minus that of a random one, over all "
                    "choices of " (POOL) " of the set. Intervals: percentile bootstrap over the networks, " (RESAMPLES.0) " resamples; for thirty "
                    "networks they cover more than 90 % (simulated), less than the 95 % they are made for. Undefined resamples are counted."
                }
                @for figure in &drawn { (figure) }
            }
            @for set in &sets {
                section {
                    h2 { (set.title()) ", " (set.networks.len()) " networks" }
                    p.note {
                        "Sign error: share of pairs of networks that a measure orders against their accuracies, of pairs that differ in one factor alone and by more than "
                        (fixed(set.noise(), 2)) " points, the standard deviation that the seeds make. Half is chance. “First of all”: the network that the measure ranks first of the set, against the mean."
                    }
                    (measures(set).html())
                    details { summary { "The networks" } (networks(set).html()) }
                }
            }
        };
        let unfinished = results.unfinished();
        Ok(shell::page(&results.title, KICKER, unfinished.as_ref(), &content, &results.commands))
    }

    fn text(&self, results: &Results) -> String {
        let tables =
            sets(results).iter().map(|set| format!("{}\n{}\n", set.title(), measures(set).text())).collect::<String>();
        format!("{tables}\n{}", results.concluded(headline).unwrap_or_default())
    }

    fn figures(&self, results: &Results) -> Vec<(String, Figure)> {
        figures(results)
    }

    fn markdown(&self, results: &Results) -> String {
        sets(results).iter().map(|set| format!("**{}**\n\n{}\n", set.title(), measures(set).markdown())).collect()
    }
}
