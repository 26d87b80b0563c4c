//! The real export of an account into which iam-vulnerable was deployed, beside what is true of it.

use std::collections::BTreeSet;
use std::io::Read;

use serde_json::Value;

use crate::support::shared;
use crate::truth;

#[test]
#[expect(clippy::disallowed_methods, reason = "the export lies in a file")]
fn every_principal_of_which_the_name_tells_something_has_its_row() {
    let Some(path) = shared("corpus/iam/gaad/cloudsplaining-example-iam-vulnerable.json.gz") else {
        return;
    };
    let mut text = String::new();
    let packed = std::fs::read(path).unwrap();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    let export: Value = serde_json::from_str(&text).unwrap();
    let arns =
        ["UserDetailList", "RoleDetailList"].into_iter().flat_map(|list| export[list].as_array().unwrap());
    let named = arns.map(|one| one["Arn"].as_str().unwrap()).filter(|arn| {
        let name = arn.rsplit('/').next().unwrap();
        ["privesc", "fn", "fp"].iter().any(|begin| name.starts_with(begin))
    });
    let truth = truth::iam_vulnerable();
    let rows: Vec<String> =
        truth.principals.iter().map(|row| format!("arn:aws:iam::{}:{}", truth.account, row.name)).collect();
    assert_eq!(rows.len(), 86);
    assert_eq!(rows.iter().map(String::as_str).collect::<BTreeSet<_>>(), named.collect());
}
