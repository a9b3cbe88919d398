//! `stairs devices`

use clap::Args;
use serde_json::json;
use stairs::device::{DeviceError, DeviceName};

use super::json::{self, JsonOption};

/// List devices: which are compiled in, and which answer
#[derive(Debug, Args)]
pub(crate) struct Devices {
    #[command(flatten)]
    pub(crate) json: JsonOption,
}

impl Devices {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let mut documents = Vec::new();
        for device in DeviceName::ALL {
            let is_default = device == DeviceName::default();
            let (state, detail) = match device.open() {
                Ok(opened) => ("ready", stairs::train::device_name(&opened)),
                Err(DeviceError::NotCompiled(_)) => ("not compiled in", format!("build with --features {device}")),
                Err(error) => ("unusable", error.to_string()),
            };
            if self.json.json {
                documents.push(json!({
                    "name": device.to_string(), "about": device.about(), "default": is_default, "state": state,
                    "detail": detail,
                }));
                continue;
            }
            let default = if is_default { " (default)" } else { "" };
            let state = if state == "unusable" { detail } else { format!("{state}: {detail}") };
            answer!("{:<17} {:<38} {state}", format!("{device}{default}"), device.about());
        }
        if self.json.json { json::print(&documents) } else { Ok(()) }
    }
}
