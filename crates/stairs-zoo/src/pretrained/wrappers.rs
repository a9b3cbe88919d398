//! What wrappers add to the names of tensors: `module.`, `_orig_mod.`, `model.`.
//!
//! | who | adds |
//! |---|---|
//! | `DataParallel`, `DistributedDataParallel`, `AveragedModel`, timm's `ModelEma` | `module.`, in front or inside: `features.module.0.weight` |
//! | `torch.compile` | `_orig_mod.`, in front or inside |
//! | Lightning and other trainers | the name of an attribute in front: `model.`, `net.`, … |
//!
//! A name that the model has is never changed.

/// Segments that are left out wherever they are.
const ANYWHERE: [&str; 2] = ["module", "_orig_mod"];
/// Segments that are left out in front.
const FRONT: [&str; 8] = ["model", "net", "network", "ema", "ema_model", "model_ema", "averaged_model", "backbone"];
/// Most segments that are left out in front.
const MAX_FRONT: usize = 4;

/// The name itself, then the name without what wrappers add, less and less of it.
pub(super) fn unwrapped(name: &str) -> impl Iterator<Item = String> {
    let segments: Vec<&str> = name.split('.').filter(|segment| !ANYWHERE.contains(segment)).collect();
    let front = segments.iter().take(MAX_FRONT).take_while(|segment| FRONT.contains(segment)).count();
    let shorter: Vec<String> = (0..=front).map(|from| segments[from..].join(".")).collect();
    std::iter::once(name.to_owned()).chain(shorter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers_are_left_out_one_after_the_other() {
        let all = |name| unwrapped(name).collect::<Vec<_>>();
        assert_eq!(all("fc.bias"), ["fc.bias", "fc.bias"]);
        assert_eq!(all("features.module.0.bias"), ["features.module.0.bias", "features.0.bias"]);
        assert_eq!(
            all("module._orig_mod.model.net.fc.bias"),
            ["module._orig_mod.model.net.fc.bias", "model.net.fc.bias", "net.fc.bias", "fc.bias"]
        );
        assert_eq!(all("models.fc"), ["models.fc", "models.fc"]);
        assert_eq!(all("model"), ["model", "model", ""]);
        assert_eq!(all(&"model.".repeat(1000)).len(), 2 + MAX_FRONT);
    }
}
