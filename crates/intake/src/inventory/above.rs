//! What lies above what in the tree of an organisation, checked as it is told. In a tree that contradicts itself nobody
//! can tell which control policies limit an account.

use std::collections::BTreeMap;

use doorward_model::inventory::organisation::{NodeKind, OrganisationNode};

use crate::inventory::organizations::kind_of;

/// The node above each that was told of; empty where nothing tells.
#[derive(Default)]
pub(super) struct Above(BTreeMap<String, String>);

impl Above {
    /// Takes in a node.
    ///
    /// # Errors
    /// In words, when it is a root below another node, or would lie below itself or deeper than any tree of AWS.
    pub(super) fn put(&mut self, node: &OrganisationNode) -> Result<(), String> {
        let OrganisationNode { id, parent, .. } = node;
        if node.kind() == NodeKind::Root && !parent.is_empty() {
            return Err(format!("the root {id} is said to lie below {parent}"));
        }
        let way = self.way_up(id, parent);
        if way.len() > 1 && way.last() == Some(&id.as_str()) {
            return Err(format!("{id} is said to lie below itself: {}", way.join(" below ")));
        }
        if way.len() > LEVELS_MAX {
            return Err(format!("{id} is said to lie deeper than {LEVELS_MAX} levels"));
        }
        let known = self.0.entry(id.clone()).or_default();
        if !parent.is_empty() {
            parent.clone_into(known);
        }
        Ok(())
    }

    /// A node and those that it would lie below with a parent, as far up as there can be levels, or to itself.
    fn way_up<'a>(&'a self, id: &'a str, parent: &'a str) -> Vec<&'a str> {
        let (mut way, mut next) = (vec![id], parent);
        while !next.is_empty() && way.len() <= LEVELS_MAX {
            way.push(next);
            if next == id {
                break;
            }
            next = self.0.get(next).map_or("", String::as_str);
        }
        way
    }

    /// Nodes that others are said to lie below, and which were not told of.
    pub(super) fn missing(&self) -> impl Iterator<Item = &str> {
        let missing = self.0.values().filter(|parent| !parent.is_empty() && !self.0.contains_key(*parent));
        missing.map(String::as_str)
    }

    /// The first node that leads to no root where all of them are there, and why it does not.
    pub(super) fn astray(&self) -> Option<(&str, String)> {
        self.0.iter().find_map(|(id, parent)| {
            let said = match &**parent {
                "" if kind_of(id) == NodeKind::Root => return None,
                "" => format!("nothing tells what {id} lies below"),
                parent if self.0.contains_key(parent) => return None,
                parent => format!("{id} is said to lie below {parent}, which is not there"),
            };
            Some((id.as_str(), said))
        })
    }
}

/// More levels than a tree of AWS has, which nests units five deep: so far up is looked for each node.
const LEVELS_MAX: usize = 32;
