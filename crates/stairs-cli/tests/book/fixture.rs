//! What the pages take for given: files of weights that are downloads, a folder of the reader's own images, the records of the
//! repository.

#[path = "../../../stairs-zoo/tests/weights/mod.rs"]
mod weights;

use std::{collections::BTreeMap, fs, path::Path};

use weights::{values, zip};

/// A file as `torch.save(model.state_dict(), path)` writes it, with numbers by formula under torchvision's names.
pub(crate) fn torch_file(path: &Path, model: &str) {
    #[derive(serde::Deserialize)]
    struct Golden {
        gain: f64,
        models: Vec<Case>,
    }
    #[derive(serde::Deserialize)]
    struct Case {
        model: String,
        tensors: BTreeMap<String, Vec<usize>>,
    }
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../stairs-zoo/tests/golden/torchvision.json");
    let golden: Golden = serde_json::from_str(&fs::read_to_string(golden).unwrap()).unwrap();
    let case = golden.models.iter().find(|case| case.model == model).unwrap();
    let mut pickle = b"\x80\x02}(".to_vec();
    let mut entries = Vec::new();
    for (number, (name, shape)) in case.tensors.iter().enumerate() {
        let data: Vec<u8> = values(name, shape, golden.gain).into_iter().flat_map(f32::to_le_bytes).collect();
        pickle.extend(text(name));
        pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        pickle.extend(text("storage"));
        pickle.extend(b"ctorch\nFloatStorage\n");
        pickle.extend(text(&number.to_string()));
        pickle.extend(text("cpu"));
        pickle.extend(int(data.len() / 4));
        pickle.extend(b"tQK\0(");
        shape.iter().for_each(|&side| pickle.extend(int(side)));
        pickle.extend(b"t(");
        (1..=shape.len()).for_each(|axis| pickle.extend(int(shape[axis..].iter().product())));
        pickle.extend(b"t\x89ccollections\nOrderedDict\n)RtR");
        entries.push((format!("archive/data/{number}"), data));
    }
    pickle.extend(b"u.");
    entries.push(("archive/data.pkl".into(), pickle));
    entries.push(("archive/byteorder".into(), b"little".into()));
    let entries: Vec<_> = entries.iter().map(|(name, data)| (name.as_str(), data.as_slice())).collect();
    fs::write(path, zip(&entries)).unwrap();
}

fn text(text: &str) -> Vec<u8> {
    [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

fn int(number: usize) -> Vec<u8> {
    [b"J", &(number as i32).to_le_bytes()[..]].concat()
}

/// The records of the repository at `records`, `docs/results/NAME`, where a page expects them.
pub(crate) fn records(folder: &Path, records: &str) {
    let (there, here) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(records), folder.join(records));
    fs::create_dir_all(&here).unwrap();
    for file in fs::read_dir(&there).unwrap_or_else(|error| panic!("{}: {error}", there.display())) {
        let file = file.unwrap();
        fs::copy(file.path(), here.join(file.file_name())).unwrap();
    }
}

/// A folder of five classes of pictures: the first digits, enlarged by the reader of images.
pub(crate) fn image_folder(stairs: impl Fn(&[&str]), folder: &Path) {
    let all = folder.with_extension("all");
    stairs(&["data", "export", "--dataset", "digits", "--limit", "4", "--out", all.to_str().unwrap()]);
    for part in ["train", "val"] {
        for (class, name) in ["daisy", "dandelion", "rose", "sunflower", "tulip"].iter().enumerate() {
            fs::create_dir_all(folder.join(part)).unwrap();
            fs::rename(all.join(part).join(class.to_string()), folder.join(part).join(name)).unwrap();
        }
    }
    fs::remove_dir_all(all).unwrap();
}

/// A table of two kinds of flowers, which their first column tells apart.
pub(crate) fn table(path: &Path) {
    let row = |i: usize| format!("{}.{},{}.5,{}\n", 4 + i % 2 * 2, i % 10, 2 + i % 3, ["rose", "iris"][i % 2]);
    let rows: String = (0..60).map(row).collect();
    fs::write(path, format!("length,width,kind\n{rows}")).unwrap();
}
