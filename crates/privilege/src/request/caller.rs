//! Who asks.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Principal" and "AWS global condition context keys" (properties of
//! the principal).

use super::last_name;

/// Who asks, and what is known of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Caller<'a> {
    /// What they are.
    pub kind: CallerKind<'a>,
    /// Their account; empty for those without one.
    pub account: &'a str,
    /// Their tags and those of the session, the names in lower case; `None` when they are not known.
    pub tags: Option<&'a [(Box<str>, Box<str>)]>,
    /// Their organisation.
    pub organisation: Membership<'a>,
    /// Their unique id as `aws:userid` shows it: `AIDA...`, or `AROA...:session`; `None` when it is not known.
    pub user_id: Option<&'a str>,
    /// The canonical id of their account, as S3 names it; `None` when it is not known.
    pub canonical_user: Option<&'a str>,
}

/// What a caller is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallerKind<'a> {
    /// Nobody who is known: a request without credentials.
    Anonymous,
    /// A service of AWS, by its name.
    Service(&'a str),
    /// Somebody whom a provider of identities vouches for, by the ARN or host of the provider.
    Federated(&'a str),
    /// The root user of an account, by its ARN.
    Root(&'a str),
    /// A user, by its ARN.
    User(&'a str),
    /// Some session of a role, by the role's ARN: what the session is called is not known.
    Role(&'a str),
    /// A session of a role.
    Session {
        /// The role's ARN with its path; `None` when only the session's ARN is known.
        role: Option<&'a str>,
        /// The role's name.
        role_name: &'a str,
        /// The session's name.
        name: &'a str,
    },
    /// A session that a user has made with `GetFederationToken`, by its ARN.
    FederatedUser(&'a str),
}

/// Whether an account is in an organisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Membership<'a> {
    /// That is not known.
    #[default]
    Unknown,
    /// It is in none.
    Outside,
    /// It is in one.
    Of {
        /// The organisation's id.
        id: &'a str,
        /// The path of the account in it, as `aws:PrincipalOrgPaths` shows it.
        path: &'a str,
        /// The account that manages it.
        management: &'a str,
    },
}

impl<'a> Caller<'a> {
    /// The caller that an ARN, the name of a service or `*` (nobody who is known) stands for.
    #[must_use]
    pub fn of(text: &'a str) -> Option<Self> {
        if text == "*" {
            return Some(Self::anonymous());
        }
        if !text.starts_with("arn:") {
            if PROVIDERS.contains(&text) {
                return Some(Self::new(CallerKind::Federated(text), ""));
            }
            let is_service = text.contains('.') && !text.contains([':', '/']);
            return is_service.then(|| Self::new(CallerKind::Service(text), ""));
        }
        let mut parts = text.splitn(6, ':').skip(2);
        let (service, account, name) = (parts.next()?, parts.nth(1)?, parts.next()?);
        let kind = match (service, name.split_once('/')) {
            ("iam", None) if name == "root" => CallerKind::Root(text),
            ("iam", Some(("user", _))) => CallerKind::User(text),
            ("iam", Some(("role", _))) => CallerKind::Role(text),
            ("iam", Some(("oidc-provider" | "saml-provider", _))) => CallerKind::Federated(text),
            ("sts", Some(("assumed-role", session))) => {
                let (role_name, name) = session.rsplit_once('/')?;
                CallerKind::Session { role: None, role_name: last_name(role_name), name }
            }
            ("sts", Some(("federated-user", _))) => CallerKind::FederatedUser(text),
            _ => return None,
        };
        Some(Self::new(kind, account))
    }

    /// A session of a role by the role's ARN and its own name.
    #[must_use]
    pub fn session(role: &'a str, name: &'a str) -> Option<Self> {
        let caller = Self::of(role).filter(|caller| matches!(caller.kind, CallerKind::Role(_)))?;
        let kind = CallerKind::Session { role: Some(role), role_name: last_name(role), name };
        Some(Self { kind, ..caller })
    }

    /// A request without credentials.
    #[must_use]
    pub const fn anonymous() -> Self {
        Self::new(CallerKind::Anonymous, "")
    }

    const fn new(kind: CallerKind<'a>, account: &'a str) -> Self {
        Self {
            kind,
            account,
            tags: None,
            organisation: Membership::Unknown,
            user_id: None,
            canonical_user: None,
        }
    }

    /// Whether its policies are those of an identity of IAM; others get what resources give them.
    #[must_use]
    pub const fn is_identity(&self) -> bool {
        match self.kind {
            CallerKind::Anonymous | CallerKind::Service(_) | CallerKind::Federated(_) => false,
            CallerKind::Root(_)
            | CallerKind::User(_)
            | CallerKind::Role(_)
            | CallerKind::Session { .. }
            | CallerKind::FederatedUser(_) => true,
        }
    }

    /// Its ARN as an identity of IAM, or that of the identity whose session it is; `None` where it is none, or only the ARN of
    /// the session is known.
    #[must_use]
    pub const fn arn(&self) -> Option<&'a str> {
        match self.kind {
            CallerKind::Root(arn)
            | CallerKind::User(arn)
            | CallerKind::Role(arn)
            | CallerKind::FederatedUser(arn) => Some(arn),
            CallerKind::Session { role, .. } => role,
            CallerKind::Anonymous | CallerKind::Service(_) | CallerKind::Federated(_) => None,
        }
    }

    /// The role that it is or is a session of, by its ARN with the path.
    #[must_use]
    pub const fn role(&self) -> Option<&'a str> {
        match self.kind {
            CallerKind::Role(arn) => Some(arn),
            CallerKind::Session { role, .. } => role,
            CallerKind::Anonymous
            | CallerKind::Service(_)
            | CallerKind::Federated(_)
            | CallerKind::Root(_)
            | CallerKind::User(_)
            | CallerKind::FederatedUser(_) => None,
        }
    }

    /// Whether it is a service-linked role, which only its service uses.
    #[must_use]
    pub fn is_service_linked(&self) -> bool {
        self.role().is_some_and(|arn| arn.contains(":role/aws-service-role/"))
    }
}

/// Providers of identities that policies name by their hosts: IAM User Guide, "AWS JSON policy elements: Principal", web
/// identity principals.
const PROVIDERS: [&str; 4] =
    ["cognito-identity.amazonaws.com", "www.amazon.com", "graph.facebook.com", "accounts.google.com"];

impl Membership<'_> {
    /// Whether an account manages the organisation; its policies do not limit that one.
    #[must_use]
    pub fn is_managed_by(&self, account: &str) -> bool {
        matches!(self, Self::Of { management, .. } if *management == account)
    }
}
