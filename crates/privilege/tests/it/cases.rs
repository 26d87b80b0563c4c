//! Our own cases: what each shows holds.

use std::path::Path;

use doorward_privilege::conform::{File, Format, Report, conform};

use crate::catalog::SHIPPED;

fn files() -> Vec<File> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cases");
    let mut files: Vec<File> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            File { name: path.display().to_string(), text, is_asked: true }
        })
        .collect();
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files
}

fn run(files: &[File]) -> Report {
    conform(Format::Doorward, files, &SHIPPED).unwrap()
}

#[test]
fn every_case_comes_out_as_it_says() {
    let report = run(&files());
    let failed: Vec<String> =
        report.failed.iter().map(|one| format!("{}: {} ({})", one.case, one.why, one.expected)).collect();
    assert_eq!(failed, Vec::<String>::new());
    assert!(report.cases >= 400, "{} cases", report.cases);
}
