//! Trials that are not finished: how many, which, and which shards have them.
//!
//! Every n-th trial is in the same shard, see [`Shard`](crate::experiments::Shard). Who looks at a part of an experiment is told this
//! instead of a conclusion: what a part says may be the opposite of what the whole says.

use std::fmt;

use maud::{Markup, html};

use super::number::count;

/// Names that are shown of every shard.
const NAMES: usize = 3;
/// Shards that are shown.
const SHARDS: usize = 8;

/// Trials of an experiment that are not finished; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Trials that are not finished.
    pub count: usize,
    /// Trials in all.
    pub planned: usize,
    /// Their positions in the experiment and their names, as far as they are known.
    pub trials: Vec<(usize, String)>,
    /// Number of shards; 0 counts as 1.
    pub shards: usize,
}

impl Unfinished {
    /// So many of `planned` trials, without their names.
    pub(super) fn counted(count: usize, planned: usize) -> Self {
        Self { count, planned, ..Self::default() }
    }

    fn headline(&self) -> String {
        let planned = count(self.planned, "trial");
        format!("{} of {planned} not finished yet: nothing is concluded from the others.", self.count)
    }

    /// A line a shard, and one for those beyond the first.
    fn lines(&self) -> Vec<String> {
        let shards = self.shards.max(1);
        let of = |shard: usize| self.trials.iter().filter(move |(at, _)| at % shards == shard);
        // In the order of their first trials; no more shards are looked at than there are trials.
        let mut found: Vec<usize> = self.trials.iter().map(|(at, _)| at % shards).collect();
        found.sort_unstable();
        found.dedup();
        let line = |shard: &usize| {
            let number = of(*shard).count();
            let names = of(*shard).take(NAMES).map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ");
            let more = if number > NAMES { format!(" and {} more", number - NAMES) } else { String::new() };
            if shards == 1 {
                format!("{names}{more}")
            } else {
                format!("shard {}/{shards}: {number} ({names}{more})", shard + 1)
            }
        };
        let mut lines: Vec<String> = found.iter().take(SHARDS).map(line).collect();
        if found.len() > SHARDS {
            lines.push(format!("and {} more", count(found.len() - SHARDS, "shard")));
        }
        lines
    }

    /// The notice of a page; nothing where all are finished.
    pub(super) fn html(&self) -> Markup {
        html! {
            @if self.count > 0 {
                div.notice {
                    p { (self.headline()) }
                    @for line in self.lines() { p { (line) } }
                }
            }
        }
    }
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        self.lines().iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_named_and_lists_are_cut() {
        let trials: Vec<_> = (0..10).filter(|at| at % 4 != 1).map(|at| (at, format!("t{at}"))).collect();
        let of = |shards| Unfinished { count: trials.len(), planned: 10, trials: trials.clone(), shards };
        let text = of(4).to_string();
        assert!(text.starts_with("7 of 10 trials not finished yet"), "{text}");
        assert!(text.contains("shard 1/4: 3 (t0, t4, t8)\n") && !text.contains("2/4"), "{text}");
        assert!(of(1).to_string().ends_with("\n  t0, t2, t3 and 4 more"), "{}", of(1));
        let many = Unfinished { trials: (0..40).map(|at| (at, "t".into())).collect(), ..of(20) }.to_string();
        assert!(many.contains("shard 8/20") && many.ends_with("and 12 shards more"), "{many}");
        assert_eq!(Unfinished::default().html().into_string(), "");
        assert!(of(4).html().into_string().contains("<p>shard 4/4: 2 (t3, t7)</p>"));
    }
}
