//! The tree of an organisation: root, units, accounts.

use crate::inventory::Seen;

/// What a node of the tree is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum NodeKind {
    /// Not known to this release.
    Unknown = 0,
    /// The root.
    Root = 1,
    /// An organisational unit.
    Unit = 2,
    /// An account.
    Account = 3,
}

/// A node of the tree. The policies attached to it are entitlements whose holder is its id.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct OrganisationNode {
    /// Its id: `r-...`, `ou-...`, or the number of an account.
    #[prost(string, tag = "1")]
    pub id: String,
    /// What it is.
    #[prost(enumeration = "NodeKind", tag = "2")]
    pub kind: i32,
    /// The id of the node above it; empty for the root, and where the source does not tell.
    #[prost(string, tag = "3")]
    pub parent: String,
    /// Its name.
    #[prost(string, tag = "4")]
    pub name: String,
    /// The organisation it belongs to (`o-...`).
    #[prost(string, tag = "5")]
    pub organisation: String,
    /// Whether it is the account that manages the organisation, which no control policy limits.
    #[prost(bool, tag = "6")]
    pub is_management: bool,
    /// Who says so.
    #[prost(message, optional, tag = "7")]
    pub seen: Option<Seen>,
}

impl OrganisationNode {
    /// Takes in what another row says of the same node; what that leaves empty stays.
    pub fn join(&mut self, other: Self) {
        let Self { id: _, kind, parent, name, organisation, is_management, seen } = other;
        let texts =
            [(&mut self.parent, parent), (&mut self.name, name), (&mut self.organisation, organisation)];
        for (known, other) in texts.into_iter().filter(|(_, other)| !other.is_empty()) {
            *known = other;
        }
        if kind != i32::from(NodeKind::Unknown) {
            self.kind = kind;
        }
        self.is_management |= is_management;
        self.seen = seen.or(self.seen);
    }
}

/// The nodes from the root down to a node, both included; `None` when one of them is not known or they run in a
/// circle, so that nobody can tell which policies limit it.
pub fn path<'a>(
    id: &str,
    find: impl Fn(&str) -> Option<&'a OrganisationNode>,
) -> Option<Vec<&'a OrganisationNode>> {
    let mut path = Vec::new();
    let mut next = find(id)?;
    while next.kind() != NodeKind::Root {
        path.push(next);
        if path.len() > DEPTH_MAX {
            return None;
        }
        next = find(&next.parent)?;
    }
    path.push(next);
    path.reverse();
    Some(path)
}

/// A tree is at most as deep as this below its root: five levels of units and the account are allowed today, by the
/// page "Quotas for AWS Organizations".
const DEPTH_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &str, parent: &str) -> OrganisationNode {
        let kind = if id.starts_with('r') { NodeKind::Root } else { NodeKind::Unit };
        let (id, parent) = (id.to_owned(), parent.to_owned());
        OrganisationNode { id, parent, kind: kind.into(), ..OrganisationNode::default() }
    }

    #[test]
    fn two_rows_of_a_node_say_what_either_says() {
        let mut known = node("ou-a", "");
        known.name = "a".into();
        known.join(OrganisationNode {
            parent: "r-a".into(),
            is_management: true,
            ..OrganisationNode::default()
        });
        let mut expected = node("ou-a", "r-a");
        (expected.name, expected.is_management) = ("a".into(), true);
        assert_eq!(known, expected);
    }

    #[test]
    fn a_path_is_whole_or_not_known() {
        let nodes = [
            node("r", ""),
            node("a", "r"),
            node("b", "a"),
            node("x", "y"),
            node("y", "x"),
            node("z", "gone"),
        ];
        let find = |id: &str| nodes.iter().find(|node| node.id == id);
        let ids = |id: &str| path(id, find).map(|path| path.iter().map(|node| &*node.id).collect::<Vec<_>>());
        assert_eq!(ids("b"), Some(vec!["r", "a", "b"]));
        assert_eq!(["x", "y", "z", "none"].map(ids), [None, None, None, None]);
    }
}
