//! The real account into which iam-vulnerable was deployed, where it is at hand: each row of the table that was worked
//! out by hand is what the program answers.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::program;

const TRUTH: &str = include_str!("../../../privilege/testdata/truth/iam-vulnerable.yaml");

#[test]
fn every_row_of_the_truth_table_is_answered() {
    let root =
        std::env::var_os("DOORWARD_SHARED").map_or_else(|| PathBuf::from("../../../shared"), PathBuf::from);
    let export = root.join("corpus/iam/gaad/cloudsplaining-example-iam-vulnerable.json.gz");
    if !export.exists() {
        eprintln!("SKIPPED: {} is not there", export.display());
        return;
    }
    let out = program().args(["privilege", "analyze", "-o", "json"]).arg(&export).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let answer: Value = serde_json::from_slice(&out.stdout).unwrap();
    let principals = answer["principals"].as_array().unwrap();
    let truth: Value = yaml_serde::from_str(TRUTH).unwrap();
    let account = truth["account"].as_str().unwrap();
    let mut wrong = Vec::new();
    for row in truth["principals"].as_array().unwrap() {
        let arn = format!("arn:aws:iam::{account}:{}", row["name"].as_str().unwrap());
        let told = principals.iter().find(|one| one["arn"] == *arn).unwrap();
        let methods: Vec<&Value> = told["paths"].as_array().unwrap().iter().map(|path| &path["id"]).collect();
        let by = row["by"].is_null() || methods.contains(&&row["by"]);
        if told["escalation"] != row["answer"] || told["admin"] != row["admin"] || !by {
            wrong.push(format!("{arn}: {row} but {} {} {methods:?}", told["escalation"], told["admin"]));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
