//! Any text as a policy document, in each layer of an evaluation.
#![no_main]

use doorward_privilege::document::{Document, Effect};
use doorward_privilege::evaluate::{Level, Policies, Policy, Verdict, applied, evaluate};
use doorward_privilege::request::{Caller, Context, Permission, Request, Resource};
use libfuzzer_sys::fuzz_target;

const CALLERS: [&str; 4] = [
    "arn:aws:iam::111122223333:user/ann",
    "arn:aws:iam::111122223333:role/deploy",
    "arn:aws:sts::444455556666:assumed-role/deploy/run",
    "*",
];

const ON: [(&str, &str); 4] = [
    ("s3:GetObject", "arn:aws:s3:::b/k"),
    ("s3:GetObject", "arn:aws:s3:::b/*"),
    ("sts:AssumeRole", "arn:aws:iam::111122223333:role/x"),
    ("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/1"),
];

fuzz_target!(|data: (&str, u8, bool)| {
    let (text, place, is_known) = data;
    let Ok(document) = Document::read(text) else { return };
    let caller = Caller::of(CALLERS[usize::from(place % 4)]).unwrap();
    let (permission, resource) = ON[usize::from(place / 4 % 4)];
    let permission = Permission::new(permission);
    let context = if is_known {
        Context::known().and("aws:SourceIp", "10.0.0.1").and("aws:CurrentTime", "2026-03-01T00:00:00Z")
    } else {
        Context::unknown()
    };
    let resource = Resource::new(resource).in_account("111122223333");
    let request = Request { caller, permission: &permission, resource, context: &context };
    let own = [Policy { name: "own", document: Some(&document) }];
    let level = [Level { name: "root", policies: &own }];
    let none = Policies::default();
    let layers = [
        Policies { identity: &own, ..none },
        Policies { identity: &own, boundary: &own, session: &own, ..none },
        Policies { identity: &own, service_control: &level, resource_control: &level, ..none },
        Policies { resource: &own, endpoint: &own, ..none },
        Policies { identity: &own, resource: &own, ..none },
    ];
    for policies in &layers {
        let answer = evaluate(&request, policies);
        assert_eq!(answer, evaluate(&request, policies));
        assert_ne!(answer.verdict, Verdict::Unknown);
        if let Verdict::OnlyIf(requirement) = &answer.verdict {
            assert!(!requirement.to_string().is_empty());
        }
        // What is allowed is allowed by a statement.
        let allows = |at| policies.statement(at).is_some_and(|statement| statement.effect == Effect::Allow);
        assert!(answer.verdict != Verdict::Allowed || answer.because.iter().any(allows));
        let _ = applied(&request, policies);
    }
});
