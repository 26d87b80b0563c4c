//! Who exists.

use std::collections::BTreeMap;

use doorward_model::finding::{Feature, Finding};
use doorward_model::hold::Hold;
use doorward_model::identity::{Credential, CredentialKind, EdgeKind, IdentityKind};
use doorward_model::inventory::{Entitlement, Origin, Seen};
use doorward_model::risk::RiskLevel;
use doorward_model::time::Time;
use doorward_views::edges::KnownEdge;
use doorward_views::habits::Habits;
use doorward_views::identities::{KnownIdentity, Lists};
use doorward_views::state::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answers::holds::{HoldRow, hold_row};
use crate::answers::kills::{KillRow, kill};
use crate::answers::query::{Page, Query, QueryError, page};
use crate::schema::Instant;

/// What identities may be filtered by.
pub const FIELDS: [&str; 5] = ["kind", "platform", "account", "peer_group", "q"];

/// An identity in a list.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct IdentityRow {
    /// The canonical id.
    pub id: String,
    /// `human`, `service`, `workload`, `agent`, `vendor_app` or `external`.
    pub kind: &'static str,
    /// The platform.
    pub platform: String,
    /// The account.
    pub account: String,
    /// The short name.
    pub name: String,
    /// Its first event.
    #[schema(value_type = Option<Instant>)]
    pub first_seen: Option<Time>,
    /// Its last event, or the last use that an export tells of.
    #[schema(value_type = Option<Instant>)]
    pub last_seen: Option<Time>,
    /// How many events it had.
    pub events: u64,
    /// How many of them were denied.
    pub denied: u64,
    /// What shows that it is an AI agent, and for whom it acts; none for everybody else.
    pub agent: Option<AgentRow>,
    /// Its risk now.
    pub risk: RiskRow,
}

/// What shows an AI agent.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct AgentRow {
    /// The product.
    pub product: String,
    /// The identity it acts for; none for an agent with an identity of its own.
    pub acts_for: Option<String>,
    /// How sure that is, from 0 to 1.
    pub confidence: f64,
    /// The text that shows it.
    pub evidence: String,
}

/// A risk at an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct RiskRow {
    /// 0-100.
    pub score: u32,
    /// `NONE`, `LOW`, `MEDIUM` or `HIGH`.
    pub level: &'static str,
}

/// An identity with all that is known of it.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct IdentityDetail {
    /// As in a list.
    #[serde(flatten)]
    pub row: IdentityRow,
    /// When it was made, if an export says.
    #[schema(value_type = Option<Instant>)]
    pub created: Option<Time>,
    /// Who says that it is there; nothing where only its events show it.
    pub inventory: Option<SeenRow>,
    /// The platform's unique id.
    pub unique_id: String,
    /// The peer group that it is compared with.
    pub peer_group: String,
    /// The services it uses most.
    pub services: Vec<String>,
    /// The networks it comes from most.
    pub networks: Vec<String>,
    /// Who may become it.
    pub trusted: Vec<String>,
    /// The groups that it is a member of.
    pub groups: Vec<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The credentials that outlive a session.
    pub credentials: Vec<CredentialRow>,
    /// The policies that it holds.
    pub policies: Vec<String>,
    /// The same, with who says so.
    pub held: Vec<HeldPolicyRow>,
    /// How it belongs together with others.
    pub edges: Vec<EdgeRow>,
    /// The findings about it, by id.
    pub findings: Vec<String>,
    /// The holds on it.
    pub holds: Vec<HoldRow>,
    /// That its sessions and credentials were ended, if they were and that was not taken back.
    pub kill: Option<KillRow>,
    /// The enforcement points that asked about it in the last seven days.
    pub asked_by: Vec<String>,
}

/// A credential.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct CredentialRow {
    /// Its id.
    pub id: String,
    /// `access_key`, `session_key`, `password` or `unknown`.
    pub kind: &'static str,
    /// When it was made or first seen.
    #[schema(value_type = Instant)]
    pub since: Time,
}

/// Who says something of the inventory, and as of when.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct SeenRow {
    /// The kind of source: `iam`, `aws config`, `event` and so on.
    pub source: &'static str,
    /// Whether only an event of the log says so, and no export has confirmed it.
    pub from_event: bool,
    /// When any source saw it first.
    #[schema(value_type = Instant)]
    pub first_seen: Time,
    /// When it was last seen so.
    #[schema(value_type = Instant)]
    pub last_seen: Time,
}

/// A policy that an identity holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct HeldPolicyRow {
    /// The policy.
    pub policy: String,
    /// How it is held: `inline`, `attached`, `boundary`, `trust` or `unknown`.
    pub by: &'static str,
    /// Who says so.
    pub seen: Option<SeenRow>,
}

/// How two identities belong together.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct EdgeRow {
    /// `assumed`, `acts_for`, `same_as` or `unknown`.
    pub kind: &'static str,
    /// The one.
    pub from: String,
    /// The other.
    pub to: String,
    /// How sure that is, in thousandths.
    pub confidence_milli: u32,
    /// What shows it.
    pub evidence: String,
}

/// A page of identities.
///
/// # Errors
/// [`QueryError`] names what cannot be read.
pub fn identities(state: &State, query: &Query, now: Time) -> Result<Page<IdentityRow>, QueryError> {
    if let Some(word) = query.value("kind")
        && !IdentityKind::ALL.iter().any(|kind| kind.word() == word)
    {
        let expected = "human, agent, workload, service, vendor_app or external";
        return Err(QueryError::Value { field: "kind", value: word.to_owned(), expected });
    }
    let control = &state.control;
    page(&control.identities, query, control.fact_number, |identity| {
        let asked = query.is("kind", identity.kind().word())
            && query.is("platform", &identity.platform)
            && query.is("account", &identity.account)
            && query.is("peer_group", &identity.peer_group)
            && query.finds(&[&identity.id, &identity.name, &identity.unique_id]);
        asked.then(|| identity_row(state, identity, now))
    })
}

/// An identity with all that is known of it.
#[must_use]
pub fn identity(state: &State, id: &str, now: Time) -> Option<IdentityDetail> {
    let identity = state.control.identities.get(id)?;
    Some(detail(state, identity, &Belongings::of(state, |owner| owner == id), now))
}

/// Everyone with all that is known of them, by id: for a report, not for a page.
#[must_use]
pub fn everyone(state: &State, now: Time) -> Vec<IdentityDetail> {
    let belongings = Belongings::of(state, |_| true);
    state.control.identities.values().map(|identity| detail(state, identity, &belongings, now)).collect()
}

/// What belongs to identities, by their ids.
#[derive(Default)]
struct Belongings<'a> {
    credentials: Belonging<'a, Credential>,
    edges: Belonging<'a, KnownEdge>,
    findings: Belonging<'a, Finding>,
    holds: Belonging<'a, Hold>,
}

type Belonging<'a, T> = BTreeMap<&'a str, Vec<&'a T>>;

impl<'a> Belongings<'a> {
    /// What belongs to those that are wanted.
    fn of(state: &'a State, wanted: impl Fn(&str) -> bool) -> Self {
        let control = &state.control;
        let mut all = Self::default();
        for credential in control.credentials.values().filter(|credential| wanted(&credential.identity)) {
            all.credentials.entry(&credential.identity).or_default().push(credential);
        }
        for edge in control.edges.iter() {
            let other = Some(&edge.to).filter(|to| **to != edge.from);
            for end in [Some(&edge.from), other].into_iter().flatten().filter(|end| wanted(end)) {
                let edges = all.edges.entry(end).or_default();
                if edges.len() < EDGES_SHOWN {
                    edges.push(edge);
                }
            }
        }
        for finding in control.findings.values().filter(|finding| wanted(&finding.identity)) {
            all.findings.entry(&finding.identity).or_default().push(finding);
        }
        for hold in control.holds.values().filter(|hold| wanted(&hold.subject)) {
            all.holds.entry(&hold.subject).or_default().push(hold);
        }
        all
    }
}

fn detail(state: &State, identity: &KnownIdentity, belongings: &Belongings<'_>, now: Time) -> IdentityDetail {
    let id = &*identity.id;
    let Lists { trusted, tags, groups } = identity.lists();
    let habits = state.habits(id);
    let held: Vec<HeldPolicyRow> = state.control.inventory.entitlements.of(id).map(held_row).collect();
    IdentityDetail {
        row: identity_row(state, identity, now),
        created: told(identity.created_at_ms),
        inventory: identity.seen().map(seen_row),
        unique_id: identity.unique_id.to_string(),
        peer_group: identity.peer_group.to_string(),
        services: usual(state, habits, Feature::Service),
        networks: usual(state, habits, Feature::Network),
        trusted,
        groups,
        tags,
        credentials: rows(&belongings.credentials, id, credential_row),
        policies: held.iter().map(|held| held.policy.clone()).collect(),
        held,
        edges: rows(&belongings.edges, id, edge_row),
        findings: rows(&belongings.findings, id, |finding| finding.id.clone()),
        holds: rows(&belongings.holds, id, |hold| hold_row(state, hold, now)),
        kill: kill(state, id, now),
        asked_by: state.asked(id).map(|asked| asked.askers.recent(now)).unwrap_or_default(),
    }
}

fn rows<T, R>(lists: &Belonging<'_, T>, id: &str, row: impl Fn(&T) -> R) -> Vec<R> {
    lists.get(id).into_iter().flatten().map(|thing| row(thing)).collect()
}

fn usual(state: &State, habits: Option<&Habits>, feature: Feature) -> Vec<String> {
    let symbols = habits.map(|habits| habits.usual(feature, USUAL_SHOWN)).unwrap_or_default();
    symbols.into_iter().map(|symbol| state.symbols.name(symbol).to_owned()).collect()
}

fn agent(state: &State, identity: &KnownIdentity) -> Option<AgentRow> {
    if identity.kind() != IdentityKind::Agent {
        return None;
    }
    let mut edges = state.control.edges.from(EdgeKind::ActsFor, &identity.id);
    Some(match edges.next() {
        Some(edge) => AgentRow {
            product: identity.id.rsplit('/').next().unwrap_or_default().to_owned(),
            acts_for: Some(edge.to.to_string()),
            confidence: f64::from(edge.confidence_milli) / 1_000.0,
            evidence: edge.evidence.to_string(),
        },
        None => AgentRow {
            product: identity.name.to_string(),
            acts_for: None,
            confidence: 1.0,
            evidence: format!("trusted: {}", identity.lists().trusted.join(", ")),
        },
    })
}

pub(crate) fn identity_row(state: &State, identity: &KnownIdentity, now: Time) -> IdentityRow {
    let habits = state.habits(&identity.id);
    let score = state.control.risk(&identity.id).score(now);
    IdentityRow {
        id: identity.id.to_string(),
        kind: identity.kind().word(),
        platform: identity.platform.to_string(),
        account: identity.account.to_string(),
        name: identity.name.to_string(),
        first_seen: habits.map(|habits| habits.first_at),
        last_seen: habits.map(|habits| habits.last_at).max(told(identity.last_used_at_ms)),
        events: habits.map_or(0, |habits| habits.events),
        denied: habits.map_or(0, |habits| habits.denied),
        agent: agent(state, identity),
        risk: RiskRow { score, level: RiskLevel::of(score).word() },
    }
}

fn credential_row(credential: &Credential) -> CredentialRow {
    CredentialRow {
        id: credential.id.clone(),
        kind: credential_word(credential.kind()),
        since: Time::from_ms(credential.created_at_ms),
    }
}

fn seen_row(seen: Seen) -> SeenRow {
    SeenRow {
        source: seen.source().word(),
        from_event: seen.is_of_event(),
        first_seen: Time::from_ms(seen.first()),
        last_seen: Time::from_ms(seen.at_ms),
    }
}

fn held_row(held: Entitlement) -> HeldPolicyRow {
    let by = match held.origin() {
        Origin::Inline => "inline",
        Origin::Attached => "attached",
        Origin::Boundary => "boundary",
        Origin::Trust => "trust",
        Origin::Unknown
        | Origin::Resource
        | Origin::ServiceControl
        | Origin::ResourceControl
        | Origin::PermissionSet => "unknown",
    };
    HeldPolicyRow { policy: held.policy, by, seen: held.seen.map(seen_row) }
}

pub(crate) fn edge_row(edge: &KnownEdge) -> EdgeRow {
    EdgeRow {
        kind: match edge.kind() {
            EdgeKind::Unknown => "unknown",
            EdgeKind::Assumed => "assumed",
            EdgeKind::ActsFor => "acts_for",
            EdgeKind::SameAs => "same_as",
        },
        from: edge.from.to_string(),
        to: edge.to.to_string(),
        confidence_milli: edge.confidence_milli,
        evidence: edge.evidence.to_string(),
    }
}

const fn credential_word(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::Unknown => "unknown",
        CredentialKind::AccessKey => "access_key",
        CredentialKind::SessionKey => "session_key",
        CredentialKind::Password => "password",
        CredentialKind::SecondFactor => "second_factor",
        CredentialKind::Certificate => "certificate",
    }
}

/// An instant that is stored as milliseconds, where 0 says that it is not known.
pub(crate) fn told(ms: i64) -> Option<Time> {
    (ms != 0).then(|| Time::from_ms(ms))
}

const EDGES_SHOWN: usize = 200;
const USUAL_SHOWN: usize = 5;
