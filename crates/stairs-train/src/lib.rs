//! stairs-train
