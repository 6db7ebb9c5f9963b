//! The fuzzer's entry for the target `edits` of targets.rs.
#![no_main]

#[path = "../targets.rs"]
#[allow(dead_code, reason = "each entry uses one of the targets")]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::run("edits", bytes));
