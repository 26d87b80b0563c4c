//! Rows of Identity Center in that organisation.

use doorward_model::identity::Identity;
use doorward_model::inventory::center::{Assignment, Membership, PermissionSet, PrincipalKind};
use doorward_model::inventory::{Group, Origin};

use super::documents::POLICIES;
use super::world::{A, B, Form, World};

const SET: &str = "arn:aws:sso:::permissionSet/ssoins-1/ps-1";

fn person(account: &str, id: &str, name: &str) -> Identity {
    Identity {
        id: format!("idc:{account}/{id}"),
        account: account.to_owned(),
        name: name.to_owned(),
        unique_id: id.to_owned(),
        ..Identity::default()
    }
}

/// As a log tells of one.
fn seen(account: &str, name: &str, set: &str) -> Identity {
    Identity {
        id: format!("idc:{account}/{name}"),
        account: account.to_owned(),
        name: name.to_owned(),
        peer_group: format!("permission-set:{set}"),
        ..Identity::default()
    }
}

impl World {
    pub(super) fn people(&mut self) {
        let role = format!(
            "arn:aws:iam::{A}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_One_0123456789abcdef"
        );
        let name = role.rsplit('/').next().unwrap().to_owned();
        let row = Identity { id: role.clone(), account: A.to_owned(), name, ..Identity::default() };
        self.0.push(vec![Form::Identity(row)]);
        self.inline(&role);
        for forms in [
            vec![person(A, "u1", "ann"), person(A, "u1", "anna")],
            vec![person(A, "u2", "bob"), person(A, "u2", "ann")],
            vec![person(B, "u3", "ann"), person(B, "u3", "cem")],
            vec![seen(A, "ann", "One"), seen(A, "ann", "Two")],
            vec![seen(B, "ann", "One")],
        ] {
            self.0.push(forms.into_iter().map(Form::Identity).collect());
        }
        let group = |name: &str| Group {
            id: format!("idc:{A}/g1"),
            name: name.to_owned(),
            account: A.to_owned(),
            unique_id: "g1".to_owned(),
            ..Group::default()
        };
        self.0.push(vec![Form::Group(group("ops")), Form::Group(group("g"))]);
        let set = |name: &str| PermissionSet {
            id: SET.to_owned(),
            name: name.to_owned(),
            ..PermissionSet::default()
        };
        self.0.push(vec![Form::Set(set("One")), Form::Set(set("Two"))]);
        self.hold(SET, "inline:permission-set", Origin::PermissionSet);
        self.document(&format!("{SET} inline:permission-set"), &POLICIES);
        self.hold(SET, "arn:aws:iam:::policy/p", Origin::PermissionSet);
        self.hold(SET, "arn:aws:iam::111122223333:policy/q", Origin::Boundary);
        for (principal, kind, account) in [
            ("u1", PrincipalKind::User, A),
            ("u1", PrincipalKind::User, B),
            ("u3", PrincipalKind::User, B),
            ("g1", PrincipalKind::Group, A),
            ("g1", PrincipalKind::Group, "777788889999"),
        ] {
            self.0.push(vec![Form::Assignment(Assignment {
                principal: principal.to_owned(),
                principal_kind: kind.into(),
                permission_set: SET.to_owned(),
                account: account.to_owned(),
                seen: None,
            })]);
        }
        for member in ["u1", "u2"] {
            let (group, member, store) = ("g1".to_owned(), member.to_owned(), "d-1".to_owned());
            self.0.push(vec![Form::Membership(Membership { group, member, store, seen: None })]);
        }
    }
}
