//! What happened to a list of class names.

use unicode_normalization::UnicodeNormalization;

use super::Change;

/// Whether two different names are written with the same characters, once composed (`é`) and once not (`e´`).
pub(crate) fn same_but_for_unicode_form(a: &str, b: &str) -> bool {
    a != b && a.nfc().eq(b.nfc())
}

/// What makes `now` of `then`; empty where they are equal.
pub(super) fn changes(then: &[String], now: &[String]) -> Vec<Change> {
    if then == now {
        return Vec::new();
    }
    let only = |here: &[String], there: &[String]| -> Vec<String> {
        let there: std::collections::HashSet<_> = there.iter().collect();
        here.iter().filter(|name| !there.contains(name)).cloned().collect()
    };
    let (removed, added) = (only(then, now), only(now, then));
    let differ: Vec<_> = then.iter().zip(now).enumerate().filter(|(_, (a, b))| a != b).collect();
    if then.len() == now.len() && differ.len() == removed.len() && removed.len() == added.len() {
        let renamed = |(label, (from, to)): (usize, (&String, &String))| Change::Renamed {
            label,
            from: from.clone(),
            to: to.clone(),
        };
        return differ.into_iter().map(renamed).collect();
    }
    let mut changes = Vec::new();
    if !removed.is_empty() {
        changes.push(Change::Removed { classes: removed });
    }
    if !added.is_empty() {
        changes.push(Change::Added { classes: added });
    }
    // One class that is still there under another label; the message needs no more.
    let places: std::collections::HashMap<_, _> = now.iter().enumerate().map(|(label, name)| (name, label)).collect();
    let moved = then.iter().enumerate().find_map(|(from, name)| {
        let &to = places.get(name)?;
        (from != to).then(|| Change::Moved { class: name.clone(), from, to })
    });
    changes.extend(moved);
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_unicode() {
        assert!(same_but_for_unicode_form("caf\u{e9}", "cafe\u{301}"));
        assert!(!same_but_for_unicode_form("cafe", "caf\u{e9}"));
        assert!(!same_but_for_unicode_form("cafe", "cafe"));
    }
}
