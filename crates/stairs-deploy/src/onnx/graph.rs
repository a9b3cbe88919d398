//! An ONNX graph in the making: nodes, constants, and names that are unique.

use std::collections::BTreeSet;

use prost::Message;

use super::proto;

/// Types of numbers, by ONNX's codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Float = 1,
    U8 = 2,
    I8 = 3,
    I32 = 6,
    I64 = 7,
    Double = 11,
}

/// A named constant of a node.
pub(super) enum Attr<'a> {
    Int(&'a str, i64),
    Ints(&'a str, Vec<i64>),
    Float(&'a str, f32),
    Text(&'a str, &'a str),
}

/// Numbers of one type.
pub(super) trait Number: Copy {
    const TYPE: Type;
    fn bytes(self, to: &mut Vec<u8>);
}

macro_rules! numbers {
    ($($number:ty => $type:ident),*) => {$(
        impl Number for $number {
            const TYPE: Type = Type::$type;
            fn bytes(self, to: &mut Vec<u8>) {
                to.extend(self.to_le_bytes());
            }
        }
    )*};
}

numbers!(f32 => Float, f64 => Double, u8 => U8, i8 => I8, i32 => I32, i64 => I64);

/// The domain of QONNX's operations.
pub(super) const QONNX: &str = "qonnx.custom_op.general";
/// The version of ONNX's operations.
const OPSET: i64 = 21;
/// The version of the format that belongs to it.
const IR_VERSION: i64 = 10;
/// Name of the size of a batch.
const BATCH: &str = "N";

/// A graph.
#[derive(Default)]
pub(super) struct Graph {
    graph: proto::Graph,
    names: BTreeSet<String>,
    /// Prefix of names: the path of the layer that is being written.
    path: String,
}

impl Graph {
    pub(super) fn new(name: &str) -> Self {
        Self { graph: proto::Graph { name: Some(name.to_owned()), ..Default::default() }, ..Self::default() }
    }

    /// Names from now on begin with this path.
    pub(super) fn enter(&mut self, path: &str) {
        path.clone_into(&mut self.path);
    }

    /// A name that no other tensor has.
    fn unique(&mut self, what: &str) -> String {
        let name = if self.path.is_empty() { what.to_owned() } else { format!("{}.{what}", self.path) };
        let mut unique = name.clone();
        let mut count = 1;
        while !self.names.insert(unique.clone()) {
            count += 1;
            unique = format!("{name}.{count}");
        }
        unique
    }

    /// A constant of this shape.
    pub(super) fn constant<T: Number>(&mut self, what: &str, shape: &[usize], values: &[T]) -> String {
        let mut raw = Vec::with_capacity(size_of_val(values));
        values.iter().for_each(|value| value.bytes(&mut raw));
        let name = self.unique(what);
        self.graph.initializer.push(proto::Tensor {
            dims: sizes(shape),
            data_type: Some(T::TYPE as i32),
            name: Some(name.clone()),
            raw_data: Some(raw),
        });
        name
    }

    /// A constant without axes; one that is there already is used again.
    pub(super) fn scalar<T: Number>(&mut self, value: T) -> String {
        let mut raw = Vec::new();
        value.bytes(&mut raw);
        let found = self.graph.initializer.iter().find(|tensor| {
            tensor.dims.is_empty() && tensor.data_type == Some(T::TYPE as i32) && tensor.raw_data.as_ref() == Some(&raw)
        });
        match found.and_then(|tensor| tensor.name.clone()) {
            Some(name) => name,
            None => self.constant("constant", &[], &[value]),
        }
    }

    /// A node of ONNX's own operations; the name of its result.
    pub(super) fn node(&mut self, op: &str, inputs: &[&str], attributes: &[Attr<'_>]) -> String {
        self.push(None, op, inputs, attributes)
    }

    /// A node of QONNX's operations.
    pub(super) fn custom(&mut self, op: &str, inputs: &[&str], attributes: &[Attr<'_>]) -> String {
        self.push(Some(QONNX.to_owned()), op, inputs, attributes)
    }

    fn push(&mut self, domain: Option<String>, op: &str, inputs: &[&str], attributes: &[Attr<'_>]) -> String {
        let output = self.unique(op);
        self.graph.node.push(proto::Node {
            input: inputs.iter().map(|name| (*name).to_owned()).collect(),
            output: vec![output.clone()],
            name: Some(output.clone()),
            op_type: Some(op.to_owned()),
            attribute: attributes.iter().map(attribute).collect(),
            domain,
        });
        output
    }

    /// The same numbers as another type.
    pub(super) fn cast(&mut self, name: &str, to: Type) -> String {
        self.node("Cast", &[name], &[Attr::Int("to", to as i64)])
    }

    /// Samples of this shape.
    pub(super) fn input(&mut self, name: &str, shape: &[usize]) -> String {
        self.names.insert(name.to_owned());
        self.graph.input.push(value(name, Type::Float, shape));
        name.to_owned()
    }

    /// Makes what is at `from` an output called `name`.
    pub(super) fn output(&mut self, name: &str, from: &str, of: Type, shape: &[usize]) {
        self.path.clear();
        let name = self.unique(name);
        self.graph.node.push(proto::Node {
            input: vec![from.to_owned()],
            output: vec![name.clone()],
            name: Some(name.clone()),
            op_type: Some("Identity".to_owned()),
            ..Default::default()
        });
        self.graph.output.push(value(&name, of, shape));
    }

    /// The bytes of a file.
    pub(super) fn finish(self) -> Vec<u8> {
        let set =
            |domain: &str, version| proto::OperatorSet { domain: Some(domain.to_owned()), version: Some(version) };
        let custom = self.graph.node.iter().any(|node| node.domain.is_some());
        let sets = [Some(set("", OPSET)), custom.then(|| set(QONNX, 1))];
        let model = proto::Model {
            ir_version: Some(IR_VERSION),
            producer_name: Some("stairs".to_owned()),
            producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            graph: Some(self.graph),
            opset_import: sets.into_iter().flatten().collect(),
        };
        model.encode_to_vec()
    }
}

pub(super) fn sizes(shape: &[usize]) -> Vec<i64> {
    shape.iter().map(|size| *size as i64).collect()
}

fn attribute(attribute: &Attr<'_>) -> proto::Attribute {
    let named =
        |name: &str, kind| proto::Attribute { name: Some(name.to_owned()), r#type: Some(kind), ..Default::default() };
    match attribute {
        Attr::Float(name, f) => proto::Attribute { f: Some(*f), ..named(name, 1) },
        Attr::Int(name, i) => proto::Attribute { i: Some(*i), ..named(name, 2) },
        Attr::Text(name, s) => proto::Attribute { s: Some(s.as_bytes().to_vec()), ..named(name, 3) },
        Attr::Ints(name, ints) => proto::Attribute { ints: ints.clone(), ..named(name, 7) },
    }
}

/// Name and type of a batch of what has this shape.
fn value(name: &str, of: Type, shape: &[usize]) -> proto::ValueInfo {
    let known = |size: i64| proto::Dimension { value: Some(size), param: None };
    let batch = proto::Dimension { value: None, param: Some(BATCH.to_owned()) };
    let dim = std::iter::once(batch).chain(sizes(shape).into_iter().map(known)).collect();
    let tensor = proto::TensorType { elem_type: Some(of as i32), shape: Some(proto::Shape { dim }) };
    proto::ValueInfo { name: Some(name.to_owned()), r#type: Some(proto::Type { tensor_type: Some(tensor) }) }
}
