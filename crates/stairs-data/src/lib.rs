//! stairs-data
