//! Wire and engine tests.
