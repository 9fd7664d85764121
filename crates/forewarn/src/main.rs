//! Forewarn.

fn main() {}
