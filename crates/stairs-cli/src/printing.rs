//! `println!` and `eprintln!` that cannot panic, for all modules after this one; see [`stairs_train::output`].

/// A line on standard output.
macro_rules! println {
    () => { stairs_train::output::say(format_args!("")) };
    ($($line:tt)*) => { stairs_train::output::say(format_args!($($line)*)) };
}

/// A line on standard error.
macro_rules! eprintln {
    ($($line:tt)*) => { stairs_train::output::complain(format_args!($($line)*)) };
}
