//! Running other programs, visibly. They end with this one.

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// Root of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.parent().map_or_else(|| here.clone(), Into::into)
}

/// `cargo`, the one that runs this program.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args);
    command
}

/// Has the child asked to end (SIGTERM) when this process ends, however it does. Elsewhere than on Linux the signals of the
/// terminal, which reach both, must do.
fn end_together(command: &mut Command) {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::process::CommandExt;
        let parent = std::process::id();
        let ask = move || {
            // SAFETY: both are single system calls without memory of ours, allowed between fork and exec.
            let (asked, now) = unsafe { (libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM), libc::getppid()) };
            match asked {
                0 if now.cast_unsigned() == parent => Ok(()),
                0 => Err(std::io::ErrorKind::NotFound.into()),
                _ => Err(std::io::Error::last_os_error()),
            }
        };
        // SAFETY: `ask` allocates nothing and takes no lock.
        unsafe { command.pre_exec(ask) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = command;
}

/// Shows the command, runs it and fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    eprintln!("$ {shown}");
    end_together(command);
    let status = command.status().with_context(|| format!("cannot run `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Shows the command and becomes it, where the system can do that: there is then no process in between, and signals, exit
/// code and end are the command's own.
pub(crate) fn become_it(command: &mut Command) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        let shown = show(command);
        eprintln!("$ {shown}");
        Err(command.exec()).with_context(|| format!("cannot run `{shown}`"))
    }
    #[cfg(not(unix))]
    run(command)
}

/// Shows the command and runs it; what it printed (errors go to the terminal), and whether it succeeded.
pub(crate) fn captured(command: &mut Command) -> Result<(String, bool)> {
    let shown = show(command);
    eprintln!("$ {shown}");
    end_together(command);
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot run `{shown}`"))?;
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), output.status.success()))
}

/// True if the program can be run with these arguments and succeeds; its output is not shown.
pub(crate) fn works(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// The command line as one would type it.
fn show(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let program = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let words = command.get_args().map(|a| a.to_string_lossy().into_owned());
    [program].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}
