//! Files taken apart and put together again, to damage one part.

use serde_json::Value;

/// A file as its header, its graph and its data.
pub(crate) struct Parts {
    pub(crate) header: Value,
    pub(crate) graph: Value,
    pub(crate) data: Vec<u8>,
}

impl Parts {
    pub(crate) fn of(file: &[u8]) -> Self {
        let (length, rest) = file.split_first_chunk().expect("a length");
        let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
        let header: Value = serde_json::from_slice(header).expect("a header");
        let graph = header["__metadata__"]["stairs.program"].as_str().expect("a graph");
        Self { graph: serde_json::from_str(graph).expect("JSON"), header, data: data.to_vec() }
    }

    /// The file, its graph the one of here.
    pub(crate) fn file(mut self) -> Vec<u8> {
        self.header["__metadata__"]["stairs.program"] = self.graph.to_string().into();
        self.raw()
    }

    /// The file, its graph the one of the header.
    pub(crate) fn raw(self) -> Vec<u8> {
        let header = self.header.to_string();
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &self.data].concat()
    }
}
