//! Modules of a user that have the names of ours: they are no quantisers.

use burn::module::{Flag, Module, Param};
use burn::tensor::{Device, Tensor};
use stairs_noise::walk::{Look, Place, look, parameters, values};
use stairs_noise::{
    AnnealingPlan, Law, Laws, Noise, QuantiserSchedule, StairActivationConfig, Strategy, TimeUnit, apply_plan, layers,
    quantisers, rescale_features, smooth_activations,
};
use stairs_quant::Quantiser;

/// The names of our quantiser and its fields.
#[derive(Module, Debug)]
struct Stair {
    setting: Param<Tensor<1>>,
    scales: Param<Tensor<1>>,
    smoothing: Param<Flag>,
}

#[derive(Module, Debug)]
struct SmoothActivation {
    setting: Param<Tensor<1>>,
}

#[derive(Module, Debug)]
struct Net {
    mine: Stair,
    smooth: SmoothActivation,
    act: stairs_noise::StairActivation,
}

fn net() -> Net {
    let device = Device::flex();
    let numbers = || Param::from_tensor(Tensor::from_floats([0.5; 10], &device));
    Net {
        mine: Stair { setting: numbers(), scales: numbers(), smoothing: Param::from_bool(true) },
        smooth: SmoothActivation { setting: numbers() },
        act: StairActivationConfig::new(Quantiser::Ternary).init(&device).unwrap(),
    }
}

/// Numbers of a user's own parameters.
fn own(net: &Net) -> Vec<f32> {
    let all = values(net).into_iter().filter(|(p, _)| !p.path.starts_with("act"));
    all.flat_map(|(_, values)| values).collect()
}

#[test]
fn look_alikes_are_no_quantisers() {
    let net = net();
    let found: Vec<_> = quantisers(&net).into_iter().map(|q| q.path).collect();
    assert_eq!(found, ["act"]);
    assert!(smooth_activations(&net).is_empty());
    assert_eq!(layers(&net), [["act"]]);
    let of_quantisers = parameters(&net).into_iter().filter(|p| p.is_of_quantiser).map(|p| p.path);
    assert_eq!(of_quantisers.collect::<Vec<_>>(), ["act.setting", "act.scales.Fixed"]);
}

#[test]
fn plans_and_new_scales_leave_look_alikes_alone() {
    let law = Laws::same(Law::new(Noise::Normal, 0.0, 0.25).unwrap());
    let plan = AnnealingPlan::uniform(TimeUnit::Steps, QuantiserSchedule::constant(law.clone(), Strategy::Mode));
    // Even a plan that names them.
    let plan = plan.resolve(&["mine".to_owned(), "smooth".to_owned(), "act".to_owned()]).unwrap();
    let net = net();
    let before = own(&net);
    let net = rescale_features(apply_plan(net, &plan, 0.0, |_| 7).unwrap(), |_| Some(2.0)).unwrap();
    assert_eq!(own(&net), before);
    assert_eq!((net.act.setting().laws(), net.act.scales().unwrap().quantum()), (&law, 2.0));
}

/// The types that walks see, and the paths that records have.
#[test]
fn fields_of_quantisers_keep_their_names() {
    struct List(Vec<(String, String)>);
    impl Look for List {
        fn enter(&mut self, place: &Place) {
            self.0.push((place.path().to_owned(), place.owner().to_owned()));
        }
    }
    let List(found) = look(&net().act, List(Vec::new()));
    let paths: Vec<_> = found.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["setting", "scales", "scales.Fixed", "smoothing"]);
    assert!(found.iter().all(|(_, owner)| owner.starts_with("Struct:") || owner == "Enum:ScaleState"), "{found:?}");
    assert_eq!(format!("{}", net().act).lines().next(), Some("Stair {"));
}
