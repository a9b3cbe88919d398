//! Every crate's README says how to depend on it, and what it says is what the manifests have.

use std::{fs, path::Path};

use toml::{Table, Value};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn manifest(path: &str) -> Table {
    fs::read_to_string(root().join(path)).expect(path).parse().expect(path)
}

/// What stands between fences of this language.
fn fenced<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    text.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

/// Version and features of a dependency as a table says them.
fn asked(dependency: &Value) -> (&str, bool, Vec<&str>) {
    let Value::Table(table) = dependency else { return (dependency.as_str().expect("a version"), true, Vec::new()) };
    let features = table.get("features").and_then(Value::as_array);
    let features = features.into_iter().flatten().filter_map(Value::as_str).collect();
    let defaults = table.get("default-features").and_then(Value::as_bool).unwrap_or(true);
    (table["version"].as_str().expect("a version"), defaults, features)
}

/// The same as a line of `cargo add`, without the name of the program.
fn added(name: &str, dependency: &Value) -> String {
    let (version, defaults, features) = asked(dependency);
    let mut line = if name == "burn" { format!("$ cargo add burn@{version}") } else { format!("$ cargo add {name}") };
    if !defaults {
        line += " --no-default-features";
    }
    if !features.is_empty() {
        line += &format!(" --features {}", features.join(","));
    }
    line
}

#[test]
fn every_readme_says_how_to_depend_on_the_crate() {
    let workspace = manifest("Cargo.toml");
    let version = workspace["workspace"]["package"]["version"].as_str().expect("a version");
    let burn = &workspace["workspace"]["dependencies"]["burn"];
    let (burn_version, _, burn_features) = asked(burn);
    let mut crates = 0;
    for entry in fs::read_dir(root().join("crates")).expect("crates") {
        let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
        let Ok(readme) = fs::read_to_string(root().join("crates").join(&name).join("README.md")) else { continue };
        crates += 1;
        assert!(readme.starts_with(&format!("# {name}\n")), "{name} has no title");
        let lines = fenced(&readme, "console").concat();
        if name == "stairs-cli" {
            assert!(
                lines.contains("$ cargo install --locked stairs-cli") && lines.contains("$ cargo binstall stairs-cli")
            );
            continue;
        }
        let tables: Vec<Table> = fenced(&readme, "toml").iter().map(|block| block.parse().expect(&name)).collect();
        let tables: Vec<&Table> = tables.iter().filter_map(|table| table.get("dependencies")?.as_table()).collect();
        assert!(!tables.is_empty(), "{name} has no table of dependencies");
        let own = manifest(&format!("crates/{name}/Cargo.toml"));
        let features = |name: &str| own.get("features").and_then(|features| features.get(name)).is_some();
        for table in &tables {
            let (required, defaults, chosen) = asked(&table[&name]);
            assert!(version.starts_with(&format!("{required}.")), "{name}: {required} is not {version}");
            assert!(chosen.iter().all(|feature| features(feature)), "{name}: {chosen:?}");
            if let Some(burn) = table.get("burn") {
                let (required, defaults, chosen) = asked(burn);
                assert_eq!((required, defaults), (burn_version, false), "{name}");
                assert!(chosen.iter().all(|feature| burn_features.contains(feature)), "{name}: {chosen:?}");
            }
            let needs_burn = own["dependencies"].get("burn").is_some() && defaults;
            assert_eq!(table.get("burn").is_some(), needs_burn, "{name}: is Burn needed?");
            for (name, dependency) in *table {
                let line = added(name, dependency);
                assert!(lines.lines().any(|written| written.trim_end() == line), "{name}: `{line}` is nowhere");
            }
        }
    }
    assert!(crates > 10, "{crates}");
}
