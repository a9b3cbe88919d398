//! Products of bit planes by carry-save addition, for processors that cannot count ones.
//!
//! With m (both are not 0) and d (m, and the signs differ), a sum of −1, 0 and 1 over 32·n places is
//!
//! ```text
//! #m − 2·#d = #m + 2·#¬d − 64·n
//! ```
//!
//! so the words m weigh 1 and the words ¬d weigh 2. Three words of one weight become one of that weight, a ⊕ b ⊕ c, and one of twice the
//! weight, their majority: five operations for 32 additions (Wallace, IEEE Trans. Electronic Computers EC-13, 1964). The few words that
//! are left are counted, first in pairs of bits, then in fours, then in bytes, which hold up to eight words' sum, 3·8·8 = 192.

use super::form::Planes;
use super::parts::Parts;

/// Most words of one tree.
const BLOCK: usize = 8;

/// Σ w·x of planes: a function of `(x mask, x sign, w, ones of the x mask)`, without those that do not exist or are not needed, for
/// exactly `words` words. `mask` says whether the weights have a mask; if not, #m is the same for all outputs.
pub(super) fn product(parts: &mut Parts, x: Planes, mask: bool, words: usize) -> String {
    let tree = |parts: &mut Parts, length: usize| {
        let name = format!("tree{length}_{}", letters(x, mask));
        parts.helper(&name, || tree(&name, x, mask, length))
    };
    let (blocks, rest) = (words / BLOCK, words % BLOCK);
    let whole = if blocks > 0 { tree(parts, BLOCK) } else { String::new() };
    let last = if rest > 0 { tree(parts, rest) } else { String::new() };
    let name = format!("planes{words}_{}", letters(x, mask));
    let pointers = |at: &str| {
        let add = |pointer: &str| if at == "0" { pointer.to_owned() } else { format!("{pointer} + {at}") };
        let mut all = vec![add("w")];
        if mask {
            all.insert(0, add("m"));
        }
        if x.has_sign() {
            all.insert(0, add("xs"));
        }
        if x.has_mask() {
            all.insert(0, add("xm"));
        }
        all.join(", ")
    };
    parts.helper(&name, || {
        let xm = if x.has_mask() { "const uint32_t *xm, " } else { "" };
        let xs = if x.has_sign() { "const uint32_t *xs, " } else { "" };
        let (total, start) = if mask { ("", "0") } else { (", int32_t total", "total") };
        let mut body = String::new();
        if mask {
            body.push_str(&format!("    const uint32_t *const m = w;\n    w += {words};\n"));
        }
        match blocks {
            0 => {}
            1 => body.push_str(&format!("    sum += {whole}({});\n", pointers("0"))),
            _ => body.push_str(&format!(
                "    for (int32_t k = 0; k < {}; k += {BLOCK}) {{\n        sum += {whole}({});\n    }}\n",
                blocks * BLOCK,
                pointers("k")
            )),
        }
        if rest > 0 {
            body.push_str(&format!("    sum += {last}({});\n", pointers(&(blocks * BLOCK).to_string())));
        }
        format!(
            "/* Sum of products of planes of {words} words. */\nstatic int32_t NAME_{name}({xm}{xs}const uint32_t *w{total})\n{{\n    int32_t sum = {start};\n{body}    return sum;\n}}\n"
        )
    })
}

fn letters(x: Planes, mask: bool) -> &'static str {
    match (x, mask) {
        (Planes::Ternary, true) => "tt",
        (Planes::Ternary, false) => "ts",
        (Planes::Binary, true) => "bt",
        (Planes::Binary, false) => "bs",
        (Planes::Sign, true) => "st",
        (Planes::Sign, false) => "ss",
    }
}

/// The function for so many words: #m − 2·#d, or −2·#d if the weights have no mask.
fn tree(name: &str, x: Planes, mask: bool, words: usize) -> String {
    let xm = if x.has_mask() { "const uint32_t *xm, " } else { "" };
    let xs = if x.has_sign() { "const uint32_t *xs, " } else { "" };
    let m = if mask { "const uint32_t *m, " } else { "" };
    let mut adder = Adder::default();
    for k in 0..words {
        let both = match (x.has_mask(), mask) {
            (true, true) => Some(format!("xm[{k}] & m[{k}]")),
            (true, false) => Some(format!("xm[{k}]")),
            (false, true) => Some(format!("m[{k}]")),
            (false, false) => None,
        };
        let differ = if x.has_sign() { format!("(xs[{k}] ^ w[{k}])") } else { format!("w[{k}]") };
        match (mask, both) {
            (true, Some(both)) => {
                let both = adder.word(&both);
                let same = adder.word(&format!("~({both} & {differ})"));
                adder.weights[0].push(both);
                adder.weights[1].push(same);
            }
            (_, Some(both)) => {
                let differ = adder.word(&format!("{both} & {differ}"));
                adder.weights[0].push(differ);
            }
            (_, None) => {
                let differ = adder.word(differ.trim_matches(['(', ')']));
                adder.weights[0].push(differ);
            }
        }
        adder.reduce();
    }
    let count = adder.count();
    let result = if mask { format!("{count} - {}", 64 * words) } else { format!("-2 * {count}") };
    let text = adder.lines.concat();
    format!("static int32_t NAME_{name}({xm}{xs}{m}const uint32_t *w)\n{{\n{text}    return {result};\n}}\n")
}

/// Words of weights 1, 2, 4, …, and the lines that made them.
struct Adder {
    weights: Vec<Vec<String>>,
    lines: Vec<String>,
    words: usize,
}

impl Default for Adder {
    fn default() -> Self {
        Self { weights: vec![Vec::new(); 8], lines: Vec::new(), words: 0 }
    }
}

impl Adder {
    fn word(&mut self, value: &str) -> String {
        let name = format!("a{}", self.words);
        self.words += 1;
        self.lines.push(format!("    const uint32_t {name} = {value};\n"));
        name
    }

    /// Adds words in threes until no weight has more than two.
    fn reduce(&mut self) {
        while let Some(weight) = self.weights.iter().position(|words| words.len() >= 3) {
            let three: Vec<String> = self.weights[weight].drain(..3).collect();
            let half = self.word(&format!("{} ^ {}", three[0], three[1]));
            let sum = self.word(&format!("{half} ^ {}", three[2]));
            let carry = self.word(&format!("({} & {}) | ({half} & {})", three[0], three[1], three[2]));
            self.weights[weight].push(sum);
            self.weights[weight + 1].push(carry);
        }
    }

    /// An expression of the ones of all words by their weights.
    fn count(&mut self) -> String {
        let mut bytes: Vec<String> = Vec::new();
        for (weight, words) in self.weights.clone().iter().enumerate() {
            let fours: Vec<String> = words
                .iter()
                .map(|word| {
                    let pairs = self.word(&format!("{word} - ({word} >> 1 & 0x55555555u)"));
                    self.word(&format!("({pairs} & 0x33333333u) + ({pairs} >> 2 & 0x33333333u)"))
                })
                .collect();
            if fours.is_empty() {
                continue;
            }
            let sum = self.word(&fours.join(" + "));
            let eights = self.word(&format!("({sum} & 0x0F0F0F0Fu) + ({sum} >> 4 & 0x0F0F0F0Fu)"));
            bytes.push(if weight == 0 { eights } else { format!("({eights} << {weight})") });
        }
        let bytes = self.word(&bytes.join(" + "));
        let halves = self.word(&format!("({bytes} & 0x00FF00FFu) + ({bytes} >> 8 & 0x00FF00FFu)"));
        format!("(int32_t)(({halves} + ({halves} >> 16)) & 0xFFFFu)")
    }
}
