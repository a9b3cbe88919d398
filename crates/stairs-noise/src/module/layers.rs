//! The layers of an annealing schedule: which quantisers decay together.
//!
//! Every quantised weight opens a layer, and the feature quantisers that follow it belong to it; those before the first weight belong
//! to the first layer. Weights of one *unit* are one layer. A unit is the outermost module of a type whose weights work at the same
//! time or in a loop, so that no order among them exists that a schedule could follow:
//!
//! | unit | why |
//! |---|---|
//! | `Rnn`, `Lstm`, `Gru` and `BiRnn`, `BiLstm`, `BiGru` | every gate reads what every gate wrote one step before |
//! | `GateController` | sums what two weights make of input and state |
//! | `MultiHeadAttention`, `CrossAttention` | query, key and value are read side by side |
//! | `TransformerEncoderLayer`, `TransformerDecoderLayer`, `PositionWiseFeedForward` | a block around one residual sum |
//! | `SwiGlu` | a product of two dense layers |

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::apply::QuantiserKind;
use super::walk::{Look, Place, look};

/// Types of modules whose weights are one layer, as Burn names them to visitors.
const UNITS: [&str; 13] = [
    "Struct:Rnn",
    "Struct:BiRnn",
    "Struct:Lstm",
    "Struct:BiLstm",
    "Struct:Gru",
    "Struct:BiGru",
    "Struct:GateController",
    "Struct:MultiHeadAttention",
    "Struct:CrossAttention",
    "Struct:TransformerEncoderLayer",
    "Struct:TransformerDecoderLayer",
    "Struct:PositionWiseFeedForward",
    "Struct:SwiGlu",
];

/// The layers of an annealing schedule, as lists of quantiser paths: one for every quantised weight, or for every unit of weights
/// that work together, such as an LSTM; see [`layers_by`] for other groups.
///
/// ```
/// use burn::{nn::{LinearConfig, LstmConfig}, tensor::Device};
/// use stairs_noise::{StairWeights, layers};
///
/// let device = Device::flex();
/// let model = (LstmConfig::new(3, 4, true).init(&device), LinearConfig::new(4, 2).init(&device));
/// let layers = layers(&StairWeights::ternary().quantise(model)?);
/// assert_eq!((layers.len(), layers[0].len(), layers[1].len()), (2, 8, 1)); // four gates of two weights; the dense layer
/// # Ok::<(), stairs_noise::WeightsError>(())
/// ```
pub fn layers<M: Module>(model: &M) -> Vec<Vec<String>> {
    let groups = sites(model).into_iter().map(|site| (site.path, site.kind, site.unit));
    collect(groups)
}

/// The layers of an annealing schedule, grouped by hand: neighbouring weights for whose quantisers `group` gives the same name are
/// one layer; a weight without a name is a layer of its own, also inside an LSTM.
///
/// ```
/// use burn::{nn::LinearConfig, tensor::Device};
/// use stairs_noise::{StairWeights, layers_by};
///
/// let dense = |inputs, outputs| LinearConfig::new(inputs, outputs).init(&Device::flex());
/// let model = StairWeights::ternary().quantise(vec![dense(4, 3), dense(3, 3), dense(3, 2)])?;
/// let tied = layers_by(&model, |path| (!path.starts_with("2.")).then(|| "body".to_string()));
/// assert_eq!(tied, [vec!["0.weight.stair", "1.weight.stair"], vec!["2.weight.stair"]]);
/// assert_eq!(layers_by(&model, |_| None).len(), 3);
/// # Ok::<(), stairs_noise::WeightsError>(())
/// ```
pub fn layers_by<M: Module>(model: &M, mut group: impl FnMut(&str) -> Option<String>) -> Vec<Vec<String>> {
    let groups = sites(model).into_iter().map(|site| {
        let name = group(&site.path);
        (site.path, site.kind, name)
    });
    collect(groups)
}

/// A quantiser, in network order.
struct Site {
    path: String,
    kind: QuantiserKind,
    /// The path of its unit.
    unit: Option<String>,
}

fn sites<M: Module>(model: &M) -> Vec<Site> {
    struct List(Vec<Site>);

    impl Look for List {
        fn float<const D: usize>(&mut self, place: &Place, _param: &Param<Tensor<D>>) {
            let unit = || place.outermost(&UNITS).map(str::to_owned);
            let site = |path: &str| Site { path: path.to_owned(), kind: place.kind(), unit: unit() };
            self.0.extend(place.quantiser().map(site));
        }
    }

    look(model, List(Vec::new())).0
}

fn collect(sites: impl Iterator<Item = (String, QuantiserKind, Option<String>)>) -> Vec<Vec<String>> {
    let mut layers: Vec<Vec<String>> = Vec::new();
    // The group of the last layer; none before its first weight.
    let mut open: Option<Option<String>> = None;
    for (path, kind, group) in sites {
        let joins = match (kind, &open) {
            (QuantiserKind::Feature, _) | (QuantiserKind::Weight, None) => true,
            (QuantiserKind::Weight, Some(last)) => group.is_some() && *last == group,
        };
        match layers.last_mut() {
            Some(layer) if joins => layer.push(path),
            _ => layers.push(vec![path]),
        }
        if kind == QuantiserKind::Weight {
            open = Some(group);
        }
    }
    layers
}
