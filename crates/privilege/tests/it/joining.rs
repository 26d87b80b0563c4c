//! Who may join a group has what it has itself and what the group has together, but for what either denies, as far as its
//! boundary lets it.

use doorward_model::inventory::organisation::NodeKind;
use doorward_model::inventory::{AccountExport, Origin, Scope};
use doorward_privilege::answers::{self, Escalation};
use doorward_privilege::atlas::Atlas;
use doorward_privilege::change::Change;
use doorward_privilege::estate::Builder;
use doorward_privilege::graph::{Filter, NodeId};

use crate::analysis::told;
use crate::support::{ACCOUNT, Rows, atlas, node};

const ALL: &str = r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#;
const JOINS: &str = r#"[{"Effect":"Allow","Action":"iam:AddUserToGroup","Resource":"*"}]"#;
const NOTHING: &str = r#"[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]"#;
const READS: &str = r#"[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]"#;
/// A boundary that keeps its bearer from what IAM can do, but for the joining of groups.
const NO_IAM: &str = r#"[{"Effect":"Allow","NotAction":"iam:*","Resource":"*"},{"Effect":"Allow","Action":"iam:AddUserToGroup","Resource":"*"}]"#;
const NOBODY: &str = r#"{"Service":"config.amazonaws.com"}"#;

fn arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{name}")
}

/// A user, Ann, with a policy and perhaps a boundary, and a group of administrators.
fn ann(own: &str, boundary: Option<&str>) -> Rows {
    bound(Rows::new().user("ann", own).group("admins", ALL), boundary)
}

fn bound(rows: Rows, boundary: Option<&str>) -> Rows {
    let limit = arn("policy/limit");
    match boundary {
        Some(boundary) => rows.held(&arn("user/ann"), &limit, Origin::Boundary).document(&limit, boundary),
        None => rows,
    }
}

fn of_ann(rows: Rows) -> (Escalation, bool, Vec<String>) {
    told(&atlas(rows.estate()), "/ann")
}

fn now(method: &str) -> (Escalation, bool, Vec<String>) {
    (Escalation::Now, false, vec![method.to_owned()])
}

fn none() -> (Escalation, bool, Vec<String>) {
    (Escalation::None, false, Vec::new())
}

/// The steps of Ann's best way to the administration of the account, each with its statements.
fn way(atlas: &Atlas) -> Vec<String> {
    let from = NodeId(atlas.estate.find(&arn("user/ann")).unwrap().0);
    let to = atlas.find("admin").unwrap();
    let ways = atlas.ways(from, to, &Filter::default(), 1);
    let hops = ways.iter().flat_map(|way| &way.hops);
    hops.map(|hop| {
        let only_if = if hop.only_if.is_empty() { "" } else { ", perhaps" };
        format!(
            "{} -> {}: {} by {}{only_if}",
            hop.edge.from,
            hop.edge.to,
            hop.edge.name,
            hop.statement.join(" and ")
        )
    })
    .collect()
}

#[test]
fn who_joins_the_administrators_is_one_as_far_as_its_boundary_lets_it() {
    for (boundary, expected) in [
        (None, now("iam-013")),
        (Some(ALL), now("iam-013")),
        (Some(NO_IAM), none()),
        // It may not even join.
        (Some(NOTHING), none()),
    ] {
        assert_eq!(of_ann(ann(JOINS, boundary)), expected, "{boundary:?}");
    }
}

#[test]
fn the_way_over_a_group_names_it_and_what_it_gives() {
    let (ann_, admins, admin) = (arn("user/ann"), arn("group/admins"), format!("administrator of {ACCOUNT}"));
    let limit = arn("policy/limit");
    let joins = format!("{ann_} inline:own statement 1");
    let gives = format!("{admins} inline:own statement 1");
    for (boundary, expected) in [
        (
            None,
            vec![
                format!("{ann_} -> {admins}: Join a group by {joins}"),
                format!("{admins} -> {admin}: Administer the account by {gives}"),
            ],
        ),
        (
            Some(ALL),
            vec![format!("{ann_} -> {admin}: Join a group by {limit} statement 1 and {joins} and {gives}")],
        ),
    ] {
        assert_eq!(way(&atlas(ann(JOINS, boundary).estate())), expected);
    }
}

#[test]
fn who_may_join_only_if_something_holds_is_administrator_only_if_it_does() {
    let joins = r#"[{"Effect":"Allow","Action":"iam:AddUserToGroup","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]"#;
    let ways = [ALL, NO_IAM].map(|boundary| way(&atlas(ann(joins, Some(boundary)).estate())));
    let perhaps = |way: &Vec<String>| way.iter().map(|step| step.ends_with(", perhaps")).collect::<Vec<_>>();
    assert_eq!(ways.each_ref().map(perhaps), [vec![true], vec![]]);
    // Without a group there is nothing to join.
    let latent = (Escalation::Latent, false, vec!["iam-013".to_owned()]);
    assert_eq!(of_ann(bound(Rows::new().user("ann", joins), Some(ALL))), latent);
}

#[test]
fn a_member_has_what_its_own_policies_and_those_of_the_group_allow_together() {
    let joins = r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","iam:PassRole"],"Resource":"*"}]"#;
    let runs =
        r#"[{"Effect":"Allow","Action":["lambda:CreateFunction","lambda:InvokeFunction"],"Resource":"*"}]"#;
    let rows = |boundary| {
        let rows = Rows::new().user("ann", joins).group("builders", runs);
        bound(rows.role("works", r#"{"Service":"lambda.amazonaws.com"}"#, ALL), boundary)
    };
    let without_passing = r#"[{"Effect":"Allow","NotAction":"iam:PassRole","Resource":"*"}]"#;
    let boundaries = [None, Some(ALL), Some(without_passing)];
    let expected = [now("iam-013"), now("iam-013"), none()];
    assert_eq!(boundaries.map(|boundary| of_ann(rows(boundary))), expected);
    let (ann, works, admin) = (arn("user/ann"), arn("role/works"), format!("administrator of {ACCOUNT}"));
    let (joins, runs) =
        (format!("{ann} inline:own statement 1"), arn("group/builders inline:own statement 1"));
    assert_eq!(
        way(&atlas(rows(None).estate())),
        [
            format!("{ann} -> {works}: Join a group by {joins} and {runs}"),
            format!("{works} -> {admin}: Administer the account by {works} inline:own statement 1"),
        ]
    );
}

#[test]
fn what_the_own_policies_of_a_member_deny_stays_denied() {
    let joins = |denied: &str| {
        format!(
            r#"[{{"Effect":"Allow","Action":"iam:AddUserToGroup","Resource":"*"}},{{"Effect":"Deny",{denied},"Resource":"*"}}]"#
        )
    };
    for (denied, expected) in [
        (r#""NotAction":"iam:AddUserToGroup""#, none()),
        // Who has all other rights of IAM gives itself another policy.
        (r#""Action":"s3:*""#, now("iam-013")),
        // A member of the administrators can delete the policy that denies.
        (r#""NotAction":["iam:AddUserToGroup","iam:DeleteUserPolicy"]"#, now("iam-013")),
    ] {
        for boundary in [None, Some(ALL)] {
            assert_eq!(of_ann(ann(&joins(denied), boundary)), expected, "{denied} within {boundary:?}");
        }
    }
}

#[test]
fn what_a_group_denies_its_members_they_do_not_take_off_themselves() {
    let joins =
        r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","iam:DetachUserPolicy"],"Resource":"*"}]"#;
    let denies =
        r#"[{"Effect":"Deny","NotAction":["iam:AddUserToGroup","iam:DetachUserPolicy"],"Resource":"*"}]"#;
    let policy = arn("policy/denies");
    let held = |holders: &[&str], boundary| {
        let rows = ann(joins, boundary).document(&policy, denies);
        holders.iter().fold(rows, |rows, holder| rows.held(&arn(holder), &policy, Origin::Attached))
    };
    let own = ["user/ann"];
    let both = ["user/ann", "group/admins"];
    for boundary in [None, Some(ALL)] {
        let expected = (Escalation::Now, false, vec!["iam-013".to_owned(), "iam-106".to_owned()]);
        let got = [&own[..], &both].map(|holders| of_ann(held(holders, boundary)));
        assert_eq!(got, [expected, none()], "{boundary:?}");
    }
}

#[test]
fn who_is_trusted_by_name_is_so_as_a_member_and_no_other_is() {
    let rows = bound(Rows::new().user("ann", JOINS).user("bob", JOINS).group("readers", READS), Some(ALL));
    let rows = rows.held(&arn("user/bob"), &arn("policy/limit"), Origin::Boundary);
    let rows = rows.role("prod", &format!(r#"{{"AWS":"{}"}}"#, arn("user/ann")), ALL);
    let atlas = atlas(rows.estate());
    // It need not join a group for that.
    assert_eq!(["/ann", "/bob"].map(|name| told(&atlas, name)), [now("sts-001"), none()]);
}

#[test]
fn who_is_trusted_by_name_elsewhere_needs_a_group_that_lets_it_assume_roles() {
    let assumes = r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]"#;
    for boundary in [None, Some(ALL)] {
        let mut builder = Builder::default();
        let rows = Rows::new().user("ann", JOINS).user("bob", JOINS).group("assumers", assumes);
        builder.add(bound(rows, boundary).0);
        let far = "arn:aws:iam::444455556666:role/prod";
        let trust = format!(
            r#"[{{"Effect":"Allow","Principal":{{"AWS":"{}"}},"Action":"sts:AssumeRole"}}]"#,
            arn("user/ann")
        );
        let mut rows = Rows::new().identity(far, "prod", &[]).held(far, "trust", Origin::Trust);
        rows = rows.document(&format!("{far} trust"), &trust).inline(far, NOTHING);
        rows.0.account = "444455556666".to_owned();
        rows.0.identities.iter_mut().for_each(|one| one.account = "444455556666".to_owned());
        builder.add(rows.0);
        let atlas = atlas(builder.build());
        let prod = format!("{far}: control over Join a group");
        let as_group = format!("{}: control over Join a group", arn("group/assumers"));
        let got = ["ann", "bob"].map(|name| reached(&atlas, name));
        assert_eq!(got, [[prod], [as_group]], "{boundary:?}");
    }
}

#[test]
fn who_joins_a_group_that_may_take_away_its_boundary_is_held_by_it_no_more() {
    let takes = r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","iam:DeleteUserPermissionsBoundary"],"Resource":"*"}]"#;
    assert_eq!(of_ann(ann(JOINS, Some(takes))), now("iam-013"));
    let latent = r#"[{"Effect":"Allow","Action":"iam:AddUserToGroup","Resource":"*"},{"Effect":"Allow","Action":"iam:DeleteUserPermissionsBoundary","Resource":"arn:aws:iam::*:user/bob"}]"#;
    assert_eq!(of_ann(ann(JOINS, Some(latent))), none());
}

#[test]
fn one_group_may_open_another_within_the_boundary() {
    let first = |group: &str| {
        format!(
            r#"[{{"Effect":"Allow","Action":"iam:AddUserToGroup","Resource":"arn:aws:iam::*:group/{group}"}}]"#
        )
    };
    let rows = |boundary| ann(&first("door"), boundary).group("door", &first("admins"));
    let got = [None, Some(ALL), Some(NO_IAM)].map(|boundary| of_ann(rows(boundary)));
    assert_eq!(got, [now("iam-013"), now("iam-013"), none()]);
    // What it denies itself it is denied in the group behind the other one, too.
    let denied = r#"{"Effect":"Deny","NotAction":"iam:AddUserToGroup","Resource":"*"}]"#;
    let rows = ann(&first("door").replace(']', &format!(",{denied}")), None).group("door", &first("admins"));
    assert_eq!(of_ann(rows), none());
}

#[test]
fn a_member_may_change_the_policies_of_the_group_and_another_version_of_them() {
    let policy = arn("policy/own");
    let joins = r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","iam:PutGroupPolicy"],"Resource":"*"}]"#;
    let boundaries = [None, Some(ALL), Some(NO_IAM)];
    let expected = [now("iam-013"), now("iam-013"), none()];
    let rows = |boundary| bound(Rows::new().user("ann", joins).group("plain", NOTHING), boundary);
    assert_eq!(boundaries.map(|boundary| of_ann(rows(boundary))), expected);
    let sets = r#"[{"Effect":"Allow","Action":"iam:SetDefaultPolicyVersion","Resource":"*"}]"#;
    let rows = |boundary| {
        let rows = Rows::new().user("ann", JOINS).group("turning", NOTHING);
        let rows = rows.held(&arn("group/turning"), &policy, Origin::Attached).document(&policy, sets);
        bound(rows.document(&format!("{policy} version:v1"), ALL), boundary)
    };
    assert_eq!(boundaries.map(|boundary| of_ann(rows(boundary))), expected);
}

#[test]
fn who_may_join_very_many_groups_is_taken_to_have_any_policy_within_its_boundary() {
    let few = |boundary| of_ann(groups(20, boundary));
    let many = |boundary| of_ann(groups(21, boundary));
    assert_eq!([ALL, NO_IAM].map(few), [none(), none()]);
    assert_eq!([ALL, NO_IAM].map(many), [now("iam-013"), none()]);
    // Groups that give nothing do not count.
    let rows = (0..50).fold(groups(20, ALL), |rows, number| rows.group(&format!("empty-{number}"), "[]"));
    assert_eq!(of_ann(rows), none());
}

#[test]
fn who_has_no_boundary_and_may_join_very_many_groups_goes_on_as_each_of_them() {
    let joins = r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","iam:PassRole"],"Resource":"*"}]"#;
    let runs =
        r#"[{"Effect":"Allow","Action":["lambda:CreateFunction","lambda:InvokeFunction"],"Resource":"*"}]"#;
    let rows = |count: usize, others: usize| {
        let rows = Rows::new().user("ann", joins).role("works", r#"{"Service":"lambda.amazonaws.com"}"#, ALL);
        let rows = (0..count).fold(rows, |rows, number| rows.group(&format!("builders-{number}"), runs));
        (0..others).fold(rows, |rows, number| rows.group(&format!("readers-{number}"), READS))
    };
    let got = [(20, 0), (21, 0), (1, 300)].map(|(count, others)| of_ann(rows(count, others)));
    // Those of which it would be the same as the group do not count.
    assert_eq!(got, [now("iam-013"), none(), now("iam-013")]);
}

/// What a user reaches beside itself, and over what way.
fn reached(atlas: &Atlas, name: &str) -> Vec<String> {
    let from = NodeId(atlas.estate.find(&arn(&format!("user/{name}"))).unwrap().0);
    let all = atlas.reached(from, &Filter::default(), None).into_iter();
    let mut all: Vec<String> = all
        .map(|one| {
            let names: Vec<&str> = one.path.iter().map(|hop| &*hop.edge.name).collect();
            let perhaps = if one.conditions > 0 { ", perhaps" } else { "" };
            format!("{}: {} over {}{perhaps}", one.to, one.level, names.join(" and "))
        })
        .collect();
    all.sort_unstable();
    all
}

/// Ann, who may join a group of these statements beside what she has herself, and a bucket and a queue.
fn ann_beside(own: &str, group: &str) -> Rows {
    let joins = format!(r#"[{{"Effect":"Allow","Action":"iam:AddUserToGroup","Resource":"*"}},{own}]"#);
    let rows = Rows::new().user("ann", &joins).group("readers", group);
    rows.resource("s3:bucket", BUCKET).resource("sqs:queue", QUEUE)
}

const BUCKET: &str = "arn:aws:s3:::held";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:held";

#[test]
fn what_a_member_reaches_is_what_both_allow_but_for_what_either_denies() {
    let allow = |what: &str| format!(r#"{{"Effect":"Allow","Action":"{what}","Resource":"*"}}"#);
    let deny = |what: &str| format!(r#"{{"Effect":"Deny","Action":"{what}","Resource":"*"}}"#);
    let gets = allow("s3:GetObject");
    let receives = allow("sqs:ReceiveMessage");
    let both = format!("{gets},{receives}");
    let group_itself = format!("{}: control over Join a group", arn("group/readers"));
    let itself = format!("{BUCKET}: read over Read what it holds");
    let joined = format!("{BUCKET}: read over Join a group and Read what it holds");
    let member = format!("{BUCKET}: read over Join a group");
    let queue = format!("{QUEUE}: read over Join a group and Read what it holds");
    let queue_of_member = format!("{QUEUE}: read over Join a group");
    for (own, group, expected) in [
        // Who has nothing beside what the group gives goes on as the group.
        (&allow("s3:ListAllMyBuckets"), &both, vec![&group_itself, &joined, &queue]),
        // What it denies itself it does not have of the group, and what it does not deny it has.
        (&deny("s3:*"), &gets, vec![]),
        (&deny("s3:*"), &both, vec![&queue_of_member]),
        (&deny("sqs:*"), &both, vec![&member]),
        // What the group denies it has before it joins.
        (&gets, &deny("s3:*"), vec![&group_itself, &itself]),
        (&gets, &format!("{receives},{}", deny("s3:*")), vec![&group_itself, &itself, &queue]),
        (&gets, &gets, vec![&group_itself, &itself]),
    ] {
        let atlas = atlas(ann_beside(own, &format!("[{group}]")).estate());
        assert_eq!(reached(&atlas, "ann").iter().collect::<Vec<_>>(), expected, "{own} and {group}");
    }
}

#[test]
fn a_denial_that_may_not_apply_leaves_what_the_group_gives_perhaps() {
    let deny = r#"{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}"#;
    let atlas = atlas(ann_beside(deny, READS).estate());
    assert_eq!(reached(&atlas, "ann"), [format!("{BUCKET}: read over Join a group, perhaps")]);
}

#[test]
fn who_is_in_a_group_already_need_not_join_it() {
    let joins = r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","iam:PassRole"],"Resource":"*"}]"#;
    let runs =
        r#"[{"Effect":"Allow","Action":["lambda:CreateFunction","lambda:InvokeFunction"],"Resource":"*"}]"#;
    let ann = arn("user/ann");
    let rows = Rows::new().identity(&ann, "ann", &["builders"]).inline(&ann, joins).group("builders", runs);
    let rows = rows.role("works", r#"{"Service":"lambda.amazonaws.com"}"#, ALL);
    assert_eq!(of_ann(rows), now("lambda-001"));
}

/// Ann and Bob, who may join the administrators or, with what they have, builders, within a control policy of these statements.
fn controlled(own: &str, group: &str, control: &str) -> [(Escalation, bool, Vec<String>); 2] {
    let all = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    let rows = Rows::new().user("ann", own).user("bob", own).group("joined", group);
    let rows = rows.role("works", r#"{"Service":"lambda.amazonaws.com"}"#, ALL);
    let rows =
        rows.held("r-1", "p-limit", Origin::ServiceControl).held(ACCOUNT, "p-limit", Origin::ServiceControl);
    let mut rows = rows.document("p-limit", &format!("[{all},{control}]"));
    rows.0.nodes = vec![node("r-1", NodeKind::Root, ""), node(ACCOUNT, NodeKind::Account, "r-1")];
    let atlas = atlas(rows.estate());
    ["/ann", "/bob"].map(|name| told(&atlas, name))
}

#[test]
fn what_control_policies_deny_a_member_is_denied() {
    let passes = r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","iam:PassRole"],"Resource":"*"}]"#;
    let runs =
        r#"[{"Effect":"Allow","Action":["lambda:CreateFunction","lambda:InvokeFunction"],"Resource":"*"}]"#;
    for (control, expected) in [
        (r#"{"Effect":"Deny","Action":"sqs:*","Resource":"*"}"#, [now("iam-013"), now("iam-013")]),
        (r#"{"Effect":"Deny","Action":"lambda:CreateFunction","Resource":"*"}"#, [none(), none()]),
    ] {
        assert_eq!(controlled(passes, runs, control), expected, "{control}");
    }
    // Where they deny it to one user and not to another, members of the administrators are told apart.
    let to_ann = format!(
        r#"{{"Effect":"Deny","NotAction":"iam:AddUserToGroup","Resource":"*","Condition":{{"ArnEquals":{{"aws:PrincipalArn":"{}"}}}}}}"#,
        arn("user/ann")
    );
    assert_eq!(controlled(JOINS, ALL, &to_ann), [none(), now("iam-013")]);
}

fn groups(count: usize, boundary: &str) -> Rows {
    let rows = (0..count).fold(Rows::new(), |rows, number| rows.group(&format!("g-{number}"), READS));
    bound(rows.user("ann", JOINS), Some(boundary))
}

#[test]
fn whoever_has_any_policy_within_a_boundary_has_no_more_as_a_member_of_a_group() {
    let writes = r#"[{"Effect":"Allow","Action":"iam:PutUserPolicy","Resource":"*"}]"#;
    assert_eq!(of_ann(ann(writes, Some(NO_IAM))), none());
    let limit = r#"[{"Effect":"Allow","Action":["iam:PutUserPolicy","iam:AddUserToGroup"],"Resource":"*"}]"#;
    assert_eq!(of_ann(ann(writes, Some(limit))), none());
}

/// A user of a group, who may give it any policy.
#[test]
fn who_changes_a_group_of_its_own_stays_within_its_boundary() {
    for (permission, method) in [("iam:PutGroupPolicy", "iam-011"), ("iam:AttachGroupPolicy", "iam-010")] {
        let changes = format!(r#"[{{"Effect":"Allow","Action":"{permission}","Resource":"*"}}]"#);
        let rows = |boundary| {
            let rows = Rows::new().identity(&arn("user/ann"), "ann", &["own"]).group("own", &changes);
            bound(rows, boundary)
        };
        let within = format!(r#"[{{"Effect":"Allow","Action":["s3:*","{permission}"],"Resource":"*"}}]"#);
        let got = [None, Some(ALL), Some(&*within)].map(|boundary| of_ann(rows(boundary)));
        assert_eq!(got, [now(method), now(method), none()], "{permission}");
    }
}

#[test]
fn who_would_be_a_member_is_another_when_the_group_or_its_own_limits_are() {
    let joins = |group: &str, boundary: &str| {
        bound(Rows::new().user("ann", JOINS).group("door", group), Some(boundary))
    };
    let mut now_rows = joins(NOTHING, NO_IAM);
    let mut later = atlas(now_rows.clone().estate());
    for (group, boundary, expected) in [
        (ALL, NO_IAM, none()),
        (ALL, ALL, now("iam-013")),
        (NOTHING, ALL, none()),
        (ALL, ALL, now("iam-013")),
        (ALL, NOTHING, none()),
        ("[]", ALL, none()),
        (ALL, ALL, now("iam-013")),
    ] {
        let next = joins(group, boundary);
        let documents = next.0.policies.iter().filter(|one| !now_rows.0.policies.contains(one)).cloned();
        let rows = AccountExport {
            account: ACCOUNT.to_owned(),
            policies: documents.collect(),
            scope: Scope::Rows,
            ..AccountExport::default()
        };
        later = later.later(&Change { now: vec![rows], gone: Vec::new() }).unwrap();
        assert_eq!(told(&later, "/ann"), expected, "{group} within {boundary}");
        now_rows = next;
    }
}

#[test]
fn a_member_is_no_identity_of_its_own() {
    let atlas = atlas(ann(JOINS, Some(ALL)).role("works", NOBODY, NOTHING).estate());
    let told: Vec<(String, f64, u32)> = answers::principals(&atlas)
        .into_iter()
        .map(|one| (one.arn.rsplit(':').next().unwrap().to_owned(), one.blast_radius, one.exposure))
        .collect();
    assert_eq!(told, [("user/ann".to_owned(), 100.0, 0), ("role/works".to_owned(), 0.0, 1)]);
}
