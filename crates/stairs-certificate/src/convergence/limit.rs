//! Leading orders: how mean and scale of a schedule vanish as time comes to the end of a plan.

use stairs_laws::{Envelope, Law, Noise, NoiseSchedule};

/// The leading order of a quantity at the limit, in the time that is left (or in 1/t, where the plan has no end).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Order {
    /// 0 before the limit.
    Zero,
    /// coefficient·τ^exponent, τ → 0, exponent > 0.
    Power(f64, f64),
    /// Tends to this value, which is not 0.
    Constant(f64),
}

/// The orders of a schedule's mean and scale.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Limit {
    pub(super) noise: Noise,
    pub(super) mean: Order,
    pub(super) scale: Order,
}

impl Order {
    fn of(beta: f64, envelope: Envelope, limit: Option<f64>) -> Self {
        if beta == 0.0 || limit.is_some_and(|limit| limit <= 0.0) {
            return Order::Zero;
        }
        match envelope {
            Envelope::Constant => Order::Constant(beta),
            Envelope::BoundedWindow(window) if window.power() == 0.0 => Order::Constant(beta),
            Envelope::BoundedWindow(window) if limit == Some(window.end()) => {
                Order::Power(beta / (window.end() - window.start()).powf(window.power()), window.power())
            }
            Envelope::BoundedWindow(_) => Order::Zero,
            Envelope::UnboundedWindow(window) if window.power() == 0.0 => Order::Constant(beta),
            Envelope::UnboundedWindow(window) => match envelope.end() {
                None => Order::Power(beta, window.power()),
                // Cut off: it jumps from the cutoff to 0.
                end if end == limit => Order::Constant(beta * window.cutoff()),
                _ => Order::Zero,
            },
            // A jump from 1 to 0.
            Envelope::Until(until) if limit == Some(until.end()) => Order::Constant(beta),
            Envelope::Until(_) => Order::Zero,
            // The slope of the logistic curve at its end.
            Envelope::SigmoidWindow(window) if limit == Some(window.end()) => {
                let c = window.steepness();
                let low = 1.0 / (1.0 + (0.5 * c).exp());
                let slope = c * low * (1.0 - low) / (1.0 - 2.0 * low);
                Order::Power(beta * slope / (window.end() - window.start()), 1.0)
            }
            Envelope::RelaxationWindow(window) if limit == Some(window.end()) => Order::Constant(beta * window.last()),
            Envelope::SigmoidWindow(_) | Envelope::RelaxationWindow(_) => Order::Zero,
        }
    }

    /// The value in the limit.
    pub(super) fn value(self) -> f64 {
        match self {
            Order::Constant(value) => value,
            _ => 0.0,
        }
    }

    fn exponent(self) -> f64 {
        match self {
            Order::Zero => f64::INFINITY,
            Order::Power(_, exponent) => exponent,
            Order::Constant(_) => 0.0,
        }
    }

    fn coefficient(self) -> f64 {
        match self {
            Order::Zero => 0.0,
            Order::Power(coefficient, _) | Order::Constant(coefficient) => coefficient,
        }
    }
}

impl Limit {
    pub(super) fn of(schedule: &NoiseSchedule, limit: Option<f64>) -> Self {
        let start: &Law = schedule.start();
        Self {
            noise: start.noise().clone(),
            mean: Order::of(start.mean(), schedule.mean_envelope(), limit),
            scale: Order::of(start.scale(), schedule.scale_envelope(), limit),
        }
    }

    /// lim −m/s: where F is taken at a threshold. `None` for the Dirac law at 0.
    pub(super) fn push(&self) -> Option<f64> {
        let (mean, scale) = (self.mean, self.scale);
        let side = -mean.coefficient().signum();
        match (mean, scale) {
            (Order::Zero, Order::Zero) => None,
            (_, Order::Zero) => Some(side * f64::INFINITY),
            (Order::Zero, _) => Some(0.0),
            _ if mean.exponent() < scale.exponent() => Some(side * f64::INFINITY),
            _ if mean.exponent() == scale.exponent() => Some(-mean.coefficient() / scale.coefficient()),
            _ => Some(0.0),
        }
    }

    /// F in the limit; exactly 0 and 1 outside the support.
    pub(super) fn cdf(&self, u: f64) -> f64 {
        match self.noise.support() {
            Some(support) if u >= support => 1.0,
            Some(support) if u <= -support => 0.0,
            _ if u == f64::INFINITY => 1.0,
            _ if u == f64::NEG_INFINITY => 0.0,
            _ => self.noise.cdf(u),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(mean: Envelope, scale: Envelope) -> NoiseSchedule {
        NoiseSchedule::new(Law::new(Noise::Uniform, -0.5, 0.25).unwrap(), mean, scale)
    }

    #[test]
    fn orders_are_those_of_the_envelopes() {
        let bounded = |end, power| Envelope::bounded_window(0.0, end, power).unwrap();
        let of = |mean, scale, limit| Limit::of(&schedule(mean, scale), limit);
        let limit = of(bounded(10.0, 1.0), bounded(10.0, 2.0), Some(10.0));
        assert_eq!((limit.mean, limit.scale), (Order::Power(-0.05, 1.0), Order::Power(0.0025, 2.0)));
        assert_eq!(limit.push(), Some(f64::INFINITY));
        assert_eq!(of(bounded(10.0, 1.0), bounded(10.0, 1.0), Some(10.0)).push(), Some(2.0));
        assert_eq!(of(bounded(10.0, 2.0), bounded(10.0, 1.0), Some(10.0)).push(), Some(0.0));
        assert_eq!(of(bounded(10.0, 1.0), bounded(10.0, 2.0), Some(20.0)).push(), None);
        assert_eq!(of(bounded(10.0, 1.0), Envelope::Constant, None).push(), Some(0.0));
        let unbounded = |power, cutoff| Envelope::unbounded_window(0.0, power, cutoff).unwrap();
        assert_eq!(of(unbounded(1.0, 0.0), unbounded(2.0, 0.0), None).push(), Some(f64::INFINITY));
        let cut = unbounded(1.0, 0.5);
        assert_eq!(of(cut, cut, cut.end()).scale, Order::Constant(0.125));
    }
}
