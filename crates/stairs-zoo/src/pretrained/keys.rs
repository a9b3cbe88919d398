//! Which layer of a Burn module has which name in torch.

/// Layers of a Burn module by path, with the names their tensors start with in torch.
///
/// Names are given to layers; what the tensors of a layer are called, and that torch keeps a dense weight as `[out, in]`, is known:
/// `weight` and `bias`, `running_mean` and `running_var`, and Burn's `gamma` and `beta`, which are `weight` and `bias` in torch.
///
/// ```
/// use stairs_zoo::pretrained::KeyMap;
/// let keys = KeyMap::new().with_layer("features.conv", "features.0").with_layer("output", "classifier.1");
/// assert_eq!(keys.head(), Some(("output", "classifier.1")));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyMap {
    layers: Vec<(String, String)>,
    fresh: Option<(String, String)>,
}

impl KeyMap {
    /// No layers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the layer at `path` in the module, whose tensors are called `prefix.…` in torch. The last one added is the head.
    #[must_use]
    pub fn with_layer(mut self, path: impl Into<String>, prefix: impl Into<String>) -> Self {
        self.layers.push((path.into(), prefix.into()));
        self
    }

    /// Path and prefix of the last layer, the classifier of torchvision's models.
    pub fn head(&self) -> Option<(&str, &str)> {
        self.layers.last().or(self.fresh.as_ref()).map(|(path, prefix)| (path.as_str(), prefix.as_str()))
    }

    /// Leaves the head as the module has it; the file may hold one of any shape, or none.
    #[must_use]
    pub fn with_fresh_head(mut self) -> Self {
        if self.fresh.is_none() {
            self.fresh = self.layers.pop();
        }
        self
    }

    /// Name in torch of the parameter `field` of the layer at `path`; `None` where the layer has no name.
    ///
    /// ```
    /// use stairs_zoo::pretrained::KeyMap;
    /// let keys = KeyMap::torchvision(&"resnet18".parse()?)?;
    /// assert_eq!(keys.name("stem.norm", "gamma").as_deref(), Some("bn1.weight"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn name(&self, path: &str, field: &str) -> Option<String> {
        let (_, prefix) = self.layers.iter().find(|(layer, _)| layer == path)?;
        Some(format!("{prefix}.{}", Self::field(field)))
    }

    /// Name in torch of a parameter that Burn calls `field`: the norms' `gamma` and `beta` are `weight` and `bias`.
    pub fn field(field: &str) -> &str {
        match field {
            "gamma" => "weight",
            "beta" => "bias",
            other => other,
        }
    }

    /// Whether the layer at `path` is left as it is.
    pub(super) fn is_fresh(&self, path: &str) -> bool {
        self.fresh.as_ref().is_some_and(|(layer, _)| layer == path)
    }

    /// Whether a tensor of the file belongs to a layer that is left as it is.
    pub(super) fn is_ignored(&self, name: &str) -> bool {
        let rest = self.fresh.as_ref().and_then(|(_, prefix)| name.strip_prefix(prefix.as_str()));
        rest.is_some_and(|rest| rest.starts_with('.'))
    }
}
