//! The graph while it is drawn: which node stands for what, and why each edge is there.

use std::collections::BTreeMap;

use crate::estate::{AccountId, Estate, PrincipalId, Way};
use crate::graph::{Edge, EdgeId, Level, Node, NodeId};
use crate::targets::Certainty;

/// What a node stands for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// A user, role or group.
    Principal(PrincipalId),
    /// Something that is no principal, by its place in [`Estate::resources`].
    Resource(u32),
    /// The administration of an account: who is there has all that is in it.
    Administration(AccountId),
    /// Somebody outside of what the inventory shows: an account, a provider of identities, everybody.
    Outside(Box<str>),
    /// What a principal would be, had it other policies.
    Variant(Variant),
    /// A way to all members of a pool.
    Pool(PoolKey),
    /// A way to what all members of a pool would be, had they any policy.
    Changed(PoolKey),
}

/// A principal with other policies than it has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Variant {
    /// Any policy it likes, within the boundary of this principal.
    AnyPolicy(PrincipalId),
    /// Its own policies, without its boundary.
    WithoutBoundary(PrincipalId),
    /// Its own policies, without what those deny that come to it in this way.
    WithoutDenial(PrincipalId, Way),
    /// Its own policies, and what other versions of them allow.
    OtherVersions(PrincipalId),
}

/// Which targets of an account are alike.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PoolKey {
    /// The account.
    pub account: AccountId,
    /// What they are, and what holds of them: the place of the rule in its set, or the trust policy that they share.
    pub of: PoolOf,
}

/// What members of a pool have in common.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PoolOf {
    /// They are right for the rule of this place.
    Rule(u32),
    /// They are roles with this trust policy.
    Trust(u32),
}

/// Why an edge is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// The one may assume the other.
    Assume,
    /// The method of this place in the set, with an example of its target.
    Rule(u32, Option<NodeId>),
    /// The one is an administrator of the account.
    Administers,
    /// The account holds it.
    Holds,
    /// It is a member of the pool.
    Member,
    /// It is what this member of the pool would be.
    Changed(NodeId),
    /// It runs as the role.
    RunsAs,
}

impl Cause {
    /// It in one word, as other programs show it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Assume => "CanAssume",
            Self::Rule(..) => "CanBecome",
            Self::Administers => "Administers",
            Self::Holds => "Holds",
            Self::Member | Self::Changed(_) => "Includes",
            Self::RunsAs => "RunsAs",
        }
    }
}

/// Nodes and edges so far.
#[derive(Debug)]
pub(crate) struct Draft {
    /// How many principals, resources and accounts there are: these have the first nodes.
    principals: u32,
    resources: u32,
    places: Vec<Place>,
    by_place: BTreeMap<Place, NodeId>,
    nodes: Vec<Node>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) causes: Vec<Cause>,
}

impl Draft {
    /// The nodes of an estate, with what accounts hold.
    pub(crate) fn new(estate: &Estate) -> Self {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let principals = (0..count(estate.principals().len())).map(|id| Place::Principal(PrincipalId(id)));
        let resources = (0..count(estate.resources().len())).map(Place::Resource);
        let accounts = (0..count(estate.accounts().len())).map(|id| Place::Administration(AccountId(id)));
        let places: Vec<Place> = principals.chain(resources).chain(accounts).collect();
        let nodes = vec![Node::SHOWN; places.len()];
        let (principals, resources) = (count(estate.principals().len()), count(estate.resources().len()));
        let by_place = BTreeMap::new();
        Self { principals, resources, places, by_place, nodes, edges: Vec::new(), causes: Vec::new() }
    }

    /// The node of a principal.
    pub(crate) const fn principal(id: PrincipalId) -> NodeId {
        NodeId(id.0)
    }

    /// The node of a resource.
    pub(crate) fn resource(&self, place: u32) -> NodeId {
        NodeId(self.principals + place)
    }

    /// The node of the administration of an account.
    pub(crate) fn administration(&self, id: AccountId) -> NodeId {
        NodeId(self.principals + self.resources + id.0)
    }

    /// The node of anything else, and whether it is new.
    pub(crate) fn place(&mut self, place: Place) -> (NodeId, bool) {
        if let Some(node) = self.by_place.get(&place) {
            return (*node, false);
        }
        let node = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let is_passage = matches!(place, Place::Pool(_) | Place::Changed(_) | Place::Variant(_));
        self.nodes.push(if is_passage { Node::PASSAGE } else { Node::SHOWN });
        self.places.push(place.clone());
        self.by_place.insert(place, node);
        (node, true)
    }

    /// An edge of the highest level.
    pub(crate) fn lead(&mut self, from: NodeId, to: NodeId, (certainty, cause): (Certainty, Cause)) {
        if from == to {
            return;
        }
        let id = EdgeId(u32::try_from(self.causes.len()).unwrap_or(u32::MAX));
        let only_if = certainty == Certainty::OnlyIf;
        self.edges.push(Edge { from, to, level: Level::Control, only_if, id });
        self.causes.push(cause);
    }

    /// What each node stands for, and what the graph knows about it.
    pub(crate) fn finish(self) -> (Vec<Place>, Vec<Node>, Vec<Edge>, Vec<Cause>) {
        (self.places, self.nodes, self.edges, self.causes)
    }
}
