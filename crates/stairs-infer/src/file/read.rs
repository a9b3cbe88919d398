//! From a file to a program.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::container::{Container, Tensor, Type};
use super::graph::{Form, Graph, Packed, Step, Table};
use super::numbers::{self, INTEGERS, LONG};
use super::pixels::{self, Standardised};
use super::{FileError, Limits, PROGRAM, VERSION, digits, tensor_name};
use crate::program::size;
use crate::{Op, Pixels, Program, ProgramError, Source, Thresholds, Weights};

/// The program of a file.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Program, FileError> {
    let mut container = Container::read(bytes)?;
    let Graph { name, input, nodes, output, pixels } = graph(&container.metadata)?;
    let in_sample = |source| FileError::Program { part: "the sample".into(), source };
    let mut builder = Program::builder(name, input).map_err(in_sample)?;
    for (index, Step { path, op, inputs }) in nodes.into_iter().enumerate() {
        let in_node = |source| FileError::Program { part: part(index, &path), source };
        let inputs: Vec<Source> = inputs.into_iter().map(source).collect();
        let op = Reader { index, path: &path, inputs: inputs.len(), container: &mut container }.op(op)?;
        builder.push(path.as_str(), op, &inputs).map_err(in_node)?;
    }
    let count = builder.nodes().len();
    if output > count {
        let expected = format!("0 for the sample, or at most {count}, the last node");
        return Err(FileError::Graph { what: "output".into(), expected, got: output.to_string() });
    }
    let mut program = builder.finish(source(output));
    if let Some(table) = pixels {
        program = program.with_pixels(Pixels { table: self::table(&mut container, &table)? }).map_err(in_sample)?;
    }
    container.finish()?;
    limits.check(&program)?;
    Ok(program)
}

fn graph(metadata: &BTreeMap<String, String>) -> Result<Graph, FileError> {
    let entry = |key: &'static str| metadata.get(key).ok_or(FileError::Foreign(key));
    let (version, graph) = (entry(VERSION)?, entry(PROGRAM)?);
    if !version.parse().is_ok_and(|version: u32| (1..=Program::FILE_VERSION).contains(&version)) {
        return Err(FileError::Version { got: version.clone(), newest: Program::FILE_VERSION });
    }
    serde_json::from_str(graph).map_err(|error| FileError::Json { what: "graph", reason: error.to_string() })
}

fn source(number: usize) -> Source {
    number.checked_sub(1).map_or(Source::Input, Source::Node)
}

fn part(index: usize, path: &str) -> String {
    format!("node {index} (`{path}`)")
}

fn table(container: &mut Container<'_>, table: &Table) -> Result<Vec<f32>, FileError> {
    let tensor = container.take("pixels", &[Type::F32], "F32")?;
    match *table {
        Table::Numbers => Ok(numbers::to_singles(&tensor)),
        Table::Standardised { unit } => match tensor.shape[..] {
            [1..=pixels::CHANNELS, 2] => Ok(Standardised { unit, parameters: numbers::to_singles(&tensor) }.table()),
            _ => Err(shape(&tensor, format!("of shape [channels, 2], at most {} channels", pixels::CHANNELS))),
        },
    }
}

fn shape(tensor: &Tensor<'_>, expected: String) -> FileError {
    FileError::Shape { tensor: tensor.name.clone(), expected, got: format!("{:?}", tensor.shape) }
}

/// Reads the tensors of one node.
struct Reader<'a, 'b> {
    index: usize,
    path: &'a str,
    inputs: usize,
    container: &'a mut Container<'b>,
}

impl<'b> Reader<'_, 'b> {
    fn op(mut self, form: Form) -> Result<Op, FileError> {
        Ok(match form {
            Form::Fix { fraction, low, high } => Op::Fix { fraction, low, high },
            Form::Steps { levels } => Op::Steps { thresholds: self.singles("thresholds")?, levels },
            Form::Dense { weights } => Op::Dense { weights: self.weights(weights)? },
            Form::Conv { window, groups, weights } => Op::Conv { window, groups, weights: self.weights(weights)? },
            Form::Thresholds { levels, falling } => {
                let values = numbers::to_thresholds(&self.take("thresholds", INTEGERS, "I8, I16 or I32")?);
                let falling = falling.map_or(Ok(Vec::new()), |channels| self.marks(channels))?;
                Op::Thresholds(Thresholds { values, falling, levels })
            }
            Form::Rescale { shift, low, high } => {
                let factors = self.take("factors", LONG, "I8, I16, I32 or I64")?;
                let factors = self.lists(&factors, numbers::to_integers(&factors).collect())?;
                let offsets = self.take("offsets", LONG, "I8, I16, I32 or I64")?;
                Op::Rescale { factors, offsets: numbers::to_integers(&offsets).collect(), shift, low, high }
            }
            Form::SumPool { window } => Op::SumPool(window),
            Form::MaxPool { window } => Op::MaxPool(window),
            Form::PadChannels { before, behind } => Op::PadChannels { before, behind },
            Form::Reshape { shape } => Op::Reshape { shape },
            Form::Affine => {
                let factors = self.take("factors", &[Type::F64], "F64")?;
                let factors = self.lists(&factors, numbers::to_doubles(&factors))?;
                Op::Affine { factors, offsets: numbers::to_doubles(&self.take("offsets", &[Type::F64], "F64")?) }
            }
            Form::FloatDense => Op::FloatDense { weights: self.singles("weights")?, bias: self.singles("bias")? },
            Form::FloatConv { window, groups } => {
                Op::FloatConv { window, groups, weights: self.singles("weights")?, bias: self.singles("bias")? }
            }
            Form::Scale => Op::Scale { factors: self.singles("factors")?, offsets: self.singles("offsets")? },
            Form::Clip => {
                let bounds = self.take("bounds", &[Type::F32], "F32")?;
                match (&bounds.shape[..], &numbers::to_singles(&bounds)[..]) {
                    ([2], &[low, high]) => Op::Clip { low, high },
                    _ => return Err(shape(&bounds, "of shape [2]".into())),
                }
            }
            Form::MeanPool { window, counts_padding } => Op::MeanPool { window, counts_padding },
            Form::AdaptiveMeanPool { size } => Op::AdaptiveMeanPool { size },
            Form::Mean => Op::Mean,
            Form::Add => Op::Add,
        })
    }

    fn take(&mut self, parameter: &str, types: &[Type], expected: &'static str) -> Result<Tensor<'b>, FileError> {
        self.container.take(&tensor_name(self.index, self.path, parameter), types, expected)
    }

    fn singles(&mut self, parameter: &str) -> Result<Vec<f32>, FileError> {
        Ok(numbers::to_singles(&self.take(parameter, &[Type::F32], "F32")?))
    }

    /// One list for every input of the node.
    fn lists<T: Clone>(&self, tensor: &Tensor<'_>, values: Vec<T>) -> Result<Vec<Vec<T>>, FileError> {
        match tensor.shape[..] {
            [inputs, channels] if inputs == self.inputs && channels > 0 => {
                Ok(values.chunks(channels).map(<[T]>::to_vec).collect())
            }
            _ => Err(shape(tensor, format!("of shape [{}, channels]", self.inputs))),
        }
    }

    fn weights(&mut self, packed: Packed) -> Result<Weights, FileError> {
        let Packed { shape: axes, values } = packed;
        let part = part(self.index, self.path);
        let in_node = |source: ProgramError| FileError::Program { part: part.clone(), source };
        let count = size(&axes).map_err(in_node)?;
        let weights = match values {
            Some(values) if (1..=digits::MOST).contains(&values.len()) => self.unpacked("weights", &values, count)?,
            Some(values) => {
                let (what, got) = (format!("number of values of the weights of {part}"), values.len().to_string());
                return Err(FileError::Graph { what, expected: format!("1 to {}", digits::MOST), got });
            }
            None => {
                let tensor = self.take("weights", &[Type::I8], "I8")?;
                if tensor.shape != axes {
                    return Err(shape(&tensor, format!("of shape {axes:?}")));
                }
                tensor.bytes.iter().map(|byte| byte.cast_signed()).collect()
            }
        };
        Weights::new(axes, weights).map_err(in_node)
    }

    fn marks(&mut self, channels: usize) -> Result<Vec<bool>, FileError> {
        Ok(self.unpacked("falling", &[0, 1], channels)?.into_iter().map(|mark| mark == 1).collect())
    }

    fn unpacked(&mut self, parameter: &str, values: &[i8], count: usize) -> Result<Vec<i8>, FileError> {
        let tensor = self.take(parameter, &[Type::U8], "U8")?;
        let bytes = count.div_ceil(digits::per_byte(digits::base(values.len())));
        if tensor.bytes.len() != bytes {
            return Err(shape(&tensor, format!("{bytes} bytes for {count} digits of {} values", values.len())));
        }
        digits::unpack(&tensor.bytes, values, count).map_err(|index| FileError::Digits {
            base: values.len(),
            got: tensor.bytes[index],
            tensor: tensor.name,
            index,
        })
    }
}
