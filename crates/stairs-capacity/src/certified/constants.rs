//! The constants of the bounds for a model, a loss, a box and what is known of the inputs; formulas in the head of the module.

use super::{CertifiedLoss, InputMoments, SmallModel, constant};
use crate::MeasureError;

/// The largest |tanh″|: 4/(3√3).
const BEND: f64 = 0.769_800_358_919_501;

/// Everything of a model that its deviation bounds depend on.
///
/// ```
/// use stairs_capacity::certified::{CertifiedLoss, Constants, InputMoments, SmallModel};
/// let model = SmallModel::new(10, None, 2)?;
/// let constants = Constants::new(model, CertifiedLoss::Error, 1.0, &InputMoments::bounded(10, 1.0)?)?;
/// assert_eq!((constants.range(), constants.fisher(0.1)), (1.0, 0.5));
/// # Ok::<(), stairs_capacity::MeasureError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Constants {
    model: SmallModel,
    loss: CertifiedLoss,
    radius: f64,
    inputs: InputMoments,
}

impl Constants {
    /// Of the box [−radius, radius]^d.
    ///
    /// # Errors
    /// [`MeasureError::Constant`] for a radius that is not positive and finite, or so large that a constant is not finite, and for moments of another
    /// number of inputs.
    pub fn new(
        model: SmallModel,
        loss: CertifiedLoss,
        radius: f64,
        inputs: &InputMoments,
    ) -> Result<Self, MeasureError> {
        constant("the half-width of the box", "positive and finite", radius, radius > 0.0)?;
        let same = model.inputs == inputs.inputs;
        constant("the number of inputs of the moments", "that of the model", inputs.inputs as f64, same)?;
        let constants = Self { model, loss, radius, inputs: inputs.clone() };
        // Meso-cells are at most 1 wide.
        let finite = [constants.range(), constants.fisher(1.0), constants.curvature(1.0), constants.slope()];
        let needs = "so small, as the inputs, that the constants are finite";
        constant("the half-width of the box", needs, radius, finite.iter().all(|value| value.is_finite()))?;
        Ok(constants)
    }

    /// The model.
    pub fn model(&self) -> SmallModel {
        self.model
    }

    /// r, half the width of the box.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// B: the loss is in [0, B] for all θ of the box and all samples.
    pub fn range(&self) -> f64 {
        self.loss.range(self.model.classes, self.spread(self.radius))
    }

    /// ρ of meso-cells of side s: E|v·∇ℓ| ≤ ρ √(vᵀFv) at their centres.
    pub fn fisher(&self, side: f64) -> f64 {
        self.loss.fisher(self.model.classes, self.spread(self.radius + 0.5 * side))
    }

    /// q of meso-cells of side s: in them the gradient moves the loss by at most ½s²q more, in the mean, than at their centres.
    pub fn curvature(&self, side: f64) -> f64 {
        let (slope, bend) = (self.loss.slope(), self.loss.curvature());
        let Some(units) = self.model.hidden else { return bend * self.inputs.square };
        let (h, r) = (units as f64, self.radius + 0.5 * side);
        // E (h + 1 + h r X)².
        let square =
            (h + 1.0).powi(2) + 2.0 * (h + 1.0) * h * r * self.inputs.mean + (h * r).powi(2) * self.inputs.square;
        bend * square + slope * h * (2.0 * self.inputs.mean + BEND * r * self.inputs.square)
    }

    /// E sup ‖∇ℓ‖₁ over the box: a step of s in every parameter moves the loss by at most s times that in the mean.
    pub fn slope(&self) -> f64 {
        let a = self.loss.slope();
        match self.model.hidden {
            None => a * self.inputs.mean,
            Some(units) => a * (units as f64 + 1.0 + units as f64 * self.radius * self.inputs.mean),
        }
    }

    /// log det(I + κ F(θ)^{1/2}) is at most this for all θ with |θ|∞ ≤ r + s/2.
    pub fn log_det(&self, kappa: f64, side: f64) -> f64 {
        let g = |eigenvalue: f64| (kappa * eigenvalue.sqrt()).ln_1p();
        let others = (self.model.classes - 1) as f64;
        let inputs = |scale: f64| self.inputs.spectrum.iter().map(|sigma| g(scale * sigma)).sum::<f64>();
        match self.model.hidden {
            None => others * inputs(0.5),
            Some(units) => {
                let r = self.radius + 0.5 * side;
                others * (units as f64 + 1.0) * g(0.5) + units as f64 * inputs(r * r)
            }
        }
    }

    /// Logits of a sample differ by at most this for all θ with |θ|∞ ≤ r.
    fn spread(&self, r: f64) -> f64 {
        let features = match self.model.hidden {
            None => self.inputs.largest,
            Some(units) => units as f64 * (r * self.inputs.largest).tanh() + 1.0,
        };
        2.0 * r * features
    }
}
