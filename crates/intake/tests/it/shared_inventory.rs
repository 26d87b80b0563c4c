//! Public inventories, as they lie in the shared material.

use std::collections::BTreeMap;

use doorward_model::inventory::AccountExport;

use crate::support::{read, shared};

/// How many rows of each kind, by account.
fn counted(exports: &[AccountExport]) -> BTreeMap<&str, BTreeMap<String, u64>> {
    let mut counted: BTreeMap<&str, BTreeMap<String, u64>> = BTreeMap::new();
    for export in exports {
        let kinds = counted.entry(&export.account).or_default();
        kinds.extend(export.counts().map(|(kind, count)| (kind.to_owned(), count)));
        for resource in &export.resources {
            *kinds.entry(format!("resources: {}", resource.kind)).or_default() += 1;
        }
    }
    counted
}

#[test]
fn all_items_of_real_accounts_are_rows() {
    for file in ["awsconfig", "org"] {
        let Some(bytes) = shared(&format!("conformance/iam/yams/{file}.jsonl")) else { return };
        let outcome = read(&bytes);
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!((outcome.reasons(), outcome.skipped.len()), (vec![], 0), "{file}");
        assert!(outcome.exports.iter().all(|export| export.rejects.is_empty()), "{file}");
        insta::assert_debug_snapshot!(format!("rows_of_{file}"), (lines, counted(&outcome.exports)));
    }
}

#[test]
fn items_that_are_valid_and_items_that_are_not() {
    let mut told = BTreeMap::new();
    for file in FILES {
        let Some(bytes) = shared(&format!("conformance/iam/yams/config-loading/{file}")) else { return };
        let outcome = read(&bytes);
        let rows = outcome.exports.iter().flat_map(AccountExport::counts);
        let rows: Vec<String> = rows.map(|(kind, count)| format!("{count} {kind}")).collect();
        let inside = outcome.exports.iter().flat_map(|export| &export.rejects);
        let reasons = outcome.reasons().into_iter().chain(inside.map(|reject| reject.reason.to_string()));
        told.insert(file, (rows, reasons.chain(outcome.skipped.clone()).collect::<Vec<_>>()));
    }
    insta::assert_debug_snapshot!("items_of_config_loading", told);
}

const FILES: [&str; 36] = [
    "account_invalid_scp.json",
    "account_valid.json",
    "account_valid.jsonl",
    "base_invalid.json",
    "base_invalid.jsonl",
    "base_valid_empty.json",
    "base_valid_empty.jsonl",
    "bucket_invalid_bad_policy.json",
    "bucket_valid.json",
    "generic_resource_invalid_bad_region.json",
    "generic_resource_valid.json",
    "group_invalid_bad_shape.json",
    "group_valid.json",
    "key_invalid_bad_region.json",
    "key_valid.json",
    "lambda_no_policy.json",
    "lambda_valid.json",
    "policy_invalid_json.json",
    "policy_invalid_no_default_version.json",
    "policy_valid.json",
    "queue_invalid_bad_policy.json",
    "queue_valid.json",
    "rcp_invalid_syntax.json",
    "rcp_invalid_syntax_2.json",
    "rcp_valid.json",
    "role_invalid_bad_policy.json",
    "role_valid.json",
    "scp_invalid_syntax.json",
    "scp_invalid_syntax_2.json",
    "scp_valid.json",
    "table_invalid_bad_region.json",
    "table_valid.json",
    "topic_invalid_bad_policy.json",
    "topic_valid.json",
    "user_invalid_bad_inline_policy.json",
    "user_valid.json",
];
