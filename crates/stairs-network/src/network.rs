//! The graph.

use serde::{Deserialize, Serialize};

use crate::{NetworkError, Op, StairWeight, Weight};

/// What a node reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The sample.
    Input,
    /// The result of the node of this number.
    Node(usize),
}

/// One operation of a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Path of the module: that of its parameters without their names, that of its quantiser, or, for what has neither, that of
    /// the module it happens in and what it does: `blocks.3.add`.
    pub path: String,
    /// What it computes.
    pub op: Op,
    /// What it reads.
    pub inputs: Vec<Source>,
    /// Shape of its result for one sample.
    pub shape: Vec<usize>,
}

/// A network for samples of one shape: nodes in an order in which they can be computed, every one behind those it reads.
///
/// Shapes are without the batch axis; shapes and parameters fit each other, which [`NetworkBuilder`] and reading from a file check.
///
/// ```
/// use stairs_network::{Array, Network, Op, Source, Weight};
///
/// let mut builder = Network::builder(vec![3]);
/// let weight = Weight::Float(Array::new(vec![2, 3], vec![1.0, 0.0, -1.0, 0.5, 0.5, 0.5])?);
/// let dense = builder.push("fc", Op::Dense { weight, bias: None }, &[Source::Input])?;
/// let relu = builder.push("relu", Op::Relu, &[dense])?;
/// let network = builder.finish(relu);
/// assert_eq!(network.run(&[1.0, 2.0, 3.0])?, [0.0, 3.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "NetworkData")]
pub struct Network {
    input: Vec<usize>,
    nodes: Vec<Node>,
    output: Source,
}

/// A network in the making.
#[derive(Clone, Debug)]
pub struct NetworkBuilder {
    input: Vec<usize>,
    nodes: Vec<Node>,
}

impl NetworkBuilder {
    /// Adds a node and says where its result is.
    ///
    /// # Errors
    /// [`NetworkError`] for inputs or parameters that do not fit the operation.
    pub fn push(&mut self, path: impl Into<String>, op: Op, inputs: &[Source]) -> Result<Source, NetworkError> {
        let path = path.into();
        let shapes = inputs.iter().map(|source| match *source {
            Source::Input => Ok(&self.input[..]),
            Source::Node(node) => self.nodes.get(node).map(|node| &node.shape[..]).ok_or(NetworkError::Order {
                path: path.clone(),
                source_node: node,
                before: self.nodes.len(),
            }),
        });
        let shapes = shapes.collect::<Result<Vec<_>, _>>()?;
        let shape = op.output(&path, &shapes)?;
        crate::array::size(&shape)?;
        self.nodes.push(Node { path, op, inputs: inputs.to_vec(), shape });
        Ok(Source::Node(self.nodes.len() - 1))
    }

    /// Shape of what is at `source`, which this builder has given.
    pub fn shape(&self, source: Source) -> &[usize] {
        match source {
            Source::Input => &self.input,
            Source::Node(node) => &self.nodes[node].shape,
        }
    }

    /// The nodes so far.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The operation of the last node, for what is found to belong to it.
    pub fn last_mut(&mut self) -> Option<&mut Node> {
        self.nodes.last_mut()
    }

    /// The network whose result is at `output`.
    pub fn finish(self, output: Source) -> Network {
        Network { input: self.input, nodes: self.nodes, output }
    }
}

impl Network {
    /// A network without nodes for samples of this shape.
    pub fn builder(input: Vec<usize>) -> NetworkBuilder {
        NetworkBuilder { input, nodes: Vec::new() }
    }

    /// Shape of a sample.
    pub fn input(&self) -> &[usize] {
        &self.input
    }

    /// The nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Where the result is.
    pub fn output(&self) -> Source {
        self.output
    }

    /// Shape of what is at `source`.
    pub fn shape(&self, source: Source) -> &[usize] {
        match source {
            Source::Input => &self.input,
            Source::Node(node) => &self.nodes[node].shape,
        }
    }

    /// The node of this path.
    pub fn node(&self, path: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.path == path)
    }

    /// Numbers of the nodes that read `source`, in order.
    pub fn readers(&self, source: Source) -> impl Iterator<Item = usize> + '_ {
        self.nodes.iter().enumerate().filter(move |(_, node)| node.inputs.contains(&source)).map(|(index, _)| index)
    }

    /// Paths of all quantisers: of weights and features, in order.
    pub fn quantisers(&self) -> Vec<&str> {
        self.nodes
            .iter()
            .filter_map(|node| match &node.op {
                Op::Stair(stair) => Some(stair.path.as_str()),
                op => op.weight().and_then(Weight::quantiser).map(|stair| stair.path.as_str()),
            })
            .collect()
    }

    /// The first operation that is known by name only: path and name.
    pub fn unknown(&self) -> Option<(&str, &str)> {
        self.nodes.iter().find_map(|node| match &node.op {
            Op::Other { name, .. } => Some((node.path.as_str(), name.as_str())),
            _ => None,
        })
    }

    /// The same network with float weights replaced by what `stair` makes of them: path of the layer and weights in, a quantiser or
    /// `None` out.
    #[must_use]
    pub fn with_quantised_weights(mut self, stair: impl Fn(&str, &crate::Array) -> Option<StairWeight>) -> Self {
        for node in &mut self.nodes {
            let Some(weight) = node.op.weight_mut() else { continue };
            let Weight::Float(array) = &*weight else { continue };
            if let Some(stair) = stair(&node.path, array).filter(|stair| stair.latent.shape() == array.shape()) {
                *weight = Weight::Stair(stair);
            }
        }
        self
    }
}

/// A network in a file, checked when it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkData {
    input: Vec<usize>,
    nodes: Vec<Node>,
    output: Source,
}

impl TryFrom<NetworkData> for Network {
    type Error = NetworkError;

    fn try_from(data: NetworkData) -> Result<Self, NetworkError> {
        crate::array::size(&data.input)?;
        let mut builder = Self::builder(data.input);
        for Node { path, op, inputs, shape: said } in data.nodes {
            builder.push(path, op, &inputs)?;
            if let Some(Node { path, shape: gives, .. }) = builder.nodes.last()
                && *gives != said
            {
                return Err(NetworkError::Said { path: path.clone(), said, gives: gives.clone() });
            }
        }
        let before = builder.nodes.len();
        match data.output {
            Source::Node(source_node) if source_node >= before => {
                Err(NetworkError::Order { path: "output".into(), source_node, before })
            }
            output => Ok(builder.finish(output)),
        }
    }
}
