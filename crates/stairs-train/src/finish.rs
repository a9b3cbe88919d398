//! The final files of a run: written when it ends, looked at when it is resumed, made again where they were lost.

use burn::module::Module;

use crate::{
    Annealed, Extension, Fitted, Predictor, RECORD_FORMAT, RunDir, RunRecord, Skipped, TopFive, TrainError, Trainer,
    Validation, Versions, Which,
    checkpoint::{Manifest, Store},
    device_name,
    epoch_end::{History, best_epoch},
    evaluate::FEW_CLASSES,
    histogram::weight_histograms,
    instruction_set,
    reestimate::reestimated,
    weights::{Format, decode},
};

/// What of a finished run is in the directory.
pub(crate) enum There<M> {
    /// Nothing: there is something to train.
    Nothing,
    /// The end of a run of fewer epochs.
    Shorter,
    /// All of it.
    Whole(Box<Fitted<M>>),
    /// A record, but it or another file is damaged: it can only be made again from a checkpoint. With the run, where record
    /// and last model are whole.
    Damaged(TrainError, Option<Box<Fitted<M>>>),
}

/// What the record says beside the history.
pub(crate) struct RunFacts {
    pub(crate) parameters: usize,
    /// The training samples.
    pub(crate) chosen: Vec<usize>,
    /// Number of validation samples.
    pub(crate) held_out: Option<usize>,
    pub(crate) notes: Vec<String>,
    pub(crate) extended: Vec<Extension>,
}

impl Trainer {
    /// What of a finished run is in the directory; what is damaged is told to `notes`.
    ///
    /// # Errors
    /// [`TrainError::Newer`]: a record of a newer program is not replaced.
    pub(crate) fn finished<M: Predictor>(
        &self,
        model: &Annealed<M>,
        notes: &mut Vec<String>,
    ) -> Result<There<M>, TrainError> {
        let again =
            |fault: &TrainError| format!("{fault}; it is made again from the newest checkpoint, if there is one");
        let record = match self.dir.record() {
            Err(TrainError::NoRun { .. }) => return Ok(There::Nothing),
            Err(newer @ TrainError::Newer { .. }) => return Err(newer),
            // Epochs are to be added.
            Ok(record) if record.config.epochs < self.config.epochs => return Ok(There::Shorter),
            Ok(record) => record,
            Err(damage) => {
                notes.push(again(&damage));
                return Ok(There::Damaged(damage, None));
            }
        };
        let best_is_lost = record.notes.iter().any(|note| note.starts_with(BEST_IS_LOST));
        let mut faults = self.dir.faults(best_is_lost);
        notes.extend(faults.iter().map(again));
        let last = self.dir.load(model.clone().into_result(), Which::Last);
        Ok(match (last, faults.pop()) {
            (Ok(model), None) => There::Whole(Box::new(Fitted { model, record })),
            (Ok(model), Some(fault)) => There::Damaged(fault, Some(Box::new(Fitted { model, record }))),
            // Another model is no damage.
            (Err(other @ TrainError::OtherModel { .. }), _) => return Err(other),
            (Err(fault), _) => There::Damaged(fault, None),
        })
    }

    /// Makes sure that the best model so far is there, from a checkpoint if need be; else what to tell.
    pub(crate) fn mend_best<M: Predictor>(
        &self,
        store: &Store,
        manifest: &Manifest,
        model: &Annealed<M>,
    ) -> Result<Option<String>, TrainError> {
        let epoch = manifest.best_epoch;
        if epoch == 0 {
            return Ok(None);
        }
        let Err(fault) = self.dir.load(model.clone().into_result(), Which::Best) else { return Ok(None) };
        Ok(Some(match store.model_of(epoch) {
            Some(bytes) => {
                write_best(&self.dir, model.valid(), bytes)?;
                format!("{fault}; it was made again from the checkpoint of epoch {epoch}")
            }
            None => {
                self.dir.remove_model(Which::Best)?;
                format!("{fault}; the best model so far, that of epoch {epoch}, is in no checkpoint and is lost")
            }
        }))
    }

    /// Writes the final files; `model` is in evaluation mode. Also says what should be known.
    pub(crate) fn finish<M: Predictor>(
        &self,
        model: M,
        history: History,
        facts: RunFacts,
    ) -> Result<(Fitted<M>, Option<String>), TrainError> {
        // That of a shorter run does not belong to the models that follow.
        self.dir.remove_record()?;
        let model = self.reestimated(model, &facts)?;
        for format in [Format::Burn, Format::Safetensors] {
            self.dir.write_model(&model, Which::Last, format)?;
        }
        let best = best_epoch(&self.config, &history.epochs);
        let last_is_best = best == history.epochs.len();
        if last_is_best {
            self.dir.write_model(&model, Which::Best, Format::Burn)?;
        }
        let (best_model, lost) = match self.dir.load(model.clone(), Which::Best) {
            Ok(best) => {
                let best = if last_is_best { best } else { self.reestimated(best, &facts)? };
                if self.config.reestimate_norms.is_some() {
                    self.dir.write_model(&best, Which::Best, Format::Burn)?;
                }
                self.dir.write_model(&best, Which::Best, Format::Safetensors)?;
                (Some(best), None)
            }
            Err(fault) => {
                self.dir.remove_model(Which::Best)?;
                (None, Some(format!("{BEST_IS_LOST} (epoch {best}): {fault}")))
            }
        };
        let of_epoch = |epoch: usize| {
            let found = history.epochs.iter().find(|e| e.epoch == epoch);
            found.map_or(0.0, |epoch| epoch.held_out_accuracy)
        };
        // What the epochs say of the test part is what these models do there, unless it was not looked at, or they were changed.
        let tested = facts.held_out.is_none() && self.config.reestimate_norms.is_none();
        let looked_at = if tested && self.classes <= FEW_CLASSES {
            None
        } else {
            let last = self.evaluate(&model)?;
            let best = match best_model {
                Some(best) if !last_is_best => self.evaluate(&best)?,
                _ => last,
            };
            Some([last, best])
        };
        let [test_accuracy, best_test_accuracy] = match looked_at {
            Some(found) if !tested => found.map(|found| found.accuracy),
            _ => [history.epochs.len(), best].map(of_epoch),
        };
        let top5 = looked_at.and_then(|[last, best]| Some(TopFive { last: last.top5?, best: best.top5? }));
        let validation = facts.held_out.map(|samples| Validation { samples, epoch: best, accuracy: of_epoch(best) });
        let record = RunRecord {
            format: RECORD_FORMAT,
            config: self.config.clone(),
            versions: Versions::current(),
            device: device_name(&self.device),
            instruction_set: instruction_set(),
            parameters: facts.parameters,
            samples: (facts.chosen.len(), self.test.len()),
            data: self.identity.clone(),
            notes: facts.notes.into_iter().chain(lost.clone()).collect(),
            extended: facts.extended,
            skipped: Skipped::after(&history.skipped, self.train.as_ref(), self.test.as_ref()),
            test_accuracy,
            best_test_accuracy,
            top5,
            validation,
            wall_seconds: history.wall_seconds,
            cpu_seconds: history.cpu_seconds,
            weights: weight_histograms(&model),
            epochs: history.epochs,
        };
        self.dir.write_record(&record)?;
        Ok((Fitted { model, record }, lost))
    }
}

impl Trainer {
    /// `model` with running statistics measured again, if the run asks for it.
    fn reestimated<M: Predictor>(&self, model: M, facts: &RunFacts) -> Result<M, TrainError> {
        reestimated(model, &self.config, &self.train, &facts.chosen, &self.device)
    }
}

/// How the note begins that tells of a lost best model.
const BEST_IS_LOST: &str = "the model of the best epoch is lost";

/// Writes `best.bpk` from the model part of a checkpoint, which fits `template`.
pub(crate) fn write_best<M: Predictor>(dir: &RunDir, template: Annealed<M>, bytes: Vec<u8>) -> Result<(), TrainError> {
    let model = decode(template, bytes, dir.path())?.valid();
    dir.write_model(&model.into_result(), Which::Best, Format::Burn)
}
