//! `stairs devices`

use clap::Args;
use stairs::device::{DeviceError, DeviceName};

/// List devices: which are compiled in, and which answer
#[derive(Debug, Args)]
pub(crate) struct Devices {}

impl Devices {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        for device in DeviceName::ALL {
            let state = match device.open() {
                Ok(opened) => format!("ready: {}", stairs::train::device_name(&opened)),
                Err(DeviceError::NotCompiled(_)) => format!("not compiled in: build with --features {device}"),
                Err(error) => error.to_string(),
            };
            let default = if device == DeviceName::default() { " (default)" } else { "" };
            println!("{:<17} {:<38} {state}", format!("{device}{default}"), device.about());
        }
        Ok(())
    }
}
