//! Envelopes, schedules and plans against hand-computed numbers.

use proptest::prelude::*;
use stairs_laws::plan::Pattern;
use stairs_laws::{
    AnnealingPlan, Backward, BackwardSchedule, Envelope, Law, LawError, Laws, Noise, NoiseSchedule, PlanError,
    QuantiserSchedule, Strategy as Forward, TimeUnit,
};

fn bounded(start: f64, end: f64, power: f64) -> Envelope {
    Envelope::bounded_window(start, end, power).unwrap()
}

fn law(noise: Noise, mean: f64, scale: f64) -> Law {
    Law::new(noise, mean, scale).unwrap()
}

fn annealed(end: f64) -> QuantiserSchedule {
    let schedule = NoiseSchedule::new(law(Noise::Uniform, -0.5, 0.5), bounded(0.0, end, 1.0), bounded(0.0, end, 2.0));
    QuantiserSchedule::new(schedule, Forward::Expectation)
}

fn strings(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| path.to_string()).collect()
}

#[test]
fn bounded_windows() {
    let envelope = bounded(2.0, 6.0, 2.0);
    let values = [0.0, 2.0, 3.0, 4.0, 5.0, 6.0, 100.0].map(|t| envelope.at(t));
    assert_eq!(values, [1.0, 1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]);
    assert_eq!(envelope.end(), Some(6.0));
    assert_eq!(envelope.at(f64::NAN), 1.0);
    assert_eq!((envelope.at(f64::NEG_INFINITY), envelope.at(f64::INFINITY)), (1.0, 0.0));

    let for_ever = bounded(2.0, 6.0, 0.0);
    assert_eq!([0.0, 4.0, 6.0, 1e9].map(|t| for_ever.at(t)), [1.0; 4]);
    assert_eq!(for_ever.end(), None);
}

#[test]
fn unbounded_windows() {
    let envelope = Envelope::unbounded_window(1.0, 2.0, 0.04).unwrap();
    let values = [0.0, 1.0, 2.0, 3.0, 4.0].map(|t| envelope.at(t));
    for (value, expected) in values.iter().zip([1.0, 1.0, 1.0 / 4.0, 1.0 / 9.0, 1.0 / 16.0]) {
        assert!((value - expected).abs() < 1e-15);
    }
    // (1/5)² is the cutoff: 0 from t = 5 on, up to rounding of the end.
    assert!((envelope.end().unwrap() - 5.0).abs() < 1e-12);
    assert_eq!((envelope.at(envelope.end().unwrap()), envelope.at(5.001)), (0.0, 0.0));
    assert!(envelope.at(4.999) > 0.0399);

    let endless = Envelope::unbounded_window(0.0, 1.0, 0.0).unwrap();
    assert_eq!((endless.end(), endless.at(999.0)), (None, 0.001));
    assert_eq!(Envelope::unbounded_window(0.0, 0.0, 0.5).unwrap().at(1e12), 1.0);
}

#[test]
fn impossible_envelopes() {
    for (start, end) in [(3.0, 3.0), (4.0, 3.0), (f64::NEG_INFINITY, 3.0), (0.0, f64::INFINITY)] {
        assert_eq!(Envelope::bounded_window(start, end, 1.0), Err(PlanError::Window { start, end }));
    }
    assert!(Envelope::bounded_window(0.0, f64::NAN, 1.0).is_err());
    for power in [-1.0, f64::INFINITY] {
        assert_eq!(Envelope::bounded_window(0.0, 1.0, power), Err(PlanError::Power(power)));
        assert_eq!(Envelope::unbounded_window(0.0, power, 0.1), Err(PlanError::Power(power)));
    }
    for cutoff in [-0.1, 1.0, f64::INFINITY] {
        assert_eq!(Envelope::unbounded_window(0.0, 1.0, cutoff), Err(PlanError::Cutoff(cutoff)));
    }
    assert!(Envelope::unbounded_window(0.0, 1.0, f64::NAN).is_err());
    assert_eq!(Envelope::unbounded_window(f64::INFINITY, 1.0, 0.1), Err(PlanError::Start(f64::INFINITY)));
}

fn any_envelope() -> impl Strategy<Value = Envelope> {
    let start = -10.0..10.0f64;
    prop_oneof![
        Just(Envelope::Constant),
        (start.clone(), 0.01..100.0f64, 0.0..8.0f64).prop_map(|(start, width, power)| bounded(
            start,
            start + width,
            power
        )),
        (start, 0.0..8.0f64, 0.0..0.9f64)
            .prop_map(|(start, power, cutoff)| Envelope::unbounded_window(start, power, cutoff).unwrap()),
    ]
}

proptest! {
    #[test]
    fn envelopes_fall_from_one_to_their_end(envelope in any_envelope(), t in -20.0..200.0f64, later in 0.0..50.0f64) {
        let (now, then) = (envelope.at(t), envelope.at(t + later));
        prop_assert!((0.0..=1.0).contains(&now));
        prop_assert!(then <= now, "{now} at {t}, {then} at {}", t + later);
        prop_assert_eq!(envelope.at(-1e6), 1.0);
        match envelope.end() {
            Some(end) => prop_assert!(envelope.at(end) == 0.0 && envelope.at(end - 1e-3 * (1.0 + end.abs())) > 0.0),
            None => prop_assert!(now > 0.0),
        }
    }

    #[test]
    fn envelopes_survive_files(envelope in any_envelope()) {
        prop_assert_eq!(serde_json::from_str::<Envelope>(&serde_json::to_string(&envelope).unwrap()).unwrap(), envelope);
        prop_assert_eq!(toml::from_str::<Envelope>(&toml::to_string(&envelope).unwrap()).unwrap(), envelope);
    }

    #[test]
    fn laws_shrink(mean in any_envelope(), scale in any_envelope(), t in -5.0..200.0f64, later in 0.0..50.0f64) {
        let schedule = NoiseSchedule::new(law(Noise::Normal, -0.5, 0.25), mean, scale);
        let (now, then) = (schedule.law_at(t), schedule.law_at(t + later));
        prop_assert!(then.scale() <= now.scale() && then.mean() >= now.mean() && then.mean() <= 0.0);
        if let Some(end) = schedule.end() {
            let law = schedule.law_at(end);
            prop_assert!(law.is_hard() && law.mean() == 0.0);
        }
    }
}

#[test]
fn schedules_multiply_start_values_by_envelopes() {
    let schedule = annealed(8.0);
    for (t, mean, scale) in [(0.0, -0.5, 0.5), (2.0, -0.375, 0.28125), (4.0, -0.25, 0.125), (8.0, 0.0, 0.0)] {
        let expected = law(Noise::Uniform, mean, scale);
        assert_eq!(schedule.laws_at(t), Laws::same(expected), "at {t}");
    }
    assert!(schedule.laws_at(9.0).forward.mean().is_sign_positive(), "no minus zero");
    assert_eq!((schedule.end(), schedule.forward_end()), (Some(8.0), Some(8.0)));
}

#[test]
fn ends_need_mean_and_scale() {
    let start = law(Noise::Uniform, -0.5, 0.5);
    let static_mean = NoiseSchedule::new(start.clone(), Envelope::Constant, bounded(0.0, 4.0, 1.0));
    assert_eq!(static_mean.end(), None);
    assert!(static_mean.law_at(4.0).is_hard(), "hard, but shifted by the mean");
    let zero_mean = NoiseSchedule::new(law(Noise::Uniform, 0.0, 0.5), Envelope::Constant, bounded(0.0, 4.0, 1.0));
    assert_eq!(zero_mean.end(), Some(4.0));
    assert_eq!(NoiseSchedule::new(start, bounded(0.0, 9.0, 1.0), bounded(0.0, 4.0, 1.0)).end(), Some(9.0));
    assert_eq!(NoiseSchedule::constant(Law::hard(Noise::Normal)).end(), Some(0.0));
}

#[test]
fn backward_schedules_are_independent() {
    let fixed = law(Noise::Triangular, 0.0, 1.0);
    let schedule = annealed(8.0).with_backward(BackwardSchedule::Schedule(NoiseSchedule::constant(fixed.clone())));
    assert_eq!(schedule.laws_at(8.0), Laws::new(law(Noise::Uniform, 0.0, 0.0), fixed.clone()));
    assert_eq!((schedule.end(), schedule.forward_end()), (None, Some(8.0)));

    let slower = annealed(8.0).with_backward(BackwardSchedule::Schedule(annealed(12.0).forward));
    assert_eq!((slower.end(), slower.forward_end()), (Some(12.0), Some(8.0)));

    let identity = annealed(8.0).with_backward(BackwardSchedule::Identity);
    assert_eq!(identity.laws_at(20.0).backward, Backward::Identity);
    assert_eq!(identity.end(), None);
}

#[test]
fn patterns() {
    let matches = |pattern: &str, path: &str| Pattern::new(pattern).unwrap().matches(path);
    for (pattern, path) in [
        ("conv1.weight", "conv1.weight"),
        ("conv1.weight", "conv1.weight.stair"),
        ("conv1", "conv1.weight"),
        ("conv1", "conv1"),
        ("*", "anything.at.all"),
        ("*.weight", "blocks.0.conv.weight"),
        ("*.weight", "conv1.weight.stair"),
        ("blocks.*.act", "blocks.0.act.stair"),
        ("blocks.*.weight", "blocks.0.conv.weight"),
        ("blocks.*.conv.*", "blocks.0.conv.weight"),
        ("*conv*", "blocks.0.conv.weight"),
        ("a*a", "aa"),
        ("*ab", "abab"),
    ] {
        assert!(matches(pattern, path), "{pattern} should match {path}");
    }
    for (pattern, path) in [
        ("conv1", "conv10.weight"),
        ("conv1.weight", "conv1"),
        ("weight", "conv1.weight"),
        ("*weight", "conv1.weights.stair"),
        ("*.weight", "conv1.bias"),
        ("a*a", "a"),
        ("blocks.*.weight", "blocks.weight"),
        ("a*b*c", "acb"),
    ] {
        assert!(!matches(pattern, path), "{pattern} should not match {path}");
    }
    for bad in ["", ".", "conv1.", ".weight", "a..b", "conv1 weight"] {
        assert_eq!(Pattern::new(bad), Err(PlanError::Pattern(bad.into())));
    }
}

#[test]
fn the_first_match_counts() {
    let mode = QuantiserSchedule::new(annealed(4.0).forward, Forward::Mode);
    let plan = AnnealingPlan::new(TimeUnit::Steps, vec![("fc1.weight", mode), ("*.weight", annealed(8.0))]).unwrap();
    assert_eq!(plan.strategy("fc1.weight"), Some(Forward::Mode));
    assert_eq!(plan.strategy("fc2.weight"), Some(Forward::Expectation));
    assert!(plan.laws_at("fc1.weight", 4.0).unwrap().is_hard());
    assert_eq!(plan.laws_at("fc2.weight", 4.0).unwrap().forward.mean(), -0.25);
    assert_eq!((plan.strategy("act1"), plan.laws_at("act1", 0.0)), (None, None));
    assert_eq!((plan.end(), plan.unit()), (Some(8.0), TimeUnit::Steps));
}

#[test]
fn resolving_gives_every_quantiser_its_schedule() {
    let plan = AnnealingPlan::new(TimeUnit::Epochs, vec![("conv1", annealed(4.0)), ("*", annealed(8.0))]).unwrap();
    let resolved = plan.resolve(&strings(&["conv1.weight", "conv1.act", "fc.weight"])).unwrap();
    let means: Vec<_> = resolved.laws_at(2.0).map(|(path, laws, _)| (path, laws.forward.mean())).collect();
    assert_eq!(means, [("conv1.weight", -0.25), ("conv1.act", -0.25), ("fc.weight", -0.375)]);
    assert_eq!(resolved.schedule("fc.weight"), Some(&annealed(8.0)));
    assert_eq!(resolved.schedule("fc"), None);
}

#[test]
fn plans_that_do_not_fit_say_what_is_wrong() {
    let paths = strings(&["conv1.weight", "fc.weight"]);
    let resolve = |patterns: &[&str]| {
        let entries = patterns.iter().map(|pattern| (*pattern, annealed(4.0))).collect();
        AnnealingPlan::new(TimeUnit::Epochs, entries).and_then(|plan| plan.resolve(&paths)).unwrap_err()
    };
    let error = resolve(&["covn1", "fc"]);
    assert_eq!(error, PlanError::UnmatchedPattern { pattern: "covn1".into(), known: paths.clone() });
    assert_eq!(
        error.to_string(),
        "pattern `covn1` of the plan matches no quantiser; the model's quantisers are: conv1.weight, fc.weight"
    );
    let error = resolve(&["fc"]);
    assert_eq!(error, PlanError::UncoveredQuantiser { path: "conv1.weight".into(), patterns: strings(&["fc"]) });
    assert!(error.to_string().contains("`conv1.weight`; the plan's patterns are: fc"));
    let error = resolve(&["*", "fc"]);
    assert_eq!(error, PlanError::ShadowedPattern { pattern: "fc".into(), taken: strings(&["fc.weight"]) });
    assert_eq!(resolve(&["*", "*"]), PlanError::DuplicatePattern("*".into()));
    assert_eq!(resolve(&["a..b"]), PlanError::Pattern("a..b".into()));
    assert_eq!(resolve(&[]), PlanError::Empty);

    let plan = AnnealingPlan::uniform(TimeUnit::Epochs, annealed(4.0));
    assert!(plan.resolve(&[]).unwrap_err().to_string().ends_with("the model's quantisers are: (none)"));
}

#[test]
fn plans_survive_files() {
    let own = annealed(4.0).with_backward(BackwardSchedule::Schedule(NoiseSchedule::new(
        law(Noise::Logistic, 0.0, 0.25),
        Envelope::Constant,
        Envelope::unbounded_window(1.0, 0.5, 0.01).unwrap(),
    )));
    let identity = annealed(6.0).with_backward(BackwardSchedule::Identity);
    let entries = vec![("fc1", own), ("*.weight", identity), ("*", annealed(8.0))];
    let plan = AnnealingPlan::new(TimeUnit::Steps, entries).unwrap();
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<AnnealingPlan>(&json).unwrap(), plan);
    let text = toml::to_string(&plan).unwrap();
    assert_eq!(toml::from_str::<AnnealingPlan>(&text).unwrap(), plan, "{text}");
}

const PLAN: &str = r#"
unit = "epochs"
[[entries]]
pattern = "fc1"
[entries.schedule]
strategy = "mode"
[entries.schedule.forward]
noise = "uniform"
mean = -0.5
scale = 0.5
mean-envelope = { kind = "bounded-window", start = 0, end = 10 }
scale-envelope = { kind = "bounded-window", start = 0, end = 10, power = 2 }
"#;

#[test]
fn files_are_validated() {
    let plan: AnnealingPlan = toml::from_str(PLAN).unwrap();
    assert_eq!(plan.laws_at("fc1.weight", 5.0), Some(Laws::same(law(Noise::Uniform, -0.25, 0.125))));
    for (from, to, complaint) in [
        ("end = 10 }", "end = 0 }", "got start = 0, end = 0"),
        ("power = 2", "power = -2", "decay power must be finite and at least 0 (0 = no decay), got -2"),
        ("power = 2", "pwoer = 2", "unknown field `pwoer`"),
        ("scale = 0.5", "scale = -0.5", "scale of a noise law must be finite and at least 0, got -0.5"),
        ("mean = -0.5", "mean = nan", "mean of a noise law must be finite, got NaN"),
        ("noise = \"uniform\"", "noise = \"unifrom\"", "unknown variant `unifrom`"),
        ("strategy = \"mode\"", "strategy = \"modal\"", "unknown variant `modal`"),
        ("pattern = \"fc1\"", "pattern = \"fc1.\"", "`fc1.` is no parameter path"),
        ("unit = \"epochs\"", "unit = \"hours\"", "unknown variant `hours`"),
        ("[entries.schedule.forward]", "[entries.schedule.fwd]", "unknown field `fwd`"),
    ] {
        assert!(PLAN.contains(from));
        let error = toml::from_str::<AnnealingPlan>(&PLAN.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.contains(complaint), "{from} → {to}: {error}");
    }
    let twice = format!("{PLAN}{}", PLAN.replace("unit = \"epochs\"", ""));
    assert!(toml::from_str::<AnnealingPlan>(&twice).unwrap_err().to_string().contains("`fc1` occurs twice"));
    let empty = toml::from_str::<AnnealingPlan>("entries = []").unwrap_err().to_string();
    assert!(empty.contains("the plan has no entry"), "{empty}");
    for json in [r#"{"noise":"normal","mean":0.0,"scale":-1.0}"#, r#"{"noise":"normal","mean":0.0}"#] {
        assert!(serde_json::from_str::<Law>(json).is_err());
    }
    assert_eq!("hours".parse::<TimeUnit>(), Err(PlanError::UnknownUnit("hours".into())));
    assert_eq!(PlanError::from(LawError::Scale(-1.0)).to_string(), LawError::Scale(-1.0).to_string());
}

#[test]
fn tables_show_the_laws_over_time() {
    let fixed = NoiseSchedule::constant(law(Noise::Triangular, 0.0, 1.0));
    let entries = vec![
        ("conv1.weight", annealed(4.0)),
        ("fc", annealed(8.0).with_backward(BackwardSchedule::Schedule(fixed))),
        ("act", annealed(8.0).with_backward(BackwardSchedule::Identity)),
    ];
    let plan = AnnealingPlan::new(TimeUnit::Epochs, entries).unwrap();
    let expected = "
 quantiser      law          strategy               epoch 0            epoch 2            epoch 4
──────────────────────────────────────────────────────────────────────────────────────────────────
 conv1.weight   uniform      expectation   -0.5000 ± 0.5000   -0.2500 ± 0.1250               hard
 fc             uniform      expectation   -0.5000 ± 0.5000   -0.3750 ± 0.2812   -0.2500 ± 0.1250
                triangular   (backward)     0.0000 ± 1.0000    0.0000 ± 1.0000    0.0000 ± 1.0000
 act            uniform      expectation   -0.5000 ± 0.5000   -0.3750 ± 0.2812   -0.2500 ± 0.1250
                identity     (backward)
";
    let table = plan.table(&[0.0, 2.0, 4.0]);
    assert_eq!(format!("\n{table}\n"), expected);
    let resolved = plan.resolve(&strings(&["conv1.weight", "fc.weight", "fc.act", "act"])).unwrap();
    let rows = resolved.table(&[0.0]);
    assert!(["conv1.weight", "fc.weight", "fc.act"].iter().all(|path| rows.contains(path)));
}
