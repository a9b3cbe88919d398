//! The commands of a page: the lines of its `console` blocks that begin with a prompt.

use std::{fs, path::Path};

/// A command as it is written, without prompt and remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// Line of the page, from 1.
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// The commands of a page, in order. A backslash at the end of a line joins the next one.
pub(crate) fn commands(page: &Path) -> Vec<Written> {
    parse(&fs::read_to_string(page).unwrap_or_else(|e| panic!("{}: {e}", page.display())))
}

fn parse(page: &str) -> Vec<Written> {
    let (mut found, mut inside, mut joined): (Vec<Written>, bool, bool) = (Vec::new(), false, false);
    for (line, text) in (1..).zip(page.lines()) {
        if let Some(fence) = text.strip_prefix("```") {
            inside = !inside && fence.split(',').next() == Some("console");
            joined = false;
            continue;
        }
        if !inside {
            continue;
        }
        let prompt = text.strip_prefix("$ ");
        if prompt.is_none() && !joined {
            continue;
        }
        let body = prompt.unwrap_or(text).split(" # ").next().unwrap_or_default().trim();
        let (body, goes_on) = body.strip_suffix('\\').map_or((body, false), |body| (body.trim_end(), true));
        match found.last_mut() {
            Some(last) if prompt.is_none() => last.text = format!("{} {body}", last.text),
            _ => found.push(Written { line, text: body.to_owned() }),
        }
        joined = goes_on;
    }
    found
}

/// Splits a command as a shell does where there is nothing but words and quotes.
pub(crate) fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in command.chars() {
        match (quote, character) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[test]
fn a_page_is_read_as_it_is_shown() {
    let page = "text\n```console\n$ stairs devices      # remark\nits output\n$ stairs plan \\\n    static\n```\n```rust\n$ no\n```\n";
    let written = |line, text: &str| Written { line, text: text.into() };
    assert_eq!(parse(page), [written(3, "stairs devices"), written(5, "stairs plan static")]);
    assert_eq!(words("a 'b c'  \"\" d\"e f\""), ["a", "b c", "", "de f"]);
}
