//! `stairs summary`

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use stairs::{
    quant::Quantiser,
    train::{Edges, Features, Which, ZooModel, data::TrainData, stairs_config},
    zoo::{Architecture, Quantisation, StairsConfig},
};
use stairs_study::{
    bits::BitsFile,
    deploy::{deployed_table, deployment, notes, totals, weights_svg},
    summary::{Models, Summary, layer_table, model_list, model_table, totals_table},
};

use super::{
    json::{self, JsonOption},
    model_name::architecture,
    number::{CLASSES, whole},
    options::DataOption,
    paths,
};

/// Summarise a model: layers, parameters, multiplications, bit operations, memory
///
/// Nothing is trained or drawn. Bit operations are multiply-accumulates times the bits of a weight times the bits of a
/// feature; float counts 32 bits. Memory is that of one sample.
#[derive(Debug, Args)]
pub(crate) struct Summarise {
    /// Model with its sizes, e.g. resnet18, vgg8:0.25 or mlp:64-32; `all` lists the models of the zoo with their costs, `help`
    /// their names; with --deployed a run directory
    #[arg(value_parser = choice, value_name = "MODEL|RUN")]
    model: Choice,
    /// Summarise the integers that a run deploys as: per layer kind, bits, bytes, thresholds; flash and memory
    #[arg(long, conflicts_with_all = ["input", "classes", "quantiser", "bits_file", "float", "weights_only", "features", "edges", "layers", "graph", "json", "markdown"])]
    deployed: bool,
    /// With --deployed: draw the weights as SVG into this file [default: they are not drawn]
    #[arg(long, value_name = "FILE.svg", requires = "deployed")]
    picture: Option<PathBuf>,
    #[command(flatten)]
    data: DataOption,
    /// Shape of a sample: channels, height, width, at most 16777216 numbers [default: 3x224x224 for models for ImageNet, else 3x32x32]
    #[arg(long, value_parser = shape, value_name = "CxHxW")]
    input: Option<[usize; 3]>,
    /// Number of classes, 1 to 1000000 [default: 1000 for models for ImageNet, else 10]
    #[arg(long, value_name = "N", value_parser = whole(0..=CLASSES))]
    classes: Option<usize>,
    /// Quantiser of weights, and of the features that go with them: binary, ternary, int2 … int8 [default: ternary]
    #[arg(long, value_name = "NAME")]
    quantiser: Option<Quantiser>,
    /// A plan of bits for every layer, as in training [default: --quantiser for all]
    #[arg(long, value_name = "FILE.toml")]
    bits_file: Option<PathBuf>,
    /// Quantise nothing
    #[arg(long, conflicts_with_all = ["quantiser", "bits_file", "features", "weights_only", "edges"])]
    float: bool,
    /// Quantise weights, not features: --features float
    #[arg(long, conflicts_with = "features")]
    weights_only: bool,
    /// Features, as in training: matching, float or the name of a quantiser [default: matching]
    #[arg(long, value_name = "NAME")]
    features: Option<Features>,
    /// First and last layer, as in training: last-float, both-float or quantised [default: last-float]
    #[arg(long, value_name = "POLICY")]
    edges: Option<Edges>,
    /// List every layer, not only those with weights
    #[arg(long)]
    layers: bool,
    /// Draw the graph of the network, every operation of it, as SVG into this file [default: it is not drawn]
    #[arg(long, value_name = "FILE.svg")]
    graph: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) json: JsonOption,
    /// With `all`: print the tables in Markdown
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

#[derive(Clone, Debug)]
enum Choice {
    All,
    One(Architecture),
    Run(PathBuf),
}

fn choice(name: &str) -> Result<Choice, String> {
    if name == "all" {
        return Ok(Choice::All);
    }
    match architecture(name) {
        Err(_) if Path::new(name).is_dir() => Ok(Choice::Run(name.into())),
        model => model.map(Choice::One),
    }
}

fn shape(text: &str) -> Result<[usize; 3], String> {
    let sizes: Option<Vec<usize>> = text.split(['x', '×']).map(|size| size.parse().ok()).collect();
    let sizes = sizes.and_then(|sizes| sizes.try_into().ok());
    sizes.ok_or_else(|| "a shape is channels, height and width, such as 3x224x224".to_owned())
}

impl Summarise {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match &self.model {
            Choice::Run(run) if self.deployed => self.deployed(run),
            Choice::Run(run) => bail!("{} is a run directory: --deployed says what it deploys as", run.display()),
            _ if self.deployed => bail!("--deployed takes a run directory"),
            Choice::One(model) => self.one(model),
            Choice::All => self.all(),
        }
    }

    fn deployed(&self, run: &Path) -> anyhow::Result<()> {
        let run = paths::run(run)?;
        let config = run.config()?;
        let data =
            TrainData::open(&config, &self.data.root()).with_context(|| format!("loading {}", config.dataset))?;
        let model = ZooModel::load_for(&run, &data, Which::Last, &stairs::device::DeviceName::Flex.open()?)?;
        let deployment = deployment(&config, &model, data.train.as_ref(), false)?;
        let program = &deployment.deployed.program;
        answer!("{} on {}, deployed\n\n{}\n", config.model, config.dataset, deployed_table(program));
        notes(&deployment.deployed).iter().for_each(|note| answer!("{note}"));
        answer!("{}", totals(program));
        if let Some(path) = &self.picture {
            let svg = weights_svg(program).context("no layer has integer weights: there is nothing to draw")?;
            std::fs::write(path, svg).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    fn quantisation(&self) -> anyhow::Result<Quantisation> {
        if self.float {
            return Ok(Quantisation::Float);
        }
        let plan = self.bits_file.as_deref().map(BitsFile::read).transpose()?;
        let of_plan = plan.as_ref();
        let quantiser = self.quantiser.or_else(|| of_plan?.quantiser).unwrap_or(Quantiser::Ternary);
        let features = if self.weights_only { Some(Features::Float) } else { self.features };
        let features = features.or_else(|| of_plan?.features).unwrap_or_default();
        let edges = self.edges.or_else(|| of_plan?.edges).unwrap_or_default();
        let stairs = stairs_config(quantiser, features, edges);
        Ok(Quantisation::Stairs(StairsConfig { layers: plan.map(|plan| plan.weights), ..stairs }))
    }

    fn one(&self, model: &Architecture) -> anyhow::Result<()> {
        ensure!(!self.markdown, "--markdown is for `all`");
        let summary = Summary::new(model, self.input, self.classes, &self.quantisation()?)?;
        if let Some(path) = &self.graph {
            summary.draw(path).with_context(|| format!("cannot write {}", path.display()))?;
        }
        if self.json.json {
            return json::print(&summary);
        }
        answer!("{}\n\n{}\n\n{}", summary.title(), layer_table(&summary.network, self.layers), summary.counts());
        answer!("\n{}", totals_table(summary.totals()));
        Ok(())
    }

    fn all(&self) -> anyhow::Result<()> {
        let sized = self.input.is_some() || self.classes.is_some();
        ensure!(
            !sized && !self.layers && !self.json.json && self.graph.is_none(),
            "`all` lists every model at all precisions, for its usual samples: it takes --markdown alone"
        );
        if self.markdown {
            for models in Models::ALL {
                answer!("{}", model_table(models)?);
            }
        } else {
            answer!("{}", model_list()?);
        }
        Ok(())
    }
}
