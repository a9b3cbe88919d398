//! Tables of one's own: what they become, and what is said of those that cannot be read.

mod common;

use std::{fs, path::Path};

use proptest::prelude::*;
use stairs_data::{DataError, Dataset, SampleShape, TableOptions};
use tempfile::tempdir;

fn read_with(bytes: &[u8], options: &TableOptions) -> Result<Dataset, DataError> {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("t.csv"), bytes).unwrap();
    Dataset::from_table(dir.path().join("t.csv"), options)
}

fn all(options: TableOptions) -> TableOptions {
    TableOptions { test_share: 0.0, ..options }
}

fn read(text: &str) -> Dataset {
    read_with(text.as_bytes(), &all(TableOptions::default())).unwrap()
}

/// The values as they stand in the file, and labels.
fn content(data: &Dataset) -> (Vec<f32>, Vec<u8>) {
    let fitted = data.train.standardisation();
    let value = |(j, x): (usize, f32)| (x * fitted.sd()[j] + fitted.mean()[j]).round();
    let of = |i| data.train.sample(i).0.into_iter().enumerate().map(value).collect::<Vec<_>>();
    ((0..data.train.len()).flat_map(of).collect(), data.train.labels().to_vec())
}

#[test]
fn the_same_table_in_every_writing() {
    let wanted = (vec![1.0, 2.0, 3.0, 4.0, 5.0, 7.0], vec![1, 0, 1]);
    for text in [
        "1,2,b\n3,4,a\n5,7,b\n",
        "1,2,b\n3,4,a\n5,7,b",
        "1,2,b\r\n3,4,a\r\n5,7,b\r\n\r\n",
        "1,2,b\n3,4,a\n5,7,b\n\n  \n",
        "\u{feff}x,y,kind\n1,2,b\n3,4,a\n5,7,b\n",
        "x;y;kind\n1;2;b\n3;4;a\n5;7;b\n",
        "1\t2\tb\n3\t4\ta\n5\t7\tb\n",
        "\"x, in cm\",y,kind\n\"1\", 2 ,\"b\"\n3,4,a\n5,7.0,b\n",
        "1e0,2,b\n3,4,a\n5,+7,b\n",
    ] {
        let data = read(text);
        assert_eq!(content(&data), wanted, "{text:?}");
        assert_eq!((data.class_names, data.shape), (vec!["a".into(), "b".into()], SampleShape::Vector { features: 2 }));
    }
    let packed = read_with(&common::gzip(b"1,2,b\n3,4,a\n5,7,b\n"), &all(TableOptions::default())).unwrap();
    assert_eq!(content(&packed), wanted);
}

#[test]
fn the_column_of_the_label() {
    let label = |label: &str, text: &str| {
        let options = all(TableOptions { label: label.into(), ..TableOptions::default() });
        read_with(text.as_bytes(), &options).map(|data| content(&data)).map_err(|error| {
            let text = error.to_string();
            text.split_once("t.csv: ").unwrap().1.to_owned()
        })
    };
    let named = "kind,x,7\n0,5,1\n1,6,2\n";
    let by_kind = Ok((vec![5.0, 1.0, 6.0, 2.0], vec![0, 1]));
    assert_eq!(label("first", "a,5,1\nb,6,2\n"), by_kind);
    assert_eq!(label("1", "a,5,1\nb,6,2\n"), by_kind);
    let header = |label: &str| {
        let options = TableOptions { label: label.into(), header: Some(true), ..TableOptions::default() };
        read_with(named.as_bytes(), &all(options)).map(|data| content(&data)).map_err(|error| error.to_string())
    };
    assert_eq!(header("kind"), by_kind);
    // A name comes before a number.
    assert_eq!(header("7"), Ok((vec![0.0, 5.0, 1.0, 6.0], vec![0, 1])));
    assert!(header("5").unwrap_err().ends_with(
        "line 1: expected the column of the label, `5` (or first, last, or a number from 1), got the columns kind, x, 7"
    ));
    assert_eq!(
        label("kind", "a,5,1\nb,6,2\n").unwrap_err(),
        "line 1: expected the column of the label, `kind` (or first, last, or a number from 1), got 3 columns without names"
    );
    assert_eq!(label("k", "k,k,x\n1,2,3\n").unwrap_err(), "line 1: expected one column of the label's name, got 2 `k`");
    assert!(label("0", "a,5,1\n").is_err() && label("4", "a,5,1\n").is_err());
}

#[test]
fn labels_are_numbers_in_order_or_texts_in_byte_order() {
    let classes = |labels: &[&str]| {
        let data = read(&labels.iter().map(|label| format!("1,{label}\n")).collect::<String>());
        (data.class_names.clone(), data.train.labels().to_vec())
    };
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    assert_eq!(classes(&["10", "2", "-1", "2"]), (names(&["-1", "2", "10"]), vec![2, 1, 0, 1]));
    assert_eq!(classes(&["1.0", "0", "+1", "01", "0.0"]), (names(&["0", "1"]), vec![1, 0, 1, 1, 0]));
    assert_eq!(classes(&["b10", "b2", "NA"]), (names(&["NA", "b10", "b2"]), vec![1, 2, 0]));
    assert_eq!(classes(&["no", "yes", " no "]), (names(&["no", "yes"]), vec![0, 1, 0]));
}

#[test]
fn a_share_or_a_second_file_for_testing() {
    let text: String = (0..20).map(|i| format!("{i},{}\n", ["x", "y"][i % 2])).collect();
    let data = read_with(text.as_bytes(), &TableOptions::default()).unwrap();
    assert_eq!((data.train.class_counts(2), data.test.class_counts(2)), (vec![8, 8], vec![2, 2]));
    let other = read_with(text.as_bytes(), &TableOptions { seed: 1, ..TableOptions::default() }).unwrap();
    assert_ne!(data.identity().test.sha256, other.identity().test.sha256);
    assert_eq!(data.identity(), read_with(text.as_bytes(), &TableOptions::default()).unwrap().identity());

    let with_test = |train: &str, test: &str| {
        let dir = tempdir().unwrap();
        let [a, b] = [("a.csv", train), ("b.csv", test)].map(|(name, text)| {
            fs::write(dir.path().join(name), text).unwrap();
            dir.path().join(name)
        });
        let options = TableOptions { test: Some(b), ..TableOptions::default() };
        let read = Dataset::from_table(&a, &options);
        read.map_err(|error| error.to_string().replace(&dir.path().display().to_string(), ""))
    };
    let data = with_test("x,k\n1,b\n3,a\n", "x,k\n3,b\n").unwrap();
    assert_eq!((data.train.len(), data.test.sample(0), data.name.as_str()), (2, (vec![1.0], 1), "a.csv"));
    let refused = |train: &str, test: &str| with_test(train, test).unwrap_err();
    assert_eq!(
        refused("x,k\n1,b\n3,a\n", "x,k\n3,b\n3,c\n"),
        "table /b.csv: line 3, column 2 (k): expected a label that the training part has, got \"c\""
    );
    assert_eq!(
        refused("x,y,k\n1,1,b\n3,1,a\n", "y,x,k\n3,1,b\n"),
        "table /b.csv: line 1, column 1: expected `x`, as in the training part, got \"y\""
    );
    assert_eq!(
        refused("1,b\n3,a\n", "1,2,b\n"),
        "table /b.csv: line 1: expected 2 columns, as in the training part, got 3"
    );
}

#[test]
fn what_cannot_be_read_is_named_by_line_and_column() {
    let refused = |text: &str| {
        let error = read_with(text.as_bytes(), &TableOptions::default()).unwrap_err();
        assert!(matches!(error, DataError::Table { .. }), "{error:?}");
        error.to_string().split_once("t.csv: ").unwrap().1.to_owned()
    };
    let cases = [
        ("", "length: expected at least one line, got an empty file"),
        ("\n\n", "length: expected at least one line, got an empty file"),
        ("x,y,k\n", "length: expected at least one line after the header, got none"),
        ("1\n2\n", "line 1: expected features and a label, separated by commas, semicolons or tabs, got one column"),
        ("1 2 a\n", "line 1: expected features and a label, separated by commas, semicolons or tabs, got one column"),
        ("x,y,k\n1,,a\n", "line 2, column 2 (y): expected a finite number, got a missing value, \"\""),
        ("1,2,a\n1,NaN,a\n", "line 2, column 2: expected a finite number, got a missing value, \"NaN\""),
        ("1,2,a\n1,?,a\n", "line 2, column 2: expected a finite number, got a missing value, \"?\""),
        ("1,2,a\n1,inf,a\n", "line 2, column 2: expected a finite number, got \"inf\""),
        ("1,2,a\n1,1e39,a\n", "line 2, column 2: expected a finite number, got \"1e39\""),
        ("1,2,a\n1,red,a\n", "line 2, column 2: expected a finite number, got \"red\""),
        ("1,5;2,5;a\n", "line 1, column 1: expected a finite number, got \"1,5\""),
        ("1,2,a\n1,2,\n", "line 2, column 3: expected a label, got a missing value, \"\""),
        ("1,2,a\n1,2\n", "line 2: expected 3 cells, got 2"),
        ("1,2,a\n1,2,3,b\n", "line 2: expected 3 cells, got 4"),
        ("1,2,a\n\n1,2,b\n", "line 2: expected a row (only the end may be blank), got a blank line"),
        ("\n1,2,a\n", "line 1: expected a row (only the end may be blank), got a blank line"),
        ("1,2,\"a\n1,2,b\"\n", "line 1: expected cells that end on their line, got a quote that is not closed"),
        ("1,2,a\r1,2,b\r", "line 1: expected lines that end with LF or CRLF, got a carriage return inside a line"),
        ("1,2,a\n1,2,a\n", "labels: expected at least two classes (is it the right column?), got \"a\" only"),
        (
            ",x,k\n0,1,a\n1,2,b\n",
            "line 1, column 1: expected a name (a column without one is often an index, which is no \
          feature: remove it), got nothing",
        ),
        (
            "0,1,2\n5,6,1\n5,6,0\n",
            "line 1: expected `header` to be given, since this line can be a header or a sample, got \
          the columns' numbers 0 to 2",
        ),
        (
            "0,1,label\n5,6,1\n5,6,0\n",
            "line 1, column 3: expected `header` to be given, since this line can be a header or a \
          sample: all other labels are numbers, got \"label\"",
        ),
        ("1,2,a\0\n", "line 1: expected UTF-8 text, got a binary file"),
    ];
    for (text, wanted) in cases {
        assert_eq!(refused(text), wanted, "{text:?}");
    }
    let many: String = (0..300).map(|i| format!("1,{i}\n")).collect();
    assert_eq!(
        refused(&many),
        "labels: expected at most 256 classes (is it the right column?), got 300 different labels, such as \"0\""
    );
    let measured: String = (0..5000).map(|i| format!("1,{i}.5\n")).collect();
    assert!(refused(&measured).starts_with("line 4097, column 2: expected at most 256 classes"));
    let long = format!("1,{}", "2".repeat(2 << 20));
    assert_eq!(refused(&long), "line 1: expected at most 1048576 bytes, got more");
    let error = read_with(b"\xff\xfe1\0,\0a\0\n\0", &TableOptions::default()).unwrap_err().to_string();
    assert!(error.ends_with("expected UTF-8 text, got UTF-16: save it as UTF-8"), "{error}");
    let error = read_with(b"1,2,a\n1,2,\xff\n", &TableOptions::default()).unwrap_err().to_string();
    assert!(error.contains("line 2, column 3: expected a label of UTF-8 text"), "{error}");
}

#[test]
fn a_header_is_one_if_you_say_so() {
    let numbering = b"0,1,2\n5,6,1\n5,6,0\n";
    let rows = |header| {
        let options = all(TableOptions { header: Some(header), ..TableOptions::default() });
        read_with(numbering, &options).unwrap().train.len()
    };
    assert_eq!((rows(true), rows(false)), (2, 3));
}

#[test]
fn options_are_checked_and_serialise() {
    let refused = |options| read_with(b"1,a\n2,b\n", &options).unwrap_err().to_string();
    for test_share in [-0.1, 1.0, f64::NAN, f64::INFINITY] {
        assert!(refused(TableOptions { test_share, ..TableOptions::default() }).contains("a number from 0 to below 1"));
    }
    for delimiter in ['"', '\n', '5', 'é', '.'] {
        let options = TableOptions { delimiter: Some(delimiter), ..TableOptions::default() };
        assert!(refused(options).contains("the delimiter"));
    }
    let text = r#"{"label":"kind","delimiter":"|","test_share":0.1}"#;
    let options: TableOptions = serde_json::from_str(text).unwrap();
    assert_eq!((options.delimiter, options.seed), (Some('|'), 0));
    assert!(serde_json::from_str::<TableOptions>(r#"{"labels":"kind"}"#).is_err());
    assert!(read_with(b"1|a\n2|b\n", &TableOptions { delimiter: Some('|'), ..TableOptions::default() }).is_ok());
}

#[cfg(unix)]
#[test]
fn only_regular_files_are_read() {
    for (path, wanted) in [("/dev/zero", "a device"), ("/dev", "a folder"), ("/none.csv", "No such file")] {
        let error = Dataset::from_table(Path::new(path), &TableOptions::default()).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
    let dir = tempdir().unwrap();
    let pipe = dir.path().join("pipe.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(Dataset::from_table(&pipe, &TableOptions::default()).unwrap_err().to_string().contains("named pipe"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn whatever_the_bytes_no_panic(bytes in prop::collection::vec(prop_oneof![
        Just(b','), Just(b'\n'), Just(b'1'), Just(b'"'), Just(b'a'), Just(b';'), Just(b'\r'), any::<u8>()], 0..80)) {
        drop(read_with(&bytes, &TableOptions::default()));
    }
}
