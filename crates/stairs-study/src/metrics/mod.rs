//! The epochs of a run for other programs: a table (CSV), or TensorBoard's event files.

mod crc32c;
mod csv;
mod events;

pub use csv::csv;
pub use events::events;

use stairs_train::EpochRecord;

/// A number of every epoch, by the name that it has everywhere.
struct Series {
    /// Name in a table.
    column: String,
    /// Name in TensorBoard, whose cards are grouped by what stands before the slash.
    tag: String,
    value: Box<dyn Fn(&EpochRecord) -> Option<f64>>,
}

/// What there is to tell of these epochs; a quantiser that has no law at some epoch has no value there.
fn series(epochs: &[EpochRecord]) -> Vec<Series> {
    let held_out = epochs.first().map(|epoch| epoch.held_out).unwrap_or_default();
    let metric = epochs.first().and_then(|epoch| epoch.metric.as_deref()).unwrap_or("accuracy");
    let one = |column: String, tag: String, value: fn(&EpochRecord) -> f64| Series {
        column,
        tag,
        value: Box::new(move |epoch| Some(value(epoch))),
    };
    let mut series = vec![
        one("train_loss".into(), "loss/train".into(), |epoch| epoch.train_loss),
        one(format!("train_{metric}"), format!("{metric}/train"), |epoch| epoch.train_accuracy),
        one(format!("{held_out}_loss"), format!("loss/{held_out}"), |epoch| epoch.held_out_loss),
        one(format!("{held_out}_{metric}"), format!("{metric}/{held_out}"), |epoch| epoch.held_out_accuracy),
        one("learning_rate".into(), "learning_rate".into(), |epoch| epoch.learning_rate),
        one("seconds".into(), "seconds".into(), |epoch| epoch.seconds),
    ];
    for law in epochs.first().map_or(&[][..], |epoch| &epoch.laws) {
        for (what, of) in [("mean", 0), ("scale", 1)] {
            let path = law.path.clone();
            series.push(Series {
                column: format!("{what} {path}"),
                tag: format!("noise_{what}/{path}"),
                value: Box::new(move |epoch| {
                    let law = epoch.laws.iter().find(|law| law.path == path)?;
                    Some(if of == 0 { law.mean } else { law.scale })
                }),
            });
        }
    }
    series
}

#[cfg(test)]
mod tests {
    use stairs_train::{HeldOut, LawPoint};

    use super::*;

    pub(super) fn epoch(epoch: usize) -> EpochRecord {
        let law = |path: &str| LawPoint { path: path.into(), mean: -0.5, scale: 1.0 / epoch as f64 };
        let json = serde_json::json!({
            "epoch": epoch, "step": 10 * epoch, "train_loss": 0.1, "train_accuracy": 50.0, "test_loss": 2.5,
            "test_accuracy": 40.0, "learning_rate": 1e-3, "seconds": 2.0, "laws": [law("a.weight"), law("act,1")],
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn names_follow_the_part_that_is_held_out() {
        let validated = EpochRecord { held_out: HeldOut::Validation, ..epoch(1) };
        let columns = |epochs: &[EpochRecord]| series(epochs).into_iter().map(|s| s.column).collect::<Vec<_>>();
        assert_eq!(columns(&[validated])[3], "validation_accuracy");
        assert_eq!(columns(&[epoch(1)])[6..], ["mean a.weight", "scale a.weight", "mean act,1", "scale act,1"]);
        let measured = EpochRecord { metric: Some("rmse".into()), ..epoch(1) };
        assert_eq!(columns(&[measured])[1], "train_rmse");
        assert_eq!(columns(&[]).len(), 6);
    }
}
