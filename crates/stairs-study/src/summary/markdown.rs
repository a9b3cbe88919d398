//! The tables of the book.

use stairs_zoo::{Architecture, ModelError, Quantisation};

use super::Summary;
use super::number::{bytes, grouped, short};

/// Models that are listed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Models {
    /// Those for ImageNet: 3×224×224, 1000 classes.
    ImageNet,
    /// Those for small images: 3×32×32, 10 classes.
    Small,
}

impl Models {
    /// All lists.
    pub const ALL: [Self; 2] = [Self::ImageNet, Self::Small];

    /// Columns of the table.
    pub(super) const HEAD: [&str; 9] = [
        "model",
        "parameters",
        "MACs",
        "BOPs, float",
        "int8",
        "int4",
        "ternary",
        "weights, float → ternary",
        "features, float → ternary",
    ];

    /// The models by name.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::ImageNet => &[
                "alexnet",
                "alexnet-bn",
                "vgg11-bn",
                "vgg13-bn",
                "vgg16-bn",
                "vgg19-bn",
                "resnet18",
                "resnet34",
                "resnet50",
                "mobilenet-v2",
            ],
            Self::Small => &[
                "mlp",
                "lenet",
                "cnn",
                "vgg8",
                "vgg9",
                "vgg11",
                "vgg19",
                "ds-cnn",
                "alexnet-small",
                "resnet20",
                "resnet32",
                "resnet56",
                "resnet18-small",
                "mobilenet-v2-small",
            ],
        }
    }

    pub(super) fn rows(self) -> Result<Vec<Vec<String>>, ModelError> {
        let architectures = self.names().iter().filter_map(|name| Some((name, name.parse::<Architecture>().ok()?)));
        architectures.map(|(name, architecture)| row(name, &architecture)).collect()
    }
}

fn row(name: &str, architecture: &Architecture) -> Result<Vec<String>, ModelError> {
    let summary = Summary::new(architecture, None, None, &Quantisation::Float)?;
    let at = |precision: &str| {
        let found = summary.precisions.iter().find(|at| at.precision == precision);
        found.map_or(summary.totals, |at| at.totals)
    };
    let ternary = at("ternary");
    Ok(vec![
        name.to_owned(),
        grouped(summary.totals.parameters),
        short(summary.totals.macs),
        short(summary.totals.bit_operations),
        short(at("int8").bit_operations),
        short(at("int4").bit_operations),
        short(ternary.bit_operations),
        format!("{} → {}", bytes(summary.totals.parameter_bytes), bytes(ternary.parameter_bytes)),
        format!("{} → {}", bytes(summary.totals.peak_feature_bytes), bytes(ternary.peak_feature_bytes)),
    ])
}

/// The table of these models in Markdown, as the book has it.
///
/// # Errors
/// None for the built-in lists; the type is that of building a model.
pub fn model_table(models: Models) -> Result<String, ModelError> {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let rule = format!("|---|{}\n", "---:|".repeat(Models::HEAD.len() - 1));
    let mut text = line(Models::HEAD.map(String::from).to_vec()) + &rule;
    for mut row in models.rows()? {
        row[0] = format!("`{}`", row[0]);
        text += &line(row);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn every_model_is_in_the_list_of_its_samples() {
        for models in Models::ALL {
            for name in models.names() {
                let (input, _) = samples(&name.parse().unwrap());
                assert_eq!(input == [3, 224, 224], models == Models::ImageNet, "{name}");
            }
            assert_eq!(models.rows().unwrap().len(), models.names().len());
        }
    }
}
