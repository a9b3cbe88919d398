//! Header and source of a program.

use std::fmt::Write as _;

use stairs_infer::{Kind, Op, Program};

use super::convolution::scratch;
use super::form::Form;
use super::memory::Memory;
use super::parts::Parts;
use super::plan::{Plan, Stage};
use super::stage::{Needs, Writer};
use super::text::{Code, comment};
use super::{Arena, CError, Options, Sources};

/// What the functions of one program are made of.
struct Source<'a> {
    program: &'a Program,
    options: &'a Options,
    plan: Plan<'a>,
    memory: Memory,
}

/// Writes both.
pub(super) fn write(program: &Program, options: &Options) -> Result<Sources, CError> {
    let plan = Plan::new(program);
    let memory = Memory::new(&plan, |stage| scratch(&plan, stage))?;
    let source = Source { program, options, plan, memory };
    let mut parts = Parts::new(&options.name);
    let (mut stages, mut calls) = (String::new(), [Vec::new(), Vec::new()]);
    for index in 0..source.plan.stages.len() {
        for (pixels, calls) in [false, true].into_iter().zip(&mut calls) {
            if pixels && program.pixels().is_none() {
                continue;
            }
            let (body, needs) = Writer::new(&source.plan, &source.memory, &mut parts, pixels).write(index);
            let suffix = if needs.sample && pixels { "_pixels" } else { "" };
            let name = format!("{}_stage{index}{suffix}", options.name);
            calls.push(format!("{name}({});", source.arguments(needs, pixels, false)));
            // What does not read the sample is the same for both.
            if needs.sample || !pixels {
                let head = source.describe(&source.plan.stages[index]);
                let _ = write!(
                    stages,
                    "\n/* {head} */\nstatic void {name}({})\n{{\n{body}}}\n",
                    source.arguments(needs, pixels, true)
                );
            }
        }
    }
    let flash = parts.bytes;
    let mut text = source.head(flash);
    let _ = writeln!(text, "#include \"{}.h\"\n", options.name);
    if source.has_floats() {
        text.push_str(CONTRACTION);
    }
    text.push_str(&parts.text());
    text.push_str(&stages);
    text.push_str(&source.functions(&calls));
    Ok(Sources { header: source.header(flash), source: text, ram: source.memory.bytes, flash })
}

/// A product and a sum in one rounding are not what the program says.
const CONTRACTION: &str = "\
/* Products and sums are rounded one by one, in order. Other compilers: switch contraction off (-ffp-contract=off), and compute in the\n\
   precision of the types. */\n\
#if defined(__clang__)\n\
#pragma STDC FP_CONTRACT OFF\n\
#elif defined(__GNUC__)\n\
#pragma GCC optimize (\"-ffp-contract=off\")\n\
#endif\n\n";

impl Source<'_> {
    fn output(&self) -> (usize, &'static str) {
        let (shape, kind) = self.program.at(self.program.output());
        (shape.iter().product(), if kind == Kind::Float { "float" } else { "int32_t" })
    }

    /// Arguments of a stage, as parameters or in a call.
    fn arguments(&self, needs: Needs, pixels: bool, declared: bool) -> String {
        let output = self.output().1;
        let sample = if pixels { ("const uint8_t *", "pixels") } else { ("const float *", "input") };
        let all = [
            (needs.sample, sample.0.to_owned(), sample.1),
            (needs.output, format!("{output} *"), "output"),
            (needs.arena, "uint32_t *".to_owned(), "arena"),
        ];
        let used = all.iter().filter(|(used, ..)| *used);
        let text: Vec<String> = used
            .map(|(_, of, name)| match (declared, *name) {
                (true, _) => format!("{of}{name}"),
                (false, "arena") => "arena->words".to_owned(),
                (false, name) => name.to_owned(),
            })
            .collect();
        if text.is_empty() && declared { "void".to_owned() } else { text.join(", ") }
    }

    fn has_floats(&self) -> bool {
        let rounds = |op: &Op| {
            matches!(
                op,
                Op::FloatDense { .. } | Op::FloatConv { .. } | Op::Scale { .. } | Op::Affine { .. } | Op::Fix { .. }
            )
        };
        self.program.nodes().iter().any(|node| rounds(&node.op))
    }

    /// A stage in words: its nodes and the shape of its result.
    fn describe(&self, stage: &Stage) -> String {
        if stage.copy.is_some() {
            return "The result, as it was given.".to_owned();
        }
        let nodes = self.program.nodes();
        let names: Vec<String> =
            stage.nodes().map(|node| format!("{} ({})", comment(&nodes[node].path), nodes[node].op.name())).collect();
        let shape = stage.nodes().last().map_or(String::new(), |node| format!(" to {:?}", nodes[node].shape));
        format!("{}{shape}", names.join(", "))
    }

    /// What both files begin with: sizes, and what lies in memory when.
    fn head(&self, flash: usize) -> String {
        let (outputs, of) = self.output();
        let pixels = if self.program.pixels().is_some() { " or uint8_t pixels" } else { "" };
        let mut code = Code::default();
        code.line(format!(
            "/* {}: a quantised network as integers, generated by stairs.",
            comment(self.program.name())
        ));
        code.line("");
        code.line(format!("   sample   {:?} float{pixels}", self.program.input()));
        code.line(format!("   result   {outputs} {of}"));
        code.line(format!("   RAM      {} bytes of results in flight, beside sample and result", self.memory.bytes));
        code.line(format!("   flash    {flash} bytes of constants, beside the code"));
        if !self.memory.slots.is_empty() {
            code.line("");
            code.line("   stages          offset    bytes");
        }
        let slot = |code: &mut Code, what: String, slot: usize| {
            let slot = self.memory.slots[slot];
            let [first, last] = slot.stages;
            code.line(format!("   {first:>5} to {last:<5} {:>8} {:>8}  {what}", slot.offset, slot.bytes));
        };
        for (node, of) in &self.memory.of_node {
            let form = match self.plan.forms[*node] {
                Some(Form::Array(of)) => of.name().to_owned(),
                Some(Form::Planes(planes)) => format!("{} bit planes", planes.count()),
                None => String::new(),
            };
            slot(&mut code, format!("{}, {form}", comment(&self.program.nodes()[*node].path)), *of);
        }
        for (stage, of) in &self.memory.of_stage {
            slot(&mut code, format!("patch of stage {stage}"), *of);
        }
        code.line("*/");
        code.text()
    }

    fn header(&self, flash: usize) -> String {
        let name = &self.options.name;
        let upper = name.to_ascii_uppercase();
        let (outputs, of) = self.output();
        let inputs: usize = self.program.input().iter().product();
        let words = self.memory.bytes.div_ceil(4).max(1);
        let mut code = Code::default();
        code.line(format!("#ifndef {upper}_H"));
        code.line(format!("#define {upper}_H"));
        code.line("");
        self.head(flash).lines().for_each(|line| code.line(line));
        code.line("");
        code.line("#include <stdint.h>");
        code.line("");
        let sizes = [("INPUTS", inputs), ("OUTPUTS", outputs), ("RAM_BYTES", 4 * words), ("FLASH_BYTES", flash)];
        sizes.iter().for_each(|(what, number)| code.line(format!("#define {upper}_{what} {number}")));
        ["", "#ifdef __cplusplus", "extern \"C\" {", "#endif", ""].iter().for_each(|line| code.line(line));
        let mut arena = String::new();
        if self.options.arena == Arena::Caller {
            code.line("/* Memory for one call at a time; its content means nothing before and after. */");
            code.line("typedef union {");
            code.line(format!("    uint32_t words[{words}];"));
            code.line(format!("    float floats[{words}];"));
            code.line(format!("    int16_t halves[{}];", 2 * words));
            code.line(format!("}} {name}_arena;"));
            code.line("");
            arena = format!(", {name}_arena *arena");
        }
        code.line("/* The result for a sample: 0, or -1 and no result if there is a NaN in it. */");
        code.line(format!("int {name}_run(const float *input, {of} *output{arena});"));
        code.line("");
        if self.program.pixels().is_some() {
            code.line("/* The result for the bytes of an image, channel after channel. */");
            code.line(format!("void {name}_run_pixels(const uint8_t *pixels, {of} *output{arena});"));
            code.line("");
        }
        code.line("/* Index of the largest number of a result, the first of equal ones. */");
        code.line(format!("int32_t {name}_label(const {of} *output);"));
        ["", "#ifdef __cplusplus", "}", "#endif", "", "#endif"].iter().for_each(|line| code.line(line));
        code.text()
    }

    fn functions(&self, calls: &[Vec<String>; 2]) -> String {
        let name = &self.options.name;
        let (outputs, of) = self.output();
        let inputs: usize = self.program.input().iter().product();
        let (parameter, local) = match self.options.arena {
            Arena::Caller => (format!(", {name}_arena *arena"), None),
            Arena::Static => {
                (String::new(), Some(format!("static uint32_t words[{}];", self.memory.bytes.div_ceil(4).max(1))))
            }
        };
        let body = |code: &mut Code, calls: &[String]| {
            let uses = calls.iter().any(|call| call.contains("arena->words"));
            match (&local, uses) {
                (Some(local), true) => code.line(local),
                (None, false) => code.line("(void)arena;"),
                _ => {}
            }
            for call in calls {
                code.line(if local.is_some() { call.replace("arena->words", "words") } else { call.clone() });
            }
        };
        let mut code = Code::default();
        code.line("");
        code.line(format!("int {name}_run(const float *input, {of} *output{parameter})"));
        code.open("");
        let i = code.each("i", inputs);
        code.open(format!("if (input[{i}] != input[{i}])"));
        code.line("return -1;");
        code.close();
        code.end(&i);
        body(&mut code, &calls[0]);
        code.line("return 0;");
        code.close();
        if self.program.pixels().is_some() {
            code.line("");
            code.line(format!("void {name}_run_pixels(const uint8_t *pixels, {of} *output{parameter})"));
            code.open("");
            if !calls[1].iter().any(|call| call.contains("pixels")) {
                code.line("(void)pixels;");
            }
            body(&mut code, &calls[1]);
            code.close();
        }
        code.line("");
        code.line(format!("int32_t {name}_label(const {of} *output)"));
        code.open("");
        code.line("int32_t best = 0;");
        code.open(format!("for (int32_t i = 1; i < {outputs}; i++)"));
        code.open("if (output[i] > output[best])");
        code.line("best = i;");
        code.close();
        code.close();
        code.line("return best;");
        code.close();
        code.text()
    }
}
