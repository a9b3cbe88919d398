//! Weights of a module in a file, in Burn's format or as safetensors: same weights, same bytes.
//!
//! Burn names parameters by random identities, which its format keeps, and writes the metadata of safetensors in random
//! order. Here the identity of a parameter in a file is a hash of the file's weights and its path, and keys are sorted.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use burn::{
    module::{Module, Param},
    store::{
        ModuleRecord, ModuleSnapshot, SafetensorsStore,
        burn_pack::{self, Reader, Writer},
    },
    tensor::{Bool, Bytes, Int, Tensor},
};
use sha2::{Digest, Sha256};
use stairs_noise::{
    check_hosts,
    walk::{Look, Place, look},
};

use crate::{TrainError, files, layout};

/// Formats of files of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Burn's, `.bpk`.
    Burn,
    /// Everybody's, `.safetensors`.
    Safetensors,
}

impl Format {
    /// That of a file, by its name.
    pub(crate) fn of(path: &Path) -> Self {
        match path.extension() {
            Some(extension) if extension == "safetensors" => Self::Safetensors,
            _ => Self::Burn,
        }
    }
}

/// Writes the weights of a module, atomically: as safetensors where `path` ends so, in Burn's format (`.bpk`) elsewhere. A
/// run that starts from weights reads either. The same weights make the same bytes.
///
/// # Errors
/// [`TrainError::Write`], [`TrainError::DiskFull`]; the previous content of `path` is then intact.
///
/// ```
/// use burn::{nn::LinearConfig, tensor::Device};
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("linear.safetensors");
/// stairs_train::write_weights(&LinearConfig::new(3, 2).init(&Device::flex()), &path)?;
/// assert!(path.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_weights<M: Module>(module: &M, path: &Path) -> Result<(), TrainError> {
    files::write_atomic(path, &encode(module, Format::of(path))?)
}

/// The content of a file of weights.
pub(crate) fn encode<M: Module>(module: &M, format: Format) -> Result<Vec<u8>, TrainError> {
    match format {
        Format::Burn => {
            let bytes = module.clone().into_record().into_bytes().map_err(|e| TrainError::Burn(e.into()))?;
            with_stable_identities(bytes).map_err(|e| TrainError::Burn(e.into()))
        }
        Format::Safetensors => {
            let mut store = SafetensorsStore::from_bytes(None);
            let bytes = module.save_into(&mut store).and_then(|()| store.get_bytes());
            with_sorted_header(bytes.map_err(|e| TrainError::Burn(e.into()))?).map_err(|e| TrainError::Burn(e.into()))
        }
    }
}

/// The same tensors with identities that follow from all that is written and their paths; what shared an identity still does.
/// Two models of one architecture have other identities, so that one module may hold both.
fn with_stable_identities(bytes: Bytes) -> Result<Vec<u8>, burn_pack::Error> {
    let tensors = Reader::from_bytes(bytes)?.into_tensors()?.into_iter().map(|tensor| tensor.into_parts());
    let tensors = tensors.collect::<Result<Vec<_>, _>>()?;
    let mut all = Sha256::new();
    for (path, _, shape, _, bytes) in &tensors {
        all.update(format!("{path} {shape:?} {}\n", bytes.len()));
        all.update(&bytes[..]);
    }
    let all = all.finalize();
    let stable = |path: &str| {
        let hash: [u8; 32] = Sha256::new_with_prefix(all.as_slice()).chain_update(path).finalize().into();
        u64::from_le_bytes(std::array::from_fn(|i| hash[i]))
    };
    let mut identities = HashMap::new();
    let tensors = tensors.into_iter().map(|(path, dtype, shape, id, bytes)| {
        let id = id.map(|id| *identities.entry(id).or_insert_with(|| stable(&path)));
        burn_pack::Tensor::new(path, dtype, shape, id, bytes)
    });
    Ok(Writer::new(tensors.collect()).into_bytes()?.to_vec())
}

/// The same file with a header whose keys are sorted. Offsets in the header count from its end, so nothing else changes.
fn with_sorted_header(bytes: Vec<u8>) -> Result<Vec<u8>, serde_json::Error> {
    let length = |bytes: &[u8]| usize::try_from(u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?)).ok();
    let Some((header, data)) = length(&bytes).and_then(|length| bytes[8..].split_at_checked(length)) else {
        return Ok(bytes);
    };
    let header: BTreeMap<String, BTreeMap<String, serde_json::Value>> = serde_json::from_slice(header)?;
    let mut sorted = serde_json::to_vec(&header)?;
    // The data begins at a multiple of eight.
    sorted.resize(sorted.len().next_multiple_of(8), b' ');
    Ok([&(sorted.len() as u64).to_le_bytes()[..], &sorted, data].concat())
}

/// `model`, which is made as for the file, with the weights of the file `path`, whose content in Burn's format is `bytes`;
/// not yet ready for evaluation.
///
/// # Errors
/// [`TrainError::Damaged`] where the content is none or a weight is no number, [`TrainError::OtherModel`] with every
/// parameter that is missing, unknown, or of another shape.
pub(crate) fn decode<M: Module>(model: M, bytes: Vec<u8>, path: &Path) -> Result<M, TrainError> {
    let bytes = Bytes::from_bytes_vec(bytes);
    let reader = Reader::from_bytes(bytes.clone()).map_err(|e| TrainError::damaged(path, e))?;
    let tensors = reader.into_tensors().map_err(|e| TrainError::damaged(path, e))?;
    let found = tensors.into_iter().map(|tensor| (tensor.name, tensor.shape.to_vec())).collect();
    if let Some(reason) = mismatch(&found, &shapes(&model)) {
        return Err(TrainError::OtherModel { path: path.into(), reason });
    }
    let record = ModuleRecord::from_bytes(bytes).map_err(|e| TrainError::damaged(path, e))?;
    let other = |e: &dyn ToString| TrainError::OtherModel { path: path.into(), reason: e.to_string() };
    let model = layout::load(model, |model| model.try_load_record(record)).map_err(|e| other(&e))?;
    check_values(&model, path)?;
    Ok(model)
}

type Shapes = BTreeMap<String, Vec<usize>>;

/// What of the parameters of a file does not fit those of a model.
fn mismatch(file: &Shapes, model: &Shapes) -> Option<String> {
    let list = |what: &str, names: Vec<String>| (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")));
    let only = |here: &Shapes, there: &Shapes| here.keys().filter(|path| !there.contains_key(*path)).cloned().collect();
    let misshapen = file.iter().filter_map(|(path, found)| {
        let expected = model.get(path).filter(|expected| *expected != found)?;
        Some(format!("{path} ({found:?} in the file, {expected:?} in the model)"))
    });
    let parts: Vec<String> = [
        list("not in the file", only(model, file)),
        list("not in the model", only(file, model)),
        list("of another shape", misshapen.collect()),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Paths and shapes of a model's parameters, as a record has them.
fn shapes<M: Module>(model: &M) -> Shapes {
    struct Read(Shapes);

    impl Look for Read {
        fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
            self.0.insert(place.path().to_owned(), param.transform_for_save().val().dims().to_vec());
        }

        fn int<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D, Int>>) {
            self.0.insert(place.path().to_owned(), param.transform_for_save().val().dims().to_vec());
        }

        fn bool<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D, Bool>>) {
            self.0.insert(place.path().to_owned(), param.transform_for_save().val().dims().to_vec());
        }
    }

    look(model, Read(Shapes::new())).0
}

/// Refuses a model with a parameter that is no number, and with a setting, scale or clock that its numbers do not mean; it comes from
/// the file `path`.
pub(crate) fn check_values<M: Module>(model: &M, path: &Path) -> Result<(), TrainError> {
    struct Check(Option<(String, f32)>);

    impl Look for Check {
        fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
            if self.0.is_none() {
                let values = param.base().into_data();
                let bad = values.iter::<f32>().find(|value| !value.is_finite());
                self.0 = bad.map(|value| (place.path().to_owned(), value));
            }
        }
    }

    match look(model, Check(None)).0 {
        Some((parameter, value)) => {
            let reason = format!("`{parameter}` holds {value}: its training diverged, or the file was changed");
            Err(TrainError::damaged(path, reason))
        }
        None => check_hosts(model).map_err(|error| TrainError::damaged(path, error)),
    }
}

#[cfg(test)]
mod tests {
    use burn::{nn::LinearConfig, tensor::Device};
    use stairs_noise::{
        StairWeights,
        walk::{Change, change},
    };

    use super::*;
    use crate::seeded;

    #[test]
    fn the_same_weights_make_the_same_bytes() {
        let device = Device::flex();
        let make = |seed| seeded(seed, &device, || LinearConfig::new(3, 2).init(&device));
        for format in [Format::Burn, Format::Safetensors] {
            let first = encode(&make(1), format).unwrap();
            for _ in 0..8 {
                assert!(encode(&make(1), format).unwrap() == first, "{format:?}");
            }
            assert!(encode(&make(2), format).unwrap() != first, "{format:?}");
        }
    }

    /// A teacher and its pupil may stand in one module: an optimiser tells parameters by their identities.
    #[test]
    fn other_weights_have_other_identities() {
        let device = Device::flex();
        let load = |seed| {
            let make = || seeded(seed, &device, || LinearConfig::new(3, 2).init(&device));
            decode(make(), encode(&make(), Format::Burn).unwrap(), Path::new("a.bpk")).unwrap()
        };
        let (one, other) = (load(1), load(2));
        assert_eq!(one.weight.id, load(1).weight.id);
        assert_ne!(one.weight.id, other.weight.id);
        // These are equal, both zero or not.
        assert_ne!(one.bias.unwrap().id, other.bias.unwrap().id);
    }

    #[test]
    fn what_does_not_fit_is_named_and_so_is_a_value_that_is_no_number() {
        let device = Device::flex();
        let model = |outputs| LinearConfig::new(3, outputs).init(&device);
        let bytes = encode(&model(2), Format::Burn).unwrap();
        let error = decode(model(5), bytes.clone(), Path::new("a.bpk")).unwrap_err().to_string();
        assert!(error.contains("weight ([3, 2] in the file, [3, 5] in the model)"), "{error}");
        assert!(decode(model(2), bytes, Path::new("a.bpk")).is_ok());
        let mut broken = model(2);
        broken.weight = broken.weight.map(|weight| weight * f32::NAN);
        let bytes = encode(&broken, Format::Burn).unwrap();
        let error = decode(model(2), bytes, Path::new("a.bpk")).unwrap_err().to_string();
        assert!(error.contains("`weight` holds NaN"), "{error}");
    }

    /// A record may hold numbers that are no setting of a quantiser: it is not loaded with the old setting instead.
    #[test]
    fn numbers_that_are_no_setting_are_refused() {
        struct Put(f32);
        impl Change for Put {
            fn float<const D: usize>(&mut self, place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
                match place.quantiser() {
                    Some(_) => param.map(|numbers| numbers.full_like(self.0)),
                    None => param,
                }
            }
        }
        let device = Device::flex();
        let model = || StairWeights::ternary().quantise(LinearConfig::new(3, 2).init(&device)).unwrap();
        // Noises have codes from 0, and −7 is none.
        let bytes = encode(&change(model(), Put(-7.0)).0, Format::Burn).unwrap();
        let error = decode(model(), bytes, Path::new("a.bpk")).unwrap_err();
        assert!(matches!(&error, TrainError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("`weight.stair.setting` holds [-7.0, "), "{error}");
        assert!(decode(model(), encode(&model(), Format::Burn).unwrap(), Path::new("a.bpk")).is_ok());
    }
}
