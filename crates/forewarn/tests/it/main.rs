//! Tests of the whole: the program as its users run it, and the state of the repository.

mod plan;
mod tidy;
