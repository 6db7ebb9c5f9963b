//! Bouillon's binary.
fn main() {}
