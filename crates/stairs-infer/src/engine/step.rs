//! The steps of a plan.

use super::context::Context;
use super::depthwise::Depthwise;
use super::elementwise::{Mapped, Numbers};
use super::float::FloatConv;
use super::moves::{Load, Pad, Reorder};
use super::plain::Plain;
use super::pool::Pool;
use super::product::{Pack, Product};

/// One step; threads take parts of it, and the next begins when all are done.
#[derive(Debug)]
pub(crate) enum Step {
    Load(Load),
    Numbers(Numbers),
    Mapped(Mapped),
    Pack(Pack),
    Product(Product),
    Depthwise(Depthwise),
    Plain(Plain),
    FloatConv(FloatConv),
    Pool(Pool),
    Pad(Pad),
    Reorder(Reorder),
}

impl Step {
    /// Does this part of it.
    ///
    /// # Safety
    /// The places of a plan are in the context's memory, the steps before are done, and nobody else runs this part.
    pub(crate) unsafe fn run(&self, context: &Context<'_>) {
        // SAFETY: the plan keeps apart what a step reads and what it writes; the rest is the caller's duty.
        unsafe {
            match self {
                Self::Load(step) => step.run(context),
                Self::Numbers(step) => step.run(context),
                Self::Mapped(step) => step.run(context),
                Self::Pack(step) => step.run(context),
                Self::Product(step) => step.run(context),
                Self::Depthwise(step) => step.run(context),
                Self::Plain(step) => step.run(context),
                Self::FloatConv(step) => step.run(context),
                Self::Pool(step) => step.run(context),
                Self::Pad(step) => step.run(context),
                Self::Reorder(step) => step.run(context),
            }
        }
    }

    /// Its name, for tables of times.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Load(_) => "load",
            Self::Numbers(_) => "numbers",
            Self::Mapped(_) => "map",
            Self::Pack(_) => "pack",
            Self::Product(product) => product.name(),
            Self::Depthwise(_) => "depthwise",
            Self::Plain(_) => "plain",
            Self::FloatConv(_) => "float",
            Self::Pool(_) => "pool",
            Self::Pad(_) => "pad",
            Self::Reorder(_) => "reorder",
        }
    }
}
