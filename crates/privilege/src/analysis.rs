//! An estate into the graph of who could become whom: all principals with all methods, once.
//!
//! Nobody is compared with everybody. A sieve keeps those who hold all permissions of a method; what their policies say
//! tells on which targets, a whole pool at a time where it can; and every edge is confirmed by the evaluation itself.

mod actor;
mod administrators;
mod assume;
mod draft;
mod existing;
mod explain;
mod find;
mod ground;
mod pools;
mod question;
mod trusts;

use std::collections::BTreeMap;

use doorward_model::time::Time;

pub use self::draft::{Cause, Place, PoolKey, PoolOf, Variant};
pub use self::explain::{Evidence, Explainer};
pub use self::find::Latent;

use self::actor::{Actor, Masks};
use self::assume::{Trust, Where};
use self::draft::Draft;
use self::find::{Asked, Method};
use self::ground::Ground;
use self::pools::Pools;
use self::question::Acting;
use crate::escalation::Rules;
use crate::estate::{Estate, PrincipalId};
use crate::graph::{EdgeId, Graph, GraphError, NodeId};
use crate::interest::{Interest, Mask};

/// Who could become whom, and by what.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The nodes and edges.
    pub graph: Graph,
    /// What each node stands for, by its id.
    pub places: Vec<Place>,
    /// The node of the administration of the first account.
    first_account: u32,
    /// Why each edge is there, by its id.
    causes: Vec<Cause>,
    /// Who administers their account, by the id of the principal.
    administrators: Vec<bool>,
    /// Methods that would work in another state of the account.
    latent: BTreeMap<PrincipalId, Vec<Latent>>,
}

impl Analysis {
    /// Draws the graph of an estate, by these methods, for requests from an instant on.
    ///
    /// # Errors
    /// When the graph would be too large: see [`Graph::new`].
    pub fn new(estate: &Estate, rules: &Rules, as_of: Time) -> Result<Self, GraphError> {
        Ground::with(estate, |ground| Self::on(ground, rules, as_of))
    }

    fn on(ground: Ground<'_>, rules: &Rules, as_of: Time) -> Result<Self, GraphError> {
        let mut drawing = Drawing::new(ground, rules, as_of);
        drawing.draw();
        let Drawing { draft, latent, administrators, .. } = drawing;
        let first_account = draft.administration(crate::estate::AccountId(0)).0;
        let (places, nodes, edges, causes) = draft.finish();
        Ok(Self { graph: Graph::new(nodes, &edges)?, places, first_account, causes, administrators, latent })
    }

    /// Why an edge is there.
    #[must_use]
    pub fn cause(&self, edge: EdgeId) -> Option<Cause> {
        self.causes.get(edge.0 as usize).copied()
    }

    /// The edges that a method draws, by its place in the set.
    pub fn edges_by(&self, method: usize) -> impl Iterator<Item = EdgeId> + '_ {
        let is_by = move |cause: &Cause| matches!(cause, Cause::Rule(place, _) if *place as usize == method);
        let numbered = (0u32..).map(EdgeId).zip(&self.causes);
        numbered.filter(move |(_, cause)| is_by(cause)).map(|(id, _)| id)
    }

    /// What a node stands for.
    #[must_use]
    pub fn place(&self, node: NodeId) -> Option<&Place> {
        self.places.get(node.0 as usize)
    }

    /// The node of the administration of an account.
    #[must_use]
    pub fn administration(&self, account: crate::estate::AccountId) -> NodeId {
        NodeId(self.first_account + account.0)
    }

    /// Whether a principal administers its account by its own policies.
    #[must_use]
    pub fn is_administrator(&self, id: PrincipalId) -> bool {
        self.administrators.get(id.0 as usize).copied().unwrap_or(false)
    }

    /// Which methods would work for a principal, were something in its account that is not.
    #[must_use]
    pub fn latent(&self, id: PrincipalId) -> &[Latent] {
        self.latent.get(&id).map_or(&[], Vec::as_slice)
    }
}

/// The graph while it is drawn.
struct Drawing<'a> {
    estate: &'a Estate,
    as_of: Time,
    assuming: Asked,
    methods: Vec<Method>,
    ground: Ground<'a>,
    /// The permissions of an administrator.
    kernel: Mask,
    assume_mask: Mask,
    trust: Trust,
    masks: Masks,
    pools: Pools,
    draft: Draft,
    administrators: Vec<bool>,
    latent: BTreeMap<PrincipalId, Vec<Latent>>,
    /// Variants whose edges are still to be drawn.
    waiting: Vec<Actor>,
    /// For what can be any policy within a boundary, whoever stands for all of that boundary and account.
    bounded: BTreeMap<(crate::estate::AccountId, Option<crate::estate::PolicyId>), PrincipalId>,
}

impl<'a> Drawing<'a> {
    fn new(ground: Ground<'a>, rules: &Rules, as_of: Time) -> Self {
        let estate = ground.estate;
        let needed = rules.all().iter().flat_map(|rule| rule.permissions());
        let names: Vec<&str> = needed.chain(administrators::KERNEL.map(|(name, _)| name)).collect();
        let interest = Interest::new(&names);
        // Whom one may assume is drawn by itself, for all at once.
        let numbered = (0u32..).zip(rules.all()).filter(|(_, rule)| !rule.is_trust_alone());
        let methods =
            numbered.map(|(place, rule)| Method::new((place, rule), as_of, |name| interest.of(name)));
        Self {
            estate,
            as_of,
            assuming: Asked::plain("sts:AssumeRole", as_of),
            methods: methods.collect(),
            masks: Masks::new(estate, &interest),
            kernel: interest.all_of(administrators::KERNEL.map(|(name, _)| name)),
            assume_mask: interest.of("sts:AssumeRole"),
            ground,
            trust: Trust::new(estate),
            pools: Pools::default(),
            draft: Draft::new(estate),
            administrators: vec![false; estate.principals().len()],
            latent: BTreeMap::new(),
            waiting: Vec::new(),
            bounded: BTreeMap::new(),
        }
    }

    fn draw(&mut self) {
        self.hold();
        let ids = (0u32..).map(PrincipalId).take(self.estate.principals().len());
        for id in ids {
            if let Some(actor) = Actor::new(self.estate, id, &self.masks) {
                self.act(&actor);
            }
        }
        while let Some(actor) = self.waiting.pop() {
            self.act(&actor);
        }
        self.let_in();
    }

    /// Draws what an actor could become.
    fn act(&mut self, actor: &Actor) {
        let Some(acting) = Acting::new(self.ground, actor) else { return };
        if self.administer(&acting) {
            // Within its account it is there already; other accounts may trust it.
            self.assume(&acting, Where::Elsewhere);
            return;
        }
        let assumable = self.assume(&acting, Where::Anywhere);
        self.escalate(&acting, &assumable);
    }

    /// What accounts hold, and what runs as which role.
    fn hold(&mut self) {
        use crate::targets::Certainty::Certain;
        let estate = self.estate;
        for (id, principal) in (0u32..).map(PrincipalId).zip(estate.principals()) {
            let (from, to) = (self.draft.administration(principal.account), Draft::principal(id));
            self.draft.lead(from, to, (Certain, Cause::Holds));
        }
        for (place, resource) in (0u32..).zip(estate.resources()) {
            let node = self.draft.resource(place);
            if let Some(account) = estate.find_account(&resource.account) {
                self.draft.lead(self.draft.administration(account), node, (Certain, Cause::Holds));
            }
            if let Some(role) = estate.role_of(place) {
                self.draft.lead(node, Draft::principal(role), (Certain, Cause::RunsAs));
            }
        }
    }

    /// The node of a variant, whose edges are drawn later. Whatever may have any policy within the same boundary and
    /// account is one.
    fn variant(&mut self, variant: Variant) -> Option<NodeId> {
        let variant = match variant {
            Variant::AnyPolicy(id) => {
                let principal = self.estate.principal(id)?;
                let key = (principal.account, principal.boundary);
                Variant::AnyPolicy(*self.bounded.entry(key).or_insert(id))
            }
            other => other,
        };
        let (node, is_new) = self.draft.place(Place::Variant(variant));
        if is_new {
            self.waiting.extend(Actor::variant((self.estate, &self.masks), variant, node));
        }
        Some(node)
    }
}
