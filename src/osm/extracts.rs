//! Real extracts of ../shared/data/osm: what the importer takes out of them.

use super::{Ask, BoundaryAsk, Extract, ReadError, extract};
use crate::geo::Shape;
use crate::model::field::{TERRITORY_KINDS, check};
use crate::model::{SubjectKind, taxonomy};
use std::path::{Path, PathBuf};

/// A file of ../shared/data. Without it the test says that it was not run; in CI that is a failure.
pub(super) fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{name} is missing");
    println!("not run: {name} is missing");
    None
}

pub(super) fn read(path: &Path) -> Result<Extract, ReadError> {
    extract(path, &Ask { boundary: None, max_memory: 4 << 30 }, &mut |done, total| assert!(done <= total))
}

fn osm(name: &str) -> Option<PathBuf> {
    shared(&format!("osm/{name}.osm.pbf"))
}

#[test]
#[ignore = "prints"]
fn show() {
    let mut files: Vec<_> = std::fs::read_dir(shared("osm").unwrap()).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    for path in files.iter().filter(|p| p.extension().is_some_and(|e| e == "pbf")) {
        let start = std::time::Instant::now();
        match read(path) {
            Err(e) => println!("{}: {e}", path.display()),
            Ok(x) => {
                println!(
                    "{} {:?}\n  {} {} {:?} {:?} {:?} {:?} {:?}",
                    path.file_name().unwrap().display(),
                    start.elapsed(),
                    x.boundary.name,
                    x.boundary.kind,
                    x.boundary.code,
                    x.boundary.population,
                    x.boundary.osm,
                    x.boundary.warning,
                    x.data_date
                );
                println!("  quartiers {:?}", x.quartiers.iter().map(|q| format!("{} {}", q.kind, q.name)).collect::<Vec<_>>());
                println!(
                    "  found {} published {} streets {} base {} json {} {:?}",
                    x.found.len(),
                    x.found.iter().filter(|f| f.verdict == super::Verdict::Publish).count(),
                    x.streets.len(),
                    x.base.features.len(),
                    serde_json::to_string(&x.base).unwrap().len(),
                    x.counts
                );
                if let Ok(out) = std::env::var("OUT") {
                    std::fs::write(Path::new(&out).join(path.file_name().unwrap()).with_extension("json"), serde_json::to_vec(&x).unwrap()).unwrap();
                }
            }
        }
    }
}
