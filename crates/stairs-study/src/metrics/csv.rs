//! A table of the epochs, RFC 4180 with `\n`: numbers as they are, read back without loss.

use stairs_train::EpochRecord;

use super::series;

/// The table of `epochs`: epoch, step, losses, accuracies in percent, learning rate, seconds, then mean and scale of every
/// quantiser's noise. A value that there is not is an empty cell.
pub fn csv(epochs: &[EpochRecord]) -> String {
    let series = series(epochs);
    let head = ["epoch", "step"].map(str::to_owned).into_iter().chain(series.iter().map(|s| quoted(&s.column)));
    let mut table = line(head);
    for epoch in epochs {
        let values = series.iter().map(|s| (s.value)(epoch).map_or_else(String::new, |value| value.to_string()));
        table += &line([epoch.epoch.to_string(), epoch.step.to_string()].into_iter().chain(values));
    }
    table
}

fn line(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(",") + "\n"
}

/// A cell that holds a comma, a quote or a line break is quoted.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::epoch, *};

    #[test]
    fn the_table_by_hand() {
        assert_eq!(
            csv(&[epoch(1), epoch(4)]),
            "epoch,step,train_loss,train_accuracy,test_loss,test_accuracy,learning_rate,seconds,mean a.weight,scale \
             a.weight,\"mean act,1\",\"scale act,1\"\n\
             1,10,0.1,50,2.5,40,0.001,2,-0.5,1,-0.5,1\n\
             4,40,0.1,50,2.5,40,0.001,2,-0.5,0.25,-0.5,0.25\n"
        );
    }
}
