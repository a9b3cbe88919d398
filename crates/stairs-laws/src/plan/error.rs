//! What can be wrong with an envelope, a schedule, a plan or the name of a policy.

use thiserror::Error;

use crate::LawError;

/// A plan, or a part of one, that makes no sense or does not fit the model.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A bounded window that does not run from a finite start to a later finite end.
    #[error("a decay window must run from a finite start to a later finite end, got start = {start}, end = {end}")]
    Window {
        /// Start of the window.
        start: f64,
        /// End of the window.
        end: f64,
    },
    /// The start of an unbounded window, or the end of what holds until then, is not finite.
    #[error("the start of an unbounded decay, and the end of `until`, must be finite, got {0}")]
    Start(f64),
    /// A decay power that is negative or not finite.
    #[error("decay power must be finite and at least 0 (0 = no decay), got {0}")]
    Power(f64),
    /// A cutoff outside [0, 1).
    #[error("the cutoff of an unbounded decay must be at least 0 and below 1, got {0}")]
    Cutoff(f64),
    /// A steepness outside [0.001, 100].
    #[error("the steepness of a sigmoid decay must be at least 0.001 and at most 100, got {0}: 10 is usual")]
    Steepness(f64),
    /// A growth outside [1, 10⁶⁰].
    #[error("the growth of a relaxation must be at least 1 and at most 1e60, got {0}: 359 is usual")]
    Growth(f64),
    /// Start values of mean and scale that are no law.
    #[error(transparent)]
    Law(#[from] LawError),
    /// A pattern that is empty or has an empty path segment.
    #[error(
        "`{0}` is no parameter path: write a path such as `conv1.weight`, a module such as `conv1`, or a glob with `*`"
    )]
    Pattern(String),
    /// A plan without entries.
    #[error("the plan has no entry: give at least one pattern with its schedule")]
    Empty,
    /// Two entries with the same pattern: the second would never be used.
    #[error("pattern `{0}` occurs twice in the plan: remove one of the two entries")]
    DuplicatePattern(String),
    /// A pattern that matches no quantiser of the model.
    #[error("pattern `{pattern}` of the plan matches no quantiser; the model's quantisers are: {}", list(known))]
    UnmatchedPattern {
        /// The pattern as written in the plan.
        pattern: String,
        /// Every quantiser path of the model.
        known: Vec<String>,
    },
    /// A pattern all of whose quantisers are taken by entries before it.
    #[error(
        "pattern `{pattern}` of the plan is never used: earlier entries match all of its quantisers ({}); move it up",
        list(taken)
    )]
    ShadowedPattern {
        /// The pattern as written in the plan.
        pattern: String,
        /// The quantisers it would match.
        taken: Vec<String>,
    },
    /// A quantiser that no pattern matches.
    #[error("no pattern of the plan matches the quantiser `{path}`; the plan's patterns are: {}", list(patterns))]
    UncoveredQuantiser {
        /// Path of the quantiser.
        path: String,
        /// Every pattern of the plan.
        patterns: Vec<String>,
    },
    /// A span that is not a positive finite time.
    #[error("the span of the annealing must be finite and positive, got {0}")]
    Span(f64),
    /// No layers, or a layer without quantisers.
    #[error("layer {0} has no quantiser: every layer needs at least one path")]
    EmptyLayer(usize),
    /// The name is no policy.
    #[error(
        "unknown policy `{0}`: expected [MEAN-SCALE-]INTERVAL[-DECAY] with MEAN, SCALE one of static, dynamic; INTERVAL one of \
         overlapped, same-start, same-end, partition; DECAY one of homogeneous, progressive"
    )]
    UnknownPolicy(String),
    /// The unit of time is neither epochs nor steps.
    #[error("unknown unit of time `{0}`: expected epochs or steps")]
    UnknownUnit(String),
}

fn list(paths: &[String]) -> String {
    if paths.is_empty() { "(none)".to_string() } else { paths.join(", ") }
}
