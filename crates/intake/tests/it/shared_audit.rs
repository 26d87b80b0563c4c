//! The public audit sets, as they lie in the shared material.

use std::collections::BTreeMap;

use crate::support::{read, shared, shared_files};

#[test]
fn all_sets_of_cloudtrail_records_are_read() {
    for (path, wrappers, events) in [
        ("corpus/stratus-red-team/detonation.jsonl.gz", vec!["event"], 310),
        ("corpus/traildiscover/logexamples.jsonl.gz", vec!["event"], 563),
        ("corpus/invictus-aws/events.jsonl.gz", vec![], 2_900),
    ] {
        let Some(bytes) = shared(path) else { return };
        let outcome = read(&bytes);
        assert_eq!(outcome.reasons(), Vec::<String>::new(), "{path}");
        assert_eq!(
            (outcome.wrappers, outcome.events.len(), outcome.read),
            (wrappers.into_iter().map(str::to_owned).collect(), events, events as u64),
            "{path}"
        );
    }
}

#[test]
fn records_that_lost_what_they_need_are_rejected_by_name() {
    let Some(bytes) = shared("corpus/panther-tests/AWS.CloudTrail.jsonl.gz") else { return };
    let outcome = read(&bytes);
    let mut reasons = BTreeMap::new();
    for reason in outcome.reasons() {
        *reasons.entry(reason).or_insert(0) += 1;
    }
    println!("{reasons:#?} {}", outcome.events.len());
    for name in shared_files("corpus/panther-tests") {
        let Some(bytes) = shared(&format!("corpus/panther-tests/{name}")) else { return };
        let outcome = read(&bytes);
        let mut reasons = BTreeMap::new();
        for reason in outcome.reasons() {
            *reasons.entry(reason).or_insert(0) += 1;
        }
        println!("{name} {reasons:?} {} {:?} {:?}", outcome.events.len(), outcome.skipped, outcome.wrappers);
    }
    for name in shared_files("corpus/iam/gaad") {
        let Some(bytes) = shared(&format!("corpus/iam/gaad/{name}")) else { return };
        let outcome = read(&bytes);
        for e in &outcome.exports {
            println!(
                "{name} {} ids {} groups {} pol {} ent {} rej {:?} {}",
                e.account,
                e.identities.len(),
                e.groups.len(),
                e.policies.len(),
                e.entitlements.len(),
                e.rejects,
                e.complete
            );
        }
        println!("{name} {:?}", outcome.reasons());
    }
    panic!();
}
