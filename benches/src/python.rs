//! A Python process that trains the same models, one JSON object a line each way.

use std::{
    error::Error,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

use crate::ours::Variant;

/// The process; it ends when this is dropped.
pub struct Python {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// What it says about itself.
    pub versions: String,
}

impl Python {
    /// Runs `benches/peers/train_step.py` with `threads` threads; `ana` is a clone of the authors' repository.
    pub fn start(program: &str, threads: usize, ana: Option<&str>) -> Result<Self, Box<dyn Error>> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/train_step.py");
        let mut command = Command::new(program);
        command.arg(script).args(["--threads", &threads.to_string()]);
        if let Some(ana) = ana {
            command.args(["--ana", ana]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().ok_or("no standard input")?;
        let output = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let mut python = Self { child, input, output, versions: String::new() };
        let hello = python.answer()?;
        python.versions = hello["versions"].as_str().unwrap_or_default().to_owned();
        Ok(python)
    }

    /// Builds `peer`'s model from the file of weights; the number of its parameters and the losses of three steps.
    pub fn prepare(
        &mut self,
        peer: &str,
        (model, batch, variant): (&str, usize, Variant),
        weights: &Path,
        first: bool,
    ) -> Result<(usize, Vec<f64>), Box<dyn Error>> {
        let (scale, variant) = (variant.scale(), variant.name());
        let answer = self.ask(&json!({
            "peer": peer, "model": model, "batch": batch, "variant": variant, "scale": scale, "weights": weights,
            "first": first,
        }))?;
        let parameters = answer["parameters"].as_u64().ok_or("no number of parameters")?;
        Ok((parameters as usize, numbers(&answer["losses"])))
    }

    /// Times of some steps of `peer`'s model, milliseconds; of the processor if asked for, else of the wall clock.
    pub fn steps(&mut self, peer: &str, steps: usize, processor: bool) -> Result<Vec<f64>, Box<dyn Error>> {
        let request = json!({"peer": peer, "steps": steps, "processor": processor});
        Ok(numbers(&self.ask(&request)?["milliseconds"]))
    }

    fn ask(&mut self, request: &Value) -> Result<Value, Box<dyn Error>> {
        writeln!(self.input, "{request}")?;
        self.input.flush()?;
        self.answer()
    }

    fn answer(&mut self) -> Result<Value, Box<dyn Error>> {
        let mut line = String::new();
        match self.output.read_line(&mut line)? {
            0 => Err("Python has ended; its message is above".into()),
            _ => Ok(serde_json::from_str(&line)?),
        }
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}
