//! A small organisation of rows that may each be there or not, in one of several forms, and changes of it.

use std::collections::BTreeMap;

use doorward_model::identity::{Credential, CredentialKind, CredentialState, Identity};
use doorward_model::inventory::center::{Assignment, Membership, PermissionSet};
use doorward_model::inventory::organisation::{NodeKind, OrganisationNode};
use doorward_model::inventory::resource::Resource;
use doorward_model::inventory::row::{Row, RowKind, Withdrawn};
use doorward_model::inventory::{
    AccountExport, Entitlement, Group, Origin, PolicyDocument, Scope, Seen, Source,
};
use doorward_privilege::change::Change;
use proptest::prelude::*;

use super::documents::{CONTROLS, GUARDS, LIMITS, POLICIES, TRUSTS, VERSIONED};
use crate::support::node;

pub(super) const A: &str = "111122223333";
pub(super) const B: &str = "444455556666";

/// Which form each row has; none where it is absent.
pub(super) type Values = Vec<Option<usize>>;

/// A row in one of its forms.
#[derive(Clone, Debug)]
pub(super) enum Form {
    Identity(Identity),
    Group(Group),
    Entitlement(Entitlement),
    Policy(PolicyDocument),
    Resource(Resource),
    Credential(Credential),
    Node(OrganisationNode),
    Set(PermissionSet),
    Assignment(Assignment),
    Membership(Membership),
}

/// All rows, each with its forms.
pub(super) struct World(pub(super) Vec<Vec<Form>>);

/// How many rows there are, which a test makes sure of.
pub(super) const ROWS: usize = 149;
/// The same of [`World::bounded`].
pub(super) const BOUNDED_ROWS: usize = 55;
/// The same of [`World::joining`].
pub(super) const JOINING_ROWS: usize = 52;

/// A few rows, and the forms they have then.
pub(super) type Changed = Vec<(usize, Option<usize>)>;

/// Forms for all rows: each is there more often than not.
pub(super) fn values() -> impl Strategy<Value = Values> {
    values_of((ROWS, 0.6))
}

/// The same of so many rows, each of which is there so often.
pub(super) fn values_of((rows, often): (usize, f64)) -> impl Strategy<Value = Values> {
    prop::collection::vec(prop::option::weighted(often, 0usize..1_000), rows)
}

/// A change of a few of so many rows.
pub(super) fn change_of(rows: usize) -> impl Strategy<Value = Changed> {
    prop::collection::vec((0..rows, prop::option::weighted(0.7, 0usize..1_000)), 1..4)
}

impl World {
    pub(super) fn new() -> Self {
        let mut world = Self(Vec::new());
        world.principals();
        world.versions();
        world.policies();
        world.things();
        world.credentials();
        world.organisation();
        world.people();
        world.elsewhere();
        assert_eq!(world.0.len(), ROWS);
        world
    }

    /// The rows as an export.
    pub(super) fn export(&self, values: &Values) -> AccountExport {
        let mut export = AccountExport { account: A.to_owned(), complete: true, ..AccountExport::default() };
        for (forms, value) in self.0.iter().zip(values) {
            if let Some(value) = value {
                add(&mut export, forms[value % forms.len()].clone());
            }
        }
        export
    }

    /// Gives some rows other forms; what that changes.
    pub(super) fn change(&self, values: &mut Values, changes: &[(usize, Option<usize>)]) -> Change {
        let mut rows = AccountExport { scope: Scope::Rows, ..AccountExport::default() };
        let mut change = Change::default();
        // Where a row is named twice, the last form counts.
        let last: BTreeMap<usize, Option<usize>> = changes.iter().copied().collect();
        for (&row, &value) in &last {
            let forms = &self.0[row];
            match (values[row], value) {
                (None, None) => {}
                (Some(_), None) => change.gone.push(gone(&forms[0])),
                (_, Some(value)) => add(&mut rows, forms[value % forms.len()].clone()),
            }
            values[row] = value;
        }
        change.now.push(rows);
        change
    }

    fn principals(&mut self) {
        for (kind, account, names) in [
            ("user", A, &["a", "b"][..]),
            ("role", A, &["a", "b", "deploy", "aws-service-role/x/AWSServiceRoleForX"]),
            ("user", B, &["c"]),
            ("role", B, &["c", "d"]),
        ] {
            for name in names {
                let id = format!("arn:aws:iam::{account}:{kind}/{name}");
                let plain = Identity {
                    id: id.clone(),
                    account: account.to_owned(),
                    name: name.rsplit('/').next().unwrap().to_owned(),
                    ..Identity::default()
                };
                let tagged = |tag: (&str, &str)| Identity {
                    tags: [(tag.0.to_owned(), tag.1.to_owned())].into(),
                    ..plain.clone()
                };
                let grouped = |groups: &[&str]| Identity {
                    groups: groups.iter().map(|&group| group.to_owned()).collect(),
                    ..plain.clone()
                };
                let seen = Identity { last_used_at_ms: 1, ..plain.clone() };
                let forms = [
                    plain.clone(),
                    tagged(("team", "x")),
                    tagged(("doorward:tier", "0")),
                    grouped(&["g"]),
                    grouped(&["g", "h"]),
                    seen,
                ];
                self.0.push(forms.map(Form::Identity).into());
                self.holds(&id, kind == "role");
            }
        }
        for (account, name) in [(A, "g"), (A, "h"), (B, "g")] {
            let id = format!("arn:aws:iam::{account}:group/{name}");
            let group = Group { id: id.clone(), name: name.to_owned(), ..Group::default() };
            let renamed = Group { name: "h".to_owned(), ..group.clone() };
            self.0.push(vec![Form::Group(group), Form::Group(renamed)]);
            self.hold(&id, "arn:aws:iam::111122223333:policy/p", Origin::Attached);
            self.inline(&id);
        }
    }

    /// Who may put another version of its own policy in force.
    fn versions(&mut self) {
        let id = format!("arn:aws:iam::{A}:user/v");
        let row =
            Identity { id: id.clone(), account: A.to_owned(), name: "v".to_owned(), ..Identity::default() };
        self.0.push(vec![Form::Identity(row)]);
        let policy = format!("arn:aws:iam::{A}:policy/v");
        self.hold(&id, &policy, Origin::Attached);
        self.document(&policy, &VERSIONED);
        for number in 1..=4 {
            self.document(&format!("{policy} version:v{number}"), &POLICIES);
        }
    }

    /// What a user or role may hold.
    fn holds(&mut self, id: &str, is_role: bool) {
        self.inline(id);
        let account = id.split(':').nth(4).unwrap();
        self.hold(id, &format!("arn:aws:iam::{account}:policy/p"), Origin::Attached);
        if account == A {
            self.hold(id, "arn:aws:iam::111122223333:policy/q", Origin::Attached);
            self.hold(id, "arn:aws:iam::111122223333:policy/q", Origin::Boundary);
        }
        if is_role {
            self.hold(id, "trust", Origin::Trust);
            self.document(&format!("{id} trust"), &TRUSTS);
        }
    }

    pub(super) fn inline(&mut self, id: &str) {
        self.hold(id, "inline:own", Origin::Inline);
        self.document(&format!("{id} inline:own"), &POLICIES);
    }

    pub(super) fn hold(&mut self, holder: &str, policy: &str, origin: Origin) {
        let (holder, policy, origin) = (holder.to_owned(), policy.to_owned(), origin.into());
        self.0.push(vec![Form::Entitlement(Entitlement {
            holder,
            policy,
            origin,
            ..Entitlement::default()
        })]);
    }

    pub(super) fn document(&mut self, name: &str, texts: &[&str]) {
        let text = |statements: &&str| {
            let text = format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#);
            Form::Policy(PolicyDocument::of(name.to_owned(), text))
        };
        self.0.push(texts.iter().map(text).collect());
    }

    fn policies(&mut self) {
        for name in [
            "arn:aws:iam::111122223333:policy/p",
            "arn:aws:iam::111122223333:policy/q",
            "arn:aws:iam::444455556666:policy/p",
            "arn:aws:iam::111122223333:policy/p version:v1",
        ] {
            self.document(name, &POLICIES);
        }
    }

    fn things(&mut self) {
        let thing = |id: &str, kind: &str, runs_as: &str| Resource {
            id: id.to_owned(),
            kind: kind.to_owned(),
            account: A.to_owned(),
            name: id.rsplit(':').next().unwrap().to_owned(),
            runs_as: runs_as.to_owned(),
            ..Resource::default()
        };
        let provider = |host: &str, source: Source| Resource {
            seen: Some(Seen::by(source)),
            ..thing(&format!("arn:aws:iam::{A}:oidc-provider/{host}"), "iam:oidc-provider", "")
        };
        let cluster = |id: &str| Resource {
            attributes: [(
                "oidc_issuer".to_owned(),
                format!("https://oidc.eks.eu-west-1.amazonaws.com/id/{id}"),
            )]
            .into(),
            ..thing(&format!("arn:aws:eks:eu-west-1:{A}:cluster/prod"), "eks:cluster", "")
        };
        let role = |name: &str| format!("arn:aws:iam::{A}:role/{name}");
        let profile = format!("arn:aws:iam::{A}:instance-profile/web");
        let function = format!("arn:aws:lambda:eu-west-1:{A}:function:f");
        let rows = [
            vec![
                thing(&profile, "iam:instance-profile", &role("a")),
                thing(&profile, "iam:instance-profile", &role("b")),
            ],
            vec![
                thing(&format!("arn:aws:ec2:eu-west-1:{A}:instance/i-1"), "ec2:instance", &profile),
                thing(&format!("arn:aws:ec2:eu-west-1:{A}:instance/i-1"), "ec2:instance", ""),
            ],
            vec![
                thing(&function, "lambda:function", &role("a")),
                thing(&function, "lambda:function", &role("deploy")),
                Resource { account: B.to_owned(), ..thing(&function, "lambda:function", &role("a")) },
            ],
            vec![thing(&format!("{function}:1"), "lambda:function", &role("b"))],
            vec![thing(&format!("arn:aws:iam::{A}:saml-provider/corp"), "iam:saml-provider", "")],
            vec![provider("token.actions.githubusercontent.com", Source::Event)],
            vec![provider("gitlab.com", Source::Event), provider("gitlab.com", Source::Config)],
            vec![cluster("ABCD"), cluster("EFGH")],
            vec![thing("arn:aws:s3:::bucket-tfstate", "s3:bucket", "")],
            vec![thing(&format!("arn:aws:kms:eu-west-1:{A}:key/1"), "kms:key", "")],
            vec![thing(&format!("arn:aws:glue:eu-west-1:{A}:job/j"), "glue:job", &role("b"))],
            vec![thing("arn:aws:s3:::bucket-b", "s3:bucket", "")],
            vec![thing(&format!("arn:aws:sqs:eu-west-1:{A}:q1"), "sqs:queue", "")],
            vec![thing(&format!("arn:aws:sqs:eu-west-1:{A}:q2"), "sqs:queue", "")],
            vec![thing(&format!("arn:aws:sqs:us-east-1:{A}:q2"), "sqs:queue", "")],
        ];
        for forms in rows {
            let tagged = |row: &Resource| Resource {
                tags: [("team".to_owned(), "x".to_owned())].into(),
                ..row.clone()
            };
            let all = forms.iter().map(tagged).chain(forms.iter().cloned());
            self.0.push(all.map(Form::Resource).collect());
        }
        for guarded in [
            &function,
            "arn:aws:s3:::bucket-tfstate",
            "arn:aws:s3:::bucket-b",
            "arn:aws:sqs:eu-west-1:111122223333:q1",
            "arn:aws:sqs:eu-west-1:111122223333:q2",
            "arn:aws:sqs:us-east-1:111122223333:q2",
            "arn:aws:kms:eu-west-1:111122223333:key/1",
        ] {
            self.hold(guarded, "resource", Origin::Resource);
            self.document(&format!("{guarded} resource"), &GUARDS);
        }
    }

    /// Things in another region.
    fn elsewhere(&mut self) {
        let function = format!("arn:aws:lambda:us-east-1:{A}:function:f");
        let topics = ["eu-west-1", "us-east-1"].map(|region| format!("arn:aws:sns:{region}:{A}:t"));
        for (id, kind) in
            [(&function, "lambda:function"), (&topics[0], "sns:topic"), (&topics[1], "sns:topic")]
        {
            let one = Resource {
                id: id.clone(),
                kind: kind.to_owned(),
                account: A.to_owned(),
                ..Resource::default()
            };
            let role = format!("arn:aws:iam::{A}:role/b");
            let forms = [one.clone(), Resource { runs_as: role, ..one }];
            self.0.push(forms.map(Form::Resource).into());
        }
    }

    fn credentials(&mut self) {
        for (name, kind) in [
            ("a1", CredentialKind::AccessKey),
            ("a2", CredentialKind::AccessKey),
            ("p", CredentialKind::Password),
        ] {
            let credential = |state: CredentialState| Credential {
                id: name.to_owned(),
                identity: format!("arn:aws:iam::{A}:user/b"),
                kind: kind.into(),
                state: state.into(),
                ..Credential::default()
            };
            self.0.push(
                [CredentialState::Active, CredentialState::Inactive]
                    .map(credential)
                    .map(Form::Credential)
                    .into(),
            );
        }
    }

    fn organisation(&mut self) {
        let rows = [
            vec![node("r-1", NodeKind::Root, "")],
            vec![
                node(A, NodeKind::Account, "r-1"),
                OrganisationNode { is_management: true, ..node(A, NodeKind::Account, "r-1") },
            ],
            vec![node(B, NodeKind::Account, "r-1")],
        ];
        for forms in rows {
            self.0.push(forms.into_iter().map(Form::Node).collect());
        }
        self.hold("r-1", "p-limit", Origin::ServiceControl);
        self.document("p-limit", &LIMITS);
        self.hold("r-1", "p-control", Origin::ResourceControl);
        self.document("p-control", &CONTROLS);
        // Where nothing is attached to an account, it is limited to nothing.
        self.hold(A, "p-own", Origin::ServiceControl);
        self.hold(B, "p-own", Origin::ServiceControl);
        self.document("p-own", &LIMITS);
    }
}

fn add(export: &mut AccountExport, form: Form) {
    match form {
        Form::Identity(row) => export.identities.push(row),
        Form::Group(row) => export.groups.push(row),
        Form::Entitlement(row) => export.entitlements.push(row),
        Form::Policy(row) => export.policies.push(row),
        Form::Resource(row) => export.resources.push(row),
        Form::Credential(row) => export.credentials.push(row),
        Form::Node(row) => export.nodes.push(row),
        Form::Set(row) => export.permission_sets.push(row),
        Form::Assignment(row) => export.assignments.push(row),
        Form::Membership(row) => export.memberships.push(row),
    }
}

/// What is told of a row that is gone.
fn gone(form: &Form) -> Withdrawn {
    let (kind, key) = match form {
        Form::Identity(row) => (RowKind::Identity, vec![row.id.clone()]),
        Form::Group(row) => (RowKind::Group, row.key()),
        Form::Entitlement(row) => (RowKind::Entitlement, row.key()),
        Form::Policy(row) => (RowKind::Policy, vec![row.name.clone()]),
        Form::Resource(row) => (RowKind::Resource, row.key()),
        Form::Credential(row) => (RowKind::Credential, row.key()),
        Form::Node(row) => (RowKind::OrganisationNode, row.key()),
        Form::Set(row) => (RowKind::PermissionSet, row.key()),
        Form::Assignment(row) => (RowKind::Assignment, row.key()),
        Form::Membership(row) => (RowKind::Membership, row.key()),
    };
    Withdrawn { kind: kind.into(), key, seen: None }
}
