#![doc = include_str!("../README.md")]
//!
//! | folder | what |
//! |---|---|
//! | `onnx` | ONNX and QONNX files |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod onnx;
