//! The graph as JSON: nodes with their small parameters; longer lists are tensors.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::Window;

/// A program without its tensors.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Graph {
    pub(super) name: String,
    /// Shape of a sample.
    pub(super) input: Vec<usize>,
    #[serde(deserialize_with = "steps")]
    pub(super) nodes: Vec<Step>,
    /// As [`Step::inputs`].
    pub(super) output: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pixels: Option<Table>,
}

/// What tensor `pixels` holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Table {
    /// 256 numbers a channel.
    Numbers,
    /// Mean and deviation of every channel.
    Standardised {
        /// What bytes are divided by first.
        unit: u8,
    },
}

/// A node.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) path: String,
    pub(super) op: Form,
    /// 0 for the sample, n + 1 for the result of node n.
    pub(super) inputs: Vec<usize>,
}

/// Weights.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Packed {
    pub(super) shape: Vec<usize>,
    /// The values that digits stand for; without them weights are integers of 8 bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) values: Option<Vec<i8>>,
}

/// An operation without its tensors.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Form {
    Fix {
        fraction: u8,
        low: i32,
        high: i32,
    },
    Steps {
        levels: Vec<i32>,
    },
    Dense {
        weights: Packed,
    },
    Conv {
        #[serde(with = "Sliding")]
        window: Window,
        groups: usize,
        weights: Packed,
    },
    Thresholds {
        levels: Vec<i32>,
        /// Channels that tensor `falling` marks; without it none falls.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        falling: Option<usize>,
    },
    Rescale {
        shift: u8,
        low: i32,
        high: i32,
    },
    SumPool {
        #[serde(with = "Sliding")]
        window: Window,
    },
    MaxPool {
        #[serde(with = "Sliding")]
        window: Window,
    },
    PadChannels {
        before: usize,
        behind: usize,
    },
    Reshape {
        shape: Vec<usize>,
    },
    Affine,
    FloatDense,
    FloatConv {
        #[serde(with = "Sliding")]
        window: Window,
        groups: usize,
    },
    Scale,
    Clip,
    MeanPool {
        #[serde(with = "Sliding")]
        window: Window,
        counts_padding: bool,
    },
    AdaptiveMeanPool {
        size: [usize; 2],
    },
    Mean,
    Add,
}

/// A window, its usual parameters left out.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Window", deny_unknown_fields)]
struct Sliding {
    kernel: [usize; 2],
    #[serde(default = "ones", skip_serializing_if = "is_ones")]
    stride: [usize; 2],
    #[serde(default, skip_serializing_if = "is_zeros")]
    padding: [[usize; 2]; 2],
    #[serde(default = "ones", skip_serializing_if = "is_ones")]
    dilation: [usize; 2],
}

fn ones() -> [usize; 2] {
    [1; 2]
}

fn is_ones(sizes: &[usize; 2]) -> bool {
    *sizes == [1; 2]
}

fn is_zeros(sizes: &[[usize; 2]; 2]) -> bool {
    *sizes == [[0; 2]; 2]
}

/// Nodes, so that a fault among them says in which.
fn steps<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Step>, D::Error> {
    struct Nodes;

    impl<'de> Visitor<'de> for Nodes {
        type Value = Vec<Step>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a list of nodes")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut nodes: A) -> Result<Vec<Step>, A::Error> {
            let mut steps = Vec::new();
            let in_node = |index: usize| move |error| A::Error::custom(format!("node {index}: {error}"));
            while let Some(step) = nodes.next_element().map_err(in_node(steps.len()))? {
                steps.push(step);
            }
            Ok(steps)
        }
    }

    deserializer.deserialize_seq(Nodes)
}
