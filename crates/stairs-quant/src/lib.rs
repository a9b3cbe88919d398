//! stairs-quant
