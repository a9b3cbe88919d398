//! `stairs choose`: candidates, budgets, what is kept, and whether it was worth it.

use crate::program::{failure, path, stairs, stdout};

fn choose(more: &[&str]) -> std::process::Output {
    let small = ["choose", "--dataset", "digits", "--family", "mlp", "--depths", "1,2", "--widths", "4,8"];
    stairs(&[&small[..], &["--bits", "float,ternary", "--samples", "10"], more].concat())
}

#[test]
fn a_network_is_chosen_trained_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("choice");
    let json = |more: &[&str]| -> serde_json::Value {
        let output = choose(&[&["--json", "--out", path(&out)], more].concat());
        serde_json::from_str(&stdout(&output)).unwrap()
    };
    // All of the space: one hidden layer of two widths, two of two, in two precisions.
    let all = json(&[]);
    assert_eq!((all["measured"].as_array().unwrap().len(), all["looked_at"].as_u64()), (12, Some(12)));
    let of = |one: &serde_json::Value, name: &str| one["scores"][name]["value"].as_f64().unwrap();
    for one in all["measured"].as_array().unwrap() {
        let parameters = one["costs"]["parameters"].as_f64().unwrap();
        assert_eq!((of(one, "parameters"), of(one, "depth") > 1.5), (parameters, true), "{one}");
        assert!(of(one, "2sed") >= 2.0 / 3.0 * parameters && of(one, "synflow").is_finite());
        let quantised = one["candidate"]["quantiser"] == "ternary";
        assert_eq!(one["costs"]["is_deployed"], quantised);
    }
    let page = std::fs::read_to_string(out.join("index.html")).unwrap();
    assert!(page.contains("Pareto front") && page.contains("12 networks"), "the page");

    // Again: nothing is measured, seconds included, so that the numbers are the same. A budget takes a part of them.
    let measured = || std::fs::read(out.join("measured.json")).unwrap();
    let before = measured();
    assert_eq!(json(&[]), all);
    let within = json(&["--budget", "flash=2kB", "--budget", "macs=1k", "--by", "2sed"]);
    assert!(within["measured"].as_array().unwrap().len() < 12);
    assert!(within["measured"].as_array().unwrap().iter().all(|one| one["costs"]["flash"].as_u64().unwrap() <= 2000));
    assert_eq!(measured(), before);

    let text = stdout(&choose(&["--train", "1", "--epochs", "1", "--subset", "200", "--out", path(&out)]));
    assert!(text.contains("Trained, the first 1 are") && text.contains("too few trainings"), "{text}");
    assert!(text.contains("validation, %") && text.contains("on the test part"), "{text}");
    // Four and eight units give two of ten samples the same code.
    assert!(text.contains("macs (naswot is not defined for any of them)"), "{text}");
}

#[test]
fn what_cannot_be_chosen_from_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("choice");
    let refused = |more: &[&str]| failure(&choose(&[&["--out", path(&out)], more].concat()), 1);
    let none = refused(&["--budget", "flash=10B"]);
    assert!(none.contains("none of the 12 networks") && none.contains("the least that one costs is flash="), "{none}");
    assert!(refused(&["--by", "beauty"]).contains("expected one of 2sed"));
    let no_chain =
        stairs(&["choose", "--family", "resnet20", "--factors", "0.125", "--bits", "float", "--out", path(&out)]);
    let no_chain = failure(&no_chain, 1);
    assert!(no_chain.contains("no chain of layers") && no_chain.contains("--by"), "{no_chain}");
    let by_cost = ["--family", "resnet20", "--factors", "0.125,0.25", "--bits", "float", "--by", "params", "--out"];
    assert!(
        stdout(&stairs(&[&["choose"], &by_cost[..], &[path(&out)]].concat())).contains("Train resnet20:0.25 float")
    );
}
