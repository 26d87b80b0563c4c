//! Whom and what the names of a log mean in an estate.

use std::collections::BTreeMap;

use crate::estate::{Estate, PrincipalId, PrincipalKind};

/// Finds principals and resources by the names that a log has for them.
#[derive(Clone, Debug)]
pub(super) struct Who<'a> {
    estate: &'a Estate,
    /// Users and roles by account, type and name: a log may leave out the path in an ARN.
    by_name: BTreeMap<(&'a str, &'static str, &'a str), PrincipalId>,
}

impl<'a> Who<'a> {
    pub(super) fn new(estate: &'a Estate) -> Self {
        let named = estate.principals().filter_map(|(id, one)| {
            let kind = match one.kind {
                PrincipalKind::User => "user",
                PrincipalKind::Role => "role",
                PrincipalKind::Group | PrincipalKind::Person => return None,
            };
            Some(((one.identity.account.as_str(), kind, one.identity.name.as_str()), id))
        });
        Self { estate, by_name: named.collect() }
    }

    /// The principal of a name.
    pub(super) fn principal(&self, name: &str) -> Option<PrincipalId> {
        self.estate.find(name).or_else(|| {
            let mut parts = name.strip_prefix("arn:")?.splitn(5, ':').skip(1);
            let (service, account, rest) = (parts.next()?, parts.nth(1)?, parts.next()?);
            let (kind, path) = rest.split_once('/').filter(|_| service == "iam")?;
            let kind = ["user", "role"].into_iter().find(|known| *known == kind)?;
            self.by_name.get(&(account, kind, path.rsplit('/').next()?)).copied()
        })
    }

    /// The place of the resource of a name: of what is in a bucket, the bucket.
    pub(super) fn resource(&self, name: &str) -> Option<u32> {
        let bare = name.strip_suffix("/*").unwrap_or(name);
        let known = self.estate.find_resource(bare);
        known.or_else(|| self.estate.find_resource(&format!("{bare}:*")))
    }
}
