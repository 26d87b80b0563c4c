//! An estate into the graph of who could become whom: all principals with all methods, once.
//!
//! Nobody is compared with everybody. A sieve keeps those who hold all permissions of a method; what their policies say
//! tells on which targets, a whole pool at a time where it can; and every edge is confirmed by the evaluation itself.
//!
//! When some rows have changed, `redraw` draws again what may be different and keeps the rest. Each edge belongs to the
//! node that it leaves, and each actor's edges lie in parts: see `part`. So who adds a kind of edge says three things.
//! - *From actors*: give it a [`Cause`] and a part, and draw it in `Drawing::act` where the part is asked for. Then it
//!   is drawn again whenever the policies, limits or groups of the actor change.
//! - *From other nodes* (outside, resources, pools): draw it where `Redraw::draw_node` draws that node.
//! - *What it leads to*: if it depends on anything but the actor, such as the policy of a target, say in `redraw` which
//!   parts of which actors are stale when that changes.

mod actor;
mod administrators;
mod alike;
mod assemble;
mod assume;
mod bounds;
mod center;
mod comers;
mod data;
mod draft;
mod existing;
mod explain;
mod find;
mod ground;
mod join;
mod method;
mod outside;
mod part;
mod pools;
mod question;
mod redraw;
mod sets;
mod subjects;
mod trust;
mod trusts;

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use doorward_model::time::Time;
use fixedbitset::FixedBitSet;
use hashbrown::HashMap;

pub(crate) use self::comers::vouches;
pub use self::data::{DataKind, KINDS, On, Uses};
pub use self::draft::{Beside, Cause, Lot, Place, PoolKey, PoolOf, Variant};
pub use self::explain::{Evidence, Explainer};
pub use self::method::Latent;
pub use self::outside::{Entrance, entrances};
pub(crate) use self::redraw::Redrawn;
pub(crate) use self::trust::{Whom, services};

use self::actor::{Actor, Masks};
use self::alike::Alike;
use self::assume::Where;
use self::bounds::{Bounds, Scene};
use self::data::Data;
use self::draft::{Board, Lead};
use self::ground::Ground;
use self::join::{Given, Joined};
use self::method::{Asked, Method};
use self::part::Parts;
use self::pools::Pools;
use self::question::Acting;
use self::trust::Trust;
use crate::escalation::Rules;
use crate::estate::{AccountId, Estate, Principal, PrincipalId};
use crate::graph::{Edge, EdgeId, Graph, GraphError, Level, NodeId};
use crate::interest::{Interest, Mask};
use crate::shared::{Column, List};
use crate::targets::{Certainty, Matches};

/// Who could become whom, and by what. A later one shares what is the same.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The nodes and edges.
    pub graph: Graph,
    /// Why each edge is there, by its id.
    causes: Column<Cause>,
    /// Ids that no edge has any more.
    free: List<EdgeId>,
    drawn: Drawn,
}

/// What was found out on the way, which a later drawing goes on from.
#[derive(Clone, Debug)]
struct Drawn {
    methods: List<Method>,
    interest: Arc<Interest>,
    /// The permissions of an administrator.
    kernel: Mask,
    assume_mask: Mask,
    masks: Masks,
    trust: Trust,
    data: Data,
    pools: Pools,
    bounds: Bounds,
    board: Board,
    joined: Joined,
    /// In which parts an actor has edges, or could have them, by its node.
    able: Column<Parts>,
    /// Who administers their account, by the id of the principal.
    administrators: Column<bool>,
    /// Methods that would work in another state of the account, by the id of the principal.
    latent: Column<List<Latent>>,
}

impl Analysis {
    /// Draws the graph of an estate, by these methods, for requests from an instant on.
    ///
    /// # Errors
    /// When the graph would be too large: see [`Graph::new`].
    pub fn new(estate: &Estate, rules: &Rules, as_of: Time) -> Result<Self, GraphError> {
        Ground::with(estate, |ground| {
            let mut drawing = Drawing::new(ground, Drawn::new(ground, rules, as_of), as_of);
            drawing.draw();
            let (drawn, leads) = drawing.into_drawn();
            let numbered = (0u32..).map(EdgeId).zip(&leads);
            let edges: Vec<Edge> = numbered.map(|(id, lead)| lead.edge(id)).collect();
            let causes = leads.iter().map(|lead| lead.cause).collect();
            Ok(Self { graph: Graph::new(drawn.board.nodes(0), &edges)?, causes, free: Arc::default(), drawn })
        })
    }

    /// Why an edge is there.
    #[must_use]
    pub fn cause(&self, edge: EdgeId) -> Option<Cause> {
        self.causes.get(edge.0 as usize).copied()
    }

    /// The edges that a method draws, by its place in the set.
    pub fn edges_by(&self, method: usize) -> impl Iterator<Item = EdgeId> + '_ {
        let is_by = move |cause: &Cause| matches!(cause, Cause::Rule(place, _) if *place as usize == method);
        let numbered = (0u32..).map(EdgeId).zip(self.causes.iter());
        numbered.filter(move |(_, cause)| is_by(cause)).map(|(id, _)| id)
    }

    /// The edges that give at least a level over what they lead to; `None` where all do.
    #[must_use]
    pub fn giving(&self, level: Level) -> Option<FixedBitSet> {
        let mut giving = FixedBitSet::with_capacity(self.causes.len());
        giving.extend(
            (0..).zip(self.causes.iter()).filter(|(_, cause)| cause.level() >= level).map(|(at, _)| at),
        );
        (giving.count_ones(..) < self.causes.len()).then_some(giving)
    }

    /// What a node stands for; nothing where what it stood for is gone, or nothing has come yet.
    #[must_use]
    pub fn place(&self, node: NodeId) -> Option<&Place> {
        self.drawn.board.place(node)
    }

    /// The node of a principal.
    #[must_use]
    pub const fn principal(&self, id: PrincipalId) -> NodeId {
        Board::principal(id)
    }

    /// The node of a resource, by its place.
    #[must_use]
    pub const fn resource(&self, place: u32) -> NodeId {
        self.drawn.board.resource(place)
    }

    /// Whether a name is that of somebody outside for whom an issuer of tokens vouches.
    pub(crate) fn is_vouched_for(&self, name: &str) -> bool {
        self.drawn.trust.subjects.find(name).is_some()
    }

    /// Whom the trust policy of a role lets in, beside services of AWS.
    pub(crate) fn let_into(&self, estate: &Estate, role: &Principal) -> impl Iterator<Item = &Whom> {
        self.drawn.trust.let_into(estate, role)
    }

    /// The node of the administration of an account.
    #[must_use]
    pub const fn administration(&self, account: AccountId) -> NodeId {
        self.drawn.board.administration(account)
    }

    /// Whether a principal administers its account by its own policies.
    #[must_use]
    pub fn is_administrator(&self, id: PrincipalId) -> bool {
        self.drawn.is_administrator(id)
    }

    /// Which methods would work for a principal, were something in its account that is not.
    #[must_use]
    pub fn latent(&self, id: PrincipalId) -> &[Latent] {
        self.drawn.latent.get(id.0 as usize).map_or(&[], |latent| latent)
    }
}

impl Drawn {
    fn new(ground: Ground<'_>, rules: &Rules, as_of: Time) -> Self {
        let estate = ground.estate;
        let needed = rules.all().iter().flat_map(|rule| rule.permissions());
        let names: Vec<&str> = needed.chain(administrators::KERNEL.map(|(name, _)| name)).collect();
        let names = [names, data::permissions().collect()].concat();
        let interest = Interest::new(&names);
        // Whom one may assume is drawn by itself, for all at once.
        let numbered = (0u32..).zip(rules.all()).filter(|(_, rule)| !rule.is_trust_alone());
        let methods =
            numbered.map(|(place, rule)| Method::new((place, rule), as_of, |name| interest.of(name)));
        let masks = Masks::new(estate, &interest);
        Self {
            methods: Arc::new(methods.collect()),
            bounds: Bounds::new(Scene { ground, masks: &masks, as_of }),
            masks,
            kernel: interest.all_of(administrators::KERNEL.map(|(name, _)| name)),
            assume_mask: interest.of("sts:AssumeRole"),
            data: Data::new(estate, &interest, as_of),
            interest: Arc::new(interest),
            trust: Trust::new(ground),
            pools: Pools::default(),
            board: Board::new(estate),
            joined: Joined::default(),
            able: Column::default(),
            administrators: Column::default(),
            latent: Column::default(),
        }
    }

    /// In which parts an actor has edges, or could have them.
    fn able(&self, node: NodeId) -> Parts {
        self.able.get(node.0 as usize).copied().unwrap_or(Parts::NONE)
    }

    /// All who are let in from outside.
    fn outside(&self) -> BTreeSet<Arc<str>> {
        self.trust.outside().into_iter().chain(self.data.outside()).collect()
    }

    /// Whether somebody is let in from outside.
    fn lets_in(&self, name: &str) -> bool {
        self.trust.lets_in(name) || self.data.lets_in(name)
    }

    fn set_able(&mut self, node: NodeId, parts: Parts) {
        if self.able(node) != parts {
            self.able.grow(node.0 as usize + 1, &Parts::NONE);
            self.able.get_mut(node.0 as usize).into_iter().for_each(|own| *own = parts);
        }
    }

    fn is_administrator(&self, id: PrincipalId) -> bool {
        self.administrators.get(id.0 as usize).copied().unwrap_or(false)
    }

    fn set_administrator(&mut self, id: PrincipalId, is: bool) {
        let at = id.0 as usize;
        if self.is_administrator(id) != is {
            self.administrators.grow(at + 1, &false);
            self.administrators.get_mut(at).into_iter().for_each(|own| *own = is);
        }
    }

    fn add_latent(&mut self, id: PrincipalId, latent: Latent) {
        let at = id.0 as usize;
        self.latent.grow(at + 1, &Arc::default());
        if let Some(own) = self.latent.get_mut(at).map(Arc::make_mut) {
            let place = own.partition_point(|one| *one < latent);
            own.insert(place, latent);
        }
    }

    /// Forgets what would work by the methods of some parts.
    fn clear_latent(&mut self, id: PrincipalId, parts: Parts) {
        let at = id.0 as usize;
        let is_in = |one: &Latent| parts.meets(Parts::method(one.rule));
        if self.latent.get(at).is_some_and(|own| own.iter().any(is_in))
            && let Some(own) = self.latent.get_mut(at).map(Arc::make_mut)
        {
            own.retain(|one| !is_in(one));
        }
    }
}

/// The graph while it is drawn.
struct Drawing<'a> {
    estate: &'a Estate,
    ground: Ground<'a>,
    assuming: Asked,
    as_of: Time,
    drawn: Drawn,
    leads: Vec<Lead>,
    /// Variants whose edges are still to be drawn.
    waiting: Vec<Actor>,
    alike: Alike,
    /// What patterns match of the members of pools, which stay as they are while edges are drawn.
    matches: HashMap<PoolKey, Matches>,
    /// What groups give their members.
    given: HashMap<PrincipalId, Rc<Given>>,
}

impl<'a> Drawing<'a> {
    fn new(ground: Ground<'a>, drawn: Drawn, as_of: Time) -> Self {
        Self {
            estate: ground.estate,
            ground,
            assuming: Asked::plain("sts:AssumeRole", as_of),
            as_of,
            alike: Alike::new(ground.estate, &drawn.masks),
            drawn,
            leads: Vec::new(),
            waiting: Vec::new(),
            matches: HashMap::new(),
            given: HashMap::new(),
        }
    }

    /// Draws everything.
    fn draw(&mut self) {
        let estate = self.estate;
        for (id, principal) in estate.principals() {
            let from = self.drawn.board.administration(principal.account);
            self.lead(from, Board::principal(id), (Certainty::Certain, Cause::Holds));
        }
        for (place, resource) in estate.resources() {
            if let Some(account) = estate.find_account(&resource.account) {
                let (from, to) = (self.drawn.board.administration(account), self.drawn.board.resource(place));
                self.lead(from, to, (Certainty::Certain, Cause::Holds));
            }
            self.run(place);
        }
        for (id, _) in estate.principals() {
            match Actor::new(estate, id, &self.drawn.masks) {
                Some(actor) => self.act(&actor, Parts::ALL),
                None => self.assign(id),
            }
        }
        self.finish();
        for (id, _) in estate.principals() {
            self.settle(id);
        }
        for name in self.drawn.outside() {
            self.let_in(&name);
        }
    }

    /// Draws what waits.
    fn finish(&mut self) {
        while let Some(actor) = self.waiting.pop() {
            self.act(&actor, Parts::ALL);
        }
    }

    /// Draws what an actor could become, as far as it lies in some parts.
    fn act(&mut self, actor: &Actor, parts: Parts) {
        if actor.variant.is_none() {
            self.drawn.set_administrator(actor.principal, false);
            self.drawn.clear_latent(actor.principal, parts);
        }
        let Some(acting) = Acting::new(self.ground, actor) else { return };
        let is_administrator = self.administer(&acting);
        let may_assume = actor.limited.holds(&self.drawn.assume_mask) && self.assumes_on(actor);
        let assume = if may_assume { Parts::ASSUME } else { Parts::NONE };
        let methods = if is_administrator { Parts::NONE } else { self.able(&acting) };
        let data = self.drawn.data.able(actor);
        self.drawn.set_able(actor.node, Parts::ADMINISTER.or(assume).or(data).or(methods));
        // Within its account an administrator is there already; other accounts may trust it.
        let place = if is_administrator { Where::Elsewhere } else { Where::Anywhere };
        let assumes = parts.meets(Parts::ASSUME) && self.assumes_on(actor);
        let assumable = if assumes { self.assume(&acting, place) } else { Rc::default() };
        self.use_data(&acting, place, parts);
        self.escalate(&acting, &assumable, methods.and(parts));
    }

    /// Draws as which role a resource runs.
    fn run(&mut self, place: u32) {
        if let Some(role) = self.estate.role_of(place) {
            let from = self.drawn.board.resource(place);
            self.lead(from, Board::principal(role), (Certainty::Certain, Cause::RunsAs));
        }
    }

    /// Draws an edge. One that leads back to itself is for others who share it.
    fn lead(&mut self, from: NodeId, to: NodeId, (sure, cause): (Certainty, Cause)) {
        self.leads.push(Lead { from, to, only_if: sure == Certainty::OnlyIf, cause });
    }

    /// What was drawn.
    fn into_drawn(self) -> (Drawn, Vec<Lead>) {
        let Self { drawn, mut leads, .. } = self;
        leads.retain(|lead| lead.from != lead.to);
        (drawn, leads)
    }

    /// The node of a variant, whose edges are drawn later. Whatever may have any policy within the same bound is one.
    fn variant(&mut self, variant: Variant) -> Option<NodeId> {
        let (variant, known) = match variant {
            Variant::AnyPolicy(_) => {
                let (first, node) = self.drawn.bounds.of(variant.principal())?;
                (Variant::AnyPolicy(first), node)
            }
            other => (other, self.drawn.board.node(&Place::Variant(other))),
        };
        if known.is_some() {
            return known;
        }
        let node = if matches!(variant, Variant::AnyPolicy(_)) {
            // Who stands for the others may be another one day: it is found by its bound.
            let node = self.drawn.board.add(Place::Variant(variant));
            self.drawn.bounds.set_node(variant.principal(), Some(node));
            node
        } else {
            let (node, _) = self.drawn.board.at(Place::Variant(variant));
            self.drawn.joined.add(variant, node);
            node
        };
        self.waiting.extend(Actor::variant((self.estate, &self.drawn.masks), variant, node));
        Some(node)
    }
}

impl Lead {
    /// It as an edge.
    const fn edge(&self, id: EdgeId) -> Edge {
        Edge { from: self.from, to: self.to, level: self.cause.level(), only_if: self.only_if, id }
    }
}
