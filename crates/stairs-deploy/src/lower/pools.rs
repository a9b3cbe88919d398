//! Pools, and changes of shape.

use stairs_infer::{Op, Window};
use stairs_network::{Node, Source as From};

use super::form::{Form, Stage};
use super::layers::window;
use super::values::fraction;
use super::{Lowering, State};
use crate::DeployError;
use crate::exact::Real;

impl Lowering<'_> {
    pub(super) fn max_pool(
        &mut self,
        node: &Node,
        input: From,
        slid: &stairs_network::Window,
    ) -> Result<State, DeployError> {
        let (path, window) = (&node.path, window(slid));
        match self.state(input) {
            State::Float(source) => {
                self.island(path, "reads floats");
                Ok(State::Float(self.push(path, Op::MaxPool(window), &[source])?))
            }
            State::Form(form) => {
                let mut form = self.squared(path, form, self.network.shape(input))?;
                if let Some((source, unit)) = form.integers() {
                    let unit = unit.clone();
                    let pooled = self.push(path, Op::MaxPool(window), &[source])?;
                    return Ok(State::Form(Form::plain(pooled, node.shape.clone(), unit)));
                }
                if form.inputs.len() > 1 {
                    form = self.single(path, form)?;
                }
                form.stages.push(Stage::Pool(window, node.shape.clone()));
                form.shape.clone_from(&node.shape);
                Ok(State::Form(form))
            }
        }
    }

    /// A form whose pools are done, where what follows them falls somewhere and they could not be done on levels.
    pub(super) fn without_pools(&mut self, path: &str, form: Form, falls: bool) -> Result<Form, DeployError> {
        let Some(first) = form.stages.iter().position(|stage| matches!(stage, Stage::Pool(..))) else {
            return Ok(form);
        };
        if !falls {
            return Ok(form);
        }
        self.pooled(path, form, first)
    }

    /// A form without pools: done on the integers where they rise up to the first pool, else in fixed point.
    pub(super) fn pooled(&mut self, path: &str, mut form: Form, first: usize) -> Result<Form, DeployError> {
        if !form.rises(first) {
            return self.single(path, form);
        }
        let mut stages = Vec::new();
        for stage in std::mem::take(&mut form.stages) {
            match stage {
                Stage::Pool(window, _) => form.inputs[0] = self.push(path, Op::MaxPool(window), &[form.inputs[0]])?,
                stage => stages.push(stage),
            }
        }
        Ok(Form { stages, ..form })
    }

    /// Whatever it is, as integers times a power of two.
    fn single(&mut self, path: &str, form: Form) -> Result<Form, DeployError> {
        let bounds = form.bounds(&self.ranges(&form.inputs));
        let needs = "numbers that fixed point of 32 bits holds";
        let wrong = || DeployError::Parameter { path: path.to_owned(), what: "input", needs };
        let digits = fraction(bounds.0.abs().max(bounds.1.abs()), 1.0).ok_or_else(wrong)?;
        let source = self.fix(path, &form, digits)?.ok_or_else(wrong)?;
        let shape = self.builder.at(source).0.to_vec();
        Ok(Form::plain(source, shape, Real::power_of_two(-digits)))
    }

    /// A sum over windows of what is one affine map of one integer, divided by the number of taps; `None` where it is not that, or where
    /// sums are too large.
    fn summed_windows(&mut self, node: &Node, input: From, window: Window) -> Result<Option<Form>, DeployError> {
        let path = &node.path;
        let State::Form(form) = self.state(input) else { return Ok(None) };
        let form = self.squared(path, form, self.network.shape(input))?;
        let form = match form.is_single() && (!window.pads() || form.integers().is_some()) {
            true => form,
            false => self.single(path, form)?,
        };
        let range = self.ranges(&form.inputs)[0];
        if range.reach() as f64 * window.taps() as f64 >= f64::from(i32::MAX) {
            return Ok(None);
        }
        let source = self.push(path, Op::SumPool(window), &form.inputs)?;
        let shape = self.builder.at(source).0.to_vec();
        let taps = Real::from_f64(window.taps() as f64).and_then(|taps| taps.inverse()).unwrap_or_else(Real::one);
        let factors = vec![form.factors[0].iter().map(|factor| factor.mul(&taps)).collect()];
        Ok(Some(Form { inputs: vec![source], shape, factors, ..form }))
    }

    fn float_pool(&mut self, node: &Node, input: From, op: Op) -> Result<State, DeployError> {
        let source = self.floats(&node.path, input)?;
        self.island(&node.path, "reads floats, or divides by a number that differs from place to place");
        Ok(State::Float(self.push(&node.path, op, &[source])?))
    }

    pub(super) fn mean_pool(
        &mut self,
        node: &Node,
        input: From,
        slid: &stairs_network::Window,
        counts_padding: bool,
    ) -> Result<State, DeployError> {
        let window = window(slid);
        if (counts_padding || !window.pads())
            && let Some(form) = self.summed_windows(node, input, window)?
        {
            return Ok(State::Form(form));
        }
        self.float_pool(node, input, Op::MeanPool { window, counts_padding })
    }

    pub(super) fn adaptive_mean_pool(
        &mut self,
        node: &Node,
        input: From,
        size: [usize; 2],
    ) -> Result<State, DeployError> {
        let shape = self.network.shape(input);
        if shape[1].is_multiple_of(size[0]) && shape[2].is_multiple_of(size[1]) {
            let kernel = [shape[1] / size[0], shape[2] / size[1]];
            let window = Window { stride: kernel, ..Window::new(kernel) };
            if let Some(form) = self.summed_windows(node, input, window)? {
                return Ok(State::Form(form));
            }
        }
        self.float_pool(node, input, Op::AdaptiveMeanPool { size })
    }

    pub(super) fn mean(&mut self, node: &Node, input: From) -> Result<State, DeployError> {
        let shape = self.network.shape(input).to_vec();
        if let [_, height, width] = shape[..] {
            let window = Window::new([height, width]);
            if let Some(form) = self.summed_windows(node, input, window)? {
                let source = self.push(&node.path, Op::Reshape { shape: node.shape.clone() }, &form.inputs)?;
                return Ok(State::Form(Form { inputs: vec![source], shape: node.shape.clone(), ..form }));
            }
        }
        self.float_pool(node, input, Op::Mean)
    }

    pub(super) fn pad_channels(
        &mut self,
        node: &Node,
        input: From,
        before: usize,
        behind: usize,
    ) -> Result<State, DeployError> {
        let path = &node.path;
        let op = Op::PadChannels { before, behind };
        match self.state(input) {
            State::Float(source) => Ok(State::Float(self.push(path, op, &[source])?)),
            State::Form(form) => {
                let form = self.squared(path, form, self.network.shape(input))?;
                let form = if form.integers().is_some() { form } else { self.single(path, form)? };
                let source = self.push(path, op, &form.inputs)?;
                Ok(State::Form(Form { inputs: vec![source], shape: node.shape.clone(), ..form }))
            }
        }
    }

    pub(super) fn reshape(&mut self, node: &Node, input: From) -> Result<State, DeployError> {
        let (path, shape) = (&node.path, node.shape.clone());
        match self.state(input) {
            State::Float(source) => Ok(State::Float(self.push(path, Op::Reshape { shape }, &[source])?)),
            State::Form(form) => {
                let form = match form.stages.iter().position(|stage| matches!(stage, Stage::Pool(..))) {
                    Some(first) => self.pooled(path, form, first)?,
                    None => form,
                };
                Ok(State::Form(self.squared(path, form, &shape)?))
            }
        }
    }
}
