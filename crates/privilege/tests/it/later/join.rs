//! A third small organisation: users with a boundary and without, who may join groups that give something or nothing, and
//! whom policies of others tell apart from members of these groups, or not.

use doorward_model::identity::Identity;
use doorward_model::inventory::organisation::NodeKind;
use doorward_model::inventory::resource::Resource;
use doorward_model::inventory::{Group, Origin};

use super::world::{A, Form, JOINING_ROWS, World};
use crate::support::node;

impl World {
    pub(super) fn joining() -> Self {
        let mut world = Self(Vec::new());
        let arn = |name: &str| format!("arn:aws:iam::{A}:{name}");
        let [limit, managed, denies] =
            ["limit", "managed", "denies"].map(|name| arn(&format!("policy/{name}")));
        world.document(&limit, &LIMITS);
        world.document(&managed, &GIVEN);
        world.document(&format!("{managed} version:v1"), &GIVEN);
        world.document(&denies, &DENIALS);
        let named = |name: &str| Identity {
            id: arn(name),
            account: A.to_owned(),
            name: name.rsplit('/').next().unwrap().to_owned(),
            ..Identity::default()
        };
        for name in ["user/a", "user/b", "user/c", "user/d"] {
            let (id, row) = (arn(name), named(name));
            let of = |groups: &[&str]| Identity {
                groups: groups.iter().map(|&group| group.to_owned()).collect(),
                ..row.clone()
            };
            let tagged = Identity { tags: [("team".to_owned(), "x".to_owned())].into(), ..row.clone() };
            let forms = [of(&[]), of(&["g"]), of(&["g", "h"]), row.clone(), tagged];
            world.0.push(forms.map(Form::Identity).into());
            if ["user/a", "user/b"].contains(&name) {
                world.hold(&id, &limit, Origin::Boundary);
            }
            world.own(&id, &JOINS);
            world.hold(&id, &denies, Origin::Attached);
        }
        for name in ["g", "h", "k"] {
            let id = arn(&format!("group/{name}"));
            let group = Group { id: id.clone(), name: name.to_owned(), ..Group::default() };
            world.0.push(vec![Form::Group(group)]);
            world.own(&id, &GIVEN);
            world.hold(&id, &managed, Origin::Attached);
        }
        for name in ["role/door", "role/works"] {
            let id = arn(name);
            world.0.push(vec![Form::Identity(named(name))]);
            world.own(&id, &GIVEN);
            world.hold(&id, "trust", Origin::Trust);
            world.document(&format!("{id} trust"), &DOORS);
        }
        let bucket = Resource {
            id: "arn:aws:s3:::bucket-tfstate".to_owned(),
            kind: "s3:bucket".to_owned(),
            account: A.to_owned(),
            ..Resource::default()
        };
        let guarded = bucket.id.clone();
        world.0.push(vec![Form::Resource(bucket)]);
        world.hold(&guarded, "resource", Origin::Resource);
        world.document(&format!("{guarded} resource"), &GUARDS);
        world.0.push(vec![Form::Node(node("r-1", NodeKind::Root, ""))]);
        world.0.push(vec![Form::Node(node(A, NodeKind::Account, "r-1"))]);
        for holder in ["r-1", A] {
            world.hold(holder, "p-limit", Origin::ServiceControl);
        }
        world.document("p-limit", &CONTROLS);
        assert_eq!(world.0.len(), JOINING_ROWS);
        world
    }

    fn own(&mut self, id: &str, texts: &[&str]) {
        self.hold(id, "inline:own", Origin::Inline);
        self.document(&format!("{id} inline:own"), texts);
    }
}

const LIMITS: [&str; 7] = [
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","NotAction":"iam:*","Resource":"*"},{"Effect":"Allow","Action":"iam:AddUserToGroup","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","iam:*Version","iam:*GroupPolicy"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","iam:DeleteUserPermissionsBoundary","s3:*"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:*","sts:*"],"Resource":"*"},{"Effect":"Deny","Action":"iam:Put*","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:username":"a"}}}]"#,
    r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","iam:PassRole","lambda:*"],"Resource":"*"}]"#,
];

const JOINS: [&str; 11] = [
    r#"[{"Effect":"Allow","Action":"iam:AddUserToGroup","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"iam:AddUserToGroup","Resource":"arn:aws:iam::111122223333:group/h"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","iam:PassRole"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"iam:AddUserToGroup","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]"#,
    r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","iam:DetachUserPolicy","iam:CreatePolicyVersion"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","iam:PutGroupPolicy"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","lambda:*"],"Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","sts:AssumeRole"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","iam:UpdateAssumeRolePolicy"],"Resource":"*"},{"Effect":"Deny","Action":"iam:PassRole","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]"#,
    r#"[{"Effect":"Allow","Action":"iam:*","Resource":"*"},{"Effect":"Deny","NotAction":["iam:AddUserToGroup","lambda:*"],"Resource":"*"}]"#,
];

const GIVEN: [&str; 15] = [
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["lambda:*","s3:GetObject"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"iam:AddUserToGroup","Resource":["arn:aws:iam::111122223333:group/g","arn:aws:iam::111122223333:group/k"]}]"#,
    r#"[{"Effect":"Allow","Action":"iam:AddUserToGroup","Resource":"*"},{"Effect":"Deny","Action":"iam:AddUserToGroup","Resource":"*/g"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:SetDefaultPolicyVersion","iam:CreatePolicyVersion"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:DeleteUserPermissionsBoundary","iam:DetachUserPolicy"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"iam:PutUserPolicy","Resource":"arn:aws:iam::*:user/${aws:username}"}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["sts:AssumeRole","iam:UpdateAssumeRolePolicy"],"Resource":"arn:aws:iam::*:role/door"}]"#,
    r#"[{"Effect":"Allow","Action":"iam:*","Resource":"*","Surprise":1}]"#,
    r#"[{"Effect":"Allow","Action":"iam:PassRole","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"iam:PutGroupPolicy","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["s3:*","sts:AssumeRole"],"Resource":"*"},{"Effect":"Deny","Action":"lambda:*","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"x"}}}]"#,
];

const DENIALS: [&str; 3] = [
    r#"[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]"#,
    r#"[{"Effect":"Deny","NotAction":["iam:AddUserToGroup","iam:DetachUserPolicy"],"Resource":"*"}]"#,
    r#"[{"Effect":"Deny","Action":"iam:AddUserToGroup","Resource":"*/k"}]"#,
];

const DOORS: [&str; 7] = [
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"111122223333"}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:user/a"}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:group/g"}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:user/c"}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"111122223333"},"Condition":{"StringEquals":{"aws:PrincipalTag/team":"x"}}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"111122223333"}},{"Effect":"Deny","Action":"sts:*","Principal":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"*:user/*"}}}]"#,
];

const GUARDS: [&str; 4] = [
    r#"[{"Effect":"Deny","Action":"s3:*","Resource":"*","Principal":{"AWS":"arn:aws:iam::111122223333:user/c"}}]"#,
    r#"[{"Effect":"Deny","Action":"s3:*","Resource":"*","Principal":"*","Condition":{"StringLike":{"aws:username":"?"}}}]"#,
    r#"[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Principal":{"AWS":"arn:aws:iam::111122223333:user/d"}}]"#,
    r#"[{"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::bucket-tfstate/${aws:username}/*","Principal":"*"}]"#,
];

const CONTROLS: [&str; 5] = [
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:PutUserPolicy","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"*:user/b"}}}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"x"}}}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"*:user/*"}}}]"#,
];
