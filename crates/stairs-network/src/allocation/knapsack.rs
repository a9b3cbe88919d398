//! The multiple-choice knapsack, exactly: one choice of every group, the least sum of losses within a budget of costs.
//!
//! Groups are taken one after another. A *state* is what was chosen so far, with its cost C and loss L. Two rules leave states out, and
//! neither loses the minimum:
//!
//! * **Dominance** (Nemhauser and Ullmann 1969): another state has C' ≤ C and L' ≤ L. Whatever completes the first completes the second
//!   within the budget, with no larger a loss.
//! * **Bound**: L plus the least loss of the groups that follow, were choices divisible, is above a loss that is known to be possible.
//!   For divisible choices a group counts as the lower convex hull of its points (cost, loss), and the least loss is found by taking the
//!   hulls' segments, steepest first, until the budget is spent (Sinha and Zoltners, Operations Research 27, 1979). Taking whole segments
//!   alone gives the loss that is known to be possible.
//!
//! After the last group the state of least loss is the answer. Without the bound the number of states may be as large as the budget; with
//! it some hundreds are left for networks of fifty layers. More than [`MOST`] are refused.

/// A choice of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// What it costs.
    pub cost: u64,
    /// What is lost by it; finite.
    pub loss: f64,
}

/// Most states that are kept.
const MOST: usize = 1 << 21;
/// Share of the losses within which two sums, added in another order, count as equal.
const ROUNDING: f64 = 1e-12;

/// What was chosen so far.
#[derive(Clone, Copy)]
struct State {
    cost: u64,
    loss: f64,
    /// Number of the state of the groups before, and the choice of the last one.
    from: (u32, u32),
}

/// A step along the hull of a group: what it adds to the cost and takes off the loss.
#[derive(Clone, Copy)]
struct Segment {
    group: usize,
    cost: u64,
    gain: f64,
}

impl Segment {
    fn slope(&self) -> f64 {
        self.gain / self.cost as f64
    }
}

/// The position of one choice in every group, such that the sum of the costs is at most `budget` and the sum of the losses as small as can be;
/// of several such the cheapest. `None` where no choice fits, or where more than two million combinations would have to be kept.
///
/// ```
/// use stairs_network::{Choice, minimise};
/// let choice = |cost, loss| Choice { cost, loss };
/// let groups = [vec![choice(1, 5.0), choice(3, 1.0)], vec![choice(1, 4.0), choice(3, 2.0)]];
/// assert_eq!(minimise(&groups, 4), Some(vec![1, 0]));
/// assert_eq!(minimise(&groups, 1), None);
/// ```
pub fn minimise(groups: &[Vec<Choice>], budget: u64) -> Option<Vec<usize>> {
    let hulls: Vec<Vec<Choice>> = groups.iter().map(|group| hull(group)).collect();
    // What the groups from here on cost and lose at the least, and the segments of their hulls, steepest first.
    let mut segments: Vec<Segment> = hulls.iter().enumerate().flat_map(|(group, hull)| steps(group, hull)).collect();
    segments.sort_by(|a, b| b.slope().total_cmp(&a.slope()));
    let first = |from: usize| {
        hulls[from..].iter().try_fold((0u64, 0.0), |(cost, loss), hull| {
            let choice = hull.first()?;
            Some((cost.saturating_add(choice.cost), loss + choice.loss))
        })
    };
    let (least, loss) = first(0)?;
    let room = budget.checked_sub(least)?;
    let possible = loss - whole(&segments, room);
    let slack = ROUNDING * hulls.iter().flatten().map(|choice| choice.loss.abs()).sum::<f64>();

    let mut layers: Vec<Vec<State>> = vec![vec![State { cost: 0, loss: 0.0, from: (0, 0) }]];
    for (index, group) in groups.iter().enumerate() {
        let (least, loss) = first(index + 1)?;
        let rest: Vec<Segment> = segments.iter().copied().filter(|segment| segment.group > index).collect();
        let prefix = Prefix::of(&rest);
        let before = layers.last()?;
        let mut states = Vec::new();
        for (from, state) in before.iter().enumerate() {
            for (at, choice) in group.iter().enumerate() {
                let cost = state.cost.saturating_add(choice.cost);
                let Some(room) = budget.checked_sub(cost.saturating_add(least)) else { continue };
                let bound = state.loss + choice.loss + loss - prefix.gain(room);
                if bound <= possible + slack {
                    states.push(State { cost, loss: state.loss + choice.loss, from: (from as u32, at as u32) });
                }
            }
            if states.len() > MOST {
                states = undominated(states);
                if states.len() > MOST / 2 {
                    return None;
                }
            }
        }
        layers.push(undominated(states));
    }
    let last = layers.last()?;
    // Undominated states have falling losses: the last one has the least.
    let mut at = last.len().checked_sub(1)?;
    let mut chosen = vec![0; groups.len()];
    for (index, states) in layers.iter().enumerate().skip(1).rev() {
        let (from, choice) = states[at].from;
        chosen[index - 1] = choice as usize;
        at = from as usize;
    }
    Some(chosen)
}

/// The states that no other dominates, by cost.
fn undominated(mut states: Vec<State>) -> Vec<State> {
    states.sort_by(|a, b| a.cost.cmp(&b.cost).then(a.loss.total_cmp(&b.loss)));
    let mut least = f64::INFINITY;
    states.retain(|state| {
        let keep = state.loss < least;
        least = least.min(state.loss);
        keep
    });
    states
}

/// The lower convex hull of a group's choices, from the cheapest to that of least loss.
fn hull(group: &[Choice]) -> Vec<Choice> {
    let mut sorted = group.to_vec();
    sorted.sort_by(|a, b| a.cost.cmp(&b.cost).then(a.loss.total_cmp(&b.loss)));
    let mut hull: Vec<Choice> = Vec::new();
    for choice in sorted {
        if hull.last().is_some_and(|last| choice.loss >= last.loss) {
            continue;
        }
        while let [.., a, b] = hull[..] {
            let slope = |from: Choice, to: Choice| (from.loss - to.loss) / (to.cost - from.cost) as f64;
            if slope(a, b) > slope(b, choice) {
                break;
            }
            hull.pop();
        }
        hull.push(choice);
    }
    hull
}

fn steps(group: usize, hull: &[Choice]) -> impl Iterator<Item = Segment> + '_ {
    hull.windows(2).map(move |two| Segment { group, cost: two[1].cost - two[0].cost, gain: two[0].loss - two[1].loss })
}

/// The gain of whole segments within `room`, in their order, as far as each group's come one after another.
fn whole(segments: &[Segment], room: u64) -> f64 {
    let (mut left, mut gain, mut closed) = (room, 0.0, std::collections::BTreeSet::new());
    for segment in segments {
        if !closed.contains(&segment.group) && segment.cost <= left {
            left -= segment.cost;
            gain += segment.gain;
        } else {
            closed.insert(segment.group);
        }
    }
    gain
}

/// Sums along segments, steepest first: the most that can be gained within some room, were segments divisible.
struct Prefix {
    costs: Vec<u64>,
    gains: Vec<f64>,
}

impl Prefix {
    fn of(segments: &[Segment]) -> Self {
        let (mut costs, mut gains) = (vec![0u64], vec![0.0]);
        for segment in segments {
            costs.push(costs[costs.len() - 1].saturating_add(segment.cost));
            gains.push(gains[gains.len() - 1] + segment.gain);
        }
        Self { costs, gains }
    }

    fn gain(&self, room: u64) -> f64 {
        let next = self.costs.partition_point(|cost| *cost <= room);
        let (cost, gain) = (self.costs[next - 1], self.gains[next - 1]);
        match self.costs.get(next).zip(self.gains.get(next)) {
            Some((after, with)) => gain + (with - gain) * (room - cost) as f64 / (after - cost) as f64,
            None => gain,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The least loss over all combinations, and the least cost with it.
    fn brute(groups: &[Vec<Choice>], budget: u64) -> Option<(f64, u64)> {
        let mut all = vec![(0.0, 0u64)];
        for group in groups {
            let with = |(loss, cost): (f64, u64)| group.iter().map(move |c| (loss + c.loss, cost + c.cost));
            all = all.into_iter().flat_map(with).collect();
        }
        let fits = all.into_iter().filter(|(_, cost)| *cost <= budget);
        fits.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
    }

    fn group() -> impl Strategy<Value = Vec<Choice>> {
        // Losses in eighths: sums are exact, and there are ties.
        prop::collection::vec((0u64..40, 0u32..400), 1..6)
            .prop_map(|all| all.into_iter().map(|(cost, loss)| Choice { cost, loss: f64::from(loss) / 8.0 }).collect())
    }

    proptest! {
        #[test]
        fn it_is_the_best_of_all_combinations(groups in prop::collection::vec(group(), 0..7), budget in 0u64..200) {
            let found = minimise(&groups, budget).map(|chosen| {
                let picked = || groups.iter().zip(&chosen).map(|(group, at)| group[*at]);
                (picked().map(|choice| choice.loss).sum::<f64>(), picked().map(|choice| choice.cost).sum::<u64>())
            });
            prop_assert_eq!(found, brute(&groups, budget));
        }
    }

    #[test]
    fn many_layers_with_prime_costs_are_quick() {
        // 60 layers of 7 levels: 7⁶⁰ combinations, costs without a common divisor.
        let mut seed = 1u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            seed >> 33
        };
        let groups: Vec<Vec<Choice>> = (0..60)
            .map(|_| {
                let (count, weight) = (random() % 1_000_003 + 1000, (random() % 1000 + 1) as f64);
                (2..9).map(|bits| Choice { cost: count * bits, loss: weight * 0.25f64.powi(bits as i32) }).collect()
            })
            .collect();
        let ones: u64 = groups.iter().map(|group| group[0].cost / 2).sum();
        for budget in [2 * ones, 5 * ones / 2, 3 * ones + 17, 7 * ones, u64::MAX] {
            let chosen = minimise(&groups, budget).unwrap();
            let cost: u64 = groups.iter().zip(&chosen).map(|(group, at)| group[*at].cost).sum();
            assert!(cost <= budget);
        }
        assert_eq!(minimise(&groups, 2 * ones - 1), None);
    }
}
