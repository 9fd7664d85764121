//! Tests of the privacy guard.
