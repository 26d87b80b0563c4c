//! Graphs to measure: one that is as bad as can be for caches, and estates as they are.

use std::ops::Range;

use doorward_privilege::blast::Weights;
use doorward_privilege::graph::{Edge, EdgeId, Graph, Level, Node, NodeId};

/// Numbers that look random and are the same in every run (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let word = word ^ (word >> 31);
        u32::try_from((u128::from(word) * u128::from(end)) >> 64).unwrap()
    }

    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }
}

/// Edges between nodes at random.
pub(crate) fn random(nodes: u32, edges: u32) -> Vec<Edge> {
    let mut dice = Dice(1);
    let edge = |id| Edge {
        from: NodeId(dice.below(nodes)),
        to: NodeId(dice.below(nodes)),
        level: Level::Control,
        only_if: false,
        id: EdgeId(id),
    };
    (0..edges).map(edge).collect()
}

/// An organisation: identities and as many resources, in accounts.
pub(crate) struct Estate {
    pub(crate) nodes: Vec<Node>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) weights: Weights,
    /// Identities come first, and those of an account one after another.
    pub(crate) identities: u32,
    /// What counts as the top tier: the administrators of the first account.
    pub(crate) top: Vec<NodeId>,
}

/// So many accounts, and identities in each.
pub(crate) fn estate(accounts: u32, each: u32) -> Estate {
    let identities = accounts * each;
    let mut estate = Estate {
        nodes: vec![Node::SHOWN; 2 * identities as usize],
        edges: Vec::new(),
        weights: Weights {
            weights: vec![1; 2 * identities as usize],
            identities: (0..identities as usize).collect(),
        },
        identities,
        top: Vec::new(),
    };
    let mut dice = Dice(7);
    for account in 0..accounts {
        estate.account(&mut dice, account * each..(account + 1) * each);
    }
    estate
}

impl Estate {
    pub(crate) fn graph(&self) -> Graph {
        Graph::new(self.nodes.clone(), &self.edges).unwrap()
    }

    fn passage(&mut self) -> NodeId {
        self.nodes.push(Node::PASSAGE);
        self.weights.weights.push(0);
        NodeId(u32::try_from(self.nodes.len() - 1).unwrap())
    }

    fn add(&mut self, from: NodeId, to: NodeId, level: Level, only_if: bool) {
        let id = EdgeId(u32::try_from(self.edges.len()).unwrap());
        self.edges.push(Edge { from, to, level, only_if, id });
    }

    fn account(&mut self, dice: &mut Dice, roles: Range<u32>) {
        let everything = self.passage();
        let any_principal = self.passage();
        for role in roles.clone().map(NodeId) {
            self.add(everything, role, Level::Control, false);
            self.add(everything, NodeId(self.identities + role.0), Level::Control, false);
            // Administrators, and those who may assume whoever lets them.
            if dice.chance(2) {
                self.add(role, everything, Level::Control, false);
                self.top.extend((roles.start == 0).then_some(role));
            }
            if dice.chance(1) {
                self.add(role, any_principal, Level::Control, false);
            }
            if dice.chance(12) {
                self.add(any_principal, role, Level::Control, dice.chance(5));
            }
            self.role(dice, role, &roles);
        }
    }

    /// Whom a role may assume, mostly in its account, and what it does with resources there.
    fn role(&mut self, dice: &mut Dice, role: NodeId, account: &Range<u32>) {
        let each = account.end - account.start;
        let assumed = if dice.chance(10) { 1 + dice.below(4) } else { 0 };
        for _ in 0..assumed {
            let near = account.start + dice.below(each);
            let other = if dice.chance(80) { near } else { dice.below(self.identities) };
            self.add(role, NodeId(other), Level::Control, dice.chance(10));
        }
        for _ in 0..1 + dice.below(4) {
            let resource = self.identities + account.start + dice.below(each);
            let level = Level::ALL.get(dice.below(3) as usize).copied().unwrap_or(Level::List);
            self.add(role, NodeId(resource), level, dice.chance(10));
        }
    }
}
