//! Cases of other evaluators: each comes out as expected, or is excused with the page of AWS that it contradicts.

use std::path::{Path, PathBuf};

use doorward_privilege::conform::{File, Format, Report, conform};

use crate::catalog::SHIPPED;
use crate::support::shared;

#[test]
fn every_case_of_iam_simulate_comes_out_as_expected() {
    check(Format::IamSimulate, "conformance/iam/iam-simulate", 322);
}

#[test]
fn every_case_of_yams_comes_out_as_expected_but_what_contradicts_aws() {
    let Some(report) = run(Format::Yams, "conformance/iam/yams") else { return };
    let excused: Vec<_> =
        report.failed.iter().map(|failure| (&*failure.case, &*failure.got, failure.excused)).collect();
    assert_eq!(
        excused,
        [("sim_real_world_test.go#50", "denied", true), ("sim_real_world_test.go#83", "denied", true)]
    );
    assert_eq!((report.passed, report.cases), (54, 56));
}

#[test]
fn every_case_of_iamspy_comes_out_as_expected() {
    check(Format::IamSpy, "conformance/iam/iamspy", 13);
}

fn check(format: Format, folder: &str, expected: usize) {
    let Some(report) = run(format, folder) else { return };
    assert_eq!((report.failed, report.passed, report.cases), (Vec::new(), expected, expected));
}

fn run(format: Format, folder: &str) -> Option<Report> {
    let folder = shared(folder)?;
    let mut files = Vec::new();
    collect(&folder, &mut files);
    let files: Vec<File> = files
        .into_iter()
        .map(|path| File {
            name: path.display().to_string(),
            text: std::fs::read_to_string(&path).unwrap(),
            is_asked: true,
        })
        .collect();
    Some(conform(format, &files, &SHIPPED).unwrap())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "config-loading") {
                collect(&path, files);
            }
        } else {
            files.push(path);
        }
    }
}
