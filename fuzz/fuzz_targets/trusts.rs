//! Any text as the statements of a trust policy, and as a table of issuers.
#![no_main]

use std::collections::BTreeSet;

use doorward_model::identity::Identity;
use doorward_model::inventory::{AccountExport, Entitlement, Origin, PolicyDocument};
use doorward_privilege::analysis::entrances;
use doorward_privilege::estate::{Builder, Estate};
use doorward_privilege::federation::Issuers;
use libfuzzer_sys::fuzz_target;

const ROLE: &str = "arn:aws:iam::111122223333:role/r";

/// A role that has a trust policy of these statements.
fn estate(statements: &str) -> Estate {
    let account = "111122223333".to_owned();
    let name = format!("{ROLE} trust");
    let text = format!("{{\"Version\":\"2012-10-17\",\"Statement\":{statements}}}");
    let mut builder = Builder::default();
    builder.add(AccountExport {
        account: account.clone(),
        complete: true,
        identities: vec![Identity {
            id: ROLE.to_owned(),
            account,
            name: "r".to_owned(),
            ..Identity::default()
        }],
        entitlements: vec![Entitlement {
            holder: ROLE.to_owned(),
            policy: "trust".to_owned(),
            origin: Origin::Trust.into(),
            ..Entitlement::default()
        }],
        policies: vec![PolicyDocument::of(name, text)],
        ..AccountExport::default()
    });
    builder.build()
}

fuzz_target!(|data: (&str, &str)| {
    let (statements, table) = data;
    let found = entrances(&estate(statements));
    assert_eq!(found, entrances(&estate(statements)));
    let names: BTreeSet<&str> = found.iter().map(|one| one.who.as_str()).collect();
    assert_eq!(names.len(), found.len());
    for one in &found {
        assert!(!one.words.is_empty() && !one.statements.is_empty());
    }
    // A table is read as a whole or not at all.
    if let Ok(issuers) = Issuers::read("fuzz", table) {
        assert!(issuers.all().iter().all(|issuer| !issuer.claims.is_empty()));
    }
});
