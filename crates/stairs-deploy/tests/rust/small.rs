pub static SMALL: &[u8] = &[]; pub const SMALL_INPUT: [usize; 1] = [3]; pub const SMALL_OUTPUT: [usize;1]=[2];
