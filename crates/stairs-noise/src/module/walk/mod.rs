//! Walks through a module that know where they are.
//!
//! Burn shows a visitor one parameter after the other, and tells it in between which field of which type it enters and leaves.
//! [`look`] and [`change`] keep track of that: what looks at parameters ([`Look`]) or replaces them ([`Change`]) is told the
//! [`Place`] with every one. Most questions need neither: [`parameters`] and [`values`] list all parameters.
//!
//! Of a parameter with something attached, a quantiser say, a walk sees the stored (latent) value, then the parameters of what
//! is attached. What is attached is nothing that can be asked of the parameter itself: Burn takes it off for the walk and puts it
//! back.
//!
//! ```
//! use burn::{module::{Module, Param}, nn::{Linear, LinearConfig}, tensor::{Device, Tensor}};
//! use stairs_noise::walk::{Change, Look, Place, change, look, parameters};
//!
//! /// The largest magnitude, and where it is.
//! #[derive(Default)]
//! struct Largest(String, f32);
//!
//! impl Look for Largest {
//!     fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
//!         let largest = param.val().abs().max().into_scalar::<f32>();
//!         if largest > self.1 {
//!             *self = Self(place.path().to_owned(), largest);
//!         }
//!     }
//! }
//!
//! /// Sets biases.
//! struct Bias(f64);
//!
//! impl Change for Bias {
//!     fn float<const D: usize>(&mut self, place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
//!         if place.name() == "bias" { param.map(|bias| bias.full_like(self.0)) } else { param }
//!     }
//! }
//!
//! let dense = |inputs, outputs| LinearConfig::new(inputs, outputs).init(&Device::flex());
//! let (model, _) = change((dense(3, 2), dense(2, 1)), Bias(7.0));
//! let Largest(path, value) = look(&model, Largest::default());
//! assert_eq!((path.as_str(), value), ("0.bias", 7.0));
//!
//! let all: Vec<_> = parameters(&model).into_iter().map(|p| (p.path, p.shape)).collect();
//! assert_eq!(all[0], ("0.weight".to_owned(), vec![3, 2]));
//! ```

mod parameters;
mod place;

use burn::module::{Flag, Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Bool, Int, Tensor};

pub use parameters::{Parameter, parameters, values};
pub use place::Place;
pub(crate) use place::{ACTIVATION, STAIR, UNREADABLE};

/// What looks at the parameters of a module. All methods do nothing where they are not written.
pub trait Look {
    /// Is told of a field that the walk enters, whether or not a parameter is in it.
    fn enter(&mut self, _place: &Place) {}

    /// Looks at a float parameter.
    fn float<const D: usize>(&mut self, _place: &Place, _param: &Param<Tensor<D>>) {}

    /// Looks at an integer parameter.
    fn int<const D: usize>(&mut self, _place: &Place, _param: &Param<Tensor<D, Int>>) {}

    /// Looks at a Boolean parameter.
    fn bool<const D: usize>(&mut self, _place: &Place, _param: &Param<Tensor<D, Bool>>) {}
}

/// What replaces the parameters of a module. All methods leave a parameter as it is where they are not written.
pub trait Change {
    /// What stands in the place of a float parameter.
    fn float<const D: usize>(&mut self, _place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param
    }

    /// What stands in the place of a flag, such as that of a dropout: whether it is in training.
    fn flag(&mut self, _place: &Place, flag: Param<Flag>) -> Param<Flag> {
        flag
    }
}

/// Shows every parameter of `module` to `looker`, in the order in which Burn visits them, and gives the looker back.
pub fn look<M: Module, L: Look>(module: &M, looker: L) -> L {
    let mut walk = Walk::new(looker);
    module.visit(&mut walk);
    walk.who
}

/// `module` with every parameter and flag replaced by what `changer` makes of it, in the order in which Burn maps them; and the
/// changer.
pub fn change<M: Module, C: Change>(module: M, changer: C) -> (M, C) {
    let mut walk = Walk::new(changer);
    (module.map(&mut walk), walk.who)
}

/// A looker or changer on its way, as Burn knows it.
pub(crate) struct Walk<T> {
    place: Place,
    pub(crate) who: T,
}

impl<T> Walk<T> {
    pub(crate) fn new(who: T) -> Self {
        Self { place: Place::default(), who }
    }
}

impl<L: Look> ModuleVisitor for Walk<L> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.place.enter(name, container_type);
        self.who.enter(&self.place);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.place.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.who.float(&self.place, param);
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        self.who.int(&self.place, param);
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        self.who.bool(&self.place, param);
    }
}

impl<C: Change> ModuleMapper for Walk<C> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.place.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.place.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.who.float(&self.place, param)
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        self.who.flag(&self.place, flag)
    }
}
