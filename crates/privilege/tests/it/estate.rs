//! Rows into an estate.

use doorward_model::identity::{Credential, CredentialKind, Identity};
use doorward_model::inventory::organisation::NodeKind;
use doorward_model::inventory::resource::{INSTANCE_PROFILE, Resource};
use doorward_model::inventory::{AccountExport, Entitlement, Origin, Scope, Seen, Source};
use doorward_privilege::estate::{Builder, Estate, Held, PrincipalKind};

use crate::support::{ACCOUNT, Rows, node};

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

#[test]
fn a_newer_answer_about_one_role_takes_nothing_away_that_it_does_not_tell() {
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/app");
    let held = |source: Source, scope: Scope| {
        let mut later = Rows::new().trusting("app", "[]", "[]").0;
        later.entitlements.retain(|row| row.origin() == Origin::Trust);
        later.identities.iter_mut().for_each(|row| row.seen = Some(Seen::by(source)));
        (later.scope, later.newest_at_ms) = (scope, 20);
        let mut builder = Builder::default();
        builder.add(later);
        builder.add(AccountExport { newest_at_ms: 10, ..rows().0 });
        policies(&builder.build(), &arn)
    };
    let own = vec![format!("{arn} inline:own")];
    assert_eq!(held(Source::Iam, Scope::Rows), own);
    // A statement of the whole account, or an item of AWS Config, tells all that a role holds.
    assert_eq!(held(Source::Iam, Scope::Account), Vec::<String>::new());
    assert_eq!(held(Source::Config, Scope::Rows), Vec::<String>::new());
}

#[test]
fn of_a_policy_of_aws_that_accounts_know_in_different_versions_the_newest_counts() {
    let arn = "arn:aws:iam::aws:policy/Shared";
    let export = |account: &str, version: &str, statements: &str| {
        let mut rows = Rows::new().document(arn, statements);
        rows.0.account = account.to_owned();
        rows.0.policies[0].version = version.to_owned();
        rows.0
    };
    let newest = export("111122223333", "v10", READS);
    for older in [export("000011112222", "v9", WRITES), export("999988887777", "v9", WRITES)] {
        let mut builder = Builder::default();
        [newest.clone(), older].into_iter().for_each(|export| builder.add(export));
        let estate = builder.build();
        let policy = estate.policy(estate.find_policy(arn).unwrap()).unwrap();
        let statement = &policy.document.document().unwrap().statements[0];
        assert!(statement.names("s3:getobject"), "{statement:?}");
    }
}

/// An account in an organisation of which these nodes are known, with a policy at its root.
fn organised(nodes: &[(&str, NodeKind, &str)], attached: bool) -> Estate {
    let mut rows = Rows::new().user("anybody", READS);
    rows.0.nodes = nodes.iter().map(|&(id, kind, parent)| node(id, kind, parent)).collect();
    if attached {
        rows = rows.held("r-1", "p-limit", Origin::ServiceControl).document("p-limit", WRITES);
    }
    rows.estate()
}

#[test]
fn control_policies_limit_by_level_and_are_unknown_where_the_way_to_the_root_is() {
    let whole = [("r-1", NodeKind::Root, ""), (ACCOUNT, NodeKind::Account, "r-1")];
    let levels = |estate: &Estate| -> Vec<Vec<String>> {
        let names =
            |level: &Vec<_>| level.iter().map(|id| estate.policy(*id).unwrap().name.to_string()).collect();
        estate.accounts().next().unwrap().1.service_control.iter().map(names).collect()
    };
    assert_eq!(levels(&organised(&whole, true)), [vec!["p-limit".to_owned()], Vec::new()]);
    // None is shown anywhere: nothing is known to limit.
    assert_eq!(levels(&organised(&whole, false)), Vec::<Vec<String>>::new());
    let cut = organised(&[(ACCOUNT, NodeKind::Account, "ou-gone")], true);
    assert_eq!(levels(&cut), [vec![format!("control policies of {ACCOUNT}")]]);
    let account = cut.accounts().next().unwrap().1;
    let held = cut.policy(account.service_control[0][0]).unwrap();
    assert!(matches!(held.document, Held::Missing));
    // Where no resource control policy is shown at all, none limits.
    assert_eq!(account.resource_control, Vec::<Vec<_>>::new());
    let mut rows = Rows::new().user("anybody", READS).held("r-1", "p-guard", Origin::ResourceControl);
    rows.0.nodes = vec![node(ACCOUNT, NodeKind::Account, "ou-gone")];
    let cut = rows.estate();
    let account = cut.accounts().next().unwrap().1;
    assert_eq!(account.resource_control, account.service_control);
    assert!(!account.resource_control.is_empty());
}

#[test]
fn rows_of_one_thing_from_several_exports_are_one() {
    let profile = format!("arn:aws:iam::{ACCOUNT}:instance-profile/web");
    let row = |id: &str, kind: &str, runs_as: &str| Resource {
        id: id.to_owned(),
        kind: kind.to_owned(),
        account: ACCOUNT.to_owned(),
        runs_as: runs_as.to_owned(),
        ..Resource::default()
    };
    let instance = format!("arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1");
    let role = format!("arn:aws:iam::{ACCOUNT}:role/app");
    let mut one = rows();
    one.0.resources = vec![row(&instance, "ec2:instance", &profile)];
    let mut other = Rows::new();
    other.0.resources = vec![row(&profile, INSTANCE_PROFILE, &role), row(&instance, "ec2:instance", "")];
    let mut builder = Builder::default();
    [one.0, other.0].into_iter().for_each(|export| builder.add(export));
    let estate = builder.build();
    let place = estate.find_resource(&instance).unwrap();
    assert_eq!(estate.role_of(place), estate.find(&role));
}

#[test]
fn a_key_that_is_told_by_its_place_and_by_its_id_is_one() {
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/alice");
    let keys = |ids: &[&str]| {
        let credentials = ids.iter().map(|id| Credential {
            id: (*id).to_owned(),
            kind: CredentialKind::AccessKey.into(),
            identity: arn.clone(),
            ..Credential::default()
        });
        let mut builder = Builder::default();
        builder.add(AccountExport {
            account: ACCOUNT.to_owned(),
            identities: vec![Identity { id: arn.clone(), name: "alice".to_owned(), ..Identity::default() }],
            credentials: credentials.collect(),
            ..AccountExport::default()
        });
        let estate = builder.build();
        estate.principal(estate.find(&arn).unwrap()).unwrap().keys
    };
    let [first, second] = ["access-key-1", "access-key-2"].map(|place| format!("{place}:{arn}"));
    let counted = [
        keys(&[]),
        keys(&[&first]),
        keys(&["AKIA1"]),
        keys(&[&first, "AKIA1"]),
        keys(&[&first, "AKIA1", "AKIA2"]),
        keys(&[&first, &second, "AKIA1"]),
    ];
    assert_eq!(counted, [None, Some(1), Some(1), Some(1), Some(2), Some(2)]);
}
