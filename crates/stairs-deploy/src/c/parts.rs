//! What stages share: tables of constants and helper functions, each written once, in the order in which they are needed.

use super::text::braces;

/// Tables and helpers of one source.
pub(super) struct Parts {
    prefix: String,
    tables: Vec<(String, String)>,
    helpers: Vec<(String, String)>,
    /// Bytes of all tables.
    pub bytes: usize,
}

impl Parts {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), tables: Vec::new(), helpers: Vec::new(), bytes: 0 }
    }

    /// The name of everything this source defines begins with the same letters.
    pub(super) fn name(&self, name: &str) -> String {
        format!("{}_{name}", self.prefix)
    }

    /// A table of constants of a type of so many bytes; its name.
    pub(super) fn table<T>(
        &mut self,
        name: &str,
        of: (&str, usize),
        numbers: &[T],
        literal: impl Fn(&T) -> String,
    ) -> String {
        let name = self.name(name);
        if !self.tables.iter().any(|(known, _)| *known == name) {
            let text = braces(numbers.iter().map(literal));
            self.tables.push((name.clone(), format!("static const {} {name}[{}] = {text};\n", of.0, numbers.len())));
            self.bytes += of.1 * numbers.len();
        }
        name
    }

    /// A helper of this name, whose text says `NAME` where the prefix goes; its name.
    pub(super) fn helper(&mut self, name: &str, text: impl FnOnce() -> String) -> String {
        let name = self.name(name);
        if !self.helpers.iter().any(|(known, _)| *known == name) {
            let text = text().replace("NAME", &self.prefix);
            self.helpers.push((name.clone(), text));
        }
        name
    }

    /// All of it.
    pub(super) fn text(&self) -> String {
        let texts: Vec<&str> = self.tables.iter().chain(&self.helpers).map(|(_, text)| text.as_str()).collect();
        texts.join("\n")
    }
}
