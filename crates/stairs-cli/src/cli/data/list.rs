//! `stairs data list`

use clap::Args;
use serde_json::json;
use stairs::data::{DataError, DatasetName, SampleShape};

use super::super::{
    json::{self, JsonOption},
    options::{DataOption, printable},
};

/// List the known data sets, and where each is
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    data: DataOption,
    #[command(flatten)]
    pub(crate) json: JsonOption,
}

impl List {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let root = self.data.root();
        let mut documents = Vec::new();
        for name in DatasetName::ALL {
            let embedded = name.files().is_empty();
            let located = if embedded { None } else { Some(root.locate(name)) };
            let (state, folder) = match &located {
                None => ("embedded", None),
                Some(Ok(location)) => ("there", Some(location.folder.display().to_string())),
                Some(Err(DataError::Incomplete { folder, .. })) => ("incomplete", Some(folder.display().to_string())),
                Some(Err(DataError::NotFound { .. })) => ("not there", None),
                Some(Err(_)) => ("unreadable", None),
            };
            let shape = match name.shape() {
                SampleShape::Image { channels, height, width } => vec![channels, height, width],
                SampleShape::Vector { features } => vec![features],
            };
            if self.json.json {
                documents.push(json!({
                    "name": name.as_str(), "title": name.title(), "shape": shape, "classes": name.class_names(),
                    "state": state, "folder": folder, "page": name.page(),
                }));
                continue;
            }
            let shape = shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x");
            let folder = folder.map_or_else(String::new, |folder| format!(" in {}", printable(&folder)));
            answer!("{:<14} {shape:>8}, {:>2} classes  {state}{folder}", name.as_str(), name.classes());
        }
        if self.json.json {
            return json::print(&documents);
        }
        #[cfg(feature = "fetch")]
        println!("`stairs data fetch NAME` fetches one");
        Ok(())
    }
}
