//! What somebody would be who had any policy within the same limits: one for all who are alike, and each by itself whom
//! policies tell apart from the others.

use std::collections::BTreeSet;

use doorward_model::inventory::Origin;
use doorward_model::inventory::organisation::NodeKind;
use doorward_privilege::atlas::Atlas;
use doorward_privilege::graph::{Filter, NodeId};

use crate::support::{ACCOUNT, Rows, atlas, node};

const NOBODY: &str = r#"{"Service":"config.amazonaws.com"}"#;
const NOTHING: &str = r#"[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]"#;
/// What the boundary leaves: to assume roles, and to read.
const LIMIT: &str = r#"[{"Effect":"Allow","Action":["sts:AssumeRole","s3:GetObject"],"Resource":"*"}]"#;

fn arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{name}")
}

/// Two users who may each write policies for one of two roles, which share a boundary, and become it.
fn two_in_one_boundary(limit: &str) -> Rows {
    let boundary = arn("policy/limit");
    let writes = |role: &str| {
        let role = arn(&format!("role/{role}"));
        format!(
            r#"[{{"Effect":"Allow","Action":["iam:PutRolePolicy","iam:UpdateAssumeRolePolicy"],"Resource":"{role}"}}]"#
        )
    };
    let rows = Rows::new().document(&boundary, limit);
    ["a", "b"].into_iter().fold(rows, |rows, role| {
        rows.role(role, NOBODY, NOTHING)
            .held(&arn(&format!("role/{role}")), &boundary, Origin::Boundary)
            .user(&format!("changes-{role}"), &writes(role))
    })
}

/// Which of some things who changes the one role reaches, and who changes the other.
fn reached(atlas: &Atlas, names: &[&str]) -> [Vec<String>; 2] {
    ["a", "b"].map(|role| {
        let user = atlas.estate.find(&arn(&format!("user/changes-{role}"))).unwrap();
        let reached: BTreeSet<String> =
            atlas.reached(NodeId(user.0), &Filter::default(), None).into_iter().map(|one| one.to).collect();
        names.iter().filter(|name| reached.contains(**name)).map(|name| (*name).to_owned()).collect()
    })
}

fn tagged(mut rows: Rows, role: &str) -> Rows {
    let id = arn(&format!("role/{role}"));
    for identity in rows.0.identities.iter_mut().filter(|one| one.id == id) {
        identity.tags = [("team".to_owned(), "x".to_owned())].into();
    }
    rows
}

#[test]
fn whom_a_role_trusts_by_name_is_another_than_the_others_of_its_boundary() {
    let door = arn("role/door");
    for named in ["a", "b"] {
        let only = |role: &str| if role == named { vec![door.clone()] } else { Vec::new() };
        let own = arn(&format!("role/{named}"));
        for trust in [
            format!(r#"[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"{own}"}}}}]"#),
            format!(
                r#"[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"{ACCOUNT}"}},"Condition":{{"ArnEquals":{{"aws:PrincipalArn":"{own}"}}}}}}]"#
            ),
            format!(
                r#"[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"{ACCOUNT}"}},"Condition":{{"StringLike":{{"aws:PrincipalArn":"arn:aws:iam::*:role/?{named}"}}}}}},{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"{ACCOUNT}"}},"Condition":{{"ArnLike":{{"aws:PrincipalArn":"arn:aws:iam::*:*/{named}"}}}}}}]"#
            ),
        ] {
            let rows = two_in_one_boundary(LIMIT).trusting("door", &trust, NOTHING);
            let got = reached(&atlas(rows.estate()), &[&door]);
            assert_eq!(got, [only("a"), only("b")], "{trust}");
        }
        let other = if named == "a" { "b" } else { "a" };
        let denies = format!(
            r#"[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"{ACCOUNT}"}}}},{{"Effect":"Deny","Action":"sts:AssumeRole","Principal":{{"AWS":"{}"}}}}]"#,
            arn(&format!("role/{other}"))
        );
        let rows = two_in_one_boundary(LIMIT).trusting("door", &denies, NOTHING);
        assert_eq!(reached(&atlas(rows.estate()), &[&door]), [only("a"), only("b")], "{denies}");
    }
}

#[test]
fn whom_a_resource_names_is_another_than_the_others_of_its_boundary() {
    let bucket = "arn:aws:s3:::terraform-state";
    let limit = r#"[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]"#;
    for (named, expected) in
        [("a", [vec![], vec![bucket.to_owned()]]), ("b", [vec![bucket.to_owned()], vec![]])]
    {
        let guard = format!(
            r#"[{{"Effect":"Deny","Action":"*","Resource":"*","Principal":{{"AWS":"{}"}}}}]"#,
            arn(&format!("role/{named}"))
        );
        let rows = two_in_one_boundary(limit)
            .resource("s3:bucket", bucket)
            .held(bucket, "resource", Origin::Resource)
            .document(&format!("{bucket} resource"), &guard);
        assert_eq!(reached(&atlas(rows.estate()), &[bucket]), expected, "{named} is denied");
    }
}

#[test]
fn who_has_a_tag_that_is_asked_for_is_another_than_the_others_of_its_boundary() {
    let door = arn("role/door");
    let trust = format!(
        r#"[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"{ACCOUNT}"}},"Condition":{{"StringEquals":{{"aws:PrincipalTag/team":"x"}}}}}}]"#
    );
    let limit = r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"x"}}}]"#;
    let open =
        format!(r#"[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"{ACCOUNT}"}}}}]"#);
    for (limit, trust) in [(LIMIT, &trust), (limit, &open)] {
        for (tag, expected) in [("a", [vec![door.clone()], vec![]]), ("b", [vec![], vec![door.clone()]])] {
            let rows = tagged(two_in_one_boundary(limit).trusting("door", trust, NOTHING), tag);
            assert_eq!(reached(&atlas(rows.estate()), &[&door]), expected, "{tag}: {limit}, {trust}");
        }
    }
}

#[test]
fn whom_a_control_policy_excepts_by_name_is_another_than_the_others() {
    let door = arn("role/door");
    let open =
        format!(r#"[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"{ACCOUNT}"}}}}]"#);
    for (excepted, expected) in [("a", [vec![door.clone()], vec![]]), ("b", [vec![], vec![door.clone()]])] {
        let control = format!(
            r#"[{{"Effect":"Allow","Action":"*","Resource":"*"}},{{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*","Condition":{{"ArnNotLike":{{"aws:PrincipalArn":"arn:aws:iam::*:role/{excepted}*"}}}}}}]"#
        );
        let mut rows = two_in_one_boundary(LIMIT)
            .trusting("door", &open, NOTHING)
            .held("r-1", "p-limit", Origin::ServiceControl)
            .held(ACCOUNT, "p-limit", Origin::ServiceControl)
            .document("p-limit", &control);
        rows.0.nodes = vec![node("r-1", NodeKind::Root, ""), node(ACCOUNT, NodeKind::Account, "r-1")];
        assert_eq!(reached(&atlas(rows.estate()), &[&door]), expected, "{excepted} is excepted");
    }
}

#[test]
fn whose_name_a_variable_of_a_boundary_asks_for_is_another_than_the_others_of_it() {
    let boundary = arn("policy/limit");
    let limit = r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/${aws:username}-door"}]"#;
    let open =
        format!(r#"[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"{ACCOUNT}"}}}}]"#);
    let mut rows = Rows::new().document(&boundary, limit);
    for name in ["a", "b"] {
        let own = arn(&format!("user/{name}"));
        let changes = format!(
            r#"[{{"Effect":"Allow","Action":["iam:PutUserPolicy","iam:CreateAccessKey"],"Resource":"{own}"}}]"#
        );
        rows = rows
            .user(name, NOTHING)
            .held(&own, &boundary, Origin::Boundary)
            .user(&format!("changes-{name}"), &changes)
            .trusting(&format!("{name}-door"), &open, NOTHING);
    }
    let doors = ["a", "b"].map(|name| arn(&format!("role/{name}-door")));
    let got = reached(&atlas(rows.estate()), &[&doors[0], &doors[1]]);
    assert_eq!(got, doors.map(|door| vec![door]));
}
