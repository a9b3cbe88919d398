//! Nodes and their paths.

use burn::backend::ir::{OperationIr, TensorIr};
use stairs_network::{Array, Op, Source, Weight};

use super::names::name;
use super::{Constant, Feature, Form, Found, RecordError, Translation, Value, sample};

impl Translation<'_> {
    /// A node without a path of its own.
    pub(super) fn node(&mut self, x: &Feature, what: &str, op: Op) -> Result<Found, RecordError> {
        let source = self.plain(x, what)?;
        let path = self.here(what);
        Ok(Found::View(self.builder.push(path, op, &[source])?, Form::Plain))
    }

    /// A node with this path, which is the place of those that follow without one.
    pub(super) fn named(&mut self, x: &Feature, path: String, op: Op) -> Result<Found, RecordError> {
        self.place = path.split('.').map(str::to_owned).collect();
        self.place.pop();
        let source = self.plain(x, "input")?;
        Ok(Found::View(self.builder.push(path, op, &[source])?, Form::Plain))
    }

    /// Where `x` is, in its own shape.
    pub(super) fn plain(&mut self, x: &Feature, what: &str) -> Result<Source, RecordError> {
        let mut source = x.source;
        if x.form != Form::Plain {
            let (name, shape) = (format!("part of a {what}: {:?}", x.form).to_lowercase(), x.view.clone());
            let path = self.here("other");
            source = self.builder.push(path, Op::Other { name, shape }, &[source])?;
        }
        if self.builder.shape(source) != &x.view[..] {
            let op = if x.view.len() == 1 { Op::Flatten } else { Op::Reshape { shape: x.view.clone() } };
            let path = self.here(if x.view.len() == 1 { "flatten" } else { "reshape" });
            source = self.builder.push(path, op, &[source])?;
        }
        Ok(source)
    }

    /// An operation that is kept by name.
    pub(super) fn unknown(
        &mut self,
        operation: &OperationIr,
        inputs: &[Value],
        two: &[usize],
        three: &[usize],
    ) -> Result<Value, RecordError> {
        let features: Vec<Feature> = inputs
            .iter()
            .filter_map(|value| if let Value::Feature(x) = value { Some(x.clone()) } else { None })
            .collect();
        let sources = features.iter().map(|x| self.plain(x, &name(operation))).collect::<Result<Vec<_>, _>>()?;
        let (view, skipped) = sample(two, three).unwrap_or_else(|| {
            // The batch is elsewhere: the sizes that do not grow with it.
            (two.iter().zip(three).filter(|(two, three)| two == three).map(|(size, _)| *size).collect(), 0)
        });
        let path = self.here(&name(operation).replace(' ', "_"));
        let op = Op::Other { name: name(operation), shape: view.clone() };
        let source = self.builder.push(path, op, &sources)?;
        Ok(Value::Feature(Feature { source, view, skipped, form: Form::Plain }))
    }

    /// Weights and the path of their layer.
    pub(super) fn weight(&self, constant: Constant, what: &str) -> Result<(String, Weight), RecordError> {
        let path = self.path(constant.parameter(), what);
        let weight = constant.weight(|key| self.quantiser(key))?;
        Ok((path, weight))
    }

    pub(super) fn vector(&self, tensor: Option<&TensorIr>) -> Result<Option<Array>, RecordError> {
        match tensor.map(|tensor| self.value(tensor)) {
            Some(Value::Constant(constant)) => Ok(Some(constant.array(vec![constant.dims.iter().product()])?)),
            Some(Value::Feature(_)) | None => Ok(None),
        }
    }

    /// Path of the quantiser with this key.
    pub(super) fn quantiser(&self, key: u64) -> Option<String> {
        let setting = self.recording.identities.get(&key)?;
        Some(setting.rsplit_once('.').map_or_else(String::new, |(quantiser, _)| quantiser.to_owned()))
    }

    /// Path of the layer that holds a parameter.
    pub(super) fn path(&self, parameter: Option<&str>, what: &str) -> String {
        match parameter {
            Some(parameter) => parameter.rsplit_once('.').map_or_else(String::new, |(layer, _)| layer.to_owned()),
            None => self.here(what),
        }
    }

    /// A path for what has none: where the last node with one stands, what it does, and a number if that is taken.
    pub(super) fn here(&self, what: &str) -> String {
        let base = self.place.iter().map(String::as_str).chain([what]).collect::<Vec<_>>().join(".");
        let taken = |path: &str| self.builder.nodes().iter().any(|node| node.path == path);
        if !taken(&base) {
            return base;
        }
        (2..).map(|number| format!("{base}{number}")).find(|path| !taken(path)).unwrap_or(base)
    }
}
