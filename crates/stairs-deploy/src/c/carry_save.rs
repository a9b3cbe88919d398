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
use super::text::{Code, operand, plus, times};

/// Most words of one tree.
const BLOCK: usize = 8;

/// Σ w·x of planes: a function of `(x mask, x sign, w, ones of the x mask)`, without those that do not exist or are not needed, for
/// exactly `words` words. `mask` says whether the weights have a mask; if not, #m is the same for all outputs.
pub(super) fn product(parts: &mut Parts, x: Planes, mask: bool, words: usize) -> String {
    let (blocks, rest) = (words / BLOCK, words % BLOCK);
    let whole = (blocks > 0).then(|| tree(parts, x, mask, BLOCK));
    let last = (rest > 0).then(|| tree(parts, x, mask, rest));
    let name = format!("planes{words}_{}", letters(x, mask));
    parts.helper(&name, || {
        let features: String =
            pointers(x, false).iter().map(|pointer| format!("const uint32_t *{pointer}, ")).collect();
        let (total, start) = if mask { ("", "0") } else { (", int32_t total", "total") };
        let sum = |tree: &str, at: &str| {
            let mut all: Vec<String> = pointers(x, mask).iter().map(|pointer| plus(pointer, at)).collect();
            all.push(plus("w", at));
            format!("sum += {tree}({});", all.join(", "))
        };
        let mut code = Code::default();
        code.line(format!("/* Sum of products of planes of {words} words. */"));
        code.line(format!("static int32_t NAME_{name}({features}const uint32_t *w{total})"));
        code.open("");
        if mask {
            code.line("const uint32_t *const m = w;");
        }
        code.line(format!("int32_t sum = {start};"));
        if mask {
            code.line(format!("w += {words};"));
        }
        if let Some(whole) = whole {
            let k = code.each("k", blocks);
            code.line(sum(&whole, &times(&k, BLOCK)));
            code.end(&k);
        }
        if let Some(last) = last {
            code.line(sum(&last, &(blocks * BLOCK).to_string()));
        }
        code.line("return sum;");
        code.close();
        code.text()
    })
}

/// Pointers to the planes of the features and the mask of the weights, those that exist.
fn pointers(x: Planes, mask: bool) -> Vec<&'static str> {
    let all = [(x.has_mask(), "xm"), (x.has_sign(), "xs"), (mask, "m")];
    all.into_iter().filter(|(exists, _)| *exists).map(|(_, name)| name).collect()
}

fn letters(x: Planes, mask: bool) -> String {
    let features = match x {
        Planes::Ternary => 't',
        Planes::Binary => 'b',
        Planes::Sign => 's',
    };
    format!("{features}{}", if mask { 't' } else { 's' })
}

/// The function for so many words, at most a block: #m − 2·#d, or −2·#d if the weights have no mask.
fn tree(parts: &mut Parts, x: Planes, mask: bool, words: usize) -> String {
    let name = format!("tree{words}_{}", letters(x, mask));
    parts.helper(&name, || {
        let (what, rest) = if mask { ("#m - 2 #d", 64 * words) } else { ("-2 #d", 0) };
        let parameters: String =
            pointers(x, mask).iter().map(|pointer| format!("const uint32_t *{pointer}, ")).collect();
        let mut adder = Adder::new();
        adder.code.line(format!("/* {what} of {words} words. */"));
        adder.code.line(format!("static int32_t NAME_{name}({parameters}const uint32_t *w)"));
        adder.code.open("");
        for k in 0..words {
            let both = match (x.has_mask(), mask) {
                (true, true) => Some(format!("xm[{k}] & m[{k}]")),
                (true, false) => Some(format!("xm[{k}]")),
                (false, true) => Some(format!("m[{k}]")),
                (false, false) => None,
            };
            let differ = if x.has_sign() { format!("xs[{k}] ^ w[{k}]") } else { format!("w[{k}]") };
            match both {
                Some(both) if mask => {
                    let both = adder.word(&both);
                    let same = adder.word(&format!("~({both} & {})", operand(&differ)));
                    adder.weights[0].push(both);
                    adder.weights[1].push(same);
                }
                Some(both) => {
                    let differ = adder.word(&format!("{both} & {}", operand(&differ)));
                    adder.weights[0].push(differ);
                }
                None => {
                    let differ = adder.word(&differ);
                    adder.weights[0].push(differ);
                }
            }
            adder.reduce();
        }
        let count = adder.count();
        adder.code.line(if mask { format!("return {count} - {rest};") } else { format!("return -2 * {count};") });
        adder.code.close();
        adder.code.text()
    })
}

/// Words of weights 1, 2, 4, …, and the lines that made them.
struct Adder {
    weights: Vec<Vec<String>>,
    code: Code,
    words: usize,
}

impl Adder {
    fn new() -> Self {
        // Three for each place of eight words are less than 2⁸.
        Self { weights: vec![Vec::new(); 8], code: Code::default(), words: 0 }
    }

    fn word(&mut self, value: &str) -> String {
        let name = format!("a{}", self.words);
        self.words += 1;
        self.code.line(format!("const uint32_t {name} = {value};"));
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
            let sum = if fours.len() == 1 { fours[0].clone() } else { self.word(&fours.join(" + ")) };
            let eights = self.word(&format!("({sum} & 0x0F0F0F0Fu) + ({sum} >> 4 & 0x0F0F0F0Fu)"));
            bytes.push(if weight == 0 { eights } else { format!("({eights} << {weight})") });
        }
        let bytes = self.word(&bytes.join(" + "));
        let halves = self.word(&format!("({bytes} & 0x00FF00FFu) + ({bytes} >> 8 & 0x00FF00FFu)"));
        format!("(int32_t)(({halves} + ({halves} >> 16)) & 0xFFFFu)")
    }
}
