//! What a change makes different of the targets of methods. Nobody is asked about all of them again: of whom a method may
//! lead to other targets, only those are drawn again who have what it needs on one that is another now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analysis::Drawing;
use crate::analysis::actor::Actor;
use crate::analysis::bounds::Bounds;
use crate::analysis::draft::{Board, Cause, Place, PoolKey};
use crate::analysis::method::Method;
use crate::analysis::part::Parts;
use crate::analysis::pools::{Member, Turned, both, changeable, is_right, may_be_target};
use crate::analysis::question::Acting;
use crate::analysis::redraw::Redraw;
use crate::escalation::{Gives, On};
use crate::estate::{AccountId, Estate, PolicyId, Principal, PrincipalId};
use crate::graph::{Edge, NodeId};
use crate::targets::{Certainty, Extent, Matches, Pool};

/// By which nodes some roles are assumed.
type Ways = BTreeMap<NodeId, Vec<PrincipalId>>;

/// A method, with its targets in an account that are others than they were.
struct Asking<'m> {
    method: &'m Method,
    account: AccountId,
    targets: Pool<Member>,
    /// The policies that they have, or had.
    policies: Pool<PolicyId>,
    /// The nodes that stand for all targets.
    whole: [Option<NodeId>; 2],
    /// Whether there is a new one among them, and whether some are gone and all others are as they were.
    comes: bool,
    only_goes: bool,
    /// Whether some have other tags or another boundary than they had.
    are_marked_otherwise: bool,
}

impl Redraw<'_> {
    /// Takes in that principals may be other targets of a method. A pool that nobody has asked for matters to nobody.
    pub(super) fn targets(&mut self, method: &Method) {
        let mut pools: BTreeMap<AccountId, Turned> = BTreeMap::new();
        for id in &self.own {
            let [was, is] = [self.old, self.drawing.estate].map(|estate| estate.principal(*id));
            let may_be = |one: Option<&Principal>| one.is_some_and(|one| may_be_target(one, &method.rule));
            let Some(account) = was.or(is).filter(|_| may_be(was) || may_be(is)).map(|one| one.account)
            else {
                continue;
            };
            let (drawn, member) = (&self.drawing.drawn, Member::Principal(*id));
            let Some(pool) = drawn.pools.known(&method.pool(account)) else { continue };
            let is_in = may_be(is) && is_right((self.drawing.estate, &drawn.trust), member, &method.rule);
            let turned = pools.entry(account).or_default();
            match (pool.has(member), is_in) {
                (false, true) => turned.come.push(*id),
                (true, false) => turned.gone.push(*id),
                (true, true) if self.looks_different(method, *id) => {
                    turned.other.push(*id);
                }
                (true, true) | (false, false) => {}
            }
        }
        for (account, turned) in pools.into_iter().filter(|(_, turned)| !turned.is_empty()) {
            self.turn(method.pool(account), turned);
        }
    }

    /// Whether a method may find something else in a target that is another than it was.
    fn looks_different(&self, method: &Method, id: PrincipalId) -> bool {
        // To join a group gives what its policies say, and these may say something else.
        if method.rule.gives == Gives::PoliciesOfTarget || self.is_marked_otherwise(id) {
            return true;
        }
        if !method.looks_into_targets() {
            return false;
        }
        let seen = |estate: &'_ Estate, bounds: &Bounds| {
            (bounds.bound(id), estate.principal(id).map(|one| one.policies.clone()))
        };
        seen(self.old, &self.base.drawn.bounds) != seen(self.drawing.estate, &self.drawing.drawn.bounds)
    }

    /// Whether a principal has other tags, or another boundary, than it had: conditions may ask for these.
    fn is_marked_otherwise(&self, id: PrincipalId) -> bool {
        let [was, is] = [self.old, self.drawing.estate]
            .map(|estate| estate.principal(id).map(|one| (&one.tags, one.boundary)));
        was != is
    }

    fn turn(&mut self, key: PoolKey, turned: Turned) {
        for (ids, comes) in [(&turned.come, true), (&turned.gone, false)] {
            ids.iter().for_each(|id| self.move_member(&key, Member::Principal(*id), comes));
        }
        let drawn = &mut self.drawing.drawn;
        drawn.pools.turn(&key, (self.old, self.drawing.estate), &turned);
        if let Some(node) = drawn.board.node(&Place::Changed(key.clone())) {
            self.scope(node, Parts::ALL);
        }
        self.turned.insert(key, turned);
    }

    /// Draws those again who may have other edges to targets that are others than they were.
    pub(super) fn near_turned(&mut self) {
        let methods = Arc::clone(&self.drawing.drawn.methods);
        let asking: Vec<Asking<'_>> = methods.iter().flat_map(|method| self.asking(method)).collect();
        let ways = self.ways(&asking);
        let any = asking.iter().map(|one| one.method.part()).fold(Parts::NONE, Parts::or);
        for (node, able, account) in self.able(any) {
            let done = self.scopes.of.get(&node).copied().unwrap_or(Parts::NONE);
            let is_open = |one: &&Asking<'_>| {
                let part = one.method.part();
                one.account == account && able.meets(part) && !done.meets(part)
            };
            let mut open = asking.iter().filter(is_open).peekable();
            let drawn = &self.drawing.drawn;
            let known = (self.drawing.estate, &drawn.masks);
            let actor = match drawn.board.place(node).filter(|_| open.peek().is_some()) {
                Some(Place::Principal(id)) => Actor::new(known.0, *id, known.1),
                Some(Place::Variant(variant)) => Actor::variant(known, *variant, node),
                _ => None,
            };
            let Some(acting) = actor.as_ref().and_then(|actor| Acting::new(self.drawing.ground, actor))
            else {
                continue;
            };
            let assumable = self.assumable(node, &ways);
            let near =
                open.filter(|one| one.is_near(&acting, &assumable) || self.may_be_whole_otherwise(node, one));
            let parts = near.map(|one| one.method.part()).fold(Parts::NONE, Parts::or);
            self.scopes.add_able(node, able, parts);
        }
    }

    /// By which nodes those roles are assumed that a method asks for: their own, and those of pools that they are in.
    fn ways(&self, asking: &[Asking<'_>]) -> Ways {
        let mut ways = Ways::new();
        let asks = asking.iter().filter(|one| one.method.asks_whom_to_assume());
        let roles = asks.flat_map(|one| one.targets.members()).filter_map(|(_, member)| match member {
            Member::Principal(role) => Some(*role),
            Member::Resource(_) => None,
        });
        let roles: BTreeSet<PrincipalId> = roles.collect();
        for role in &roles {
            let own = Board::principal(*role);
            let into = self.base.graph.edges_to(own);
            let pools = into.filter(|edge| self.base.cause(edge.id) == Some(Cause::Member));
            for way in pools.map(|edge| edge.from).chain([own]) {
                ways.entry(way).or_default().push(*role);
            }
        }
        ways
    }

    /// Which of them an actor could assume. Whoever may assume others now is drawn again anyway.
    fn assumable(&self, node: NodeId, ways: &Ways) -> BTreeSet<PrincipalId> {
        let by = |edge: &Edge| self.base.cause(edge.id) == Some(Cause::Assume);
        let led = self.base.graph.edges_from(node).filter(by);
        led.filter_map(|edge| ways.get(&edge.to)).flatten().copied().collect()
    }

    /// A method as it asks about its targets that are others, in each account that has some.
    fn asking<'m>(&self, method: &'m Method) -> Vec<Asking<'m>> {
        let of_method = self.turned.iter().filter(|(key, _)| **key == method.pool(key.account));
        let asking = |(key, turned): (&PoolKey, &Turned)| {
            let drawn = &self.drawing.drawn;
            let sides = [self.old, self.drawing.estate];
            let arn = |id: &PrincipalId| {
                let principal = sides.iter().find_map(|estate| estate.principal(*id))?;
                Some((principal.shared_arn(), Member::Principal(*id)))
            };
            let members = turned.all().filter_map(arn).collect();
            let held = turned.all().flat_map(|id| sides.map(|estate| changeable(estate, *id)));
            let held: BTreeMap<PolicyId, Arc<str>> = held.flatten().map(|(name, id)| (id, name)).collect();
            Some(Asking {
                method,
                account: key.account,
                targets: drawn.pools.known(key)?.alike(members),
                policies: Pool::new(held.into_iter().map(|(id, name)| (name, id)).collect()),
                whole: [Place::Pool(key.clone()), Place::Changed(key.clone())]
                    .map(|place| drawn.board.node(&place)),
                comes: !turned.come.is_empty(),
                only_goes: turned.come.is_empty() && turned.other.is_empty(),
                are_marked_otherwise: turned.other.iter().any(|id| self.is_marked_otherwise(*id)),
            })
        };
        of_method.filter_map(asking).collect()
    }

    /// Whether an actor, which reaches none of the targets that are others, may have led to all targets and does not now,
    /// or may lead to all that are left.
    fn may_be_whole_otherwise(&self, node: NodeId, one: &Asking<'_>) -> bool {
        let led_to_all = |to: NodeId| one.whole.contains(&Some(to));
        let by_method = |cause| matches!(cause, Some(Cause::Rule(place, _)) if place == one.method.place);
        let mut edges = self.base.graph.edges_from(node);
        edges.any(|edge| {
            (one.comes && led_to_all(edge.to)) || (one.only_goes && by_method(self.base.cause(edge.id)))
        })
    }

    /// Draws to what the members of a pool would be, had they any policy. Each kind of them is shown by its first member:
    /// only those that are others than they were may be another first.
    pub(super) fn draw_changed(&mut self, node: NodeId, key: &PoolKey) {
        let Some(pool) = self.drawing.pool(key) else { return };
        let turned = self.turned.get(key).filter(|_| self.rebound.parted.is_empty());
        let Some(turned) = turned else { return self.drawing.lead_to_changed(node, &pool) };
        let base = self.base;
        let others: BTreeSet<NodeId> =
            turned.gone.iter().chain(&turned.other).map(|id| Board::principal(*id)).collect();
        let mut firsts: BTreeMap<NodeId, NodeId> = BTreeMap::new();
        for edge in base.graph.edges_from(node) {
            let Some(Cause::Changed(first)) = base.cause(edge.id) else { continue };
            let is_open = others.contains(&first);
            let next = if is_open { self.drawing.first_of(&pool, edge.to) } else { Some(first) };
            firsts.extend(next.map(|next| (edge.to, next)));
        }
        let estate = self.drawing.estate;
        for id in turned.come.iter().chain(&turned.other) {
            let Some(variant) = self.drawing.changed(Member::Principal(*id)) else { continue };
            let own = Board::principal(*id);
            let first = firsts.entry(variant).or_insert(own);
            if estate.order(*id, PrincipalId(first.0)).is_lt() {
                *first = own;
            }
        }
        for (variant, first) in firsts {
            self.drawing.lead(node, variant, (Certainty::Certain, Cause::Changed(first)));
        }
    }
}

impl Drawing<'_> {
    /// The first member of a pool that would be a variant, had it any policy.
    fn first_of(&mut self, pool: &Pool<Member>, variant: NodeId) -> Option<NodeId> {
        let first = pool.members().find(|(_, member)| self.changed(*member) == Some(variant));
        first.map(|(_, first)| self.node_of(*first))
    }
}

impl Asking<'_> {
    /// Whether an actor has all that the method needs on one of these targets, as they are or were.
    fn is_near(&self, acting: &Acting<'_>, assumable: &BTreeSet<PrincipalId>) -> bool {
        let asks = self.method.asks_whom_to_assume();
        let is_assumable =
            |member: &Member| matches!(member, Member::Principal(role) if assumable.contains(role));
        if asks && !self.targets.members().any(|(_, member)| is_assumable(member)) {
            return false;
        }
        let mut extent = Extent::All(Certainty::Certain);
        for need in self.method.on(On::Target) {
            let said = acting.said(&need.permission);
            // What it had on them as they were is not asked again.
            if self.are_marked_otherwise && said.asks_of_targets() {
                return true;
            }
            extent = both(
                extent,
                self.targets.extent(&said, &mut Matches::default(), &mut |arn, _| acting.has(need, arn)),
            );
            if extent.is_empty() {
                return false;
            }
        }
        for need in self.method.on(On::PolicyOfTarget) {
            let said = acting.said(&need.permission);
            if self
                .policies
                .extent(&said, &mut Matches::default(), &mut |arn, _| acting.has(need, arn))
                .is_empty()
            {
                return false;
            }
        }
        !asks || self.targets.each(extent).iter().any(|(member, _)| is_assumable(member))
    }
}
