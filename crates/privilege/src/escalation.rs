//! Methods by which one identity becomes another, or more than it was, as data: what each needs, in which state of the
//! account it works, and what it gives.
//!
//! A method holds **now** when the actor has all that it needs, on a target whose state is right, and everything
//! that must exist does. It is **latent** when the actor has what it needs and only the state is missing: then
//! [`Rule::sought`] says what. What no export tells, such as whether an instance runs, is in [`Rule::assumes`]: it is
//! shown with a path, never decided on.

use std::collections::BTreeSet;

use serde::Deserialize;

mod kind;
mod rules;
mod words;

pub use kind::Kind;
pub use rules::{RuleError, Rules};

/// One method of escalation.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Names it; that of pathfinding.cloud, where the method stands there.
    pub id: Box<str>,
    /// What is done, in a few words.
    pub name: Box<str>,
    /// Which kind of method.
    pub category: Category,
    /// Who can use it.
    #[serde(default)]
    pub actor: Actor,
    /// Against what.
    pub target: Target,
    /// What the actor must be allowed; all of it. With nothing here the method is never latent: state alone decides.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// Services of which the trust policy of the target must let one assume it; with none here, trust is not asked for.
    #[serde(default)]
    pub trusts: Vec<Box<str>>,
    /// What must hold of the target.
    #[serde(default, rename = "where")]
    pub states: Vec<State>,
    /// Of what the account must hold at least one each.
    #[serde(default)]
    pub exists: Vec<Kind>,
    /// What no export tells, and therefore is taken to hold: shown, not decided on.
    #[serde(default)]
    pub assumes: Vec<Box<str>>,
    /// What the actor has afterwards.
    pub gives: Gives,
    /// How to close it.
    pub fix: Box<str>,
    /// The pages on which AWS says that each permission does that.
    pub source: Box<str>,
}

/// Which kind of method.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// The actor widens what it may do itself.
    SelfEscalation,
    /// The actor becomes another identity, through its credentials or its trust.
    PrincipalAccess,
    /// The actor has a service run something new with a role.
    NewPassrole,
    /// The actor takes over something that runs with a role already.
    ExistingPassrole,
}

/// Who can use a method.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// Users and roles.
    #[default]
    Any,
    /// Users only.
    User,
    /// Roles only.
    Role,
    /// Roles that Identity Center made of a permission set.
    PermissionSetRole,
}

/// Against what a method goes: what `target` stands for in its needs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Target {
    /// The actor itself.
    Itself,
    /// A group that the actor is a member of.
    OwnGroup,
    /// A managed policy that is attached to the actor or a group of its, and that its account can change.
    OwnPolicy,
    /// The permission set that the actor is a role of.
    OwnPermissionSet,
    /// A role other than the actor.
    Role,
    /// A user other than the actor.
    User,
    /// A group.
    Group,
    /// A provider of SAML identities.
    SamlProvider,
    /// Something that runs, or a resource with a policy of its own.
    Thing(Kind),
}

/// One permission that the actor needs.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// The permission, as AWS writes it: `iam:PassRole`.
    pub permission: Box<str>,
    /// On which resource.
    pub on: On,
    /// The service that a role is passed to: the value of `iam:PassedToService`.
    #[serde(default)]
    pub passed_to: Option<Box<str>>,
    /// The policy that is attached: the value of `iam:PolicyARN`.
    #[serde(default)]
    pub attaches: Option<Box<str>>,
}

/// On which resource a permission is needed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// The target.
    Target,
    /// A managed policy that is attached to the target, and that its account can change.
    PolicyOfTarget,
    /// One that the actor makes, and may name as it likes.
    New,
    /// The one that the actor makes first, and may name as it likes: each such permission on the same one.
    Made,
    /// One of the first kind that `exists` asks for: each such permission on the same one.
    Existing,
    /// Whatever the permission is asked on: it makes no difference to the method.
    Any,
}

/// What must hold of the target.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The actor may assume it: its trust policy lets the actor, and so do the actor's own policies, unless the trust
    /// policy names the actor itself and both are of one account.
    Assumable,
    /// As [`Self::Assumable`], where the actor sets the tags of the session.
    AssumableWithTags,
    /// It can be changed: no role that AWS keeps for a service or for Identity Center.
    Changeable,
    /// It is a role that Identity Center made of a permission set.
    OfPermissionSet,
    /// An instance profile holds it.
    InInstanceProfile,
    /// No instance profile holds it.
    InNoInstanceProfile,
    /// It has a password.
    WithPassword,
    /// It has no password.
    WithoutPassword,
    /// It has two access keys, the most there can be.
    WithTwoKeys,
    /// It has fewer than two access keys.
    WithFewerKeys,
    /// It has a version beside the default one.
    WithOtherVersion,
    /// A managed policy that its account can change is attached to it.
    WithOwnPolicy,
    /// The actor is no member of it.
    Foreign,
    /// Some role trusts it.
    Trusted,
    /// It runs as a role.
    RunsAsRole,
    /// It, or the role it runs as, may register an instance with Systems Manager (`ssm:UpdateInstanceInformation`).
    InSystemsManager,
    /// Something starts what is made from it: an Auto Scaling group, a fleet.
    Launched,
    /// A permissions boundary takes away from what its policies allow.
    Bounded,
    /// A managed policy that is attached to it denies something.
    WithManagedDenial,
    /// An inline policy of it denies something.
    WithInlineDenial,
    /// A policy of it denies something, of whichever kind.
    WithDenial,
}

/// What the actor has afterwards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gives {
    /// It acts as the target.
    Target,
    /// It acts as the role that the target runs as.
    RoleOfTarget,
    /// It acts as any role that trusts the target.
    RolesTrustingTarget,
    /// It has the policies of the target, too.
    PoliciesOfTarget,
    /// It has what another version of the target allows.
    OtherVersion,
    /// It has any policy it likes, within its boundary.
    AnyPolicy,
    /// It acts as the target, which has any policy it likes, within its boundary.
    TargetWithAnyPolicy,
    /// It acts as a principal that it has made, without a boundary and with any policy it likes.
    NewPrincipal,
    /// It has what its policies allow, without the boundary.
    WithoutBoundary,
    /// It has what its policies allow, without the policy that denies.
    WithoutDenial,
}

impl Rule {
    /// Each permission that it asks for, once, in order: those it needs, and that by which the state is judged.
    #[must_use]
    pub fn permissions(&self) -> BTreeSet<&str> {
        let needed = self.needs.iter().map(|need| &*need.permission);
        needed.chain(self.states.iter().filter_map(|state| state.permission())).collect()
    }

    /// Whether it can be latent: it asks for permissions, and for a state that may be missing.
    #[must_use]
    pub fn may_be_latent(&self) -> bool {
        !self.needs.is_empty()
    }

    /// Whether it is no more than to assume a role.
    #[must_use]
    pub fn is_trust_alone(&self) -> bool {
        self.needs.is_empty() && *self.states == [State::Assumable] && self.gives == Gives::Target
    }

    /// What a target must be, in words, for a person who is told that there is none: `a role that trusts
    /// lambda.amazonaws.com`.
    #[must_use]
    pub fn sought(&self) -> String {
        let mut words = vec![self.target.noun().to_owned()];
        if let [first, others @ ..] = &*self.trusts {
            let services = others.iter().fold(first.to_string(), |all, one| format!("{all} or {one}"));
            words.push(format!("that trusts {services}"));
        }
        let clauses = self.states.iter().map(|state| state.clause().to_owned());
        // The first says best what is sought; joined, they can be read in any order.
        words.extend(
            clauses.enumerate().map(|(at, clause)| if at == 0 { clause } else { format!("and {clause}") }),
        );
        words.join(" ")
    }
}

impl State {
    /// The permission by which it is judged, if it is by one.
    #[must_use]
    pub fn permission(self) -> Option<&'static str> {
        match self {
            Self::Assumable | Self::AssumableWithTags => Some("sts:AssumeRole"),
            _ => None,
        }
    }

    /// Whether it is taken to hold where the inventory does not tell. Most users have no password and fewer than two
    /// keys, so of each pair one holds.
    #[must_use]
    pub fn holds_when_unknown(self) -> bool {
        matches!(self, Self::WithoutPassword | Self::WithFewerKeys)
    }
}
