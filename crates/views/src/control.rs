//! Control state: the fold of facts. Who exists, with which credentials, how they belong together, what was noticed.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorward_model::decision::Pep;
use doorward_model::finding::Finding;
use doorward_model::hold::Hold;
use doorward_model::id::FactNumber;
use doorward_model::identity::{Credential, Edge, EdgeKind, Identity, IdentityKind};
use doorward_model::inventory::row::{RowKind, Withdrawn, merged};
use doorward_model::record::{
    CONFIGURATION, DecisionsMissing, Fact, IdentityKilled, PepSet, PolicyPublished, TokenIssued, TokenRevoked,
};
use doorward_model::risk::Risk;
use doorward_model::time::{Millis, Time};

use crate::answered::Answered;
use crate::edges::Edges;
use crate::identities::KnownIdentity;
use crate::inventory::Inventory;
use crate::inventory::table::first;
use crate::peers::Peers;
use crate::symbols::Symbols;
use crate::trend::Trend;

/// A token that was revoked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RevokedToken {
    /// As it was issued.
    pub issued: TokenIssued,
    /// Who revoked it.
    pub by: String,
}

/// Everything that facts say.
#[derive(Clone, Debug)]
pub struct Control {
    /// The latest fact folded.
    pub fact_number: FactNumber,
    /// The latest instant that a tick stood for.
    pub now: Time,
    /// Identities by canonical id.
    pub identities: BTreeMap<Arc<str>, Box<KnownIdentity>>,
    /// How many identities there are of each kind, by its number.
    kinds: [u64; IdentityKind::ALL.len()],
    /// Credentials by id.
    pub credentials: BTreeMap<String, Credential>,
    /// Edges by kind and both ends.
    pub edges: Edges,
    /// What exports say beside them.
    pub inventory: Inventory,
    /// Findings by id.
    pub findings: BTreeMap<String, Finding>,
    /// What peers do.
    pub peers: Peers,
    risks: BTreeMap<String, Risk>,
    /// From an identity to whom a finding about it means too.
    hops: BTreeMap<(Arc<str>, Arc<str>), u32>,
    /// Holds by id: placed, and not released. One that is past its expiry is not in force, whether it is here or not.
    pub holds: BTreeMap<String, Hold>,
    /// Holds that were only recommended, by id.
    pub recommended: BTreeMap<String, Hold>,
    /// When automatic holds were placed, of the last hour and whether they are still in force or not.
    pub(crate) automatic: Vec<Time>,
    /// Whose sessions were ended, by identity, with the latest instant up to which they were.
    pub kills: BTreeMap<String, IdentityKilled>,
    /// Enforcement points by name, with who set their mode last.
    pub peps: BTreeMap<String, PepSet>,
    /// Tokens by id, without their secrets, until they end; revoked ones are in [`Self::revoked`].
    pub tokens: BTreeMap<String, TokenIssued>,
    /// Tokens that were revoked, by id: known as such until they would have ended by themselves.
    pub revoked: BTreeMap<String, RevokedToken>,
    /// Commands that were carried out under a key.
    pub answered: Answered,
    /// What decides.
    pub policy: Option<PolicyPublished>,
    /// What the settings said last, whoever has changed it since.
    pub configured: Configured,
    /// When records of decisions were last lost.
    pub decisions_missing: Option<DecisionsMissing>,
    /// How much the inventory made possible, day by day.
    pub trend: Trend,
}

/// What the settings of a server have said, as far as others may change it while it runs: it is said again only when
/// it has changed itself, so that a restart takes nothing back.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Configured {
    /// The policy set of the folder.
    pub policy: Option<PolicyPublished>,
    /// The enforcement points, by name.
    pub peps: BTreeMap<String, Pep>,
}

impl Control {
    /// Nothing yet, with the seed of its hash maps.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            fact_number: FactNumber::default(),
            now: Time::MIN,
            identities: BTreeMap::new(),
            kinds: [0; IdentityKind::ALL.len()],
            credentials: BTreeMap::new(),
            edges: Edges::default(),
            inventory: Inventory::default(),
            findings: BTreeMap::new(),
            peers: Peers::new(seed),
            risks: BTreeMap::new(),
            hops: BTreeMap::new(),
            holds: BTreeMap::new(),
            recommended: BTreeMap::new(),
            automatic: Vec::new(),
            kills: BTreeMap::new(),
            peps: BTreeMap::new(),
            tokens: BTreeMap::new(),
            revoked: BTreeMap::new(),
            answered: Answered::default(),
            policy: None,
            configured: Configured::default(),
            decisions_missing: None,
            trend: Trend::default(),
        }
    }

    /// A copy of what is known of the inventory, and of nothing else.
    #[must_use]
    pub fn inventory_alone(&self) -> Self {
        let is_told = |known: &KnownIdentity| known.seen().is_some() || known.created_at_ms != 0;
        let identities = self.identities.iter().filter(|(_, known)| is_told(known));
        Self {
            fact_number: self.fact_number,
            identities: identities.map(|(id, known)| (Arc::clone(id), known.clone())).collect(),
            credentials: self.credentials.clone(),
            inventory: self.inventory.clone(),
            ..Self::new(0)
        }
    }

    /// The risk of an identity: its own, and that of whom it is one sure hop away from.
    #[must_use]
    pub fn risk(&self, identity: &str) -> Risk {
        self.risks.get(identity).copied().unwrap_or(Risk::NONE)
    }

    /// Whom a finding about an identity means too, with the confidence in thousandths: who is the same person or
    /// program, and the agents that act for it; never the person that an agent acts for. In a fixed order.
    pub fn one_hop<'a>(&'a self, identity: &'a str) -> impl Iterator<Item = (&'a str, u32)> {
        let hops = self.hops.range((identity.into(), Arc::default())..);
        let own = hops.take_while(move |((from, _), _)| **from == *identity);
        own.map(|((_, to), confidence_milli)| (&**to, *confidence_milli))
    }

    /// Takes in a fact. The same fact twice is as once.
    pub fn fold(&mut self, fact: &Fact, symbols: &mut Symbols) {
        match fact {
            Fact::IdentityFound(found) => self.fold_identity(found, symbols),
            Fact::CredentialFound(found) => self.fold_credential(found),
            Fact::EdgeFound(edge) => self.fold_edge(edge, symbols),
            Fact::EntitlementObserved(_)
            | Fact::PolicyFound(_)
            | Fact::GroupFound(_)
            | Fact::ResourceFound(_)
            | Fact::OrganisationNodeFound(_)
            | Fact::PermissionSetFound(_)
            | Fact::AssignmentFound(_)
            | Fact::MembershipFound(_)
            | Fact::AccessFindingFound(_)
            | Fact::LastUseFound(_)
            | Fact::InventoryChanged(_)
            | Fact::ImportCommitted(_) => self.inventory.fold(fact, symbols),
            Fact::Withdrawn(gone) => self.fold_withdrawn(gone),
            Fact::FindingRaised(finding) | Fact::FindingGrown(finding) => self.fold_finding(finding),
            Fact::Summary(summary) => self.peers.fold(summary, symbols),
            Fact::Tick(tick) => self.fold_tick(Time::from_ms(tick.at_ms)),
            Fact::HoldPlaced(hold) => {
                self.recommended.remove(&hold.id);
                if !hold.finding.is_empty() {
                    self.automatic.push(Time::from_ms(hold.placed_at_ms));
                }
                put(&mut self.holds, &hold.id, hold);
            }
            Fact::HoldRecommended(hold) => self.fold_recommended(hold),
            Fact::DecisionsMissing(missing) => self.decisions_missing = Some(*missing),
            Fact::PrivilegeMeasured(measured) => self.trend.fold(*measured),
            Fact::HoldReleased(released) => {
                self.holds.remove(&released.id);
                self.recommended.remove(&released.id);
            }
            Fact::PolicyPublished(published) => self.fold_policy(published),
            Fact::PepSet(set) => self.fold_pep(set),
            Fact::TokenIssued(token) if self.revoked.contains_key(&token.id) => {}
            Fact::TokenIssued(token) => put(&mut self.tokens, &token.id, token),
            Fact::TokenRevoked(revoked) => self.fold_revoked(revoked),
            Fact::CommandAnswered(answered) => self.answered.fold(answered),
            Fact::IdentityKilled(killed) => self.fold_killed(killed),
            Fact::IdentityRevived(revived) => drop(self.kills.remove(&revived.identity)),
        }
    }

    /// Whether a person is among those who are behind something.
    pub(crate) fn has_person(&self, chain: &[String]) -> bool {
        let kind = |id: &String| self.identities.get(id.as_str()).map(|known| known.kind());
        chain.iter().any(|id| kind(id) == Some(IdentityKind::Human))
    }

    /// How many automatic holds were placed within the hour before an instant, those included that have ended since.
    #[must_use]
    pub fn automatic_holds(&self, now: Time) -> usize {
        self.automatic.iter().filter(|at| now - **at < Millis::HOUR).count()
    }

    /// All tokens that are known, with those that were revoked.
    pub fn issued_tokens(&self) -> impl Iterator<Item = &TokenIssued> {
        self.tokens.values().chain(self.revoked.values().map(|revoked| &revoked.issued))
    }

    fn fold_policy(&mut self, published: &PolicyPublished) {
        if published.by == CONFIGURATION {
            self.configured.policy = Some(published.clone());
        }
        self.policy = Some(published.clone());
    }

    fn fold_pep(&mut self, set: &PepSet) {
        if set.by == CONFIGURATION {
            put(&mut self.configured.peps, &set.pep.name, &set.pep);
        }
        put(&mut self.peps, &set.pep.name, set);
    }

    /// An earlier instant takes nothing back.
    fn fold_killed(&mut self, killed: &IdentityKilled) {
        let known = self.kills.get(&killed.identity).map(|known| known.up_to_ms);
        if known.is_none_or(|known| known < killed.up_to_ms) {
            put(&mut self.kills, &killed.identity, killed);
        }
    }

    /// A token that was revoked stays known as such: else whoever shows it would seem to show nothing known.
    fn fold_revoked(&mut self, revoked: &TokenRevoked) {
        if let Some(issued) = self.tokens.remove(&revoked.id) {
            let by = revoked.by.clone();
            self.revoked.insert(revoked.id.clone(), RevokedToken { issued, by });
        }
    }

    /// Time passes: what has ended is dropped.
    fn fold_tick(&mut self, now: Time) {
        self.now = self.now.max(now);
        self.automatic.retain(|at| now - *at < Millis::HOUR);
        self.holds.retain(|_, hold| hold.in_force(now));
        self.recommended.retain(|_, hold| hold.in_force(now));
        self.answered.sweep(now);
        self.inventory.changes.sweep(now);
        let goes_on = |token: &TokenIssued| token.expires_at_ms == 0 || now.ms() < token.expires_at_ms;
        self.tokens.retain(|_, token| goes_on(token));
        self.revoked.retain(|_, RevokedToken { issued, .. }| goes_on(issued));
    }

    /// What is in force already is not recommended beside it.
    fn fold_recommended(&mut self, hold: &Hold) {
        let at = Time::from_ms(hold.placed_at_ms);
        if self.holds.get(&hold.id).is_some_and(|placed| placed.in_force(at)) {
            return;
        }
        self.holds.remove(&hold.id);
        put(&mut self.recommended, &hold.id, hold);
    }

    fn fold_edge(&mut self, edge: &Edge, symbols: &mut Symbols) {
        self.edges.fold(edge, symbols);
        let [from, to] = [&edge.from, &edge.to].map(|name| symbols.shared(name));
        match edge.kind() {
            EdgeKind::SameAs => {
                self.fold_hop(&from, &to, edge.confidence_milli);
                self.fold_hop(&to, &from, edge.confidence_milli);
            }
            // From the person to the agent only.
            EdgeKind::ActsFor => self.fold_hop(&to, &from, edge.confidence_milli),
            EdgeKind::Assumed | EdgeKind::Unknown => {}
        }
    }

    /// A finding about the one means the other, too; also one that was raised before.
    fn fold_hop(&mut self, from: &Arc<str>, to: &Arc<str>, confidence_milli: u32) {
        let known = self.hops.entry((Arc::clone(from), Arc::clone(to))).or_insert(0);
        *known = confidence_milli.max(*known);
        if confidence_milli < SURE_MILLI {
            return;
        }
        let own = self.findings.values().filter(|one| one.carries_risk() && *one.identity == **from);
        if let Some(risk) = own.map(risk_of).reduce(Risk::greatest) {
            self.raise_risk(to, risk);
        }
    }

    fn fold_finding(&mut self, finding: &Finding) {
        put(&mut self.findings, &finding.id, finding);
        if !finding.carries_risk() {
            return;
        }
        let risk = risk_of(finding);
        self.raise_risk(&finding.identity, risk);
        let hops = self.one_hop(&finding.identity).take(HOPS_MAX).filter(|(_, sure)| *sure >= SURE_MILLI);
        let hops: Vec<_> = hops.map(|(to, _)| to.to_owned()).collect();
        for to in hops {
            self.raise_risk(&to, risk);
        }
    }

    fn raise_risk(&mut self, identity: &str, risk: Risk) {
        let known = self.risks.entry(identity.to_owned()).or_insert(Risk::NONE);
        *known = known.greatest(risk);
    }

    /// How many identities of a kind are known.
    #[must_use]
    pub fn count(&self, kind: IdentityKind) -> u64 {
        self.kinds.get(place(kind)).copied().unwrap_or(0)
    }

    fn fold_identity(&mut self, found: &Identity, symbols: &mut Symbols) {
        let (before, after) = match self.identities.get_mut(found.id.as_str()) {
            Some(known) => {
                let before = known.kind();
                let confirmed = self.inventory.confirmed_at_ms(RowKind::Identity, &found.id);
                if let Some(next) = known.after(found, confirmed, symbols) {
                    **known = next;
                }
                (Some(before), known.kind())
            }
            None => {
                let known = Box::new(KnownIdentity::new(found, symbols));
                let after = known.kind();
                self.identities.insert(Arc::clone(&known.id), known);
                (None, after)
            }
        };
        if before != Some(after) {
            let counts = before.map(|kind| (kind, -1)).into_iter().chain([(after, 1)]);
            counts.for_each(|(kind, more)| self.recount(kind, more));
        }
    }

    fn recount(&mut self, kind: IdentityKind, more: i64) {
        if let Some(count) = self.kinds.get_mut(place(kind)) {
            *count = count.saturating_add_signed(more);
        }
    }

    /// What is known of a credential after this statement of it; `None` when that changes nothing.
    #[must_use]
    pub fn credential_after(&self, found: &Credential) -> Option<Credential> {
        match self.credentials.get(&found.id) {
            Some(known) => merged(known, found, 0),
            None => Some(first(found)),
        }
    }

    fn fold_credential(&mut self, found: &Credential) {
        if let Some(next) = self.credential_after(found) {
            self.credentials.insert(next.id.clone(), next);
        }
    }

    /// An identity stays known, because what it did does.
    fn fold_withdrawn(&mut self, gone: &Withdrawn) {
        let id = gone.key.first().map_or("", String::as_str);
        match gone.kind() {
            RowKind::Identity => {
                if let Some(known) = self.identities.get_mut(id) {
                    known.withdraw(gone.seen);
                }
            }
            RowKind::Credential => drop(self.credentials.remove(id)),
            _ => self.inventory.withdraw(gone),
        }
    }
}

fn risk_of(finding: &Finding) -> Risk {
    Risk::of_finding(finding.severity(), finding.confidence_milli, Time::from_ms(finding.last_at_ms))
}

fn place(kind: IdentityKind) -> usize {
    usize::try_from(i32::from(kind)).unwrap_or(usize::MAX)
}

/// From this confidence on an edge carries risk.
const SURE_MILLI: u32 = 900;
/// How many identities a finding reaches at most, beside its own.
const HOPS_MAX: usize = 63;

fn put<T: Clone>(map: &mut BTreeMap<String, T>, id: &str, value: &T) {
    map.insert(id.to_owned(), value.clone());
}
