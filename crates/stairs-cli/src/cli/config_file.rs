//! The configuration of a run from a file, and single settings of it: `--config FILE` and `KEY=VALUE`.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use stairs::{data::files::read_regular_to_string, train::RunConfig};
use toml::{Table, Value};

/// Largest file that is read.
const LIMIT: u64 = 1 << 20;

/// A setting and its value: `epochs=5`, `weight_decay.rate=1e-4`, `law=logistic`; without a value it is not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) key: String,
    value: String,
}

/// Reads a change.
pub(crate) fn change(text: &str) -> Result<Change, String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok(Change { key: key.trim().to_owned(), value: value.trim().to_owned() })
        }
        _ => Err("expected KEY=VALUE, such as epochs=5 or weight_decay.rate=1e-4".into()),
    }
}

/// The configuration in a file, or in the run in a folder.
///
/// # Errors
/// What is wrong with the file; the nearest name for a setting that there is not.
pub(crate) fn read(path: &Path) -> anyhow::Result<RunConfig> {
    let file = if path.is_dir() { path.join("config.toml") } else { path.to_owned() };
    let shown = file.display().to_string();
    let text = read_regular_to_string(&file, LIMIT).with_context(|| format!("cannot read {shown}"))?;
    let no_config = || format!("{shown} is no configuration of a run");
    let table: Table = text.parse().with_context(no_config)?;
    table.keys().try_for_each(|key| known(key)).with_context(no_config)?;
    // From the text again, whose errors name the line.
    toml::from_str(&text).with_context(no_config)
}

/// `config` with these settings.
///
/// # Errors
/// The change that makes no sense, and the nearest name for a setting that there is not.
pub(crate) fn changed(config: RunConfig, changes: &[Change]) -> anyhow::Result<RunConfig> {
    changes.iter().try_fold(config, |config, change| {
        let Change { key, value } = change;
        let set = || {
            let mut table = Table::try_from(&config)?;
            set(&mut table, key, value)?;
            Ok(table.try_into()?)
        };
        set().map_err(|error: anyhow::Error| anyhow!("{key}={value}: {}", error.to_string().trim_end()))
    })
}

/// Sets `key`, which may lead into tables by dots.
fn set(table: &mut Table, key: &str, value: &str) -> anyhow::Result<()> {
    known(key.split('.').next().unwrap_or(key))?;
    let (mut table, mut rest) = (table, key);
    while let Some((first, inner)) = rest.split_once('.') {
        let entry = table.entry(first).or_insert_with(|| Value::Table(Table::new()));
        table = entry.as_table_mut().with_context(|| format!("`{first}` has no settings inside"))?;
        rest = inner;
    }
    match value {
        "" => drop(table.remove(rest)),
        _ => drop(table.insert(rest.to_owned(), parsed(value))),
    }
    Ok(())
}

/// A value as TOML has it, or else a text without its quotes.
fn parsed(value: &str) -> Value {
    let parsed = format!("value = {value}").parse::<Table>().ok().filter(|table| table.len() == 1);
    parsed.and_then(|mut table| table.remove("value")).unwrap_or_else(|| Value::String(value.to_owned()))
}

/// Refuses what is no setting, naming the one it is most like.
fn known(key: &str) -> anyhow::Result<()> {
    if RunConfig::FIELDS.contains(&key) {
        return Ok(());
    }
    let like = |field: &&&str| strsim::jaro_winkler(field, key);
    match RunConfig::FIELDS.iter().max_by(|a, b| like(a).total_cmp(&like(b))) {
        Some(nearest) if like(&nearest) > 0.7 => bail!("`{key}` is no setting of a run: did you mean `{nearest}`?"),
        _ => bail!("`{key}` is no setting of a run; there are {}", RunConfig::FIELDS.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use stairs::train::{LrSchedule, Method, WarmUp, WeightDecay};

    use super::*;

    fn with(changes: &[&str]) -> Result<RunConfig, String> {
        let changes: Vec<_> = changes.iter().map(|text| change(text).unwrap()).collect();
        changed(RunConfig::new("lenet"), &changes).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn settings_are_set_by_name() {
        let expected = RunConfig::new("mlp:64")
            .with_epochs(5)
            .with_lr(1.0)
            .with_method(Method::Ste)
            .with_subset(400)
            .with_augment(true)
            .with_weight_decay(WeightDecay::new(1e-4))
            .with_warm_up(WarmUp { share: 0.1, start: 0.5 })
            .with_lr_schedule(LrSchedule::Constant);
        let found = with(&[
            "model=mlp:64",
            "epochs=5",
            "lr=1",
            "method=ste",
            "subset = 400",
            "augment=true",
            "weight_decay.rate=1e-4",
            "warm_up={share = 0.1, start = 0.5}",
            "lr_schedule={kind = \"constant\"}",
        ]);
        assert_eq!(found.unwrap(), expected);
        assert_eq!(with(&["subset=400", "subset="]).unwrap().subset, None);
    }

    #[test]
    fn what_is_no_setting_names_the_nearest() {
        for (text, message) in [
            ("epoch=5", "epoch=5: `epoch` is no setting of a run: did you mean `epochs`?"),
            ("learning_rate=1", "is no setting of a run"),
            ("weightdecay.rate=1", "did you mean `weight_decay`?"),
            ("epochs=many", "epochs=many: invalid type: string \"many\""),
            ("epochs.more=1", "`epochs` has no settings inside"),
            ("weight_decay.rat=1", "unknown field `rat`"),
            ("method=magic", "unknown variant `magic`"),
            ("lr=", "missing field `lr`"),
        ] {
            let error = with(&[text]).unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
        assert!(change("epochs").is_err() && change("=5").is_err());
    }

    #[test]
    fn a_file_is_read_or_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        let config = RunConfig::new("lenet").with_epochs(7);
        let text = toml::to_string(&config).unwrap();
        std::fs::write(&file, &text).unwrap();
        assert_eq!(read(&file).unwrap(), config);
        assert_eq!(read(dir.path()).unwrap(), config);
        for (bad, message) in [
            (text.replace("epochs =", "epoch ="), "did you mean `epochs`?"),
            (text.replace("epochs = 7", "epochs = -7"), "epochs"),
            ("epochs".into(), "is no configuration of a run"),
        ] {
            std::fs::write(&file, bad).unwrap();
            let error = format!("{:#}", read(&file).unwrap_err());
            assert!(error.contains(message) && error.contains("config.toml"), "{error}");
        }
        assert!(format!("{:#}", read(&dir.path().join("none")).unwrap_err()).contains("cannot read"));
    }
}
