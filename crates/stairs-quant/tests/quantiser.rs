//! The catalogue: levels and thresholds by hand, names, files, and what every quantiser must satisfy.

use stairs_quant::{Bits, Quantiser, QuantiserError, StairFunction};

fn stair(name: &str) -> StairFunction {
    name.parse::<Quantiser>().unwrap().stair()
}

#[test]
fn levels_and_thresholds_by_hand() {
    let table: [(&str, &[f64], &[f64]); 9] = [
        ("binary", &[0.0, 1.0], &[0.5]),
        ("sign", &[-1.0, 1.0], &[0.0]),
        ("ternary", &[-1.0, 0.0, 1.0], &[-0.5, 0.5]),
        ("int2", &[-2.0, -1.0, 0.0, 1.0], &[-1.5, -0.5, 0.5]),
        ("uint2", &[0.0, 1.0, 2.0, 3.0], &[0.5, 1.5, 2.5]),
        ("balanced2", &[-1.0, 0.0, 1.0], &[-0.5, 0.5]),
        ("pow2-2", &[-1.0, 0.0, 1.0], &[-0.5, 0.5]),
        ("pow2-3", &[-2.0, -1.0, 0.0, 1.0, 2.0], &[-1.5, -0.5, 0.5, 1.5]),
        ("pow2-4", &[-8.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 8.0], &[-6.0, -3.0, -1.5, -0.5, 0.5, 1.5, 3.0, 6.0]),
    ];
    for (name, levels, thresholds) in table {
        assert_eq!((stair(name).levels(), stair(name).thresholds()), (levels, thresholds), "{name}");
    }
    assert_eq!((stair("int4").levels()[0], stair("int4").thresholds()[14]), (-8.0, 6.5));
}

#[test]
fn ranges_of_the_families() {
    let range = |name: &str| (stair(name).lowest_level(), stair(name).highest_level(), stair(name).levels().len());
    assert_eq!(range("uint8"), (0.0, 255.0, 256));
    assert_eq!(range("int8"), (-128.0, 127.0, 256));
    assert_eq!(range("balanced8"), (-127.0, 127.0, 255));
    assert_eq!(range("pow2-8"), (-(2f64.powi(63)), 2f64.powi(63), 129));
}

#[test]
fn every_quantiser_rounds_to_the_nearest_level_and_fits_its_bits() {
    for quantiser in Quantiser::catalogue() {
        let stair = quantiser.stair();
        assert!(stair.levels().len() <= 1 << quantiser.bits(), "{quantiser}");
        assert!(StairFunction::new(stair.thresholds().to_vec(), stair.levels().to_vec()).is_ok(), "{quantiser}");
        assert!(stair.levels().iter().all(|&level| stair.eval(level) == level), "{quantiser}");
        for k in -400..400 {
            let x = f64::from(k) * 0.37 + 0.003;
            let nearest = stair.levels().iter().map(|level| (level - x).abs()).fold(f64::INFINITY, f64::min);
            assert!(((stair.eval(x) - x).abs() - nearest).abs() < 1e-12, "{quantiser} at {x}");
        }
        let is_power = matches!(quantiser, Quantiser::PowerOfTwo(bits) if bits.get() > 3);
        let is_regular = stair.is_regular().is_some();
        assert_eq!(is_regular, !is_power, "{quantiser}");
    }
}

#[test]
fn names_and_files_round_trip() {
    let catalogue = Quantiser::catalogue();
    assert_eq!(catalogue.len(), 3 + 4 * 7);
    let names: std::collections::HashSet<String> = catalogue.iter().map(Quantiser::to_string).collect();
    assert_eq!(names.len(), catalogue.len());
    for quantiser in catalogue {
        assert_eq!(quantiser.to_string().parse(), Ok(quantiser));
        let text = serde_json::to_string(&quantiser).unwrap();
        assert_eq!(text, format!("\"{quantiser}\""));
        assert_eq!(serde_json::from_str::<Quantiser>(&text).unwrap(), quantiser);
    }
    assert_eq!(format!("{:>9}|{:<6}|", Quantiser::Ternary, Quantiser::Signed(Bits::MIN)), "  ternary|int2  |");
}

#[test]
fn bad_names_are_refused() {
    let error = |name: &str| name.parse::<Quantiser>().unwrap_err();
    assert_eq!(error("int9"), QuantiserError::Bits(9));
    assert_eq!(error("uint1"), QuantiserError::Bits(1));
    assert_eq!(error("pow2-0"), QuantiserError::Bits(0));
    for name in ["", "int", "int-4", "int+4", "Ternary", "int4 ", "pow2", "int99999999999999"] {
        assert_eq!(error(name), QuantiserError::Name(name.into()));
    }
    assert!(serde_json::from_str::<Quantiser>("\"int9\"").unwrap_err().to_string().contains("2 to 8"));
}

#[test]
fn bits_are_two_to_eight() {
    assert_eq!(Bits::all().map(Bits::get).collect::<Vec<_>>(), [2, 3, 4, 5, 6, 7, 8]);
    for bits in [0, 1, 9, 258, u32::MAX] {
        assert_eq!(Bits::new(bits), Err(QuantiserError::Bits(bits)));
    }
}
