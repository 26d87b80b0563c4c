//! Another small organisation: roles and a user that share a boundary, whom policies tell apart or not, and others who may
//! give them any policy.

use doorward_model::identity::Identity;
use doorward_model::inventory::Origin;
use doorward_model::inventory::organisation::NodeKind;
use doorward_model::inventory::resource::Resource;

use super::world::{A, B, BOUNDED_ROWS, Form, World};
use crate::support::node;

impl World {
    pub(super) fn bounded() -> Self {
        let mut world = Self(Vec::new());
        let limit = format!("arn:aws:iam::{A}:policy/limit");
        world.document(&limit, &BOUNDARIES);
        for name in ["role/a", "role/b", "role/c", "user/d", "user/e"] {
            let id = world.identity(A, name);
            world.hold(&id, &limit, Origin::Boundary);
            world.inline_of(&id, &OWN);
        }
        for (account, name) in [(A, "user/changes"), (A, "user/other"), (B, "user/far")] {
            let id = world.identity(account, name);
            world.inline_of(&id, &CHANGES);
        }
        for (account, name) in [(A, "role/door"), (A, "role/d"), (B, "role/far-door")] {
            let id = world.identity(account, name);
            world.inline_of(&id, &OWN);
            world.hold(&id, "trust", Origin::Trust);
            world.document(&format!("{id} trust"), &DOORS);
        }
        let bucket = "arn:aws:s3:::bucket-tfstate";
        world.0.push(vec![Form::Resource(Resource {
            id: bucket.to_owned(),
            kind: "s3:bucket".to_owned(),
            account: A.to_owned(),
            ..Resource::default()
        })]);
        world.hold(bucket, "resource", Origin::Resource);
        world.document(&format!("{bucket} resource"), &BUCKETS);
        world.0.push(vec![Form::Node(node("r-1", NodeKind::Root, ""))]);
        for account in [A, B] {
            world.0.push(vec![Form::Node(node(account, NodeKind::Account, "r-1"))]);
            world.hold(account, "p-limit", Origin::ServiceControl);
        }
        world.hold("r-1", "p-limit", Origin::ServiceControl);
        world.document("p-limit", &CONTROLS);
        assert_eq!(world.0.len(), BOUNDED_ROWS);
        world
    }

    fn identity(&mut self, account: &str, name: &str) -> String {
        let id = format!("arn:aws:iam::{account}:{name}");
        let row = Identity {
            id: id.clone(),
            account: account.to_owned(),
            name: name.rsplit('/').next().unwrap().to_owned(),
            ..Identity::default()
        };
        let tagged =
            |team: &str| Identity { tags: [("team".to_owned(), team.to_owned())].into(), ..row.clone() };
        self.0.push([row.clone(), tagged("x"), tagged("y")].map(Form::Identity).into());
        id
    }

    fn inline_of(&mut self, id: &str, texts: &[&str]) {
        self.hold(id, "inline:own", Origin::Inline);
        self.document(&format!("{id} inline:own"), texts);
    }
}

const BOUNDARIES: [&str; 6] = [
    r#"[{"Effect":"Allow","Action":["sts:AssumeRole","s3:*"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["sts:AssumeRole","s3:*"],"Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"x"}}}]"#,
    r#"[{"Effect":"Allow","Action":["sts:AssumeRole","s3:*"],"Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":["*:role/b","arn:aws:iam::*:user/?"]}}}]"#,
    r#"[{"Effect":"Allow","Action":["sts:AssumeRole","s3:*"],"Resource":["arn:aws:iam::*:role/${aws:username}","arn:aws:s3:::bucket-*"]}]"#,
    r#"[{"Effect":"Allow","Action":["sts:AssumeRole","iam:Delete*PermissionsBoundary"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#,
];

const OWN: [&str; 3] = [
    r#"[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:PutUserPolicy","iam:PutRolePolicy","iam:Delete*PermissionsBoundary"],"Resource":"*"}]"#,
];

const CHANGES: [&str; 4] = [
    r#"[{"Effect":"Allow","Action":["iam:PutRolePolicy","iam:UpdateAssumeRolePolicy","iam:PutUserPolicy","iam:CreateAccessKey"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:PutRolePolicy","iam:UpdateAssumeRolePolicy"],"Resource":["arn:aws:iam::111122223333:role/b"]}]"#,
    r#"[{"Effect":"Allow","Action":["iam:PutRolePolicy","iam:UpdateAssumeRolePolicy"],"Resource":["arn:aws:iam::111122223333:role/a","arn:aws:iam::111122223333:role/c"]}]"#,
    r#"[{"Effect":"Allow","Action":["iam:PutUserPolicy","iam:CreateAccessKey"],"Resource":"arn:aws:iam::111122223333:user/e"}]"#,
];

const DOORS: [&str; 8] = [
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["111122223333","444455556666"]}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:role/a"}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["arn:aws:iam::111122223333:role/b","arn:aws:iam::111122223333:user/d"]}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/c/s"}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":["x","z"]}}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"111122223333"},"Condition":{"StringLike":{"aws:PrincipalArn":"*/b"}}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"111122223333"}},{"Effect":"Deny","Action":"sts:*","Principal":{"AWS":"arn:aws:iam::111122223333:role/a"}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"111122223333"},"Condition":{"StringEqualsIgnoreCase":{"aws:username":"D"}}}]"#,
];

const BUCKETS: [&str; 4] = [
    r#"[{"Effect":"Deny","Action":"s3:*","Resource":"*","Principal":{"AWS":"arn:aws:iam::111122223333:role/a"}}]"#,
    r#"[{"Effect":"Deny","Action":"s3:*","Resource":"*","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:role/b","arn:aws:iam::111122223333:user/e"]}}]"#,
    r#"[{"Effect":"Deny","Action":"s3:*","Resource":"*","Principal":"*","Condition":{"StringNotEquals":{"aws:PrincipalTag/team":"x"}}}]"#,
    r#"[{"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::bucket-tfstate/${aws:username}/*","Principal":"*"}]"#,
];

const CONTROLS: [&str; 5] = [
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sts:*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":["arn:aws:iam::*:role/b","arn:aws:iam::*:user/*"]}}}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":["arn:aws:iam::*:role/a","arn:aws:iam::*:user/b"]}}}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/c"}}}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sts:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"y"}}}]"#,
];
