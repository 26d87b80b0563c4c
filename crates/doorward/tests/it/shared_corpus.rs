//! Published logs of others, where they are at hand: every record is read, and what is not is named.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{counts, report};

/// The folder of a set; `None`, said aloud, where it is not at hand.
fn set(name: &str) -> Option<PathBuf> {
    let root =
        std::env::var_os("DOORWARD_SHARED").map_or_else(|| PathBuf::from("../../../shared"), PathBuf::from);
    let path = root.join("corpus").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there", path.display());
    None
}

fn kinds(report: &Value) -> Vec<(&str, usize)> {
    let identities = report["identities"].as_array().unwrap();
    let count = |kind: &'static str| (kind, identities.iter().filter(|one| one["kind"] == kind).count());
    ["human", "agent", "workload", "service", "external"]
        .map(count)
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .collect()
}

#[test]
fn detonated_attacks() {
    let Some(path) = set("stratus-red-team/detonation.jsonl.gz") else { return };
    let report = report(&["--judge", "52w"], &[&path]);
    assert_eq!(counts(&report), [310, 310, 0, 0]);
    assert_eq!(report["sources"][0]["accounts"].as_array().unwrap().len(), 35);
    let types: Vec<_> =
        report["findings"].as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
    assert!(types.contains(&"credential-for-another"), "{types:?}");
}

#[test]
fn an_hour_of_a_lab() {
    let Some(path) = set("invictus-aws/events.jsonl.gz") else { return };
    let report = report(&[], &[&path]);
    assert_eq!(counts(&report), [2_900, 2_900, 0, 0]);
    assert_eq!(report["findings"][0]["identity"], "arn:aws:iam::123837392027:user/bert-jan");
    assert_eq!(
        kinds(&report).iter().map(|(_, n)| n).sum::<usize>(),
        report["identities"].as_array().unwrap().len()
    );
}

#[test]
fn one_record_of_each_call_that_attackers_make() {
    let Some(path) = set("traildiscover/logexamples.jsonl.gz") else { return };
    let [read, accepted, duplicate, rejected] = counts(&report(&[], &[&path]));
    assert_eq!((read, accepted + duplicate, rejected), (563, 563, 0));
}

#[test]
fn hand_made_records_are_read_unless_they_have_no_time() {
    let Some(path) = set("panther-tests/AWS.CloudTrail.jsonl.gz") else { return };
    let report = report(&[], &[&path]);
    let [read, accepted, duplicate, rejected] = counts(&report);
    assert_eq!((read, accepted + duplicate, rejected), (322, 304, 18));
    for reject in report["rejects"].as_array().unwrap() {
        let reason = reject["reason"].as_str().unwrap();
        assert!(reason.contains("eventTime") || reason.contains("no known form"), "{reject}");
    }
}

#[test]
fn records_of_many_families_are_named() {
    let Some(path) = set("panther-tests") else { return };
    let report = report(&[], &[&path]);
    let sources = report["sources"].as_array().unwrap();
    let unsupported = sources.iter().filter(|source| source["status"] == "not_supported");
    let families: Vec<_> =
        unsupported.map(|source| source["kind"].as_str().unwrap().to_lowercase()).collect();
    for family in ["okta", "github", "gcp", "kubernetes", "azure", "slack", "auth0", "databricks"] {
        assert!(families.iter().any(|name| name.contains(family)), "{family} in {families:?}");
    }
}

#[test]
fn a_real_export() {
    let Some(path) = set("iam/gaad/cloudsplaining-example-iam-vulnerable.json.gz") else { return };
    let report = report(&[], &[&path]);
    // It says that it is not whole: who holds some of its policies was taken out before it was published.
    assert_eq!(counts(&report), [1, 0, 0, 1]);
    assert_eq!(report["identities"].as_array().unwrap().len(), 44 + 78);
    assert_eq!(report["sources"][0]["kind"], "iam export");
}
