//! A program without any tensor library: labels of images whose bytes come on standard input, one after the other.
//!
//! ```text
//! cargo run --release -p stairs-infer --example labels -- NETWORK.stairs [BATCH] < BYTES
//! ```

use std::error::Error;
use std::io::Read;

use stairs_infer::{Engine, Options, Program};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("usage: labels NETWORK.stairs [BATCH] < BYTES")?;
    let batch: usize = arguments.next().map_or(Ok(1), |batch| batch.parse())?;
    let program = Program::read(file)?;
    let engine = Engine::new(&program, Options::default().with_batch(batch))?;
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    let size = program.input().iter().product::<usize>();
    for images in bytes.chunks(batch.max(1) * size) {
        let samples = images.chunks(size).map(|image| program.sample(image)).collect::<Result<Vec<_>, _>>()?;
        let logits = engine.run(&samples.concat(), samples.len())?.to_floats();
        for logits in logits.chunks(logits.len() / samples.len()) {
            let label = (1..logits.len()).fold(0, |best, i| if logits[i] > logits[best] { i } else { best });
            println!("{label}");
        }
    }
    Ok(())
}
