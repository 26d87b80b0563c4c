//! Methods of escalation in words, for whoever reads a path or what is missing from one.

use crate::escalation::{Category, Gives, Need, On, State, Target};

impl Category {
    /// All categories, in the order in which they are shown.
    pub const ALL: [Self; 4] =
        [Self::SelfEscalation, Self::PrincipalAccess, Self::NewPassrole, Self::ExistingPassrole];

    /// What its methods have in common, as a title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::SelfEscalation => "An identity widens what it may do itself",
            Self::PrincipalAccess => "An identity becomes another one",
            Self::NewPassrole => "An identity has a service run something of its own with a role",
            Self::ExistingPassrole => "An identity takes over something that has a role",
        }
    }
}

impl Target {
    /// What it is, in words.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Itself => "the identity itself",
            Self::OwnGroup => "a group of its own",
            Self::OwnPolicy => "a policy of its own that can be changed",
            Self::OwnPermissionSet => "its own permission set",
            Self::Role => "a role",
            Self::User => "a user",
            Self::Group => "a group",
            Self::SamlProvider => "a SAML provider",
            Self::Thing(kind) => kind.noun(),
        }
    }
}

impl Need {
    /// It in words: `iam:PassRole on the target, to lambda.amazonaws.com`.
    #[must_use]
    pub fn words(&self) -> String {
        let to = self.passed_to.iter().map(|service| format!(", to {service}"));
        let of = self.attaches.iter().map(|policy| {
            let name = policy.rsplit('/').next().unwrap_or(policy);
            format!(", of {name}")
        });
        format!("{} {}{}", self.permission, self.on.words(), to.chain(of).collect::<String>())
    }
}

impl On {
    /// It as the end of a sentence that begins with a permission.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Target => "on the target",
            Self::PolicyOfTarget => "on a policy of the target",
            Self::New => "on a new one",
            Self::Made => "on the new one",
            Self::Existing => "on an existing one",
            Self::Any => "on any resource",
        }
    }
}

impl State {
    /// It as the end of a sentence that begins with the target.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::Assumable => "that it may assume",
            Self::AssumableWithTags => "that it may assume with tags of its own",
            Self::Changeable => "that can be changed",
            Self::OfPermissionSet => "of a permission set",
            Self::InInstanceProfile => "in an instance profile",
            Self::InNoInstanceProfile => "in no instance profile",
            Self::WithPassword => "known to have a password",
            Self::WithoutPassword => "without a password",
            Self::WithTwoKeys => "known to have two access keys",
            Self::WithFewerKeys => "with fewer than two access keys",
            Self::WithOtherVersion => "with a version beside the default one",
            Self::WithOwnPolicy => "with a managed policy that can be changed",
            Self::Foreign => "that it is not a member of",
            Self::Trusted => "that a role trusts",
            Self::RunsAsRole => "with a role",
            Self::InSystemsManager => "that may register with Systems Manager",
            Self::Launched => "from which something is launched",
            Self::Bounded => "with a permissions boundary",
            Self::WithManagedDenial => "with a managed policy that denies",
            Self::WithInlineDenial => "with an inline policy that denies",
            Self::WithDenial => "with a policy that denies",
        }
    }
}

impl Gives {
    /// What the actor does afterwards, as the end of a sentence that begins with it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Target => "acts as the target",
            Self::RoleOfTarget => "acts as the role of the target",
            Self::RolesTrustingTarget => "acts as any role that trusts the target",
            Self::PoliciesOfTarget => "has the policies of the target, too",
            Self::OtherVersion => "has what another version of the target allows",
            Self::AnyPolicy => "has any policy",
            Self::TargetWithAnyPolicy => "acts as the target, with any policy",
            Self::NewPrincipal => "acts as what it has made, with any policy and without a boundary",
            Self::WithoutBoundary => "has its policies without the boundary",
            Self::WithoutDenial => "has its policies without the one that denies",
        }
    }
}
