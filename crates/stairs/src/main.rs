//! The stairs command.
fn main() {}
