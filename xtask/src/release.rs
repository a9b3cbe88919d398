//! `cargo xtask release`: the `stairs` command for a target, packed as `cargo binstall stairs-cli` expects it.
//!
//! ```text
//! target/release-archives/stairs-0.1.0-x86_64-unknown-linux-gnu.tgz           stairs-0.1.0-x86_64-unknown-linux-gnu/stairs, licences, …
//! target/release-archives/stairs-0.1.0-x86_64-unknown-linux-gnu.tgz.sha256    as `sha256sum -c` reads it
//! ```
//!
//! The same files give the same bytes: entries have no owner and no time.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use crate::process::{captured, cargo, root, run};

/// What is packed beside the program.
const BESIDE: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Target to build for, installed by `rustup target add` [default: this machine's].
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
}

impl Args {
    pub(crate) fn run(self) -> Result<()> {
        let target = self.target.map_or_else(host, Ok)?;
        let build = ["build", "--release", "--locked", "-p", "stairs-cli", "--bin", "stairs", "--target", &target];
        run(cargo(&build).current_dir(root()))?;
        let built = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
        let program = if target.contains("windows") { "stairs.exe" } else { "stairs" };
        let out = built.join("release-archives");
        let archive = pack(&built.join(&target).join("release").join(program), &name(&target), &out)?;
        println!("{}", archive.display());
        Ok(())
    }
}

/// The target of the compiler in use.
fn host() -> Result<String> {
    let (printed, succeeded) = captured(Command::new("rustc").arg("-vV"))?;
    match printed.lines().find_map(|line| line.strip_prefix("host: ")) {
        Some(host) if succeeded => Ok(host.to_owned()),
        _ => bail!("rustc -vV names no host"),
    }
}

/// Name of the folder in the archive, and of the archive but for its ending.
fn name(target: &str) -> String {
    format!("stairs-{}-{target}", env!("CARGO_PKG_VERSION"))
}

/// Packs the program and what goes with it into `out/NAME.tgz`, and writes its sum beside it.
fn pack(program: &Path, name: &str, out: &Path) -> Result<PathBuf> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    let beside = BESIDE.map(|file| root().join(file));
    for (path, mode) in std::iter::once((program, 0o755)).chain(beside.iter().map(|path| (path.as_path(), 0o644))) {
        let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        let file = path.file_name().unwrap_or_default();
        archive.append_data(&mut header, Path::new(name).join(file), content.as_slice()).context("cannot pack")?;
    }
    let bytes = archive.into_inner().and_then(GzEncoder::finish).context("cannot pack")?;
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let sum: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    write(&out.join(format!("{name}.tgz.sha256")), format!("{sum}  {name}.tgz\n").as_bytes())?;
    let path = out.join(format!("{name}.tgz"));
    write(&path, &bytes)?;
    Ok(path)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let file = fs::File::create(path).and_then(|mut file| file.write_all(bytes));
    file.with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn an_archive_is_where_binstall_looks() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("stairs");
        fs::write(&program, "a program").unwrap();
        let target = "x86_64-unknown-linux-gnu";
        let path = pack(&program, &name(target), &folder.path().join("out")).unwrap();
        let again = pack(&program, &name(target), &folder.path().join("again")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), fs::read(again).unwrap());

        let version = env!("CARGO_PKG_VERSION");
        let manifest = fs::read_to_string(root().join("crates/stairs-cli/Cargo.toml")).unwrap();
        let filled = |key: &str| {
            let line = manifest.lines().find_map(|line| line.strip_prefix(&format!("{key} = \""))).unwrap();
            let values =
                [("{ version }", version), ("{ target }", target), ("{ bin }", "stairs"), ("{ binary-ext }", "")];
            values.iter().fold(line.trim_end_matches('"').to_owned(), |text, (name, value)| text.replace(name, value))
        };
        assert!(filled("pkg-url").ends_with(&format!("/v{version}/{}", path.file_name().unwrap().to_string_lossy())));
        let mut archive = tar::Archive::new(GzDecoder::new(fs::File::open(&path).unwrap()));
        let mut names = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_string_lossy().into_owned();
            if name == filled("bin-dir") {
                assert_eq!(entry.header().mode().unwrap(), 0o755);
                let mut text = String::new();
                entry.read_to_string(&mut text).unwrap();
                assert_eq!(text, "a program");
            }
            names.push(name);
        }
        assert!(names.contains(&filled("bin-dir")) && names.len() == 5, "{names:?}");
    }

    /// The workflows name versions that the manifests have too.
    #[test]
    fn workflows_know_the_oldest_rust() {
        let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
        let oldest = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap().trim_matches('"');
        let workflow = fs::read_to_string(root().join(".github/workflows/check.yml")).unwrap();
        assert!(workflow.contains(&format!("rustup override set {oldest}\n")), "{oldest}");
        let citation = fs::read_to_string(root().join("CITATION.cff")).unwrap();
        assert!(citation.contains(&format!("\nversion: {}\n", env!("CARGO_PKG_VERSION"))));
    }
}
