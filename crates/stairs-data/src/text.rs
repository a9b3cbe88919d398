//! Names and paths in messages.

use std::path::Path;

/// The text with control characters escaped: a name may come from a file that anyone wrote, and goes to a terminal.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// A path in the same way.
pub(crate) fn path(path: &Path) -> String {
    escaped(&path.to_string_lossy())
}

/// `1 file`, `1,200 files`.
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", crate::identity::grouped(n as u64), if n == 1 { one } else { many })
}
