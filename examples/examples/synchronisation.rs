//! Why the order of the layers matters: two units, two plans whose laws all tend to 0, and only one that converges. Then the
//! same question about a network of your own: a certificate for a plan, layer by layer.
//!
//! ```text
//! cargo run --release -p stairs-examples --example synchronisation
//! ```

use std::error::Error;

use stairs::{
    noise::{
        AnnealingPlan, TimeUnit,
        certificate::{Certificate, Convergence, Layer, Network, Weights, counterexample},
    },
    prelude::*,
    quant::Scales,
};

/// Times at which the two units are looked at.
pub(crate) const TIMES: [f64; 7] = [0.0, 5.0, 10.0, 20.0, 50.0, 100.0, 500.0];

/// The outputs of the two units under both plans, and what the certificate says of each.
pub(crate) fn two_units() -> Result<(String, [String; 2]), Box<dyn Error>> {
    let example = counterexample()?;
    let verdict = |plan: &AnnealingPlan| Ok(example.certificate.run(plan, &TIMES)?.verdict.to_string());
    let verdicts: Result<Vec<String>, Box<dyn Error>> =
        [&example.synchronised, &example.unsynchronised].into_iter().map(verdict).collect();
    let verdicts = verdicts?.try_into().map_err(|_| "two verdicts")?;
    Ok((example.table(&TIMES)?, verdicts))
}

/// A ternary network written down by hand: latent weights, a quantum, stairs.
fn network() -> Result<Network, Box<dyn Error>> {
    let ternary = |rows: usize, columns: usize, path: &str| -> Result<Weights, Box<dyn Error>> {
        let latent = (0..rows * columns).map(|i| (i as f64 * 0.7).sin()).collect();
        Ok(Weights::Stair {
            latent,
            stair: Quantiser::Ternary.stair(),
            scales: vec![Scales::equal(0.5)?],
            path: path.into(),
        })
    };
    let hidden = |name: &str, inputs, outputs| -> Result<Layer, Box<dyn Error>> {
        let layer = Layer::dense(name, inputs, outputs, ternary(outputs, inputs, &format!("{name}.weight"))?)?;
        Ok(layer.with_stair(format!("{name}.act"), Quantiser::Ternary.stair(), 1.0)?)
    };
    let last = Layer::dense("last", 6, 2, Weights::Float((0..12).map(|i| (i as f64).cos()).collect()))?;
    Ok(Network::new(vec![hidden("fc1", 4, 8)?, hidden("fc2", 8, 6)?, last])?)
}

/// A policy of the study on that network: weights and features of a layer decay together.
pub(crate) fn certify(policy: &str, law: Noise) -> Result<Convergence, Box<dyn Error>> {
    let layers = ["fc1", "fc2"].map(|name| vec![format!("{name}.weight"), format!("{name}.act")]);
    let policy: Policy = policy.parse()?;
    let plan = policy.plan(law, Strategy::Expectation, &layers, 20.0, TimeUnit::Epochs)?;
    let sample = |k: usize| (0..4).map(|i| ((k * 4 + i) as f64 * 1.3).sin()).collect();
    let certificate = Certificate::new(network()?, (0..5).map(sample).collect())?;
    let times: Vec<f64> = (0..=40).map(|i| 0.5 * f64::from(i)).collect();
    Ok(certificate.run(&plan, &times)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let (table, [synchronised, unsynchronised]) = two_units()?;
    println!("{table}\nsynchronised plan: {synchronised}\nunsynchronised plan: {unsynchronised}\n");
    for policy in ["partition", "overlapped-progressive", "static-dynamic-overlapped"] {
        let convergence = certify(policy, Noise::Triangular)?;
        println!("{policy}: {}", convergence.verdict);
        for step in convergence.steps.iter().step_by(8) {
            let logits = step.layers[2];
            println!(
                "  epoch {:>4}: distance {:.3e}, at most {:.3e} until the next step",
                step.time, logits.measured, logits.window_bound
            );
        }
        println!("  equal bit for bit, as proved, from epoch {:?} on", convergence.exact_from);
    }
    Ok(())
}
