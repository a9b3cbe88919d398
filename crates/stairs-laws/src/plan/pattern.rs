//! Patterns of parameter paths.
//!
//! A pattern covers a path if it matches the path itself or one of its ancestors, cut at a dot.
//!
//! | written | matches |
//! |---|---|
//! | `conv1.weight` | this path, and every path below it (`conv1.weight.stair`) |
//! | `conv1` | the whole module: `conv1`, `conv1.weight`, `conv1.act`; not `conv10.weight` |
//! | `*.weight` | a glob: `*` stands for any run of characters, dots included; here every path that has a segment `weight` below something, such as `conv1.weight.stair` |
//! | `*` | everything |

use std::fmt;

use serde::{Deserialize, Serialize};

use super::PlanError;

/// A parameter path, a module path or a glob; see the table above.
///
/// ```
/// use stairs_laws::plan::Pattern;
/// let pattern = Pattern::new("features.*.weight").unwrap();
/// assert!(pattern.matches("features.conv1.weight"));
/// assert!(!pattern.matches("head.weight"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(String);

impl Pattern {
    /// A pattern; no segment between dots may be empty or contain white space.
    ///
    /// # Errors
    /// [`PlanError::Pattern`] with what was written.
    pub fn new(pattern: impl Into<String>) -> Result<Self, PlanError> {
        let pattern = pattern.into();
        if pattern.split('.').any(|segment| segment.is_empty() || segment.contains(char::is_whitespace)) {
            return Err(PlanError::Pattern(pattern));
        }
        Ok(Self(pattern))
    }

    /// The glob `*`, which matches every path.
    pub fn everything() -> Self {
        Self("*".to_string())
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True if the pattern covers `path`.
    pub fn matches(&self, path: &str) -> bool {
        let ancestors = path.match_indices('.').map(|(dot, _)| &path[..dot]);
        ancestors.chain([path]).any(|path| self.matches_whole(path))
    }

    fn matches_whole(&self, path: &str) -> bool {
        match self.0.split_once('*') {
            None => path == self.0,
            Some((head, tail)) => path.strip_prefix(head).is_some_and(|rest| glob(tail, rest)),
        }
    }
}

/// Matches `rest` against `*` followed by `tail`, taking every fixed piece as early as possible and the last at the end.
fn glob(tail: &str, mut rest: &str) -> bool {
    let mut pieces: Vec<&str> = tail.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for Pattern {
    type Error = PlanError;

    fn try_from(pattern: String) -> Result<Self, PlanError> {
        Self::new(pattern)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0
    }
}
