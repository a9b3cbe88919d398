//! A program as it is left: without what nobody reads, and with the signs of falling channels in the weights.

use stairs_infer::{Node, Op, Program, ProgramError, Source, Thresholds, Weights};

/// The same program, shorter.
pub(super) fn cleaned(program: &Program) -> Result<Program, ProgramError> {
    let mut nodes = program.nodes().to_vec();
    for index in 0..nodes.len() {
        turn(&mut nodes, index);
    }
    let mut needed = vec![false; nodes.len()];
    let mut open: Vec<Source> = vec![program.output()];
    while let Some(source) = open.pop() {
        if let Source::Node(node) = source
            && !std::mem::replace(&mut needed[node], true)
        {
            open.extend(&nodes[node].inputs);
        }
    }
    let mut builder = Program::builder(program.name(), program.input().to_vec())?;
    let mut places = vec![Source::Input; nodes.len()];
    let moved = |places: &[Source], source: &Source| match *source {
        Source::Input => Source::Input,
        Source::Node(node) => places[node],
    };
    for (index, Node { path, op, inputs, .. }) in nodes.into_iter().enumerate() {
        if needed[index] {
            let inputs: Vec<Source> = inputs.iter().map(|source| moved(&places, source)).collect();
            places[index] = builder.push(path, op, &inputs)?;
        }
    }
    let output = moved(&places, &program.output());
    Ok(builder.finish(output))
}

/// Takes the sign of falling channels of thresholds into the weights of the layer whose sums they alone read.
fn turn(nodes: &mut [Node], index: usize) {
    let Op::Thresholds(thresholds) = &nodes[index].op else { return };
    if thresholds.falling.is_empty() {
        return;
    }
    let [Source::Node(layer)] = nodes[index].inputs[..] else { return };
    let readers = nodes.iter().filter(|node| node.inputs.contains(&Source::Node(layer))).count();
    let (Op::Dense { weights } | Op::Conv { weights, .. }) = &nodes[layer].op else { return };
    let turnable = |c: usize| thresholds.falls(c) && !weights.of(c).contains(&i8::MIN);
    if readers != 1 || nodes[layer].shape.first() != Some(&weights.outputs()) {
        return;
    }
    let turned: Vec<bool> = (0..weights.outputs()).map(turnable).collect();
    let fan_in = weights.fan_in().max(1);
    let values = weights.values().iter().enumerate().map(|(i, w)| if turned[i / fan_in] { -w } else { *w }).collect();
    let Ok(flipped) = Weights::new(weights.shape().to_vec(), values) else { return };
    let steps = thresholds.levels.len() - 1;
    let negative = |t: i32| match t {
        i32::MIN => i32::MAX,
        i32::MAX => i32::MIN,
        t => -t,
    };
    let values = (0..turned.len()).flat_map(|c| {
        let turned = turned[c];
        thresholds.of(c).iter().map(move |t| if turned { negative(*t) } else { *t })
    });
    let mut falling: Vec<bool> = (0..turned.len()).map(|c| thresholds.falls(c) && !turned[c]).collect();
    if !falling.contains(&true) {
        falling.clear();
    }
    let levels = thresholds.levels.clone();
    let turned = Thresholds { values: values.take(turned.len() * steps).collect(), falling, levels };
    nodes[index].op = Op::Thresholds(turned);
    if let Op::Dense { weights } | Op::Conv { weights, .. } = &mut nodes[layer].op {
        *weights = flipped;
    }
}
