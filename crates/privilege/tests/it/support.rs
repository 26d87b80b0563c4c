//! Rows of an inventory, as short as tests want them.

use std::path::PathBuf;

use doorward_model::identity::Identity;
use doorward_model::inventory::organisation::{NodeKind, OrganisationNode};
use doorward_model::inventory::resource::Resource;
use doorward_model::inventory::{AccountExport, Entitlement, Group, Origin, PolicyDocument};
use doorward_model::time::Time;
use doorward_privilege::atlas::Atlas;
use doorward_privilege::escalation::Rules;
use doorward_privilege::estate::{Builder, Estate};
use doorward_privilege::rating::TierZero;

/// The account that rows are of.
pub(crate) const ACCOUNT: &str = "111122223333";

/// An export under construction.
#[derive(Clone, Default)]
pub(crate) struct Rows(pub(crate) AccountExport);

impl Rows {
    /// Of an account.
    pub(crate) fn new() -> Self {
        Self(AccountExport { account: ACCOUNT.to_owned(), complete: true, ..AccountExport::default() })
    }

    /// A user with an inline policy of these statements.
    pub(crate) fn user(self, name: &str, statements: &str) -> Self {
        let id = format!("arn:aws:iam::{ACCOUNT}:user/{name}");
        self.identity(&id, name, &[]).inline(&id, statements)
    }

    /// A role that trusts whom the principal element names, with an inline policy of these statements.
    pub(crate) fn role(self, name: &str, trusted: &str, statements: &str) -> Self {
        let trust = format!(r#"[{{"Effect":"Allow","Principal":{trusted},"Action":"sts:AssumeRole"}}]"#);
        self.trusting(name, &trust, statements)
    }

    /// A role with a trust policy of these statements and an inline policy of those.
    pub(crate) fn trusting(self, name: &str, trust: &str, statements: &str) -> Self {
        let id = format!("arn:aws:iam::{ACCOUNT}:role/{name}");
        self.identity(&id, name, &[])
            .inline(&id, statements)
            .held(&id, "trust", Origin::Trust)
            .document(&format!("{id} trust"), trust)
    }

    /// A resource of a kind, in a region where its ARN names one.
    pub(crate) fn resource(mut self, kind: &str, id: &str) -> Self {
        self.0.resources.push(Resource {
            id: id.to_owned(),
            kind: kind.to_owned(),
            account: ACCOUNT.to_owned(),
            ..Resource::default()
        });
        self
    }

    /// A group with an inline policy of these statements.
    pub(crate) fn group(mut self, name: &str, statements: &str) -> Self {
        let id = format!("arn:aws:iam::{ACCOUNT}:group/{name}");
        self.0.groups.push(Group { id: id.clone(), name: name.to_owned(), ..Group::default() });
        self.inline(&id, statements)
    }

    /// An identity that is a member of groups.
    pub(crate) fn identity(mut self, id: &str, name: &str, groups: &[&str]) -> Self {
        self.0.identities.push(Identity {
            id: id.to_owned(),
            account: ACCOUNT.to_owned(),
            name: name.to_owned(),
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
            ..Identity::default()
        });
        self
    }

    /// An inline policy of a holder.
    pub(crate) fn inline(self, holder: &str, statements: &str) -> Self {
        self.held(holder, "inline:own", Origin::Inline).document(&format!("{holder} inline:own"), statements)
    }

    /// That a holder has a policy.
    pub(crate) fn held(mut self, holder: &str, policy: &str, origin: Origin) -> Self {
        self.0.entitlements.push(Entitlement {
            holder: holder.to_owned(),
            policy: policy.to_owned(),
            origin: origin as i32,
            ..Entitlement::default()
        });
        self
    }

    /// A document of these statements.
    pub(crate) fn document(mut self, name: &str, statements: &str) -> Self {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#);
        self.0.policies.push(PolicyDocument::of(name.to_owned(), text));
        self
    }

    /// The estate of these rows alone.
    pub(crate) fn estate(self) -> Estate {
        let mut builder = Builder::default();
        builder.add(self.0);
        builder.build()
    }
}

/// The atlas of an estate, with the methods that are part of the program.
pub(crate) fn atlas(estate: Estate) -> Atlas {
    let as_of = Time::from_ms(1_790_000_000_000);
    Atlas::new(estate, Rules::shipped().unwrap(), as_of, &TierZero::Default).unwrap()
}

/// A node of the organisation, below another.
pub(crate) fn node(id: &str, kind: NodeKind, parent: &str) -> OrganisationNode {
    OrganisationNode {
        id: id.to_owned(),
        kind: kind.into(),
        parent: parent.to_owned(),
        organisation: "o-1".to_owned(),
        ..OrganisationNode::default()
    }
}

/// A folder or file of shared test data; says so and gives nothing where it is absent.
#[expect(clippy::disallowed_methods, reason = "where shared test data lies is told by the environment")]
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("DOORWARD_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let full = root.join(path);
    if full.exists() {
        return Some(full);
    }
    eprintln!("SKIPPED: {} is not there", full.display());
    None
}
