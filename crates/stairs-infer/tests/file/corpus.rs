//! What the fuzzer found worth keeping (`fuzz/corpus/load`), and what once went wrong, loads or is refused, and nothing else.

use std::fs;
use std::path::Path;

use crate::damage;

#[test]
fn the_corpus_of_the_fuzzer_is_survived() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/load");
    let mut files = 0;
    for entry in fs::read_dir(&folder).expect("a corpus") {
        damage::survive(&fs::read(entry.expect("an entry").path()).expect("a file"));
        files += 1;
    }
    assert!(files >= 20, "{files} files in {}", folder.display());
}
