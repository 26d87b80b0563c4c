//! Who could become whom: the graph says of each pair what the evaluation says of it alone.

use doorward_model::inventory::organisation::NodeKind;
use doorward_model::inventory::resource::Resource;
use doorward_model::inventory::{AccountExport, Origin};
use doorward_privilege::analysis::Cause;
use doorward_privilege::answers::{self, Escalation, PrincipalAnswer};
use doorward_privilege::atlas::Atlas;
use doorward_privilege::estate::{Builder, PrincipalId};
use doorward_privilege::graph::{Edge, Filter, NodeId};
use doorward_privilege::questions::Can;
use proptest::prelude::*;

use crate::support::{ACCOUNT, Rows, atlas, node};

/// The escalation of a principal, with the methods that can come first and what is missing.
pub(crate) fn told(atlas: &Atlas, name: &str) -> (Escalation, bool, Vec<String>) {
    let all = answers::principals(atlas);
    let one = all.iter().find(|one| one.arn.ends_with(name));
    let methods = one.map(|one| one.paths.iter().map(|path| path.id.clone()).collect());
    (
        one.map_or(Escalation::None, |one| one.escalation),
        one.is_some_and(|one| one.admin),
        methods.unwrap_or_default(),
    )
}

const ALL: &str = r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#;
const ASSUMES: &str = r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]"#;
const NOTHING: &str = r#"[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]"#;
const WRITES_ITSELF: &str =
    r#"[{"Effect":"Allow","Action":"iam:PutUserPolicy","Resource":"arn:aws:iam::*:user/${aws:username}"}]"#;
const NOBODY: &str = r#"{"Service":"config.amazonaws.com"}"#;

fn user(name: &str) -> String {
    arn_of(&format!("user/{name}"))
}

fn arn_of(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{name}")
}

#[test]
fn who_may_write_its_own_policy_is_administrator_unless_a_boundary_holds() {
    let boundary = format!("arn:aws:iam::{ACCOUNT}:policy/limit");
    let rows = Rows::new()
        .user("free", WRITES_ITSELF)
        .user("bound", WRITES_ITSELF)
        .held(&user("bound"), &boundary, Origin::Boundary)
        .document(&boundary, NOTHING);
    let atlas = atlas(rows.estate());
    assert_eq!(told(&atlas, "/free"), (Escalation::Now, false, vec!["iam-007".to_owned()]));
    // Whatever it writes, the boundary allows none of what an administrator may, nor the writing.
    assert_eq!(told(&atlas, "/bound").0, Escalation::None);
}

#[test]
fn who_may_take_over_the_same_roles_shares_the_way_to_them() {
    let takes =
        r#"[{"Effect":"Allow","Action":"iam:UpdateAssumeRolePolicy","Resource":"arn:aws:iam::*:role/x-*"}]"#;
    let mut rows = Rows::new().user("one", takes).user("other", takes);
    for number in 0..5 {
        rows =
            rows.role(&format!("x-{number}"), NOBODY, NOTHING).role(&format!("y-{number}"), NOBODY, NOTHING);
    }
    let atlas = atlas(rows.estate());
    let ends =
        |from: NodeId| -> Vec<NodeId> { atlas.analysis.graph.edges_from(from).map(|edge| edge.to).collect() };
    let [one, other] = ["one", "other"].map(|name| ends(NodeId(atlas.estate.find(&user(name)).unwrap().0)));
    assert_eq!(one, other);
    let ways: Vec<Vec<&str>> = one
        .iter()
        .map(|way| {
            let roles = ends(*way).into_iter();
            roles.map(|role| &*atlas.estate.principal(PrincipalId(role.0)).unwrap().identity.name).collect()
        })
        .collect();
    assert_eq!(ways, [["x-0", "x-1", "x-2", "x-3", "x-4"]]);
}

/// An administrator, somebody who may do nothing and somebody who may assume roles in one account, and a role that
/// administers another.
fn across(trusted: &str) -> Atlas {
    let of = |account: &str, rows: &Rows| {
        let mut rows = rows.clone().0;
        let moved = |text: &mut String| *text = text.replace(ACCOUNT, account);
        for one in &mut rows.identities {
            moved(&mut one.id);
            one.account = account.to_owned();
        }
        rows.entitlements.iter_mut().for_each(|held| moved(&mut held.holder));
        rows.policies.iter_mut().for_each(|policy| moved(&mut policy.name));
        account.clone_into(&mut rows.account);
        rows
    };
    let mut builder = Builder::default();
    builder.add(of(
        "444455556666",
        &Rows::new().user("chief", ALL).user("clerk", NOTHING).user("envoy", ASSUMES),
    ));
    builder.add(of("777788889999", &Rows::new().role("prod", trusted, ALL)));
    atlas(builder.build())
}

#[test]
fn who_administers_one_account_may_come_to_administer_another() {
    let cannot = (Escalation::None, true, Vec::new());
    let can = (Escalation::Now, true, vec!["sts-001".to_owned()]);
    for (trusted, expected) in [
        (r#"{"AWS":"arn:aws:iam::444455556666:root"}"#, &can),
        (r#"{"AWS":"arn:aws:iam::444455556666:user/chief"}"#, &can),
        (r#"{"AWS":"*"}"#, &can),
        (r#"{"AWS":"arn:aws:iam::123412341234:root"}"#, &cannot),
        (r#"{"Service":"ec2.amazonaws.com"}"#, &cannot),
    ] {
        let atlas = across(trusted);
        assert_eq!(told(&atlas, "/chief"), *expected, "{trusted}");
        assert_eq!(told(&atlas, "/clerk").0, Escalation::None, "{trusted}");
        assert_eq!(told(&atlas, "/prod"), cannot, "{trusted}");
    }
    // Its administrator can become whom another account trusts.
    let atlas = across(r#"{"AWS":"arn:aws:iam::444455556666:user/envoy"}"#);
    assert_eq!(told(&atlas, "/chief"), (Escalation::Now, true, vec!["administrator".to_owned()]));
    assert_eq!(told(&atlas, "/envoy"), (Escalation::Now, false, vec!["sts-001".to_owned()]));
}

#[test]
fn a_boundary_that_can_be_taken_away_holds_nobody() {
    let boundary = format!("arn:aws:iam::{ACCOUNT}:policy/limit");
    let takes = r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#;
    let allows = r#"[{"Effect":"Allow","Action":"iam:DeleteUserPermissionsBoundary","Resource":"*"}]"#;
    let rows = Rows::new()
        .user("bound", takes)
        .held(&user("bound"), &boundary, Origin::Boundary)
        .document(&boundary, allows);
    let (escalation, admin, methods) = told(&atlas(rows.estate()), "/bound");
    assert_eq!((escalation, admin), (Escalation::Now, false));
    assert_eq!(methods, ["iam-102"]);
}

#[test]
fn who_takes_away_its_boundary_and_writes_its_own_policy_is_administrator_whichever_comes_first() {
    let boundary = format!("arn:aws:iam::{ACCOUNT}:policy/limit");
    let both = r#"[{"Effect":"Allow","Action":["iam:PutUserPolicy","iam:DeleteUserPermissionsBoundary"],"Resource":"*"}]"#;
    let takes = r#"[{"Effect":"Allow","Action":"iam:DeleteUserPermissionsBoundary","Resource":"*"}]"#;
    for (limit, own, expected) in [
        (both, WRITES_ITSELF, (Escalation::Now, false, vec!["iam-007".to_owned()])),
        (takes, both, (Escalation::Now, false, vec!["iam-102".to_owned()])),
        (takes, WRITES_ITSELF, (Escalation::None, false, Vec::new())),
    ] {
        let rows = Rows::new()
            .user("bound", own)
            .held(&user("bound"), &boundary, Origin::Boundary)
            .document(&boundary, limit);
        assert_eq!(told(&atlas(rows.estate()), "/bound"), expected, "{own} within {limit}");
    }
}

#[test]
fn a_denial_that_can_be_detached_denies_nothing() {
    let denies = format!("arn:aws:iam::{ACCOUNT}:policy/deny");
    let deny = r#"[{"Effect":"Deny","NotAction":"iam:DetachUserPolicy","Resource":"*"}]"#;
    let rows =
        Rows::new().user("held", ALL).held(&user("held"), &denies, Origin::Attached).document(&denies, deny);
    assert_eq!(told(&atlas(rows.estate()), "/held"), (Escalation::Now, false, vec!["iam-106".to_owned()]));
}

#[test]
fn a_policy_that_denies_goes_with_what_it_allows() {
    let most = r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":"iam:DetachUserPolicy","Resource":"*"}]"#;
    let (mixed, other) =
        (format!("arn:aws:iam::{ACCOUNT}:policy/mixed"), format!("arn:aws:iam::{ACCOUNT}:policy/other"));
    let detaches = vec!["iam-106".to_owned()];
    for (policies, expected) in [
        (vec![(&mixed, most)], (Escalation::None, false, Vec::new())),
        (vec![(&mixed, most), (&other, ALL)], (Escalation::Now, false, detaches.clone())),
        // What only denies goes alone.
        (
            vec![
                (
                    &mixed,
                    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"*"}]"#,
                ),
                (&other, r#"[{"Effect":"Deny","NotAction":"iam:DetachUserPolicy","Resource":"*"}]"#),
            ],
            (Escalation::Now, false, detaches),
        ),
    ] {
        let rows = policies.iter().fold(Rows::new().user("held", NOTHING), |rows, (name, text)| {
            rows.held(&user("held"), name, Origin::Attached).document(name, text)
        });
        assert_eq!(told(&atlas(rows.estate()), "/held"), expected, "{policies:?}");
    }
}

#[test]
fn who_leaves_a_group_that_denies_loses_what_the_group_allows() {
    let leaves = r#"[{"Effect":"Allow","Action":"iam:RemoveUserFromGroup","Resource":"*"}]"#;
    let guard = r#"[{"Effect":"Deny","NotAction":"iam:RemoveUserFromGroup","Resource":"*"}]"#;
    let mixed = r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":"iam:RemoveUserFromGroup","Resource":"*"}]"#;
    let of = |own: &str, group: &str| {
        let rows = Rows::new().identity(&user("member"), "member", &["g"]).inline(&user("member"), own);
        told(&atlas(rows.group("g", group).estate()), "/member")
    };
    let left = (Escalation::Now, false, vec!["iam-110".to_owned()]);
    let none = (Escalation::None, false, Vec::new());
    assert_eq!([of(ALL, guard), of(leaves, mixed), of(ALL, mixed)], [left.clone(), none, left]);
}

/// Who may write policies only of roles that a condition asks for, and assume all roles.
fn writer(condition: &str) -> Rows {
    let writes = format!(
        r#"[{{"Effect":"Allow","Action":["iam:CreateRole","iam:PutRolePolicy","iam:AttachRolePolicy"],"Resource":"*","Condition":{condition}}},{{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}]"#
    );
    let limit = format!("arn:aws:iam::{ACCOUNT}:policy/limit");
    let of_account = format!(r#"{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}}"#);
    let bounded = format!("arn:aws:iam::{ACCOUNT}:role/bounded");
    let mut rows = Rows::new()
        .user("writer", &writes)
        .role("bounded", &of_account, NOTHING)
        .role("free", &of_account, NOTHING)
        .held(&bounded, &limit, Origin::Boundary)
        .document(&limit, NOTHING);
    for (one, team) in rows.0.identities.iter_mut().skip(1).zip(["dev", "ops"]) {
        one.tags.insert("Team".to_owned(), team.to_owned());
    }
    rows
}

#[test]
fn what_a_condition_asks_of_a_role_is_known() {
    let limit =
        format!(r#"{{"StringEquals":{{"iam:PermissionsBoundary":"arn:aws:iam::{ACCOUNT}:policy/limit"}}}}"#);
    let no_limit = r#"{"Null":{"iam:PermissionsBoundary":"true"}}"#;
    let tag = |key: &str, team: &str| format!(r#"{{"StringEquals":{{"{key}/team":"{team}"}}}}"#);
    let now = |methods: &[&str]| {
        (Escalation::Now, false, methods.iter().map(|&one| one.to_owned()).collect::<Vec<_>>())
    };
    let none = (Escalation::None, false, Vec::new());
    for (condition, expected) in [
        (limit, none.clone()),
        (no_limit.to_owned(), now(&["iam-014", "iam-017", "iam-115", "iam-116"])),
        (tag("aws:ResourceTag", "dev"), none.clone()),
        (tag("iam:ResourceTag", "none"), none),
        (tag("aws:ResourceTag", "ops"), now(&["iam-014", "iam-017"])),
    ] {
        let (escalation, admin, mut methods) = told(&atlas(writer(&condition).estate()), "/writer");
        // A role that it would make may have any tags.
        if condition.contains("ResourceTag") {
            methods.retain(|method| !matches!(method.as_str(), "iam-115" | "iam-116"));
        }
        let escalation = if methods.is_empty() { Escalation::None } else { escalation };
        assert_eq!((escalation, admin, methods), expected, "{condition}");
    }
}

#[test]
fn who_makes_a_principal_without_a_boundary_is_administrator() {
    let at = |name: &str, kind: &str, permissions: &str, condition: &str| {
        let statement = format!(
            r#"[{{"Effect":"Allow","Action":[{permissions}],"Resource":"arn:aws:iam::*:{kind}/new-*"{condition}}}]"#
        );
        told(&atlas(Rows::new().user(name, &statement).estate()), &format!("/{name}"))
    };
    let now = |method: &str| (Escalation::Now, false, vec![method.to_owned()]);
    let limit = format!(
        r#","Condition":{{"StringEquals":{{"iam:PermissionsBoundary":"arn:aws:iam::{ACCOUNT}:policy/limit"}}}}"#
    );
    for (kind, permissions, method) in [
        ("role", r#""iam:CreateRole","iam:AttachRolePolicy""#, "iam-115"),
        ("role", r#""iam:CreateRole","iam:PutRolePolicy""#, "iam-116"),
        ("user", r#""iam:CreateUser","iam:AttachUserPolicy","iam:CreateAccessKey""#, "iam-117"),
        ("user", r#""iam:CreateUser","iam:PutUserPolicy","iam:CreateAccessKey""#, "iam-118"),
    ] {
        assert_eq!(at("maker", kind, permissions, ""), now(method), "{permissions}");
        assert_ne!(at("maker", kind, permissions, &limit).0, Escalation::Now, "{permissions}");
    }
    // What limits it does not limit what it makes.
    let makes = r#"[{"Effect":"Allow","Action":["iam:CreateRole","iam:PutRolePolicy"],"Resource":"*"}]"#;
    let limit = format!("arn:aws:iam::{ACCOUNT}:policy/limit");
    let rows = Rows::new().user("bound", makes).held(&user("bound"), &limit, Origin::Boundary);
    assert_eq!(told(&atlas(rows.document(&limit, makes).estate()), "/bound"), now("iam-116"));
}

#[test]
fn a_way_is_named_by_the_method_that_leads_on_and_not_by_what_it_reads_or_writes() {
    let function = format!("arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f");
    let updates = r#"[{"Effect":"Allow","Action":"lambda:UpdateFunctionCode","Resource":"*"}]"#;
    let mut rows = Rows::new()
        .user("updates", updates)
        .role("runs", r#"{"Service":"lambda.amazonaws.com"}"#, ALL)
        .resource("lambda:function", &function);
    rows.0.resources[0].runs_as = format!("arn:aws:iam::{ACCOUNT}:role/runs");
    let expected = (Escalation::Now, false, vec!["lambda-003".to_owned()]);
    assert_eq!(told(&atlas(rows.estate()), "/updates"), expected);
}

#[test]
fn an_older_version_of_its_policy_counts_if_it_can_be_made_the_default() {
    let policy = format!("arn:aws:iam::{ACCOUNT}:policy/own");
    let sets = r#"[{"Effect":"Allow","Action":"iam:SetDefaultPolicyVersion","Resource":"*"}]"#;
    let rows = Rows::new()
        .user("turns", NOTHING)
        .held(&user("turns"), &policy, Origin::Attached)
        .document(&policy, sets);
    let alone = atlas(rows.clone().estate());
    assert_eq!(told(&alone, "/turns"), (Escalation::Latent, false, vec!["iam-101".to_owned()]));
    let older = rows.document(&format!("{policy} version:v1"), ALL);
    assert_eq!(told(&atlas(older.estate()), "/turns"), (Escalation::Now, false, vec!["iam-101".to_owned()]));
}

#[test]
fn nobody_is_let_through_by_what_cannot_be_read() {
    let rows = Rows::new()
        .role("admin", NOBODY, ALL)
        .user("broken", r#"[{"Effect":"Allow","Action":"iam:*","Resource":"*","Surprise":1}]"#)
        .user("unheld", NOTHING)
        .held(&user("unheld"), "arn:aws:iam::aws:policy/AdministratorAccess", Origin::Attached);
    let atlas = atlas(rows.estate());
    assert_eq!(told(&atlas, "/broken").0, Escalation::None);
    assert_eq!(told(&atlas, "/unheld").0, Escalation::None);
    let unknown: Vec<String> = answers::unknown(&atlas.estate).into_iter().map(|one| one.policy).collect();
    let own = format!("{} inline:own", user("broken"));
    assert_eq!(unknown, [own, "arn:aws:iam::aws:policy/AdministratorAccess".to_owned()]);
}

#[test]
fn a_boundary_that_no_export_holds_makes_the_answer_unknown() {
    let rows = Rows::new().user("bound", ALL).held(
        &user("bound"),
        "arn:aws:iam::111122223333:policy/gone",
        Origin::Boundary,
    );
    let atlas = atlas(rows.estate());
    let bound = atlas.estate.find(&user("bound")).unwrap();
    let can = atlas.can(bound, "s3:GetObject", "arn:aws:s3:::bucket/key").unwrap();
    assert_eq!(can.answer, Can::Unknown);
    assert_eq!(told(&atlas, "/bound"), (Escalation::None, false, Vec::new()));
    let who: Vec<Can> =
        atlas.who_can("s3:GetObject", "arn:aws:s3:::bucket/key").into_iter().map(|one| one.answer).collect();
    assert_eq!(who, [Can::Unknown]);
}

#[test]
fn the_root_user_administers_its_account() {
    let rows = Rows::new().identity(&format!("arn:aws:iam::{ACCOUNT}:root"), "root", &[]);
    let all = answers::principals(&atlas(rows.estate()));
    let told: Vec<(&str, bool)> = all.iter().map(|one| (&*one.arn, one.admin)).collect();
    assert_eq!(told, [("arn:aws:iam::111122223333:root", true)]);
}

#[test]
fn a_provider_that_can_be_replaced_leads_on_only_where_a_role_trusts_it() {
    let provider = format!("arn:aws:iam::{ACCOUNT}:saml-provider/corp");
    let replaces = r#"[{"Effect":"Allow","Action":"iam:UpdateSAMLProvider","Resource":"*"}]"#;
    let rows = |trusted: &str| {
        let trust =
            format!(r#"[{{"Effect":"Allow","Principal":{trusted},"Action":"sts:AssumeRoleWithSAML"}}]"#);
        let mut rows = Rows::new().user("replaces", replaces).trusting("admin", &trust, ALL);
        rows.0.resources = vec![Resource {
            id: provider.clone(),
            kind: "iam:saml-provider".to_owned(),
            account: ACCOUNT.to_owned(),
            ..Resource::default()
        }];
        told(&atlas(rows.estate()), "/replaces")
    };
    let methods = vec!["saml-101".to_owned()];
    assert_eq!(rows(NOBODY), (Escalation::Latent, false, methods.clone()));
    assert_eq!(rows(&format!(r#"{{"Federated":"{provider}"}}"#)), (Escalation::Now, false, methods));
}

#[test]
fn an_account_whose_limits_are_unknown_allows_nothing() {
    let mut rows = Rows::new().user("all", ALL);
    rows.0.nodes = vec![node(ACCOUNT, NodeKind::Account, "ou-gone")];
    let atlas = atlas(rows.estate());
    let all = atlas.estate.find(&user("all")).unwrap();
    assert_eq!(atlas.can(all, "s3:GetObject", "arn:aws:s3:::b/k").unwrap().answer, Can::Unknown);
    assert_eq!(told(&atlas, "/all"), (Escalation::None, false, Vec::new()));
}

#[test]
fn who_can_come_to_what_matters_most_and_to_no_administration_is_told_by_which_way() {
    let deploy = format!("arn:aws:iam::{ACCOUNT}:role/deploy");
    let assumes = format!(r#"[{{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"{deploy}"}}]"#);
    let trusted = r#"{"AWS":"111122223333"}"#;
    let rows = Rows::new().user("ann", &assumes).user("bob", "[]").user("all", ALL);
    let all = answers::principals(&atlas(rows.role("deploy", trusted, "[]").estate()));
    let told = |one: &PrincipalAnswer| {
        let hops = one.top.iter().flat_map(|way| &way.hops);
        let hops = hops.map(|hop| format!("{} {}", hop.edge.to, hop.statement.join(" and ")));
        (one.arn.rsplit('/').next().unwrap().to_owned(), hops.collect::<Vec<_>>())
    };
    let step = format!("{deploy} {} inline:own statement 1 and {deploy} trust statement 1", user("ann"));
    let expected = [("all", vec![]), ("ann", vec![step]), ("bob", vec![]), ("deploy", vec![])];
    let expected = expected.map(|(name, hops)| (name.to_owned(), hops));
    assert_eq!(all.iter().map(told).collect::<Vec<_>>(), expected);
}

#[test]
fn a_control_policy_that_is_attached_and_that_no_export_holds_makes_what_lies_below_unknown() {
    let other = "444455556666";
    let mut rows = Rows::new()
        .user("all", ALL)
        .identity(&format!("arn:aws:iam::{other}:user/all"), "all", &[])
        .inline(&format!("arn:aws:iam::{other}:user/all"), ALL)
        .held("r-1", "p-full", Origin::ServiceControl)
        .held("ou-1", "p-full", Origin::ServiceControl)
        .held("ou-1", "p-gone", Origin::ServiceControl)
        .held(ACCOUNT, "p-full", Origin::ServiceControl)
        .held(other, "p-full", Origin::ServiceControl)
        .document("p-full", ALL);
    other.clone_into(&mut rows.0.identities.last_mut().unwrap().account);
    rows.0.nodes = vec![
        node("r-1", NodeKind::Root, ""),
        node("ou-1", NodeKind::Unit, "r-1"),
        node(ACCOUNT, NodeKind::Account, "ou-1"),
        node(other, NodeKind::Account, "r-1"),
    ];
    let atlas = atlas(rows.estate());
    let can = |arn: &str| {
        let id = atlas.estate.find(arn).unwrap();
        (
            atlas.can(id, "s3:GetObject", "arn:aws:s3:::b/k").unwrap().answer,
            atlas.analysis.is_administrator(id),
        )
    };
    assert_eq!(can(&user("all")), (Can::Unknown, false));
    assert_eq!(can(&format!("arn:aws:iam::{other}:user/all")), (Can::Allow, true));
    let named: Vec<String> = answers::unknown(&atlas.estate).into_iter().map(|one| one.policy).collect();
    assert_eq!(named, ["p-gone"]);
}

#[test]
fn resource_control_policies_do_not_limit_keys_that_aws_manages() {
    let key = |name: &str| format!("arn:aws:kms:eu-west-1:{ACCOUNT}:key/{name}");
    let open = r#"[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]"#;
    let no = r#"[{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}]"#;
    let mut rows =
        Rows::new().user("all", ALL).held("r-1", "p-no", Origin::ResourceControl).document("p-no", no);
    for (name, manager) in [("own", "CUSTOMER"), ("aws", "AWS")] {
        rows = rows.resource("kms:key", &key(name)).held(&key(name), "resource", Origin::Resource);
        rows = rows.document(&format!("{} resource", key(name)), open);
        let attribute = ("key_manager".to_owned(), manager.to_owned());
        rows.0.resources.last_mut().unwrap().attributes = [attribute].into();
    }
    rows.0.nodes = vec![node("r-1", NodeKind::Root, ""), node(ACCOUNT, NodeKind::Account, "r-1")];
    let atlas = atlas(rows.estate());
    let all = atlas.estate.find(&user("all")).unwrap();
    let decrypts = |name| atlas.can(all, "kms:Decrypt", &key(name)).unwrap().answer;
    assert_eq!(["own", "aws"].map(decrypts), [Can::ExplicitDeny, Can::Allow]);
}

#[test]
fn whom_the_policy_of_a_function_lets_change_it_shares_that_with_nobody() {
    let function = |name: &str| format!("arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}");
    let elsewhere = format!(
        r#"[{{"Effect":"Allow","Action":"lambda:UpdateFunctionCode","Resource":"{}"}}]"#,
        function("other")
    );
    let lets = format!(
        r#"[{{"Effect":"Allow","Principal":{{"AWS":"{}"}},"Action":"lambda:UpdateFunctionCode","Resource":"*"}}]"#,
        user("named")
    );
    let of = function("f");
    let rows = Rows::new().user("another", &elsewhere).user("named", &elsewhere).user("nobody", &elsewhere);
    let rows = rows.role("boss", r#"{"Service":"lambda.amazonaws.com"}"#, ALL);
    let mut rows = rows.resource("lambda:function", &of).held(&of, "resource", Origin::Resource);
    rows.0.resources.last_mut().unwrap().runs_as = format!("arn:aws:iam::{ACCOUNT}:role/boss");
    let atlas = atlas(rows.document(&format!("{of} resource"), &lets).estate());
    let escalation = ["user/another", "user/named", "user/nobody"].map(|name| told(&atlas, name).0);
    assert_eq!(escalation, [Escalation::Latent, Escalation::Now, Escalation::Latent]);
}

#[test]
fn whom_a_role_lets_in_by_name_is_led_on_by_it_and_who_has_the_same_policies_is_not() {
    let (named, open) = (arn_of("role/named"), arn_of("role/open"));
    let policy = |name: &str| arn_of(&format!("policy/{name}"));
    let writes =
        r#"[{"Effect":"Allow","Action":["iam:CreatePolicyVersion","sts:AssumeRole"],"Resource":"*"}]"#;
    let by_name =
        format!(r#"[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"{}"}}}}]"#, user("b"));
    let by_account = |condition: &str| {
        format!(
            r#"{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"{ACCOUNT}"}}{condition}}}"#
        )
    };
    let told_of = |trust_of_named: &str| {
        let rows = ["a", "b", "c"].into_iter().fold(Rows::new(), |rows, name| rows.user(name, writes));
        let rows = rows
            .trusting("named", trust_of_named, NOTHING)
            .held(&named, &policy("own"), Origin::Attached)
            .document(&policy("own"), NOTHING)
            .trusting("open", &format!("[{}]", by_account("")), NOTHING)
            .held(&open, "arn:aws:iam::aws:policy/ViewOnlyAccess", Origin::Attached)
            .document("arn:aws:iam::aws:policy/ViewOnlyAccess", NOTHING);
        let atlas = atlas(rows.estate());
        ["a", "b", "c"].map(|name| {
            let node = NodeId(atlas.estate.find(&user(name)).unwrap().0);
            let ways = atlas.analysis.graph.edges_from(node);
            let by_method = |edge: &Edge| matches!(atlas.analysis.cause(edge.id), Some(Cause::Rule(..)));
            ways.filter(by_method).map(|edge| edge.only_if).collect::<Vec<_>>()
        })
    };
    // Of the policies of those that all may assume, none can be written.
    assert_eq!(told_of(&by_name), [vec![], vec![false], vec![]]);
    // Let in by its name as well as by its account, the surer way counts.
    let both = format!(
        "[{},{}]",
        by_account(r#","Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#),
        by_name.trim_matches(['[', ']'])
    );
    assert_eq!(told_of(&both), [[true], [false], [true]]);
}

#[test]
fn what_is_made_must_be_what_is_used() {
    let function = |name: &str| format!("arn:aws:lambda:*:{ACCOUNT}:function:{name}");
    let sure = |create: &str, invoke: &str, other: &str| {
        let passes = r#"{"Effect":"Allow","Action":"iam:PassRole","Resource":"*"}"#;
        let allows = |action: &str, on: &str| {
            format!(r#"{{"Effect":"Allow","Action":"lambda:{action}","Resource":[{on}]}}"#)
        };
        let policy = format!(
            "[{passes},{},{}{other}]",
            allows("CreateFunction", create),
            allows("InvokeFunction", invoke)
        );
        let rows = Rows::new().user("a", &policy).role("runs", r#"{"Service":"lambda.amazonaws.com"}"#, ALL);
        let atlas = atlas(rows.estate());
        let node = NodeId(atlas.estate.find(&user("a")).unwrap().0);
        let ways: Vec<bool> = atlas.analysis.graph.edges_from(node).map(|edge| edge.only_if).collect();
        ways
    };
    let quoted = |names: &[&str]| -> String {
        names.iter().map(|name| format!("\"{}\"", function(name))).collect::<Vec<_>>().join(",")
    };
    let denies = |name: &str| {
        let on = function(name);
        format!(r#",{{"Effect":"Deny","Action":"lambda:InvokeFunction","Resource":"{on}"}}"#)
    };
    for (create, invoke, other, expected) in [
        (&["ci-*"][..], &["ci-*"][..], String::new(), &[false][..]),
        (&["ci-*"], &["api-*"], String::new(), &[]),
        (&["ci"], &["api"], String::new(), &[]),
        (&["ci"], &["*"], String::new(), &[false]),
        (&["ci-*"], &["*-prod"], String::new(), &[false]),
        (&["ci-*", "api-prod"], &["api-*"], String::new(), &[false]),
        (&["*"], &["api-*"], String::new(), &[false]),
        (&["ci-*"], &["*"], denies("ci-*"), &[]),
        (&["ci-*"], &["*"], denies("ci-prod-*"), &[false]),
        // Of a name with a variable nothing is known.
        (&["${aws:username}-*"], &["api-*"], String::new(), &[false]),
    ] {
        assert_eq!(sure(&quoted(create), &quoted(invoke), &other), expected, "{create:?} {invoke:?} {other}");
    }
    // What names no function names any.
    for whole in [&format!("arn:aws:lambda:*:{ACCOUNT}:*"), "arn:aws:lambda:*", "arn:aws:lambda:*:*:func*"] {
        let creates =
            format!(r#",{{"Effect":"Allow","Action":"lambda:CreateFunction","Resource":"{whole}"}}"#);
        assert_eq!(sure(&quoted(&["ci-*"]), &quoted(&["api-*"]), &creates), [false], "{whole}");
    }
    let but = format!(
        r#",{{"Effect":"Allow","Action":"lambda:CreateFunction","NotResource":"{}"}}"#,
        function("ci-*")
    );
    assert_eq!(sure(&quoted(&["ci-*"]), &quoted(&["api-*"]), &but), [false], "all but ci-*");
}

#[test]
fn a_role_that_resource_control_policies_do_not_limit_shares_nothing_with_one_that_they_do() {
    let bucket = "arn:aws:s3:::b";
    let linked = format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX");
    let plain = format!("arn:aws:iam::{ACCOUNT}:role/plain");
    let reads = r#"[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]"#;
    let no = r#"[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]"#;
    let rows = Rows::new().identity(&linked, "AWSServiceRoleForX", &[]).inline(&linked, reads);
    let rows = rows.identity(&plain, "plain", &[]).inline(&plain, reads).resource("s3:bucket", bucket);
    let mut rows = rows.held("r-1", "p-no", Origin::ResourceControl).document("p-no", no);
    rows.0.nodes = vec![node("r-1", NodeKind::Root, ""), node(ACCOUNT, NodeKind::Account, "r-1")];
    let atlas = atlas(rows.estate());
    let reaches = |role: &str| {
        let from = atlas.find(role).unwrap();
        let reached = atlas.reached(from, &Filter::default(), None);
        reached.into_iter().map(|one| one.to).collect::<Vec<_>>()
    };
    assert_eq!(reaches(&linked), [bucket]);
    assert_eq!(reaches(&plain), Vec::<String>::new());
}

#[test]
fn roles_that_trust_each_other_in_a_circle_lead_nowhere_else() {
    let role = |name: &str| format!(r#"{{"AWS":"arn:aws:iam::{ACCOUNT}:role/{name}"}}"#);
    let rows = Rows::new().role("a", &role("b"), NOTHING).role("b", &role("c"), NOTHING).role(
        "c",
        &role("a"),
        NOTHING,
    );
    let atlas = atlas(rows.estate());
    let from = atlas.find("role/a").unwrap();
    let reached = atlas.reached(from, &Filter::default(), None);
    let names: Vec<&str> = reached.iter().map(|one| one.to.rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["b", "c"]);
    assert_eq!(told(&atlas, "role/a"), (Escalation::None, false, Vec::new()));
}

#[test]
fn who_begins_means_its_own_account_by_admin() {
    let other = "444455556666";
    let bob = format!("arn:aws:iam::{other}:user/bob");
    let mut there = Rows::new().identity(&bob, "bob", &[]);
    there.0.identities.iter_mut().for_each(|one| other.clone_into(&mut one.account));
    let mut builder = Builder::default();
    builder.add(Rows::new().user("ann", NOTHING).group("admin", NOTHING).0);
    builder.add(AccountExport { account: other.to_owned(), ..there.0 });
    let atlas = atlas(builder.build());
    let goal = |from: &str| atlas.find_goal("admin", atlas.find(from).unwrap()).unwrap();
    let own = |account: &str| atlas.analysis.administration(atlas.estate.find_account(account).unwrap());
    assert_eq!(["user/ann", "user/bob"].map(goal), [ACCOUNT, other].map(own));
    let of_a_group = atlas.find_goal("admin", atlas.find("group/admin").unwrap()).unwrap_err();
    assert_eq!(
        of_a_group.to_string(),
        format!(
            "admin may be arn:aws:iam::{ACCOUNT}:group/admin, administrator of {ACCOUNT}, administrator of {other}: give the \
             whole ARN"
        )
    );
}

#[test]
fn a_permission_that_nobody_knows_gives_nothing_and_stops_nothing() {
    let odd = r#"[{"Effect":"Allow","Action":["iam:FlyToTheMoon","iam:PutUserPolicy"],"Resource":"*"}]"#;
    let atlas = atlas(Rows::new().user("odd", odd).estate());
    assert_eq!(told(&atlas, "/odd"), (Escalation::Now, false, vec!["iam-007".to_owned()]));
}

const NAMES: [&str; 3] = ["a", "ab", "b"];

fn resources(kind: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![
        Just("*".to_owned()),
        Just(format!("arn:aws:iam::{ACCOUNT}:{kind}/*")),
        Just(format!("arn:aws:iam::{ACCOUNT}:{kind}/a*")),
        Just(format!("arn:aws:iam::*:{kind}/b")),
        Just(format!("arn:aws:iam::{ACCOUNT}:*/?")),
        Just(format!("arn:aws:iam::999988887777:{kind}/*")),
    ]
}

fn condition() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        4 => Just(""),
        1 => Just(r#","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#),
        1 => Just(r#","Condition":{"StringEquals":{"aws:PrincipalAccount":"111122223333"}}"#),
        1 => Just(r#","Condition":{"DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}"#),
        1 => Just(r#","Condition":{"StringEquals":{"aws:ResourceTag/team":"x"}}"#),
    ]
}

/// Statements about assuming roles and making keys.
fn statements() -> impl Strategy<Value = String> {
    let permission =
        prop_oneof![Just("sts:AssumeRole"), Just("iam:CreateAccessKey"), Just("iam:Create*"), Just("*")];
    let effect = prop_oneof![3 => Just("Allow"), 1 => Just("Deny")];
    let element = prop_oneof![5 => Just("Resource"), 1 => Just("NotResource")];
    let resource = prop_oneof![resources("role"), resources("user")];
    let one = (effect, permission, element, resource, condition()).prop_map(
        |(effect, permission, element, resource, condition)| {
            format!(r#"{{"Effect":"{effect}","Action":"{permission}","{element}":"{resource}"{condition}}}"#)
        },
    );
    prop::collection::vec(one, 1..4).prop_map(|all| format!("[{}]", all.join(",")))
}

fn trusted() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(format!(r#"{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}}"#)),
        Just(format!(r#"{{"AWS":"{}"}}"#, user("a"))),
        Just(format!(r#"{{"AWS":["{}","arn:aws:iam::{ACCOUNT}:role/b"]}}"#, user("ab"))),
        Just(r#"{"AWS":"*"}"#.to_owned()),
        Just(NOBODY.to_owned()),
    ]
}

/// Whether an edge of a cause leads from one node to another, over passages perhaps.
fn leads(atlas: &Atlas, from: NodeId, to: NodeId, is_cause: impl Fn(Cause) -> bool) -> bool {
    atlas.analysis.graph.edges_from(from).any(|edge| {
        let right = atlas.analysis.cause(edge.id).is_some_and(&is_cause);
        let passage = atlas.analysis.graph.node(edge.to).is_some_and(|node| node.passage);
        right
            && (edge.to == to || (passage && atlas.analysis.graph.edges_from(edge.to).any(|on| on.to == to)))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn each_edge_is_what_the_evaluation_says_of_its_pair(
        users in prop::collection::vec(statements(), 3),
        roles in prop::collection::vec((trusted(), statements()), 3),
        limit in prop::option::of(statements()),
    ) {
        let boundary = format!("arn:aws:iam::{ACCOUNT}:policy/limit");
        let mut rows = Rows::new();
        for (name, own) in NAMES.iter().zip(&users) {
            rows = rows.user(name, own);
        }
        for (name, (trust, own)) in NAMES.iter().zip(&roles) {
            rows = rows.role(name, trust, own);
        }
        if let Some(limit) = &limit {
            rows = rows.held(&user("a"), &boundary, Origin::Boundary).document(&boundary, limit);
        }
        let atlas = atlas(rows.estate());
        let makes_keys = atlas.rules.all().iter().position(|rule| &*rule.id == "iam-002");
        let ids: Vec<PrincipalId> = atlas.estate.principals().map(|(id, _)| id).collect();
        for from in &ids {
            // Who administers the account leads there, and by no other way.
            let administers = leads(&atlas, NodeId(from.0), atlas.analysis.administration(doorward_privilege::estate::AccountId(0)), |cause| cause == Cause::Administers);
            for to in ids.iter().filter(|to| *to != from && !administers) {
                let target = atlas.estate.principal(*to).map(|one| one.arn().to_owned()).unwrap_or_default();
                let (permission, method) = match target.contains(":role/") {
                    true => ("sts:AssumeRole", None),
                    false => ("iam:CreateAccessKey", makes_keys),
                };
                let can = atlas.can(*from, permission, &target).map(|one| one.answer);
                let drawn = leads(&atlas, NodeId(from.0), NodeId(to.0), |cause| match (cause, method) {
                    (Cause::Assume, None) => true,
                    (Cause::Rule(place, _), Some(method)) => place as usize == method,
                    _ => false,
                });
                // What only time could open, and time has passed, is open to the evaluation and drawn by nobody.
                prop_assert_eq!(drawn, matches!(can, Some(Can::Allow | Can::OnlyIf)), "{:?} {} {} by {:?}", can, permission, target, from);
            }
        }
    }
}
