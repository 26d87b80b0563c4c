//! Rows into an estate.

use doorward_model::inventory::{Entitlement, Origin};
use doorward_privilege::estate::{Builder, Estate, Held, PrincipalKind};

use crate::support::{ACCOUNT, Rows};

const READS: &str = r#"[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]"#;
const WRITES: &str = r#"[{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]"#;

/// The names of the policies of a principal.
fn policies(estate: &Estate, arn: &str) -> Vec<String> {
    let principal = estate.find(arn).and_then(|id| estate.principal(id));
    let held = principal.into_iter().flat_map(|one| &one.policies).filter_map(|id| estate.policy(*id));
    held.map(|policy| policy.name.to_string()).collect()
}

fn rows() -> Rows {
    let user = format!("arn:aws:iam::{ACCOUNT}:user/alice");
    Rows::new()
        .group("readers", READS)
        .identity(&user, "alice", &["readers", "gone"])
        .inline(&user, WRITES)
        .held(&user, "arn:aws:iam::aws:policy/Absent", Origin::Attached)
        .held(&user, "arn:aws:iam::111122223333:policy/limit", Origin::Boundary)
        .document("arn:aws:iam::111122223333:policy/limit", r#"[{"Effect":"Perhaps"}]"#)
        .role("app", r#"{"Service":"lambda.amazonaws.com"}"#, READS)
        .role("build", r#"{"Service":"lambda.amazonaws.com"}"#, READS)
}

#[test]
fn a_user_holds_its_own_policies_and_then_those_of_its_groups() {
    let estate = rows().estate();
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/alice");
    let own = [format!("{arn} inline:own"), "arn:aws:iam::aws:policy/Absent".to_owned()];
    let held = policies(&estate, &arn);
    assert_eq!(held, [&own[..], &[format!("arn:aws:iam::{ACCOUNT}:group/readers inline:own")]].concat());
    let alice = estate.principal(estate.find(&arn).unwrap()).unwrap();
    assert_eq!((alice.own, alice.groups.len()), (2, 1));
}

#[test]
fn what_is_missing_or_unreadable_is_held_as_such() {
    let estate = rows().estate();
    let held = |name: &str| &estate.policy(estate.find_policy(name).unwrap()).unwrap().document;
    assert!(matches!(held("arn:aws:iam::aws:policy/Absent"), Held::Missing));
    assert!(matches!(held("arn:aws:iam::111122223333:policy/limit"), Held::Unreadable(_)));
}

#[test]
fn principals_of_one_kind_lie_together_and_equal_documents_are_one() {
    let estate = rows().estate();
    let account = estate.find_account(ACCOUNT).unwrap();
    let arns = |kind| estate.of_kind(account, kind).map(|(_, one)| one.arn().to_owned()).collect::<Vec<_>>();
    assert_eq!(arns(PrincipalKind::User), [format!("arn:aws:iam::{ACCOUNT}:user/alice")]);
    let roles = [format!("arn:aws:iam::{ACCOUNT}:role/app"), format!("arn:aws:iam::{ACCOUNT}:role/build")];
    assert_eq!(arns(PrincipalKind::Role), roles);
    assert_eq!(arns(PrincipalKind::Group).len(), 1);
    // READS, WRITES, one trust, and the one that does not parse.
    assert_eq!(estate.documents_read(), 4);
}

#[test]
fn the_newer_of_two_exports_is_right_in_any_order() {
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/bob");
    let mut old = Rows::new().user("bob", READS).held(&arn, "arn:aws:iam::aws:policy/Old", Origin::Attached);
    old.0.newest_at_ms = 1;
    let mut new = Rows::new().user("bob", WRITES);
    new.0.newest_at_ms = 2;
    new.0.entitlements.push(Entitlement {
        holder: arn.clone(),
        policy: "arn:aws:iam::aws:policy/New".to_owned(),
        origin: Origin::Attached as i32,
        ..Entitlement::default()
    });
    for exports in [[old.0.clone(), new.0.clone()], [new.0, old.0]] {
        let mut builder = Builder::default();
        exports.into_iter().for_each(|export| builder.add(export));
        let estate = builder.build();
        assert_eq!(
            policies(&estate, &arn),
            [format!("{arn} inline:own"), "arn:aws:iam::aws:policy/New".into()]
        );
        let own = estate.policy(estate.find_policy(&format!("{arn} inline:own")).unwrap()).unwrap();
        assert!(
            own.document.document().unwrap().statements[0].permissions.named()[0].matches("s3:putobject")
        );
    }
}
