//! stairs
