//! `stairs figures`

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use stairs_study::plot::catalogue;

use super::paths;

/// Draw every law, quantiser, estimator and schedule as SVG
///
/// File names are fixed (law-LAW.svg, stair-QUANTISER-LAW.svg, estimator-NAME.svg, plan-INTERVAL-DECAY.svg, …), so that
/// documents can refer to them. Files that have not changed are left alone.
#[derive(Debug, Args)]
pub(crate) struct Figures {
    /// Directory for the figures; created if needed
    dir: PathBuf,
}

impl Figures {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        paths::folder(&self.dir)?;
        let figures = catalogue()?;
        for (name, figure) in &figures {
            let path = self.dir.join(format!("{name}.svg"));
            stairs_study::plot::write_svg(&path, &figure.svg()?)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        println!("{} figures in {}", figures.len(), self.dir.display());
        Ok(())
    }
}
