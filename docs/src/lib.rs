//! The book of stairs, for the compiler: every Rust snippet of every chapter is a test.
//!
//! Read it with `cargo xtask docs` (mdBook), or chapter by chapter in `docs/src`.

/// Makes every snippet of the named files a test, one item a file.
macro_rules! chapters {
    ($($name:ident $path:literal)*) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!($path)]
            pub mod $name {}
        )*
    };
}

chapters! {
    index "index.md"
    why "why.md"
    laws "laws.md"
    quantisers "quantisers.md"
    estimators "estimators.md"
    baselines "baselines.md"
    smoothing "smoothing.md"
    schedules "schedules.md"
    convergence "convergence.md"
    trains_badly "trains-badly.md"
    diagnostics "diagnostics.md"
    scales "scales.md"
    capacity "capacity.md"
    capacity_bound "capacity-bound.md"
    expressivity "expressivity.md"
    commands "commands.md"
    qat "qat.md"
    coming_from "coming-from.md"
    optimisation "optimisation.md"
    published "published.md"
    bits "bits.md"
    choose "choose.md"
    models "models.md"
    network "network.md"
    pretrained "pretrained.md"
    devices "devices.md"
    images "images.md"
    tables "tables.md"
    deploy "deploy.md"
    deploy_c "deploy-c.md"
    checkpoints "checkpoints.md"
    cluster "cluster.md"
    errors "errors.md"
    safeguards "safeguards.md"
    benchmarks "benchmarks.md"
    results "results.md"
    study "study.md"
    campaign "campaign.md"
    corrections "corrections.md"
    architecture "architecture.md"
    additions "additions.md"
    readme "../../README.md"
    readme_network "../../crates/stairs-network/README.md"
    readme_infer "../../crates/stairs-infer/README.md"
    readme_deploy "../../crates/stairs-deploy/README.md"
    readme_laws "../../crates/stairs-laws/README.md"
    readme_certificate "../../crates/stairs-certificate/README.md"
    readme_noise "../../crates/stairs-noise/README.md"
    readme_kernels "../../crates/stairs-kernels/README.md"
    readme_zoo "../../crates/stairs-zoo/README.md"
    readme_capacity "../../crates/stairs-capacity/README.md"
}

#[cfg(test)]
mod dependencies;

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    /// Text of a file of the book.
    fn read(name: &str) -> String {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name)).expect(name)
    }

    fn chapters() -> Vec<String> {
        let summary = read("SUMMARY.md");
        summary
            .match_indices("](")
            .filter_map(|(at, _)| Some(summary[at + 2..].split_once(')')?.0.to_string()))
            .collect()
    }

    #[test]
    fn every_chapter_is_tested() {
        let this = read("lib.rs");
        let chapters = chapters();
        assert!(chapters.len() > 10);
        for chapter in chapters {
            assert!(this.contains(&format!("\"{chapter}\"")), "{chapter} is not in the list of lib.rs");
        }
    }

    /// The book shows every law, quantiser, estimator and schedule that the library can draw.
    #[test]
    fn every_figure_of_the_catalogue_is_shown() {
        let text: String = chapters().iter().map(|chapter| read(chapter)).collect();
        let figures = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/figures");
        for (name, _) in stairs_study::plot::catalogue().expect("the catalogue") {
            assert!(
                figures.join(format!("{name}.svg")).exists(),
                "{name}.svg is not drawn: stairs figures docs/src/figures"
            );
            // Of the named quantisers under every law, the pictures under two laws are shown.
            let shown = !name.starts_with("stair-") || name.ends_with("-uniform") || name.ends_with("-normal");
            assert!(!shown || text.contains(&format!("figures/{name}.svg")), "{name}.svg is shown nowhere");
        }
    }

    /// The tables of models are what `stairs summary all --markdown` prints.
    #[test]
    fn the_tables_of_models_are_those_of_the_program() {
        let chapter = read("models.md");
        for models in stairs_study::summary::Models::ALL {
            let table = stairs_study::summary::model_table(models).expect("the models");
            assert!(chapter.contains(&table), "models.md needs this table (stairs summary all --markdown):\n{table}");
        }
    }

    /// The tables of published recipes are made by the code.
    #[test]
    fn the_tables_of_recipes_are_those_of_the_code() {
        let chapter = read("published.md");
        for recipe in stairs::train::Recipe::ALL {
            let table = recipe.markdown();
            assert!(chapter.contains(&table), "published.md needs this table:\n{table}");
        }
    }

    /// The tables of the campaign are made from the records that are kept.
    #[test]
    fn the_tables_of_the_campaign_are_those_of_the_records() {
        let chapter = read("campaign.md");
        let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
        let mut sections = 0;
        for experiment in stairs_study::experiments::catalogue() {
            if !chapter.contains(&format!("\n## `{}`", experiment.name)) {
                continue;
            }
            sections += 1;
            let folder = results.join(experiment.name);
            if folder.exists() {
                let found = stairs_study::experiments::read_lines(&experiment, &folder).expect("records");
                let tables = experiment.page.markdown(&found);
                let name = experiment.name;
                assert!(
                    chapter.contains(&tables),
                    "campaign.md needs (stairs report docs/results/{name} --experiment {name} --markdown):\n{tables}"
                );
            }
        }
        assert_eq!(sections, 5);
    }

    /// So are those of bits for every layer.
    #[test]
    fn the_tables_of_bits_are_those_of_the_records() {
        let experiment = stairs_study::experiments::find("mixed-bits").expect("an experiment");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results").join(experiment.name);
        let found = stairs_study::experiments::read_lines(&experiment, &folder).expect("records");
        let (chapter, tables) = (read("bits.md"), experiment.page.markdown(&found));
        assert!(
            chapter.contains(&tables),
            "bits.md needs (stairs report docs/results/mixed-bits --experiment mixed-bits --markdown):\n{tables}"
        );
    }

    /// The chapter on errors has a row for every variant of every public error.
    #[test]
    fn every_error_is_in_the_table() {
        let table = read("errors.md");
        let mut variants = 0;
        for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates")) {
            let text = fs::read_to_string(&file).expect("a source file");
            for body in text
                .split("\npub enum ")
                .skip(1)
                .filter(|body| body.split(' ').next().is_some_and(|n| n.ends_with("Error")))
            {
                for line in body.lines().take_while(|line| *line != "}") {
                    let Some(rest) = line.strip_prefix("    ").filter(|rest| rest.starts_with(char::is_uppercase))
                    else {
                        continue;
                    };
                    let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
                    let written = [format!("`{name}`"), format!("::{name}`")];
                    assert!(
                        written.iter().any(|w| table.contains(w)),
                        "{}: {name} is not in errors.md",
                        file.display()
                    );
                    variants += 1;
                }
            }
        }
        assert!(variants > 150, "{variants}");
    }

    /// All source files of all crates.
    fn sources(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
        let files = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
        let below = folders.into_iter().filter(|path| !path.ends_with("tests")).flat_map(|path| sources(&path));
        files.chain(below).collect()
    }

    /// Every safeguard names tests that exist, in a file that exists.
    #[test]
    fn every_safeguard_is_held_by_a_test() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut tests = 0;
        for row in read("safeguards.md").lines().filter(|row| row.starts_with("| ") && row.contains("`crates/")) {
            let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
            let [.., names, file] = cells[..] else { panic!("{row}") };
            let file = file.trim().trim_matches('`');
            let text = fs::read_to_string(root.join(file)).expect(file);
            for name in names.split(", ").map(|name| name.trim().trim_matches('`')) {
                assert!(text.contains(&format!("fn {name}(")), "{file} has no test {name}");
                tests += 1;
            }
        }
        assert!(tests > 50, "{tests}");
    }

    /// Burn's visitors and mappers are implemented by the walker alone, which knows where it is and what is a quantiser.
    #[test]
    fn every_walk_is_the_walker_s() {
        fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                match path.is_dir() {
                    true => sources(&path, found),
                    false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
                    false => {}
                }
            }
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut files = Vec::new();
        ["crates", "examples", "benches"].iter().for_each(|folder| sources(&root.join(folder), &mut files));
        let walks = |path: &&PathBuf| {
            let text = fs::read_to_string(path).expect("a source");
            ["ModuleVisitor for ", "ModuleMapper for "].iter().any(|walk| text.contains(walk))
        };
        let walkers: Vec<_> = files.iter().filter(walks).collect();
        assert!(walkers.len() == 1 && walkers[0].ends_with("module/walk/mod.rs"), "{walkers:?}");
    }

    /// Files and folders that the recipes and the architecture name exist.
    #[test]
    fn every_path_that_is_named_exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut paths = 0;
        for chapter in ["additions.md", "architecture.md", "benchmarks.md", "cluster.md"] {
            let text = read(chapter);
            for quoted in text.split('`').skip(1).step_by(2) {
                let is_path =
                    ["crates/", "docs/", "xtask/", "examples/", "benches/"].iter().any(|p| quoted.starts_with(p));
                if is_path && !quoted.contains(['*', ' ', '…']) && !quoted.contains("mine") {
                    assert!(root.join(quoted).exists(), "{chapter}: {quoted}");
                    paths += 1;
                }
            }
        }
        assert!(paths > 20);
    }
}
