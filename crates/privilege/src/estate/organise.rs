//! Accounts in their places in their organisation, with the control policies from the root down to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorward_model::inventory::Origin;
use doorward_model::inventory::organisation::{self, OrganisationNode};

use super::{Account, Estate, PolicyId};

/// The tree of an organisation, and what is attached to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Organisation {
    pub(super) nodes: BTreeMap<String, OrganisationNode>,
    /// Control policies by node: the origin and the policy.
    pub(super) control: BTreeSet<(String, i32, String)>,
}

impl Organisation {
    /// Whether any policy of an origin is attached anywhere.
    fn limits(&self, origin: Origin) -> bool {
        self.control.iter().any(|(_, own, _)| *own == i32::from(origin))
    }

    /// What is attached to a node.
    fn attached(&self, node: &str, origin: Origin) -> impl Iterator<Item = &str> {
        let of_node = self.control.range((node.to_owned(), origin.into(), String::new())..);
        let own = of_node.take_while(move |(holder, own, _)| holder == node && *own == i32::from(origin));
        own.map(|(_, _, policy)| policy.as_str())
    }
}

impl Estate {
    /// Gives accounts their places in their organisation.
    pub(super) fn organise(&mut self) {
        let organisation = Arc::clone(&self.organisation);
        let management = organisation.nodes.values().find(|node| node.is_management);
        let management: Arc<str> = management.map_or("", |node| &node.id).into();
        for place in 0..self.accounts.len() {
            let Some(known) = self.accounts.get(place) else { continue };
            let (id, principals) = (Arc::clone(&known.id), known.principals.clone());
            let account = Account { principals, ..Account::of(id) };
            let account = match organisation::path(&account.id, |id| organisation.nodes.get(id)) {
                Some(path) => self.placed(account, (&organisation, &path), &management),
                None if organisation.nodes.contains_key(&*account.id) => self.lost(account, &organisation),
                None => account,
            };
            if let Some(own) = self.accounts.get_mut(place) {
                *own = account;
            }
        }
    }

    /// An account at the end of its path from the root.
    fn placed(
        &mut self,
        account: Account,
        (organisation, path): (&Organisation, &[&OrganisationNode]),
        management: &Arc<str>,
    ) -> Account {
        let root = path.first().map_or("", |root| &root.organisation);
        let units = path.iter().take(path.len().saturating_sub(1)).map(|node| format!("{}/", node.id));
        let text: String = std::iter::once(format!("{root}/")).chain(units).collect();
        Account {
            name: path.last().map_or("", |node| &node.name).into(),
            organisation: root.into(),
            path: text.into(),
            management: Arc::clone(management),
            service_control: self.levels((organisation, path), Origin::ServiceControl),
            resource_control: self.levels((organisation, path), Origin::ResourceControl),
            ..account
        }
    }

    /// An account that belongs to an organisation, where nobody can tell what limits it there.
    fn lost(&mut self, account: Account, organisation: &Organisation) -> Account {
        let unknown = vec![vec![self.named(&format!("control policies of {}", account.id))]];
        let guarded = organisation.limits(Origin::ResourceControl);
        let resource_control = if guarded { unknown.clone() } else { Vec::new() };
        Account { service_control: unknown, resource_control, ..account }
    }

    /// What is attached along a path.
    fn levels(
        &mut self,
        (organisation, path): (&Organisation, &[&OrganisationNode]),
        origin: Origin,
    ) -> Vec<Vec<PolicyId>> {
        // Where no control policy is shown at all, they are not in use, or were not exported: nothing is known to limit.
        if !organisation.limits(origin) {
            return Vec::new();
        }
        let mut level =
            |node: &str| organisation.attached(node, origin).map(|name| self.named(name)).collect();
        path.iter().map(|node| level(&node.id)).collect()
    }
}
