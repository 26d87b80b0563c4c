//! What all questions stand on: the estate with the control policies of its accounts at hand, and resources with what
//! guards them.

use doorward_model::inventory::resource::attribute;

use crate::document::Document;
use crate::estate::{Account, AccountId, Estate, PolicyId, Principal, PrincipalId};
use crate::evaluate::{Level, Policy};
use crate::request::{Boundary, Membership, PublicAccess, Resource};

/// An estate with the control policies of each account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground<'a> {
    pub(crate) estate: &'a Estate,
    service_control: &'a [Vec<Level<'a>>],
    resource_control: &'a [Vec<Level<'a>>],
}

/// Control policies by account and level, with the name of the account.
type Control<'a> = Vec<Vec<(&'a str, Vec<Policy<'a>>)>>;

impl Ground<'_> {
    /// Hands the ground to whoever stands on it.
    pub(crate) fn with<T>(estate: &Estate, ask: impl FnOnce(Ground<'_>) -> T) -> T {
        let service = control(estate, |account| &account.service_control);
        let resource = control(estate, |account| &account.resource_control);
        let (service_control, resource_control) = (levels(&service), levels(&resource));
        ask(Ground { estate, service_control: &service_control, resource_control: &resource_control })
    }
}

impl<'a> Ground<'a> {
    /// The service control policies of an account; none for the one that manages the organisation.
    pub(crate) fn service_control(&self, account: AccountId) -> &'a [Level<'a>] {
        self.limited(account, self.service_control)
    }

    /// The resource control policies of an account, in the same way.
    pub(crate) fn resource_control(&self, account: AccountId) -> &'a [Level<'a>] {
        self.limited(account, self.resource_control)
    }

    fn limited(&self, account: AccountId, levels: &'a [Vec<Level<'a>>]) -> &'a [Level<'a>] {
        let limited = self.estate.account(account).is_some_and(|own| own.management != own.id);
        levels.get(account.0 as usize).filter(|_| limited).map_or(&[], Vec::as_slice)
    }
}

fn control<'a>(estate: &'a Estate, of: impl Fn(&Account) -> &Vec<Vec<PolicyId>>) -> Control<'a> {
    let levels = |account: &'a Account| {
        let levels = of(account).iter();
        levels.map(|level| (&*account.id, level.iter().map(|id| policy(estate, *id)).collect())).collect()
    };
    estate.accounts().map(|(_, account)| levels(account)).collect()
}

fn levels<'a>(control: &'a Control<'a>) -> Vec<Vec<Level<'a>>> {
    let level = |(name, policies): &'a (&'a str, Vec<Policy<'a>>)| Level { name, policies };
    control.iter().map(|levels| levels.iter().map(level).collect()).collect()
}

/// A policy as the evaluation takes it.
pub(crate) fn policy(estate: &Estate, id: PolicyId) -> Policy<'_> {
    let policy = estate.policy(id);
    Policy {
        name: policy.map_or("", |policy| &policy.name),
        document: policy.and_then(|policy| policy.document.document()),
    }
}

/// The organisation of an account.
pub(crate) fn membership(estate: &Estate, account: AccountId) -> Membership<'_> {
    match estate.account(account) {
        Some(account) if !account.organisation.is_empty() => {
            Membership::Of { id: &account.organisation, path: &account.path, management: &account.management }
        }
        Some(_) | None => Membership::Unknown,
    }
}

/// The user or role of an ARN.
fn principal<'a>(estate: &'a Estate, arn: &str) -> Option<&'a Principal> {
    let is_some = arn.contains(":user/") || arn.contains(":role/");
    estate.principal(if is_some { estate.find(arn)? } else { return None })
}

fn boundary<'a>(estate: &'a Estate, target: &Principal) -> Boundary<'a> {
    let policy = target.boundary.and_then(|id| estate.policy(id));
    policy.map_or(Boundary::None, |policy| Boundary::Of(&policy.name))
}

/// A resource with what guards it.
#[derive(Debug)]
pub(crate) struct Guarded<'a> {
    pub(crate) resource: Resource<'a>,
    pub(crate) policies: Vec<Policy<'a>>,
    pub(crate) resource_control: &'a [Level<'a>],
    /// Its tags, the names in lower case.
    tags: Vec<(Box<str>, Box<str>)>,
}

impl<'a> Guarded<'a> {
    /// The resource of an ARN, or all that match; one that nothing is known of is of this account.
    pub(crate) fn new(ground: Ground<'a>, arn: &'a str, account: &'a str) -> Self {
        let estate = ground.estate;
        let mut guarded = Self {
            resource: Resource::new(arn),
            policies: estate.guard(arn).map(|id| policy(estate, id)).into_iter().collect(),
            resource_control: &[],
            tags: Vec::new(),
        };
        let known = estate.resource_of(arn);
        if let Some(known) = known {
            if !known.account.is_empty() {
                guarded.resource.account = Some(&known.account);
            }
            let lower =
                |(name, value): (&String, &String)| (name.to_ascii_lowercase().into(), value.as_str().into());
            guarded.tags = known.tags.iter().map(lower).collect();
            let flag = known.attributes.get(attribute::RESTRICT_PUBLIC_BUCKETS);
            if flag.is_some_and(|flag| flag == "true") {
                guarded.resource.public_access = PublicAccess::Restricted;
            }
        }
        if known.is_none()
            && let Some(target) = principal(estate, arn)
        {
            guarded.resource.tags = Some(&target.tags);
            guarded.resource.boundary = boundary(estate, target);
        }
        // "Resource control policies (RCPs)": they do not apply to keys that AWS manages.
        let is_kept_by_aws = known
            .is_some_and(|known| known.attributes.get(attribute::KEY_MANAGER).is_some_and(|by| by == "AWS"));
        let owner = guarded.resource.account.get_or_insert(account);
        if let Some(owner) = estate.find_account(owner) {
            guarded.resource.organisation = membership(estate, owner);
            if !is_kept_by_aws {
                guarded.resource_control = ground.resource_control(owner);
            }
        }
        guarded
    }

    /// The same, of which nothing that a wildcard stands for has a colon.
    pub(crate) fn named(ground: Ground<'a>, pattern: &'a str, account: &'a str) -> Self {
        let guarded = Self::new(ground, pattern, account);
        Self { resource: guarded.resource.named(), ..guarded }
    }

    /// A role, guarded by its trust policy.
    pub(crate) fn role(ground: Ground<'a>, role: PrincipalId) -> Option<Self> {
        let estate = ground.estate;
        let target = estate.principal(role)?;
        let mut resource = Resource::new(target.arn());
        resource.tags = Some(&target.tags);
        resource.organisation = membership(estate, target.account);
        Some(Self {
            resource,
            policies: vec![policy(estate, target.trust?)],
            resource_control: ground.resource_control(target.account),
            tags: Vec::new(),
        })
    }

    /// Some role of an account with a trust policy, by a pattern of its ARN.
    pub(crate) fn trusting(
        ground: Ground<'a>,
        (account, pattern): (AccountId, &'a str),
        document: &'a Document,
    ) -> Self {
        let mut resource = Resource::new(pattern);
        resource.organisation = membership(ground.estate, account);
        Self {
            resource,
            policies: vec![Policy { name: "", document: Some(document) }],
            resource_control: ground.resource_control(account),
            tags: Vec::new(),
        }
    }

    /// The resource as the evaluation takes it.
    pub(crate) fn resource(&self) -> Resource<'_> {
        let own = (!self.tags.is_empty()).then_some(&*self.tags);
        Resource { tags: own.or(self.resource.tags), ..self.resource }
    }
}
