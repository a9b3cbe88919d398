//! Float weights from torchvision, and from any file of torch: the start of a quantised fine-tuning.
//!
//! [`torchvision`] makes a model of the zoo from a file of torchvision's weights; [`load`] fills any Burn module whose layers a
//! [`KeyMap`] names. Both are strict: a tensor that is missing, left over or of another shape is an error that lists it.
//!
//! | file | what |
//! |---|---|
//! | `file` | [`WeightFile`]: an open file, whatever its format |
//! | `safetensors`, `torch`, `zip`, `pickle`, `value`, `global` | the formats |
//! | `state` | which dictionary of a checkpoint is the state dict |
//! | `source`, `tensor` | ranges of a file, and how they become `f32` |
//! | `keys`, `names` | layers of Burn under their names in torch; those of torchvision's models |
//! | `wrappers`, `rename` | names that wrappers lengthen, and names changed by hand |
//! | `load`, `count` | a file into a module; its parameters |
//!
//! # Why the readers are our own
//!
//! Files of weights come from strangers. Burn's own stores (burn-store 0.22 on the crates pytorch-reader and safetensors) run no code of a
//! file either, and bound their recursion, but take memory that the file does not account for: its
//! reader of zip files decompresses a `data.pkl` of up to 100 MB, copies up to 64 MiB through a pickle's memo, and fills
//! an expanded view (stride 0) of up to 10 GiB from one stored number; unknown classes pass in silence as long as they hold no
//! tensor. A pass in front of it that refused all this would have to read zip directory and pickle itself, and two readers of one file can
//! disagree. So there is one, for what torch writes: stored zip entries, the opcodes of torch's restricted loader, a list of names of
//! which none is called, views no larger than their storage. Nothing recurses, no size is believed before it is compared with the file's, and memory stays within a
//! small multiple of the file (`tests/hostile_weights.rs` counts it).
//!
//! ```no_run
//! use burn::tensor::Device;
//! use stairs_zoo::{Architecture, pretrained::{Head, WeightFile, torchvision}};
//!
//! let file = WeightFile::open("mobilenet_v2-7ebf99e0.pth")?;
//! let architecture: Architecture = "mobilenet-v2".parse()?;
//! let (model, classes) = torchvision(&architecture, &file, Head::Kept, &Device::flex())?;
//! assert_eq!(classes, 1000);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod count;
mod error;
mod file;
mod global;
mod keys;
mod load;
mod names;
mod pickle;
mod rename;
mod safetensors;
mod source;
mod state;
mod tensor;
mod torch;
mod value;
mod wrappers;
mod zip;

pub use count::parameters;
pub use error::{Misshapen, PretrainedError};
pub use file::WeightFile;
pub use keys::KeyMap;
pub use load::{Head, load, torchvision};
