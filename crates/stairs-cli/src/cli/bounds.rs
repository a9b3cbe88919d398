//! Test of all numbers on the command line: every option that takes one has bounds. The options are those that clap knows, so that none
//! is forgotten.

use clap::{Arg, Command, CommandFactory};

/// Values that no option but a text may take.
const SENSELESS: [&str; 14] = [
    "nan",
    "NaN",
    "inf",
    "-inf",
    "infinity",
    "1e300",
    "-1e300",
    "1e999",
    "-1e999",
    "1e10",
    "99999999999999999999",
    "-99999999999999999999",
    "0x10",
    "one",
];
/// Values of which a number takes at least one.
const PLAIN: [&str; 5] = ["1", "0.5", "2", "0.05", "1/2"];
/// Seeds take every number of 64 bits.
const LARGEST: &str = "18446744073709551615";

/// What the help of a number says of its range, in one way or another.
const RANGES: [&str; 13] = [
    "at least",
    "at most",
    "positive",
    "not negative",
    "below",
    "in (",
    "in [",
    " to ",
    " or ",
    "<=",
    "seed",
    "processors",
    "a batch",
];

/// All arguments with the commands that have them.
fn arguments(command: &Command, path: &str, found: &mut Vec<(String, Arg)>) {
    found.extend(
        command.get_arguments().filter(|arg| arg.get_action().takes_values()).map(|arg| (path.to_owned(), arg.clone())),
    );
    for inner in command.get_subcommands() {
        arguments(inner, &format!("{path} {}", inner.get_name()), found);
    }
}

/// Whether an argument reads a value.
fn reads(arg: &Arg, value: &str) -> bool {
    let command = Command::new("one").arg(arg_alone(arg));
    let line = match arg.get_long() {
        Some(_) => vec!["one".to_owned(), format!("--value={value}")],
        None => vec!["one".to_owned(), "--".to_owned(), value.to_owned()],
    };
    command.try_get_matches_from(line).is_ok()
}

/// The argument without what it needs of others.
fn arg_alone(arg: &Arg) -> Arg {
    let mut alone = Arg::new("value").value_parser(arg.get_value_parser().clone()).action(arg.get_action().clone());
    if arg.get_long().is_some() {
        alone = alone.long("value");
    }
    if let Some(delimiter) = arg.get_value_delimiter() {
        alone = alone.value_delimiter(delimiter);
    }
    alone
}

#[test]
fn every_number_has_bounds() {
    let mut found = Vec::new();
    arguments(&super::Cli::command(), "stairs", &mut found);
    let is_text = |arg: &Arg| ["no number at all", "word"].iter().any(|text| reads(arg, text));
    let numbers: Vec<&(String, Arg)> =
        found.iter().filter(|(_, arg)| !is_text(arg) && PLAIN.iter().any(|value| reads(arg, value))).collect();
    let mut wrong = Vec::new();
    for (path, arg) in &numbers {
        let name = format!("{path} {}", arg.get_id());
        let largest = (arg.get_id() != "seed").then_some(LARGEST);
        for value in SENSELESS.into_iter().chain(largest).filter(|value| reads(arg, value)) {
            wrong.push(format!("{name} takes {value}"));
        }
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default().to_lowercase();
        if !RANGES.iter().any(|range| help.contains(range)) {
            wrong.push(format!("{name} says no range: {help}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Those of today; a new one makes them more.
    assert!(numbers.len() >= 60, "{}", numbers.len());
}

/// An option says what it takes without being given: in its help, or by clap's own default.
#[test]
fn every_option_says_its_default() {
    let mut found = Vec::new();
    arguments(&super::Cli::command(), "stairs", &mut found);
    let optional = |arg: &Arg| arg.get_long().is_some() && !arg.is_required_set() && !arg.is_hide_set();
    let tells = [
        "[default",
        "instead of",
        "without it",
        "The same in",
        "may be repeated",
        "Keep the records",
        "Start from the",
    ];
    let untold = |(path, arg): &(String, Arg)| {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let told = !arg.get_default_values().is_empty() || tells.iter().any(|text| help.contains(text));
        (optional(arg) && !told).then(|| format!("{path} --{}: {help}", arg.get_id()))
    };
    let untold: Vec<String> = found.iter().filter_map(untold).collect();
    assert!(untold.is_empty(), "{}", untold.join("\n"));
}
