//! What the file of a model says about its family: the names it goes by, the sizes in them, and the module they mean.
//!
//! A name is `FAMILY[:SIZES][+OPTION]…`: `lenet`, `mlp:64-32`, `vgg9:0.25+pool-first`.

use burn::tensor::Device;

use crate::{Model, ModelError, Quantisation, limits};

/// A name that `--model help` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FamilyName {
    /// What stands before the colon.
    pub name: &'static str,
    /// The sizes that are meant where none are given; empty for a family without sizes.
    pub sizes: &'static str,
    /// How people write it.
    pub title: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Sizes of a narrow member and the shape (channels, height, width) of a sample it takes, for what tries every family.
    pub narrow: (&'static str, [usize; 3]),
}

impl FamilyName {
    /// A name with its usual sizes, its title, what it is, and a narrow member.
    pub(crate) fn new(
        [name, sizes]: [&'static str; 2],
        title: &'static str,
        about: &'static str,
        narrow: (&'static str, [usize; 3]),
    ) -> Self {
        Self { name, sizes, title, about, narrow }
    }

    /// The name with its usual sizes: `lenet:32-64-128`.
    pub fn usual(&self) -> String {
        self.with(self.sizes)
    }

    /// The name of a narrow member, and the shape of a sample it takes.
    pub fn narrow(&self) -> (String, [usize; 3]) {
        (self.with(self.narrow.0), self.narrow.1)
    }

    fn with(&self, sizes: &str) -> String {
        if sizes.is_empty() { self.name.to_owned() } else { format!("{}:{sizes}", self.name) }
    }
}

/// What a model is built for.
pub(crate) struct Order<'a> {
    /// Shape of a sample: channels, height, width.
    pub(crate) input: [usize; 3],
    pub(crate) classes: usize,
    pub(crate) quantisation: Quantisation,
    pub(crate) device: &'a Device,
}

/// A model with its sizes: what a row of the table in `models` holds.
pub(crate) trait Family {
    /// The names that are listed.
    fn names() -> Vec<FamilyName>
    where
        Self: Sized;

    /// What may follow a `+`.
    fn options() -> &'static [&'static str]
    where
        Self: Sized,
    {
        &[]
    }

    /// The member of this name; `None` for the name of another family, an error that says what was expected for impossible sizes.
    fn parse(name: &Name<'_>) -> Option<Result<Self, &'static str>>
    where
        Self: Sized;

    /// What stands before the colon.
    fn name(&self) -> &'static str;

    /// What stands behind the colon, options too; empty without sizes.
    fn sizes(&self) -> String;

    /// The model, before its weights are quantised.
    fn build(&self, order: Order<'_>) -> Result<Model, ModelError>;

    /// Whether it is made for images of ImageNet's size.
    fn is_for_imagenet(&self) -> bool {
        false
    }

    /// Paths of the modules that a skip connection goes around; `None` where only the whole model can be quantised.
    fn branches(&self) -> Option<Vec<String>> {
        None
    }
}

/// A name in its parts.
pub(crate) struct Name<'a> {
    /// What stands before the colon.
    pub(crate) family: &'a str,
    sizes: Option<&'a str>,
    options: Option<&'a str>,
}

impl<'a> Name<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let (plain, options) = match text.split_once('+') {
            Some((plain, options)) => (plain, Some(options)),
            None => (text, None),
        };
        let (family, sizes) = match plain.split_once(':') {
            Some((family, sizes)) => (family, Some(sizes)),
            None => (plain, None),
        };
        Self { family, sizes, options }
    }

    /// What stands behind each `+`.
    pub(crate) fn options(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.options.into_iter().flat_map(|options| options.split('+'))
    }

    /// The factor on all widths; 1 where none is given.
    pub(crate) fn factor(&self) -> Result<f64, &'static str> {
        let Some(text) = self.sizes else { return Ok(1.0) };
        let factor = text.parse().ok().filter(|factor| limits::FACTORS.contains(factor));
        factor.ok_or("a factor from 0.0001 to 64 after the colon, such as vgg8:0.25")
    }

    /// The sizes; `usual` where none are given.
    pub(crate) fn sizes(&self, usual: &[usize]) -> Result<Vec<usize>, &'static str> {
        let Some(sizes) = self.sizes else { return Ok(usual.to_vec()) };
        let sizes: Option<Vec<usize>> = sizes.split('-').map(|part| part.parse().ok()).collect();
        sizes
            .filter(|sizes| limits::are_sizes(sizes))
            .ok_or("positive sizes joined by `-` after the colon, such as 64-32: at most 256, at most 1048576 in all")
    }

    /// Nothing, for a family without sizes.
    pub(crate) fn no_sizes(&self) -> Result<(), &'static str> {
        self.sizes.map_or(Ok(()), |_| Err("no sizes after this name"))
    }
}

/// Sizes as a name has them.
pub(crate) fn joined(sizes: &[usize]) -> String {
    sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("-")
}
