//! The law of change: after any changes, one by one, an atlas answers as one that is made of the rows as they are then.

mod bound;
mod documents;
mod join;
mod monotone;
mod people;
mod portrait;
mod world;

use doorward_model::inventory::organisation::NodeKind;
use doorward_model::inventory::{AccountExport, Origin, Scope};
use doorward_privilege::atlas::Atlas;
use doorward_privilege::change::Change;
use proptest::prelude::*;

use self::portrait::portrait;
use self::world::{BOUNDED_ROWS, Changed, JOINING_ROWS, ROWS, Values, World};
use crate::support;

fn atlas(world: &World, values: &Values) -> Atlas {
    support::atlas(support::Rows(world.export(values)).estate())
}

/// Each change leads to what a new atlas of the rows shows, and leaves the older one as it was.
fn follow(world: &World, first: Values, changes: Vec<Changed>) -> Result<(), TestCaseError> {
    let mut values = first;
    let mut later = atlas(world, &values);
    for change in changes {
        let before = portrait(&later);
        let rows = world.change(&mut values, &change);
        let next = later.later(&rows).unwrap();
        let anew = portrait(&atlas(world, &values));
        let got = portrait(&next);
        prop_assert_eq!(got.differences(&anew), Vec::<String>::new(), "after {:?}", rows);
        prop_assert_eq!(portrait(&later).differences(&before), Vec::<String>::new(), "the older one stays");
        later = next;
    }
    Ok(())
}

/// Who is an administrator only if something holds leads to what its methods lead to, too.
#[test]
fn an_administrator_who_is_none_for_sure_any_more_leads_on_by_methods() {
    let full = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    let network = r#"{"Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}}"#;
    let limited = |statements: &[&str]| {
        let rows = support::Rows::new().user("all", &format!("[{full}]"));
        let rows = rows.role("works", r#"{"Service":"lambda.amazonaws.com"}"#, &format!("[{full}]"));
        let rows = rows.held("r-1", "p-all", Origin::ServiceControl);
        let rows = rows.held(support::ACCOUNT, "p-all", Origin::ServiceControl);
        let mut rows = rows.document("p-all", &format!("[{}]", statements.join(",")));
        rows.0.nodes = vec![
            support::node("r-1", NodeKind::Root, ""),
            support::node(support::ACCOUNT, NodeKind::Account, "r-1"),
        ];
        rows
    };
    assert_eq!(differences(limited(&[full]), limited(&[full, network])), Vec::<String>::new());
}

/// What would be one thing with others, had it any policy, and was one by itself, is drawn where the others are.
#[test]
fn who_is_told_apart_no_more_is_drawn_with_the_others() {
    let naming = |name: &str| {
        let changes = |role: &str| {
            let arn = format!("arn:aws:iam::{}:role/{role}", support::ACCOUNT);
            format!(
                r#"[{{"Effect":"Allow","Action":["iam:PutRolePolicy","iam:UpdateAssumeRolePolicy"],"Resource":"{arn}"}}]"#
            )
        };
        let lets = format!(
            r#"[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{}:role/{name}"}},"Action":"s3:*","Resource":"*"}}]"#,
            support::ACCOUNT
        );
        let mut rows = support::Rows::new().user("a", &changes("a")).user("b", &changes("*"));
        for role in ["a", "b"] {
            rows = rows.role(role, r#"{"Service":"lambda.amazonaws.com"}"#, "[]");
        }
        let rows = rows.resource("s3:bucket", "arn:aws:s3:::held");
        let rows = rows.held("arn:aws:s3:::held", "resource", Origin::Resource);
        rows.document("arn:aws:s3:::held resource", &lets)
    };
    assert_eq!(differences(naming("b"), naming("a")), Vec::<String>::new());
}

/// Whoever may change a role and assume it leads to what it would be within another boundary.
#[test]
fn a_role_that_is_bound_otherwise_is_another_to_whoever_may_assume_and_change_it() {
    let bound = |boundary: Option<&str>| {
        let role = format!("arn:aws:iam::{}:role/works", support::ACCOUNT);
        let changes = format!(
            r#"[{{"Effect":"Allow","Action":["iam:AttachRolePolicy","sts:AssumeRole"],"Resource":"{role}"}}]"#
        );
        let account = format!(r#"{{"AWS":"arn:aws:iam::{}:root"}}"#, support::ACCOUNT);
        let mut rows = support::Rows::new().user("changes", &changes);
        for role in ["works", "other"] {
            rows = rows.role(role, &account, "[]");
        }
        let rows = rows.document("reads", r#"[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]"#);
        match boundary {
            Some(boundary) => rows.held(&role, boundary, Origin::Boundary),
            None => rows,
        }
    };
    assert_eq!(differences(bound(None), bound(Some("reads"))), Vec::<String>::new());
}

/// A role that comes stands for those that would be the same as it, if its ARN is the first.
#[test]
fn a_role_that_comes_stands_for_others_where_it_is_the_first() {
    let changes =
        r#"[{"Effect":"Allow","Action":["iam:PutRolePolicy","iam:UpdateAssumeRolePolicy"],"Resource":"*"}]"#;
    let roles = |names: &[&str]| {
        let rows = support::Rows::new().user("changes", changes);
        names.iter().fold(rows, |rows, name| rows.role(name, r#"{"Service":"lambda.amazonaws.com"}"#, "[]"))
    };
    assert_eq!(differences(roles(&["m", "z"]), roles(&["a", "m", "z"])), Vec::<String>::new());
}

/// Whether who joins a group is another than the group depends on whom policies of others name, and on whether the group
/// administers the account.
#[test]
fn who_joins_a_group_is_drawn_again_when_policies_of_others_tell_it_apart_or_limit_the_group() {
    let full = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    let rows = |guard: &str, control: &str| {
        let joins = r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","iam:PassRole"],"Resource":"*"}]"#;
        let rows = support::Rows::new().user("ann", joins).user("bob", joins);
        let rows = rows.group("admins", &format!("[{full}]")).resource("s3:bucket", "arn:aws:s3:::held");
        let rows = rows.group("readers", r#"[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]"#);
        let rows = rows.held("arn:aws:s3:::held", "resource", Origin::Resource);
        let rows = rows.document("arn:aws:s3:::held resource", guard);
        let rows = rows.held("r-1", "p-limit", Origin::ServiceControl);
        let rows = rows.held(support::ACCOUNT, "p-limit", Origin::ServiceControl);
        let mut rows = rows.document("p-limit", &format!("[{full}{control}]"));
        rows.0.nodes = vec![
            support::node("r-1", NodeKind::Root, ""),
            support::node(support::ACCOUNT, NodeKind::Account, "r-1"),
        ];
        rows
    };
    let guard = |name: &str| {
        let arn = format!("arn:aws:iam::{}:user/{name}", support::ACCOUNT);
        format!(r#"[{{"Effect":"Deny","Action":"s3:*","Resource":"*","Principal":{{"AWS":"{arn}"}}}}]"#)
    };
    let to_ann = r#",{"Effect":"Deny","Action":"sqs:*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"*:user/ann"}}}"#;
    let to_all = r#",{"Effect":"Deny","Action":"rds:*","Resource":"*"}"#;
    let without_mfa = r#",{"Effect":"Deny","Action":"rds:*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}"#;
    let forms = [("cyd", ""), ("ann", ""), ("cyd", to_ann), ("cyd", to_all), ("cyd", without_mfa)];
    let forms = forms.map(|(name, control)| rows(&guard(name), control));
    for (before, one) in forms.iter().enumerate() {
        for (after, other) in forms.iter().enumerate() {
            assert_eq!(differences(one.clone(), other.clone()), Vec::<String>::new(), "{before} to {after}");
        }
    }
}

/// In what an atlas that was changed answers otherwise than a new one.
fn differences(before: support::Rows, after: support::Rows) -> Vec<String> {
    let now = AccountExport { scope: Scope::Rows, ..after.0.clone() };
    let change = Change { now: vec![now], gone: Vec::new() };
    let later = support::atlas(before.estate()).later(&change).unwrap();
    portrait(&later).differences(&portrait(&support::atlas(after.estate())))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_atlas_answers_as_a_new_one(
        first in world::values(),
        changes in prop::collection::vec(world::change_of(ROWS), 1..7),
    ) {
        follow(&World::new(), first, changes)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 2, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_atlas_tells_those_apart_whom_policies_do(
        first in world::values_of((BOUNDED_ROWS, 0.9)),
        changes in prop::collection::vec(world::change_of(BOUNDED_ROWS), 1..7),
    ) {
        follow(&World::bounded(), first, changes)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 2, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_atlas_leads_those_on_who_may_join_a_group(
        first in world::values_of((JOINING_ROWS, 0.85)),
        changes in prop::collection::vec(world::change_of(JOINING_ROWS), 1..7),
    ) {
        follow(&World::joining(), first, changes)?;
    }
}
