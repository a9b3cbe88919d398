//! stairs-zoo
