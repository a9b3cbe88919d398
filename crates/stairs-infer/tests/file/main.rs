//! Programs as files: they come back as they were, take as little as they should, and hostile ones are refused by name.

mod corpus;
mod damage;
mod disk;
mod hostile;
mod memory;
mod networks;
mod parts;
mod roundtrip;
mod size;
