//! Where a walk through a module is.

use crate::module::apply::QuantiserKind;

/// The type of a [`Stair`](crate::Stair) in walks. A derived module is named after `Struct:` by the name of its struct, and no struct
/// has a name with colons: nothing else is taken for a quantiser.
pub(crate) const STAIR: &str = "Struct:stairs_noise::Stair";
/// The type of a [`SmoothActivation`](crate::SmoothActivation).
pub(crate) const ACTIVATION: &str = "Struct:stairs_noise::SmoothActivation";
/// The type of a field by which a [`HostCell`](crate::HostCell) tells that it holds numbers that are no value.
pub(crate) const UNREADABLE: &str = "Struct:stairs_noise::Unreadable";
/// The type that Burn names for what is attached to a parameter.
const ATTACHED: &str = "Reparameterization";
/// The fields of both that hold a setting and the flag of smoothing, and that of a stair that holds its scales.
const SETTING: &str = "setting";
const SMOOTHING: &str = "smoothing";
const SCALES: &str = "scales";

/// A place in a module: the names of fields that lead to it, with the types that hold them.
///
/// Types are named as Burn names them: `Struct:Linear`, `Enum:ScaleState`, `Vec`, `Tuple`, `Array`.
#[derive(Clone, Debug, Default)]
pub struct Place {
    path: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
struct Step {
    /// Length of the path before this step.
    before: usize,
    /// The type that holds the field.
    owner: String,
}

impl Place {
    pub(super) fn enter(&mut self, name: &str, owner: &str) {
        self.steps.push(Step { before: self.path.len(), owner: owner.to_owned() });
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(name);
    }

    pub(super) fn exit(&mut self) {
        if let Some(step) = self.steps.pop() {
            self.path.truncate(step.before);
        }
    }

    /// All names, joined by dots: `block.conv1.weight`. Empty at the root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path of what holds the last field: `block.conv1`.
    pub fn parent(&self) -> &str {
        self.steps.last().map_or("", |step| &self.path[..step.before])
    }

    /// The last name: `weight`.
    pub fn name(&self) -> &str {
        self.steps.len().checked_sub(1).map_or("", |last| self.name_at(last))
    }

    /// The type that holds the last field: `Struct:Conv2d`.
    pub fn owner(&self) -> &str {
        self.steps.last().map_or("", |step| &step.owner)
    }

    /// Whether a type on the way is this.
    pub fn is_in(&self, owner: &str) -> bool {
        self.steps.iter().any(|step| step.owner == owner)
    }

    /// The path of the outermost module on the way that is of one of these types.
    pub fn outermost(&self, types: &[&str]) -> Option<&str> {
        let step = self.steps.iter().find(|step| types.contains(&step.owner.as_str()))?;
        Some(&self.path[..step.before])
    }

    /// The path of the parameter and the name of what is attached to it, if the way leads through that: `conv1.weight` and `stair`
    /// for the quantiser of a weight.
    pub fn attached(&self) -> Option<(&str, &str)> {
        let depth = self.steps.iter().position(|step| step.owner == ATTACHED)?;
        Some((&self.path[..self.steps[depth].before], self.name_at(depth)))
    }

    /// Whether the way leads through something that is attached to a parameter.
    pub fn is_attached(&self) -> bool {
        self.is_in(ATTACHED)
    }

    /// Whether the way leads through a quantiser, a [`Stair`](crate::Stair).
    pub fn is_in_quantiser(&self) -> bool {
        self.is_in(STAIR)
    }

    /// What a quantiser here quantises.
    pub fn kind(&self) -> QuantiserKind {
        if self.is_attached() { QuantiserKind::Weight } else { QuantiserKind::Feature }
    }

    /// The path of the quantiser whose setting is here. A quantiser has one setting: a walk is told of each quantiser once.
    pub fn quantiser(&self) -> Option<&str> {
        self.is_field(STAIR, SETTING).then(|| self.parent())
    }

    /// The path of the [`SmoothActivation`](crate::SmoothActivation) whose setting is here, once for each.
    pub fn activation(&self) -> Option<&str> {
        self.is_field(ACTIVATION, SETTING).then(|| self.parent())
    }

    /// The path of the quantiser whose scales hold what is here.
    pub fn scaled(&self) -> Option<&str> {
        let is_scales = |i: &usize| self.steps[*i].owner == STAIR && self.name_at(*i) == SCALES;
        let depth = (0..self.steps.len()).rev().find(is_scales)?;
        Some(&self.path[..self.steps[depth].before])
    }

    /// Whether the flag is here that says whether a quantiser is smooth during training.
    pub fn is_smoothing_of_quantiser(&self) -> bool {
        self.is_field(STAIR, SMOOTHING)
    }

    fn is_field(&self, owner: &str, name: &str) -> bool {
        self.owner() == owner && self.name() == name
    }

    fn name_at(&self, depth: usize) -> &str {
        let start = self.steps[depth].before;
        let end = self.steps.get(depth + 1).map_or(self.path.len(), |next| next.before);
        self.path[start..end].trim_start_matches('.')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_in_and_out() {
        let mut place = Place::default();
        assert_eq!((place.path(), place.name(), place.owner(), place.parent()), ("", "", "", ""));
        place.enter("block", "Struct:Net");
        place.enter("3", "Vec");
        place.enter("weight", "Struct:Linear");
        assert_eq!(place.path(), "block.3.weight");
        assert_eq!((place.name(), place.owner(), place.parent()), ("weight", "Struct:Linear", "block.3"));
        assert_eq!(place.outermost(&["Vec", "Struct:Linear"]), Some("block"));
        assert!(!place.is_attached() && place.quantiser().is_none() && place.kind() == QuantiserKind::Feature);
        place.enter("stair", ATTACHED);
        place.enter("setting", STAIR);
        assert_eq!((place.quantiser(), place.kind()), (Some("block.3.weight.stair"), QuantiserKind::Weight));
        assert_eq!(place.attached(), Some(("block.3.weight", "stair")));
        assert!(place.is_attached() && place.is_in_quantiser() && place.activation().is_none());
        place.exit();
        place.enter("scales", STAIR);
        place.enter("Fixed", "Enum:ScaleState");
        assert_eq!((place.scaled(), place.quantiser()), (Some("block.3.weight.stair"), None));
        (0..7).for_each(|_| place.exit());
        assert_eq!((place.path(), place.is_in("Vec")), ("", false));
    }
}
