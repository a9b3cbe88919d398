//! Names of models on the command line; `help` prints them.

use std::io::Write;

use stairs::zoo::Architecture;

/// Reads the name of a model. `help` prints all names to standard output and ends the program: clap has no way to hand such a
/// text back from a value without an `error:` in front of it.
pub(crate) fn architecture(name: &str) -> Result<Architecture, String> {
    if name == "help" {
        // A reader that has gone away, such as `head -1`, is no error.
        let _ = std::io::stdout().write_all(Architecture::help().as_bytes());
        std::process::exit(0);
    }
    name.parse().map_err(|error: stairs::zoo::ArchitectureError| format!("{error}; `help` lists them"))
}
