//! Every case that the fuzzer was given or has found, run again on the stable compiler.

#[path = "fuzz/targets.rs"]
mod targets;

use std::path::Path;

#[test]
fn no_kept_case_of_any_fuzz_target_fails() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz");
    for (name, _) in targets::TARGETS {
        let mut cases: Vec<_> = std::fs::read_dir(folder.join(name)).unwrap().map(|e| e.unwrap().path()).collect();
        cases.sort();
        assert!(cases.len() >= 5, "{name}: {} cases", cases.len());
        for case in cases {
            let bytes = std::fs::read(&case).unwrap();
            let ran = std::panic::catch_unwind(|| targets::run(name, &bytes));
            assert!(ran.is_ok(), "{} fails", case.display());
        }
    }
}
