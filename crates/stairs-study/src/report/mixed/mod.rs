//! Bits for every layer: rules against uniform bits and against chance, budget by budget.

mod compared;
mod figure;
mod tables;
#[cfg(test)]
mod tests;

use maud::html;

use super::{
    Page, ReportError, Results,
    number::{fixed, signed},
    shell,
};
use crate::plot::Figure;
use compared::{Against, Compared};

/// A budget: the mean of the bits, and the most uniform bits within it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Width {
    /// Mean of the bits, see [`stairs_network::Budget::MeanBits`].
    pub mean: f64,
    /// Uniform bits.
    pub uniform: u32,
}

/// The page of an experiment whose rows are `NETWORK-RULE-MEAN`, `NETWORK-uniform-BITS` and `NETWORK-float`.
#[derive(Clone, Copy, Debug)]
pub struct MixedPage {
    /// Names of the networks in rows, with what people call them.
    pub networks: &'static [(&'static str, &'static str)],
    /// The budgets, ascending.
    pub widths: &'static [Width],
    /// Names of the rules, chance last.
    pub rules: &'static [&'static str],
}

/// The rule that is chance.
const RANDOM: &str = "random";

impl MixedPage {
    /// Name of the row of a rule.
    pub fn row(network: &str, rule: &str, mean: f64) -> String {
        format!("{network}-{rule}-{mean}")
    }

    /// Rules that are to be better than chance.
    fn tried(&self) -> impl Iterator<Item = &'static str> {
        self.rules.iter().copied().filter(|rule| *rule != RANDOM)
    }

    /// All comparisons of one kind, of every network and rule that has some.
    fn compared(&self, results: &Results, against: Against) -> Vec<Compared> {
        let rules = || self.rules.iter().copied().filter(|rule| against == Against::Uniform || *rule != RANDOM);
        let all = self.networks.iter().flat_map(|(network, _)| rules().map(move |rule| (*network, rule)));
        all.map(|(network, rule)| Compared::of(self, results, network, rule, against))
            .filter(Compared::is_some)
            .collect()
    }

    fn headline(&self, results: &Results) -> String {
        let sentence = |against: Against| {
            let all = self.compared(results, against);
            let tried: Vec<&Compared> =
                all.iter().filter(|found| self.tried().any(|rule| rule == found.rule)).collect();
            let sum = |of: &dyn Fn(&Compared) -> usize| tried.iter().map(|found| of(found)).sum::<usize>();
            let [budgets, ahead, behind] = [sum(&Compared::budgets), sum(&Compared::ahead), sum(&Compared::behind)];
            let corrected = [sum(&Compared::ahead_corrected), sum(&Compared::behind_corrected)];
            let best = tried.iter().filter_map(|found| Some((found, found.over_all()?)));
            let best = best.max_by(|a, b| a.1.mean.total_cmp(&b.1.mean));
            let best = best.map_or_else(String::new, |(found, over)| {
                let interval = over.interval.map_or(String::new(), |i| {
                    format!(", 95 % interval [{}, {}]", signed(i.low, 2), signed(i.high, 2))
                });
                format!(
                    " The best rule over all budgets: {} on {}, {} points{interval}.",
                    found.rule,
                    self.title(found.network),
                    signed(over.mean, 2)
                )
            });
            format!(
                "Against {}: of {budgets} comparisons {ahead} are ahead by more than their interval and {behind} behind; corrected for the \
                 number of budgets {} and {}.{best}",
                against.name(),
                corrected[0],
                corrected[1]
            )
        };
        [Against::Uniform, Against::Random].map(sentence).join(" ")
    }

    /// The networks that something is known of.
    fn shown(&self, results: &Results) -> impl Iterator<Item = (&'static str, &'static str)> {
        let ids = || results.runs.iter().map(|(id, _)| id).chain(results.diverged.iter().map(|(id, _)| id));
        let known = |network: &str| ids().any(|id| id.strip_prefix(network).is_some_and(|rest| rest.starts_with('-')));
        self.networks.iter().copied().filter(|(network, _)| known(network)).collect::<Vec<_>>().into_iter()
    }

    fn title(&self, network: &str) -> &'static str {
        self.networks.iter().find(|(name, _)| *name == network).map_or("", |(_, title)| title)
    }

    fn how(&self, results: &Results) -> String {
        let Some((_, run)) = results.runs.iter().find(|(_, run)| run.config.bits.is_some()) else {
            return String::new();
        };
        let seconds: f64 = results.runs.iter().filter_map(|(_, run)| run.cpu_seconds).sum();
        format!(
            "Every training starts from the float network of its seed and has {} epochs ({}, rate {}, scales {}, features {}). Budgets are \
             bit operations, as the mean of the bits of a weight; uniform bits are the most that fit, and leave unspent what is between \
             two widths. Accuracies are those of the last epoch on the test part; nothing was chosen by them. All trainings together took {} \
             hours of processor time.",
            run.config.epochs,
            run.config.method.label(),
            run.config.lr,
            run.config.weight_scale,
            run.config.quantiser,
            fixed(seconds / 3600.0, 2)
        )
    }
}

impl Page for MixedPage {
    fn html(&self, results: &Results) -> Result<String, ReportError> {
        let drawn = figure::figure(self, results).map(|figure| shell::figure(&figure)).transpose()?;
        let content = html! {
            @if let Some(headline) = results.concluded(|results| self.headline(results)) { p.headline { (headline) } }
            p.note { (self.how(results)) }
            @if let Some(drawn) = drawn { section { h2 { "Accuracy under a budget" } (drawn) } }
            section { h2 { "How often a rule is ahead" } (tables::counts(self, results).html())
                p.note { "A difference is one over pairs of the same seed, its interval Student's t. Corrected: Holm's p over the budgets of a "
                    "network and a rule is below 0.05." } }
            @for (network, title) in self.shown(results) {
                section {
                    h2 { (title) }
                    (tables::accuracies(self, results, network).html())
                    p.note { "Points against uniform bits:" }
                    (tables::differences(self, results, network, Against::Uniform).html())
                    p.note { "Points against bits at random that fill the same budget:" }
                    (tables::differences(self, results, network, Against::Random).html())
                }
            }
        };
        let unfinished = results.unfinished();
        Ok(shell::page(
            &results.title,
            "stairs · bits for every layer",
            unfinished.as_ref(),
            &content,
            &results.commands,
        ))
    }

    fn text(&self, results: &Results) -> String {
        let mut parts = vec![results.title.clone()];
        parts.extend(results.concluded(|results| self.headline(results)));
        parts.push(tables::counts(self, results).text());
        for (network, title) in self.shown(results) {
            parts.push(format!("\n{title}: accuracy, %"));
            parts.push(tables::accuracies(self, results, network).text());
            for against in [Against::Uniform, Against::Random] {
                parts.push(format!("\n{title}: points against {}", against.name()));
                parts.push(tables::differences(self, results, network, against).text());
            }
        }
        parts.join("\n") + "\n"
    }

    fn figures(&self, results: &Results) -> Vec<(String, Figure)> {
        figure::figure(self, results).map(|figure| ("budgets".into(), figure)).into_iter().collect()
    }

    fn markdown(&self, results: &Results) -> String {
        let mut parts = vec![tables::counts(self, results).markdown()];
        for (network, title) in self.shown(results) {
            parts.push(format!("{title}: accuracy, %\n\n{}", tables::accuracies(self, results, network).markdown()));
            for against in [Against::Uniform, Against::Random] {
                let table = tables::differences(self, results, network, against).markdown();
                parts.push(format!("{title}: points against {}\n\n{table}", against.name()));
            }
        }
        parts.join("\n")
    }
}
