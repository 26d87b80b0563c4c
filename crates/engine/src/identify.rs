//! An event gets its identity, and what it makes known for the first time becomes facts.

use std::collections::BTreeMap;

use doorward_model::event::{ActorKind, AgentProof, Event, Outcome};
use doorward_model::hash::Hash16;
use doorward_model::identity::{Credential, CredentialKind, Edge, EdgeKind, Identity, IdentityKind};
use doorward_model::record::{Fact, Observation, Trust};
use doorward_model::time::Time;
use doorward_views::resolver::{Behind, Principal, Resolved, Resolver, Routed};
use doorward_views::symbols::Symbols;
use foldhash::fast::FixedState;
use hashbrown::HashSet;

use crate::engine::Identified;

/// What has been made a fact already, durable or on its way.
#[derive(Clone, Debug)]
pub(crate) struct Announced {
    known: HashSet<Hash16, FixedState>,
    credentials: HashSet<Box<str>, FixedState>,
    /// People by e-mail address, in lower case: several names of one person.
    people: BTreeMap<Box<str>, Vec<Box<str>>>,
}

impl Announced {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            known: HashSet::with_hasher(FixedState::with_seed(seed)),
            credentials: HashSet::with_hasher(FixedState::with_seed(seed)),
            people: BTreeMap::new(),
        }
    }

    /// Takes in a fact that was recorded before, so that it is not made one again.
    pub(crate) fn recall(&mut self, fact: &Fact) {
        // What announcing would tell is known already, by this very fact.
        let mut told = Vec::new();
        match fact {
            Fact::IdentityFound(found) => self.announce_identity(found.clone(), &mut told),
            Fact::CredentialFound(found) => {
                self.credentials.insert(found.id.as_str().into());
            }
            Fact::EdgeFound(found) => {
                self.known.insert(of_edge(found.kind, &found.from, &found.to));
            }
            _ => {}
        }
    }

    /// Makes an identity known that no event has named, if it is not.
    pub(crate) fn introduce(&mut self, found: Identity) -> Vec<Fact> {
        let mut facts = Vec::new();
        self.announce_identity(found, &mut facts);
        facts
    }

    pub(crate) fn identify(
        &mut self,
        (resolver, symbols): (&mut Resolver, &mut Symbols),
        event: Box<Event>,
        recorded_at: Time,
        late: bool,
    ) -> Identified {
        let resolved = resolver.resolve(&event, symbols);
        let caller = Caller {
            id: symbols.name(resolved.named.id),
            holder: symbols.name(resolved.named.holder),
            resolved: &resolved,
        };
        let mut facts = Vec::new();
        if let Some(principal) = &resolved.principal {
            self.announce_principal(principal, &event, &mut facts);
        }
        self.announce_login(&caller, &event, &mut facts);
        self.announce_credentials(&caller, &event, &mut facts);
        self.announce_hop(&caller, &event, &mut facts);
        let seen = Box::new(Observation {
            partition: u32::from(resolved.named.partition.0),
            n: 0,
            recorded_at_ms: recorded_at.ms(),
            identity: caller.id.to_owned(),
            told_session: String::new(),
            chain: resolved.chain.to_vec(),
            late,
            conflict: false,
            trust: Trust::Verified.into(),
            by_platform: resolved.routed == Routed::Platform,
            event,
            decision: None,
        });
        Identified { facts, seen, who: resolved.named.id }
    }

    /// A user that was taken for a program, and does what only people do. Of its other traits nothing new is said.
    fn announce_login(&mut self, caller: &Caller<'_>, event: &Event, facts: &mut Vec<Fact>) {
        if caller.resolved.named.kind == IdentityKind::Service && shows_a_person(event) {
            let kind = IdentityKind::Human.into();
            let found = Identity { id: caller.id.to_owned(), kind, ..Identity::default() };
            self.announce_identity(found, facts);
        }
    }

    fn announce_principal(&mut self, principal: &Principal, event: &Event, facts: &mut Vec<Fact>) {
        self.announce_identity(identity(principal), facts);
        match &principal.behind {
            None => {}
            Some(Behind::Role(role)) => {
                self.announce_identity(identity(role), facts);
                let tie = (EdgeKind::Assumed, principal.id.as_str(), role.id.as_str());
                self.announce_edge(tie, (1_000, "Identity Center session"), facts);
            }
            Some(Behind::ActsFor(base)) => {
                self.announce_identity(identity(base), facts);
                self.announce_acts_for(principal, base, event, facts);
                if let Some(Behind::Role(role)) = &base.behind {
                    self.announce_identity(identity(role), facts);
                }
            }
        }
    }

    fn announce_acts_for(
        &mut self,
        agent: &Principal,
        base: &Principal,
        event: &Event,
        facts: &mut Vec<Fact>,
    ) {
        let Some(mark) = &event.agent else { return };
        let confidence_milli = match mark.proof() {
            AgentProof::Server => 990,
            // The client's word for what it is; that it used this session is a fact of the record.
            AgentProof::Claimed => 950,
        };
        let tie = (EdgeKind::ActsFor, agent.id.as_str(), base.id.as_str());
        self.announce_edge(tie, (confidence_milli, &mark.evidence), facts);
    }

    /// Keys that outlive a session are credentials of their own.
    fn announce_credentials(&mut self, caller: &Caller<'_>, event: &Event, facts: &mut Vec<Fact>) {
        let at = event.happened_at_ms;
        let key = event.actor.access_key_id.as_str();
        if key.starts_with(LASTING_KEY) {
            self.announce_credential(key, CredentialKind::AccessKey, (caller.holder, at), facts);
        }
        let Some(issued) = &event.issued else { return };
        if event.outcome() != Outcome::Success || issued.principal.is_empty() {
            return;
        }
        let (key, holder) = (issued.access_key_id.as_str(), issued.principal.as_str());
        if key.starts_with(LASTING_KEY) {
            self.announce_credential(key, CredentialKind::AccessKey, (holder, at), facts);
        } else if key.is_empty() {
            let id = format!("password:{holder}");
            self.announce_credential(&id, CredentialKind::Password, (holder, at), facts);
        }
    }

    /// Makes a credential known, with its holder and when it was made.
    fn announce_credential(
        &mut self,
        id: &str,
        kind: CredentialKind,
        (holder, created_at_ms): (&str, i64),
        facts: &mut Vec<Fact>,
    ) {
        if self.credentials.contains(id) {
            return;
        }
        self.credentials.insert(id.into());
        facts.push(Fact::CredentialFound(Credential {
            id: id.to_owned(),
            kind: kind.into(),
            identity: holder.to_owned(),
            created_at_ms,
            ..Credential::default()
        }));
    }

    /// A role that was assumed: an edge from who did to the role.
    fn announce_hop(&mut self, caller: &Caller<'_>, event: &Event, facts: &mut Vec<Fact>) {
        let Some(issued) = &event.issued else { return };
        let assumed = event.outcome() == Outcome::Success && event.action.starts_with("AssumeRole");
        let itself = issued.principal == caller.id;
        if !assumed || itself || issued.principal.is_empty() || caller.resolved.routed == Routed::Platform {
            return;
        }
        let tie = (EdgeKind::Assumed, caller.id, issued.principal.as_str());
        self.announce_edge(tie, (1_000, &event.action), facts);
    }

    fn announce_identity(&mut self, found: Identity, facts: &mut Vec<Fact>) {
        let kind = found.kind.to_le_bytes();
        if !self.known.insert(Hash16::of_parts(&[b"identity", found.id.as_bytes(), &kind])) {
            return;
        }
        let same = self.same_person(&found);
        facts.push(Fact::IdentityFound(found));
        facts.extend(same.into_iter().map(Fact::EdgeFound));
    }

    /// Two people with one e-mail address are one: an identity provider gives an address to one person at a time.
    fn same_person(&mut self, found: &Identity) -> Vec<Edge> {
        if found.kind() != IdentityKind::Human || !found.name.contains('@') {
            return Vec::new();
        }
        let names = self.people.entry(found.name.to_lowercase().into()).or_default();
        let others = names.iter().filter(|other| ***other != *found.id).take(NAMES_MAX);
        let same = others.map(|other| {
            edge((EdgeKind::SameAs, &found.id, other), (SAME_ADDRESS_MILLI, "the same e-mail address"))
        });
        let same = same.collect();
        if let Err(at) = names.binary_search_by(|known| (**known).cmp(&found.id)) {
            // Most people have one.
            names.reserve_exact(1);
            names.insert(at, found.id.as_str().into());
        }
        same
    }

    fn announce_edge(&mut self, tie: Tie<'_>, why: Why<'_>, facts: &mut Vec<Fact>) {
        let (kind, from, to) = tie;
        if self.known.insert(of_edge(kind.into(), from, to)) {
            facts.push(Fact::EdgeFound(edge(tie, why)));
        }
    }
}

/// Who acted, by name.
struct Caller<'a> {
    /// The canonical id.
    id: &'a str,
    /// Who holds the keys that it uses.
    holder: &'a str,
    resolved: &'a Resolved,
}

/// Only people sign in at a console and use a browser.
fn shows_a_person(event: &Event) -> bool {
    event.actor.kind() == ActorKind::IamUser
        && (event.action == "ConsoleLogin" || matches!(event.client.family.as_str(), "console" | "browser"))
}

fn identity(principal: &Principal) -> Identity {
    Identity {
        id: principal.id.clone(),
        kind: principal.kind.into(),
        platform: principal.platform.to_owned(),
        account: principal.account.clone(),
        name: principal.name.clone(),
        unique_id: principal.unique_id.clone(),
        peer_group: principal.peer_group.clone(),
        ..Identity::default()
    }
}

/// What an edge is, from whom and to whom.
type Tie<'a> = (EdgeKind, &'a str, &'a str);
/// How sure it is, in thousandths, and by what evidence.
type Why<'a> = (u32, &'a str);

fn of_edge(kind: i32, from: &str, to: &str) -> Hash16 {
    Hash16::of_parts(&[b"edge", &kind.to_le_bytes(), from.as_bytes(), to.as_bytes()])
}

fn edge((kind, from, to): Tie<'_>, (confidence_milli, evidence): Why<'_>) -> Edge {
    Edge {
        kind: kind.into(),
        from: from.to_owned(),
        to: to.to_owned(),
        confidence_milli,
        evidence: evidence.to_owned(),
    }
}

/// How sure it is that two people with one e-mail address are one, in thousandths.
const SAME_ADDRESS_MILLI: u32 = 950;
/// To how many names of a person a new one is tied at most.
const NAMES_MAX: usize = 64;
/// The prefix of access keys that do not expire.
const LASTING_KEY: &str = "AKIA";
