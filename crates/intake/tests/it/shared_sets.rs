//! The public sets, as they lie in the shared material.

use std::collections::BTreeMap;

use doorward_model::identity::IdentityKind;
use doorward_model::inventory::AccountExport;

use crate::support::{read, shared, shared_packed};

fn counted(reasons: Vec<String>) -> BTreeMap<String, usize> {
    reasons.into_iter().fold(BTreeMap::new(), |mut counts, reason| {
        *counts.entry(reason).or_insert(0) += 1;
        counts
    })
}

#[test]
fn all_records_of_the_cloudtrail_sets_are_events() {
    for (path, wrapper, events) in [
        ("corpus/stratus-red-team/detonation.jsonl.gz", Some("event"), 310),
        ("corpus/traildiscover/logexamples.jsonl.gz", Some("event"), 563),
        ("corpus/invictus-aws/events.jsonl.gz", None, 2_900),
    ] {
        let Some(bytes) = shared(path) else { return };
        let outcome = read(&bytes);
        assert_eq!(outcome.reasons(), Vec::<String>::new(), "{path}");
        let wrappers: Vec<_> = wrapper.into_iter().map(str::to_owned).collect();
        assert_eq!((outcome.wrappers, outcome.events.len()), (wrappers, events), "{path}");
    }
}

#[test]
fn records_that_lost_their_time_are_rejected_by_name() {
    let Some(bytes) = shared("corpus/panther-tests/AWS.CloudTrail.jsonl.gz") else { return };
    let outcome = read(&bytes);
    let expected = [
        // Fifteen tests leave out the time, one has it masked, two have all field names in lower case.
        ("field not usable: eventTime is missing", 15),
        (
            "field not usable: eventTime: cannot read \"redacted\" as a time, expected RFC 3339 such as 2026-11-23T09:30:00Z",
            1,
        ),
        ("not an audit record that is known: an object of no known form", 2),
    ];
    let expected: BTreeMap<_, _> =
        expected.into_iter().map(|(reason, count)| (reason.to_owned(), count)).collect();
    assert_eq!((outcome.events.len(), counted(outcome.reasons())), (304, expected));
    assert_eq!(outcome.wrappers, ["log"]);
}

#[test]
fn other_families_are_counted_under_their_name() {
    let mut names = BTreeMap::new();
    let mut read_records = 0;
    for file in shared_packed("corpus/panther-tests") {
        let Some(bytes) = shared(&format!("corpus/panther-tests/{file}")) else { return };
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        let outcome = read(&bytes);
        assert_eq!(outcome.events.len() + outcome.rejects.len(), lines, "{file}");
        assert_eq!(outcome.skipped, Vec::<String>::new(), "{file}");
        read_records += lines;
        let unnamed =
            outcome.reasons().iter().filter(|reason| reason.starts_with("not an audit record")).count();
        let family = file.trim_end_matches(".jsonl.gz").to_owned();
        if unnamed > 0 {
            names.insert(family, unnamed);
        }
    }
    if read_records > 0 {
        insta::assert_debug_snapshot!("records_of_no_known_family", (read_records, names));
    }
}

fn export(path: &str) -> Option<AccountExport> {
    let mut outcome = read(&shared(path)?);
    assert_eq!((outcome.reasons(), outcome.exports.len()), (vec![], 1), "{path}");
    Some(outcome.exports.remove(0))
}

fn kinds(export: &AccountExport) -> BTreeMap<&'static str, usize> {
    export.identities.iter().fold(BTreeMap::new(), |mut kinds, identity| {
        *kinds.entry(identity.kind().word()).or_insert(0) += 1;
        kinds
    })
}

#[test]
fn a_real_account() {
    let Some(export) = export("corpus/iam/gaad/cloudsplaining-example-iam-vulnerable.json.gz") else {
        return;
    };
    let users = export.identities.iter().filter(|identity| identity.id.contains(":user/")).count();
    let managed = export
        .policies
        .iter()
        .filter(|policy| policy.name.contains(":policy/") && !policy.name.contains(' '))
        .count();
    assert_eq!((users, export.identities.len() - users, export.groups.len(), managed), (44, 78, 5, 84));
    // Who holds some of its policies was taken out before it was published.
    let rejects: Vec<String> = export.rejects.iter().map(|reject| reject.reason.to_string()).collect();
    assert_eq!((export.account.as_str(), export.complete), ("200611803367", false));
    assert_eq!(
        rejects,
        [
            "cut short: the export of account 200611803367 is not whole: 1 hold arn:aws:iam::012345678901:policy/NotYourPolicy, of whom 0 are here, and 24 more such; what it does not name counts as unknown, not as gone: store all pages in one file, fetched without a filter"
        ]
    );
    assert!(export.identities.iter().all(|identity| identity.created_at_ms > 0));
    let not_in_force: Vec<_> = export.policies.iter().filter_map(|policy| policy.not_in_force()).collect();
    assert_eq!(not_in_force, [("arn:aws:iam::aws:policy/AWSCodeCommitPowerUser", "v10")]);
    let profiles: Vec<_> =
        export.resources.iter().map(|one| (one.kind.as_str(), one.runs_as.as_str())).collect();
    insta::assert_debug_snapshot!("instance_profiles_of_a_real_account", profiles);
    insta::assert_debug_snapshot!("kinds_of_a_real_account", kinds(&export));
    let vendor = export.identities.iter().filter(|identity| identity.kind() == IdentityKind::VendorApp);
    assert!(vendor.clone().all(|role| !role.trusted.is_empty()));
}

#[test]
fn the_small_exports() {
    for (path, identities, groups) in [
        ("corpus/iam/gaad/example_authz_v2.json", 3, 1),
        ("corpus/iam/gaad/example_authz_details_for_overrides_complete.json", 3, 1),
        ("corpus/iam/gaad/managed_policy_mismatch.json", 0, 1),
    ] {
        let Some(export) = export(path) else { return };
        assert_eq!((export.identities.len(), export.groups.len()), (identities, groups), "{path}");
    }
}
