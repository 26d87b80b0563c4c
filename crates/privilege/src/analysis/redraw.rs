//! The graph after a change of an estate: what may be different is drawn again, and the rest is kept.
//!
//! First it is found out what may be different: actors that are others than they were, parts of actors whose targets are,
//! pools, and what nobody draws but the rows themselves. Then that is drawn, and compared with what was there.

mod data;
mod limits;
mod others;
mod outside;
mod targets;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorward_model::time::Time;

use self::limits::limited;
use self::others::{actors, people};
use crate::analysis::actor::Actor;
use crate::analysis::assemble::Assembly;
use crate::analysis::bounds::{Described, Rebound, Scene};
use crate::analysis::draft::{Board, Cause, Lead, Place, PoolKey, PoolOf, Variant};
use crate::analysis::ground::Ground;
use crate::analysis::method::Method;
use crate::analysis::part::Parts;
use crate::analysis::pools::{Member, Turned, registers};
use crate::analysis::trust::{Affected, Whom};
use crate::analysis::{Analysis, Drawing};
use crate::estate::{
    AccountId, Estate, Principal, PrincipalId, PrincipalKind, Touched, Way, Written, container,
};
use crate::graph::{Change, GraphError, NodeId};

/// An analysis after a change.
#[derive(Debug)]
pub(crate) struct Redrawn {
    pub(crate) analysis: Analysis,
    /// What the change made different in the graph.
    pub(crate) change: Change,
    /// The nodes of principals and resources that may be others than they were.
    pub(crate) nodes: BTreeSet<NodeId>,
}

impl Analysis {
    /// The analysis of another estate, by what of it is not as it was; `None` where that would be no quicker than to draw
    /// everything: where accounts or their places are others, where very much has changed, and where there is no room.
    ///
    /// # Errors
    /// When the graph would be too large.
    pub(crate) fn later(
        &self,
        (old, new): (&Estate, &Estate),
        touched: &Touched,
        as_of: Time,
    ) -> Result<Option<Redrawn>, GraphError> {
        let mut own = actors(old, new, touched);
        let few = FEW + old.principals_end() as usize / FEW;
        let is_many = |own: &BTreeSet<PrincipalId>| own.len() + touched.resources.len() > few;
        let has_room = self.drawn.board.has_room(new);
        let Some(limited) = limited((old, new), touched).filter(|_| !is_many(&own) && has_room) else {
            return Ok(None);
        };
        let people = people(old, new, &own);
        own.extend(people);
        Ground::with(new, |ground| {
            let mut drawn = self.drawn.clone();
            drawn.masks.change(new, &drawn.interest, &touched.policies);
            let scene = Scene { ground, masks: &drawn.masks, as_of };
            let is_limited = |account| limited.contains_key(&account);
            let rebound = drawn.bounds.change((old, scene), touched, &own, is_limited);
            let drawing = Drawing::new(ground, drawn, as_of);
            let mut redraw = Redraw {
                drawing,
                base: self,
                old,
                touched,
                own,
                rebound,
                scopes: Scopes::new(&self.drawn.methods),
                moves: Vec::new(),
                stale: BTreeMap::new(),
                narrowed: BTreeMap::new(),
                turned: BTreeMap::new(),
                things: BTreeSet::new(),
                outside: BTreeSet::new(),
            };
            redraw.limit(&limited);
            redraw.find();
            redraw.draw();
            let nodes = redraw.nodes();
            let Redraw { drawing, scopes, moves, .. } = redraw;
            let (drawn, leads) = drawing.into_drawn();
            let (analysis, change) = Assembly::new(self, drawn).finish(&scopes.of, leads, &moves)?;
            Ok(Some(Redrawn { analysis, change, nodes }))
        })
    }
}

/// So many changed rows are few, and so is one of so many.
const FEW: usize = 100;

/// A graph while some of it is drawn again.
struct Redraw<'a> {
    drawing: Drawing<'a>,
    base: &'a Analysis,
    old: &'a Estate,
    touched: &'a Touched,
    /// Principals that are others than they were, or hold policies that are.
    own: BTreeSet<PrincipalId>,
    /// What is bound in another way than it was.
    rebound: Rebound,
    /// What is drawn again of each node.
    scopes: Scopes,
    /// Edges that come or go by themselves, from nodes that have many.
    moves: Vec<(Lead, bool)>,
    /// In which parts the actors of an account may have other edges.
    stale: BTreeMap<AccountId, Parts>,
    /// In which parts the actors of an account may have lost something.
    narrowed: BTreeMap<AccountId, Parts>,
    /// Targets of methods that are others than they were.
    turned: BTreeMap<PoolKey, Turned>,
    /// Accounts with things that are others than they were.
    things: BTreeSet<AccountId>,
    /// Who may be let in to others than they were, from outside.
    outside: BTreeSet<Arc<str>>,
}

/// Which parts of what leaves each node are drawn again.
struct Scopes {
    of: BTreeMap<NodeId, Parts>,
    /// Parts of which one is never drawn without the others: whom an actor may assume, and the methods that ask.
    assuming: Parts,
}

impl Scopes {
    fn new(methods: &[Method]) -> Self {
        let methods = methods.iter().filter(|method| method.asks_whom_to_assume());
        let assuming = methods.map(Method::part).fold(Parts::ASSUME, Parts::or);
        Self { of: BTreeMap::new(), assuming }
    }

    fn add(&mut self, node: NodeId, parts: Parts) {
        let parts = if parts.meets(self.assuming) { parts.or(self.assuming) } else { parts };
        // Whatever it can do depends on whether it is an administrator.
        let known = self.of.entry(node).or_insert(Parts::ADMINISTER);
        *known = known.or(parts);
    }

    /// Of an actor that is able to so much, as far as it may have other edges.
    fn add_able(&mut self, node: NodeId, able: Parts, parts: Parts) {
        if able.meets(parts) {
            // With the part of administrators, all are meant, whether they hold the permission or not.
            let all = if parts.meets(Parts::ADMINISTER) { Parts::ASSUME } else { Parts::NONE };
            self.add(node, parts.and(able).or(all));
        }
    }
}

impl<'a> Redraw<'a> {
    fn estate(&self) -> &'a Estate {
        self.drawing.estate
    }

    /// Finds out what may be different.
    fn find(&mut self) {
        for id in self.own.clone() {
            self.scope_actor(id, Parts::ALL);
        }
        for id in &self.touched.principals {
            self.come_or_go(*id);
        }
        for (node, first) in std::mem::take(&mut self.rebound.nodes) {
            if let Some(first) = first {
                self.drawing.drawn.board.set(node, Some(Place::Variant(Variant::AnyPolicy(first))));
            }
            self.scope(node, Parts::ALL);
        }
        self.parted();
        self.described();
        let other_providers = self.has_other_providers();
        let ends = (self.old, self.drawing.ground);
        let affected = self.drawing.drawn.trust.change(ends, &self.own, other_providers);
        self.trusted_by_others(affected);
        let methods = Arc::clone(&self.drawing.drawn.methods);
        methods.iter().for_each(|method| self.targets(method));
        for id in self.own.clone() {
            self.registered(id);
        }
        self.resources();
        for account in std::mem::take(&mut self.things) {
            methods
                .iter()
                .filter(|method| method.needs_things())
                .for_each(|method| self.thing(account, method));
        }
        for name in std::mem::take(&mut self.outside) {
            self.let_in(&name);
        }
        self.stale_actors();
        self.narrowed_actors();
        self.near_turned();
    }

    /// Draws again what led to where some stood with others who do not any more.
    fn parted(&mut self) {
        let mut open: Vec<NodeId> = self.rebound.parted.iter().copied().collect();
        while let Some(node) = open.pop() {
            for edge in self.base.graph.edges_to(node) {
                match self.base.drawn.board.place(edge.from) {
                    // What these lead to is always the same: who leads to them may lead to others.
                    Some(Place::Pool(key) | Place::Changed(key)) if matches!(key.of, PoolOf::Some { .. }) => {
                        open.push(edge.from);
                    }
                    Some(Place::Principal(_) | Place::Variant(_)) => {
                        self.scope(edge.from, self.base.cause(edge.id).map_or(Parts::ALL, Parts::of));
                    }
                    _ => self.scope(edge.from, Parts::ALL),
                }
            }
        }
    }

    /// Takes in that policies may describe somebody otherwise: who joins a group is told apart from who is in it by that.
    fn described(&mut self) {
        let joining = self.drawing.joining();
        let Described { principals, accounts } = std::mem::take(&mut self.rebound.described);
        for id in principals {
            match self.estate().principal(id) {
                Some(one) if one.kind == PrincipalKind::User => self.scope_actor(id, joining),
                Some(one) if one.kind == PrincipalKind::Group => self.make_stale(one.account, joining),
                _ => {}
            }
        }
        accounts.into_iter().for_each(|account| self.make_stale(account, joining));
    }

    /// Draws a part of what leaves a node again.
    fn scope(&mut self, node: NodeId, parts: Parts) {
        self.scopes.add(node, parts);
    }

    /// The same of a principal, and of what it would be with other policies; of a group, of who would have joined it.
    fn scope_actor(&mut self, id: PrincipalId, parts: Parts) {
        self.scope(Board::principal(id), parts);
        let ways = [None, Some(Written::Managed), Some(Written::Inline)].map(Way::Group);
        let ways = ways.into_iter().chain([Way::Managed, Way::Inline]);
        let denials = ways.map(|way| Variant::WithoutDenial(id, way));
        let others = [Variant::Anything(id), Variant::WithoutBoundary(id), Variant::OtherVersions(id)];
        let others = denials.chain(others);
        let nodes = others.filter_map(|other| self.drawing.drawn.board.node(&Place::Variant(other)));
        let first = self.drawing.drawn.bounds.of(id);
        let bound = first.and_then(|(first, node)| node.filter(|_| first == id));
        let joined = self.drawing.drawn.joined.of(id);
        nodes.chain(bound).chain(joined).for_each(|node| self.scopes.add(node, parts));
    }

    fn come_or_go(&mut self, id: PrincipalId) {
        let [was, is] = [self.old, self.estate()].map(|estate| estate.principal(id));
        let (node, board) = (Board::principal(id), &mut self.drawing.drawn.board);
        let account = was.or(is).map(|one| one.account);
        if let Some(account) = account.filter(|_| was.is_some() != is.is_some()) {
            board.set(node, is.map(|_| Place::Principal(id)));
            self.move_edge(
                self.drawing.drawn.board.administration(account),
                node,
                (Cause::Holds, is.is_some()),
            );
        }
    }

    fn move_edge(&mut self, from: NodeId, to: NodeId, (cause, comes): (Cause, bool)) {
        self.moves.push((Lead { from, to, only_if: false, cause }, comes));
    }

    /// Takes in what another trust of roles makes different.
    fn trusted_by_others(&mut self, affected: Affected) {
        self.vouched_for(&affected.subjects);
        for (key, member, comes) in affected.moves {
            self.move_member(&key, member, comes);
        }
        for whom in affected.whom {
            match whom {
                Whom::Principal(id) => self.scope_actor(id, Parts::ASSUME),
                Whom::Account(account) => self.make_stale(account, Parts::ASSUME),
                Whom::Everybody => {
                    // Who is named as one of everybody needs no policy of its own.
                    for (account, _) in self.estate().accounts() {
                        self.make_stale(account, Parts::ASSUME.or(Parts::ADMINISTER));
                    }
                }
                Whom::Outside(name) | Whom::Provider(name) => drop(self.outside.insert(name)),
            }
        }
    }

    fn make_stale(&mut self, account: AccountId, parts: Parts) {
        let known = self.stale.entry(account).or_default();
        *known = known.or(parts);
    }

    /// A member comes to a pool, or goes.
    fn move_member(&mut self, key: &PoolKey, member: Member, comes: bool) {
        if let Some(node) = self.drawing.drawn.board.node(&Place::Pool(key.clone())) {
            self.move_edge(node, self.drawing.node_of(member), (Cause::Member, comes));
        }
    }

    /// Instances that run as a role are in Systems Manager by its policies.
    fn registered(&mut self, id: PrincipalId) {
        let new = self.estate();
        let Some(role) = new.principal(id).filter(|one| one.kind == PrincipalKind::Role) else { return };
        if registers(self.old, id) != registers(new, id) {
            let running = new.running_as(role).filter_map(|place| new.resource(place));
            self.things.extend(running.filter_map(|one| new.find_account(&one.account)));
        }
    }

    fn resources(&mut self) {
        let new = self.estate();
        let mut named: BTreeSet<Arc<str>> = self.touched.guards.clone();
        for policy in &self.touched.policies {
            named.extend([self.old, new].iter().flat_map(|estate| estate.guarded_by(*policy)));
        }
        for place in &self.touched.resources {
            let [was, is] = [self.old, new].map(|estate| estate.resource(*place));
            let node = self.drawing.drawn.board.resource(*place);
            let [from, to] = [was, is].map(|one| new.find_account(&one?.account));
            if (was.is_some(), from) != (is.is_some(), to) {
                self.hold(from, node, false);
                self.hold(to, node, true);
            }
            self.things.extend(from.into_iter().chain(to));
            self.drawing.drawn.board.set(node, is.map(|_| Place::Resource(*place)));
            self.scope(node, Parts::ALL);
            if let Some(one) = was.or(is) {
                self.outside.insert(one.id.as_str().into());
                named.insert(one.id.as_str().into());
            }
        }
        self.data(&named);
        // What lies in it may be guarded by it.
        let accounts: BTreeSet<AccountId> = named.iter().flat_map(|arn| self.lying_in(arn)).collect();
        self.things.extend(accounts);
    }

    /// A resource comes to an account, or goes.
    fn hold(&mut self, account: Option<AccountId>, resource: NodeId, comes: bool) {
        if let Some(account) = account {
            let from = self.drawing.drawn.board.administration(account);
            self.move_edge(from, resource, (Cause::Holds, comes));
        }
    }

    /// The accounts of a resource and of what lies in it.
    fn lying_in(&self, arn: &str) -> BTreeSet<AccountId> {
        let new = self.estate();
        let itself = new.find_resource(arn).and_then(|place| new.resource(place));
        let may_hold = arn.contains(":s3:") || arn.contains(":lambda:");
        let others = new.resources().filter(|_| may_hold).map(|(_, one)| one);
        let others = others.filter(|one| container(&one.id) == Some(arn));
        itself.into_iter().chain(others).filter_map(|one| new.find_account(&one.account)).collect()
    }

    /// Takes in that an account may have other things that a method goes against or needs.
    fn thing(&mut self, account: AccountId, method: &Method) {
        let key = method.pool(account);
        self.drawing.drawn.pools.forget(&key);
        if let Some(kind) = method.existing() {
            self.drawing.drawn.pools.forget_kind((account, kind));
        }
        for place in [Place::Pool(key.clone()), Place::Changed(key)] {
            if let Some(node) = self.drawing.drawn.board.node(&place) {
                self.scope(node, Parts::ALL);
            }
        }
        self.make_stale(account, method.part());
    }

    /// Draws those actors of an account again that have edges in parts that may be others.
    fn stale_actors(&mut self) {
        let stale = std::mem::take(&mut self.stale);
        let any = stale.values().fold(Parts::NONE, |all, parts| all.or(*parts));
        for (node, able, account) in self.able(any) {
            if let Some(parts) = stale.get(&account) {
                self.scopes.add_able(node, able, *parts);
            }
        }
    }

    /// The actors that have edges in some parts, or could have them, each with all its parts and its account.
    fn able(&self, parts: Parts) -> Vec<(NodeId, Parts, AccountId)> {
        if parts == Parts::NONE {
            return Vec::new();
        }
        let (new, drawn) = (self.estate(), &self.drawing.drawn);
        let account = |id: PrincipalId| new.principal(id).map(|one| one.account);
        let numbered = (0..).map(NodeId).zip(drawn.able.iter().copied());
        let able = numbered.filter(|(_, able)| able.meets(parts)).filter_map(|(node, able)| {
            let account = match drawn.board.place(node)? {
                Place::Principal(id) => account(*id),
                Place::Variant(variant) => account(variant.principal()),
                _ => None,
            };
            Some((node, able, account?))
        });
        able.collect()
    }

    /// Draws what may be different.
    fn draw(&mut self) {
        for (node, parts) in self.scopes.of.clone() {
            self.draw_node(node, parts);
        }
        self.drawing.finish();
        let drawn = self.scopes.of.keys().map(|node| PrincipalId(node.0));
        self.drawing.settle_all(&self.own, drawn);
    }

    fn draw_node(&mut self, node: NodeId, parts: Parts) {
        let (estate, drawing) = (self.estate(), &mut self.drawing);
        let actor = match drawing.drawn.board.place(node).cloned() {
            Some(Place::Principal(id)) => Actor::new(estate, id, &drawing.drawn.masks),
            Some(Place::Variant(variant)) => Actor::variant((estate, &drawing.drawn.masks), variant, node),
            Some(Place::Pool(PoolKey { account, of: PoolOf::Data(lot) })) => {
                return drawing.lead_to_lot(node, account, lot);
            }
            Some(Place::Pool(key)) => {
                if let Some(pool) = drawing.pool(&key) {
                    drawing.lead_to_members(node, &pool);
                }
                return;
            }
            Some(Place::Changed(key)) => return self.draw_changed(node, &key),
            Some(Place::Resource(place)) => {
                drawing.run(place);
                if let Some(resource) = estate.resource(place) {
                    drawing.let_in(&resource.id.as_str().into());
                }
                return;
            }
            Some(Place::Outside(name)) => {
                if estate.find_resource(&name).is_none() {
                    drawing.let_in(&name.as_ref().into());
                }
                return;
            }
            Some(Place::Administration(_)) | None => None,
        };
        let id = PrincipalId(node.0);
        if estate.principal(id).is_some_and(Principal::is_of_center) {
            return drawing.assign_again(id, parts);
        }
        match actor {
            Some(actor) => drawing.act(&actor, parts),
            None => {
                drawing.drawn.set_able(node, Parts::NONE);
                drawing.drawn.set_administrator(PrincipalId(node.0), false);
                drawing.drawn.clear_latent(PrincipalId(node.0), Parts::ALL);
            }
        }
    }

    /// The nodes of principals and resources that may be others than they were.
    fn nodes(&self) -> BTreeSet<NodeId> {
        let resources = self.touched.resources.iter().map(|place| self.drawing.drawn.board.resource(*place));
        // Who is limited in another way may administer its account, or not any more.
        let [was, is] = [&self.base.drawn, &self.drawing.drawn];
        let differs = |id: &PrincipalId| was.is_administrator(*id) != is.is_administrator(*id);
        let apart = is.administrators.apart_from(&was.administrators);
        let others = apart.filter_map(|at| u32::try_from(at).ok()).map(PrincipalId).filter(differs);
        self.own.iter().copied().chain(others).map(Board::principal).chain(resources).collect()
    }
}

impl Drawing<'_> {
    /// The pool of a key.
    fn pool(&mut self, key: &PoolKey) -> Option<Arc<crate::targets::Pool<Member>>> {
        match key.of {
            PoolOf::Trust(_) => self.drawn.trust.pool(key),
            // The members of the one lie in lots, and those of the other never are others.
            PoolOf::Data(_) | PoolOf::Some { .. } => None,
            PoolOf::Rule(place) => {
                let methods = Arc::clone(&self.drawn.methods);
                let method =
                    methods.iter().find(|method| method.pool(key.account).of == PoolOf::Rule(place))?;
                Some(self.pool_of(key.clone(), method))
            }
        }
    }
}
