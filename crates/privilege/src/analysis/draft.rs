//! Which node of the graph stands for what, and why each edge is there.

use doorward_model::hash::Hash16;

use crate::estate::{AccountId, Estate, PrincipalId, Way};
use crate::graph::{Level, Node, NodeId};
use crate::shared::{Column, Map};

/// What a node stands for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Variant {
    /// Any policy it likes, within the boundary of this principal.
    AnyPolicy(PrincipalId),
    /// Any policy it likes, without its boundary.
    Anything(PrincipalId),
    /// Its own policies, without its boundary.
    WithoutBoundary(PrincipalId),
    /// Its own policies, without what those deny that come to it in this way.
    WithoutDenial(PrincipalId, Way),
    /// Its own policies, and what other versions of them allow.
    OtherVersions(PrincipalId),
    /// Its own policies and those of a group that it joins, within its boundary if it has one.
    Joined(PrincipalId, PrincipalId, Beside),
}

/// What is different of a principal that joins a group, beside that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Beside {
    /// Nothing.
    Nothing,
    /// Its own policies are without what those deny that come to it in this way.
    WithoutDenial(Way),
    /// What other versions of its policies allow counts, too.
    OtherVersions,
    /// It is without its boundary.
    WithoutBoundary,
}

/// Which targets of an account are alike.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PoolKey {
    /// The account.
    pub account: AccountId,
    /// What they are, and what holds of them: the place of the rule in its set, or the trust policy that they share.
    pub of: PoolOf,
}

/// What members of a pool have in common.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PoolOf {
    /// They are right for the rule of this place.
    Rule(u32),
    /// They are roles with this trust policy, by the hash of its text.
    Trust(Hash16),
    /// They hold data, and are guarded alike.
    Data(Lot),
    /// They are these, by a hash of all of them, and so many.
    Some {
        /// How many they are.
        count: u32,
        /// Which.
        hash: Hash16,
    },
}

/// Some of the resources of one kind that hold data and are guarded alike: those from one to before another, in the order
/// of their ARNs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Lot {
    /// The kind, by its place.
    pub kind: u32,
    /// What their policies have in common.
    pub shape: Hash16,
    /// The first.
    pub from: u32,
    /// Behind the last.
    pub to: u32,
}

impl Variant {
    /// Whose policies it differs from.
    #[must_use]
    pub const fn principal(self) -> PrincipalId {
        let (Self::AnyPolicy(id)
        | Self::Anything(id)
        | Self::WithoutBoundary(id)
        | Self::WithoutDenial(id, _)
        | Self::OtherVersions(id)
        | Self::Joined(id, ..)) = self;
        id
    }

    /// The group that it joins.
    pub(crate) const fn group(self) -> Option<PrincipalId> {
        match self {
            Self::Joined(_, group, _) => Some(group),
            Self::AnyPolicy(_)
            | Self::Anything(_)
            | Self::WithoutBoundary(_)
            | Self::WithoutDenial(..)
            | Self::OtherVersions(_) => None,
        }
    }

    /// What a principal is, or a variant of it, when it joins a group; `None` where it gains nothing, as it has any policy.
    pub(crate) fn joined(id: PrincipalId, own: Option<Self>, group: PrincipalId) -> Option<Self> {
        let beside = match own {
            None => Beside::Nothing,
            Some(Self::WithoutDenial(_, way)) => Beside::WithoutDenial(way),
            Some(Self::OtherVersions(_)) => Beside::OtherVersions,
            Some(Self::WithoutBoundary(_)) => Beside::WithoutBoundary,
            Some(Self::Joined(_, _, beside)) => beside,
            Some(Self::AnyPolicy(_) | Self::Anything(_)) => return None,
        };
        Some(Self::Joined(id, group, beside))
    }
}

impl Beside {
    /// The same of a principal that joins no group.
    pub(crate) const fn of(self, id: PrincipalId) -> Option<Variant> {
        match self {
            Self::Nothing => None,
            Self::WithoutDenial(way) => Some(Variant::WithoutDenial(id, way)),
            Self::OtherVersions => Some(Variant::OtherVersions(id)),
            Self::WithoutBoundary => Some(Variant::WithoutBoundary(id)),
        }
    }
}

/// Why an edge is there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
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
    /// The one has this level over the other, which holds data and is of the kind of this place.
    Can(Level, u32),
    /// The role is assigned to the person or group in Identity Center.
    Assigned,
    /// The person is in the group of Identity Center.
    InGroup,
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
            Self::Assigned => "Assigned",
            Self::InGroup => "MemberOf",
            Self::Can(Level::Control, _) => "CanControl",
            Self::Can(Level::Write, _) => "CanWrite",
            Self::Can(Level::Read, _) => "CanRead",
            Self::Can(Level::List, _) => "CanList",
        }
    }

    /// What an edge gives over what it leads to.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::Can(level, _) => level,
            Self::Assume
            | Self::Rule(..)
            | Self::Administers
            | Self::Holds
            | Self::Member
            | Self::Changed(_)
            | Self::RunsAs
            | Self::Assigned
            | Self::InGroup => Level::Control,
        }
    }
}

/// Which node stands for what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Board {
    /// For how many principals, resources and accounts there is room: these have the first nodes.
    principals: u32,
    resources: u32,
    accounts: u32,
    /// Nothing where there is room, and where something is gone.
    places: Column<Option<Place>>,
    /// Pools, variants, and who is outside.
    by_place: Map<Place, NodeId>,
}

/// An edge, as it is drawn.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Lead {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) only_if: bool,
    pub(crate) cause: Cause,
}

impl Board {
    /// The nodes of an estate, with room for some more principals and resources.
    pub(crate) fn new(estate: &Estate) -> Self {
        let room = |end: u32| end.saturating_add(end / ROOM).saturating_add(ROOM);
        let (principals, resources) = (room(estate.principals_end()), room(estate.resources_end()));
        let accounts = u32::try_from(estate.accounts().count()).unwrap_or(u32::MAX);
        let mut board = Self { principals, resources, accounts, ..Self::default() };
        let end = principals.saturating_add(resources).saturating_add(accounts);
        board.places.grow(end as usize, &None);
        for (id, _) in estate.principals() {
            board.set(Self::principal(id), Some(Place::Principal(id)));
        }
        for (place, _) in estate.resources() {
            board.set(board.resource(place), Some(Place::Resource(place)));
        }
        for (id, _) in estate.accounts() {
            board.set(board.administration(id), Some(Place::Administration(id)));
        }
        board
    }

    /// Whether all of an estate has its place here.
    pub(crate) fn has_room(&self, estate: &Estate) -> bool {
        estate.principals_end() <= self.principals && estate.resources_end() <= self.resources
    }

    /// The node of a principal.
    pub(crate) const fn principal(id: PrincipalId) -> NodeId {
        NodeId(id.0)
    }

    /// The node of a resource.
    pub(crate) const fn resource(&self, place: u32) -> NodeId {
        NodeId(self.principals.saturating_add(place))
    }

    /// The node of the administration of an account.
    pub(crate) const fn administration(&self, id: AccountId) -> NodeId {
        NodeId(self.principals.saturating_add(self.resources).saturating_add(id.0))
    }

    /// What a node stands for.
    pub(crate) fn place(&self, node: NodeId) -> Option<&Place> {
        self.places.get(node.0 as usize)?.as_ref()
    }

    /// The node of a pool, of a variant, or of who is outside.
    pub(crate) fn node(&self, place: &Place) -> Option<NodeId> {
        self.by_place.get(place).copied()
    }

    /// The same, and whether it is new.
    pub(crate) fn at(&mut self, place: Place) -> (NodeId, bool) {
        if let Some(node) = self.by_place.get(&place) {
            return (*node, false);
        }
        let node = self.add(place.clone());
        self.by_place.insert(place, node);
        (node, true)
    }

    /// A new node.
    pub(crate) fn add(&mut self, place: Place) -> NodeId {
        let node = NodeId(u32::try_from(self.places.len()).unwrap_or(u32::MAX));
        self.places.push(Some(place));
        node
    }

    /// Says what a node stands for now.
    pub(crate) fn set(&mut self, node: NodeId, place: Option<Place>) {
        if let Some(own) = self.places.get_mut(node.0 as usize) {
            *own = place;
        }
    }

    /// Takes away what a node stands for.
    pub(crate) fn clear(&mut self, node: NodeId) {
        if let Some(place) = self.place(node).cloned() {
            self.by_place.remove(&place);
        }
        self.set(node, None);
    }

    /// What the graph knows of the nodes from a number on.
    pub(crate) fn nodes(&self, from: usize) -> Vec<Node> {
        let known = |place: &Option<Place>| match place {
            Some(Place::Pool(_) | Place::Changed(_) | Place::Variant(_)) => Node::PASSAGE,
            Some(Place::Principal(_) | Place::Resource(_) | Place::Administration(_) | Place::Outside(_))
            | None => Node::SHOWN,
        };
        self.places.iter().skip(from).map(known).collect()
    }

    /// All that are no principal, resource or account.
    pub(crate) fn others(&self) -> impl Iterator<Item = (NodeId, &Place)> {
        let first = self.administration(AccountId(self.accounts)).0;
        let nodes = (first..).map(NodeId).zip(self.places.iter().skip(first as usize));
        nodes.filter_map(|(node, place)| Some((node, place.as_ref()?)))
    }
}

/// There is room for one more of so many, and for so many at least.
const ROOM: u32 = 16;
