//! One record: the model at one optimiser step, from all sides.

use std::collections::BTreeMap;

use burn::optim::GradientsParams;
use stairs_noise::{Backward, Law, Laws, Noise, Setting, derive_seed, set_settings};

use super::{
    record::{DiagnosisRecord, LayerRecord},
    slope::{LARGEST, Slopes, loss},
    weights::{Latent, Site, gradients, latent, levels, share_changed},
};
use crate::{Annealer, Classifier, ConfigError, data::Batch};

/// Weights of which smoothed and hard value agree to this share of a level lie outside the windows.
const SAME: f32 = 1e-6;

/// What the records of one run share.
pub(super) struct Moments<'a> {
    pub(super) annealer: &'a Annealer,
    pub(super) sites: &'a [Site],
    pub(super) directions: usize,
    pub(super) seed: u64,
    /// Step and hard levels of the last record.
    pub(super) last: Option<(u64, Vec<Vec<f32>>)>,
}

impl Moments<'_> {
    /// The record of `model` after `step` steps; `grads` is the surrogate gradient on `batch`.
    pub(super) fn record<M: Classifier>(
        &mut self,
        model: &M,
        step: u64,
        batch: &Batch,
        grads: &GradientsParams,
        train_loss: f64,
    ) -> Result<DiagnosisRecord, ConfigError> {
        // A copy with running statistics of its own: what is measured here leaves no trace in the training.
        let hard = model.valid();
        let soft = hard.clone().train();
        let latent = latent(&soft, self.sites);
        let backward: BTreeMap<String, Backward> = self.annealer.backward(step).collect();
        let law = |site: &Site| backward.get(&site.quantiser);

        let outside = self.outside(&soft, &backward, &latent)?;
        let now = levels(&hard, self.sites, &latent);
        let flips = self.last.as_ref().filter(|(before, _)| *before < step).map(|(before, old)| {
            let steps = (step - before) as f64;
            old.iter().zip(&now).map(|(old, now)| share_changed(old, now) / steps).collect::<Vec<_>>()
        });
        self.last = Some((step, now));

        let mut cosines = (vec![None; self.sites.len()], None);
        let mut smoothed_loss = None;
        if backward.values().all(|rule| matches!(rule, Backward::Law(_))) {
            let smoothed = set_laws(soft, |path| match backward.get(path)? {
                Backward::Law(law) => Some(Laws::same(law.clone())),
                _ => None,
            })?;
            let loss = loss(&smoothed, batch);
            smoothed_loss = loss.is_finite().then_some(loss);
            let largest: Vec<f64> = self.sites.iter().map(|site| LARGEST * self.narrowest(step, site)).collect();
            let slopes = Slopes {
                smoothed: &smoothed,
                batch,
                sites: self.sites,
                latent: &latent,
                gradients: &gradients(model, grads, self.sites),
                soft: &self.sites.iter().map(|site| !law(site).is_none_or(Backward::is_hard)).collect::<Vec<_>>(),
                largest: &largest,
                directions: self.directions,
                seed: derive_seed(self.seed, "diagnose", step),
            };
            cosines = slopes.cosines(loss);
        }

        let layer = |i: usize| LayerRecord {
            window: law(&self.sites[i]).and_then(window),
            outside: outside[i],
            flips: flips.as_ref().map(|flips| flips[i]),
            cosine: cosines.0[i],
        };
        let layers = (0..self.sites.len()).map(layer).collect();
        Ok(DiagnosisRecord { step, train_loss, smoothed_loss, cosine: cosines.1, layers })
    }

    /// Half-width in quanta of the narrowest window of the weight at `site` and of what comes after it in the network, hard
    /// laws apart; infinite where all are hard.
    fn narrowest(&self, step: u64, site: &Site) -> f64 {
        let rest = self.annealer.backward(step).skip_while(|(path, _)| *path != site.quantiser);
        rest.filter_map(|(_, rule)| window(&rule)).filter(|width| *width > 0.0).fold(f64::INFINITY, f64::min)
    }

    /// The share of every layer's latent weights outside the windows of its backward law. Inside a window the
    /// expectation under uniform noise lies between two levels, outside it is the level of the hard stair: this needs
    /// nothing of a quantiser but what it makes of its weights.
    fn outside<M: Classifier>(
        &self,
        model: &M,
        backward: &BTreeMap<String, Backward>,
        latent: &[Latent],
    ) -> Result<Vec<f64>, ConfigError> {
        let under = |scale: fn(&Law) -> f64| {
            let probed = set_laws(model.clone(), |path| match backward.get(path)? {
                Backward::Law(law) => Law::new(Noise::Uniform, law.mean(), scale(law)).ok().map(Laws::same),
                // Gradient passes between the outermost levels, which half a step around every threshold makes up.
                Backward::Dsq(_) | Backward::Ewgs(_) => {
                    let law = Law::new(Noise::Uniform, 0.0, 0.5).ok()?;
                    Law::new(Noise::Uniform, 0.0, scale(&law)).ok().map(Laws::same)
                }
                Backward::Identity => None,
            })?;
            Ok::<_, ConfigError>(levels(&probed, self.sites, latent))
        };
        let (windows, hard) = (under(half_width)?, under(|_| 0.0)?);
        let share = |(i, site): (usize, &Site)| {
            if backward.get(&site.quantiser) == Some(&Backward::Identity) {
                return 0.0;
            }
            let pairs = windows[i].iter().zip(&hard[i]);
            let outside = pairs.filter(|(window, hard)| (*window - *hard).abs() <= SAME * hard.abs().max(1.0)).count();
            outside as f64 / windows[i].len().max(1) as f64
        };
        Ok(self.sites.iter().enumerate().map(share).collect())
    }
}

/// `model` with these laws, everywhere the expectation.
fn set_laws<M: Classifier>(model: M, laws: impl Fn(&str) -> Option<Laws>) -> Result<M, ConfigError> {
    Ok(set_settings(model, |path| Some(Setting::new(laws(path)?)))?)
}

/// Half-width in quanta of the window around a threshold.
fn half_width(law: &Law) -> f64 {
    law.scale() * law.noise().window()
}

fn window(rule: &Backward) -> Option<f64> {
    match rule {
        Backward::Law(law) => Some(half_width(law)),
        Backward::Dsq(_) | Backward::Ewgs(_) => Some(0.5),
        Backward::Identity => None,
    }
}
