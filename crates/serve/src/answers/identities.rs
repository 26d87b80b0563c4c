//! Who exists.

use doorward_model::identity::{CredentialKind, Edge, EdgeKind, Identity, IdentityKind};
use doorward_model::risk::RiskLevel;
use doorward_model::time::Time;
use doorward_views::state::State;
use serde::Serialize;

use crate::answers::holds::{HoldRow, hold_row};
use crate::answers::query::{Page, Query, QueryError, page};

/// What identities may be filtered by.
pub const FIELDS: [&str; 5] = ["kind", "platform", "account", "peer_group", "q"];

/// An identity in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
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
    pub first_seen: Option<Time>,
    /// Its last event, or the last use that an export tells of.
    pub last_seen: Option<Time>,
    /// How many events it had.
    pub events: u64,
    /// How many of them were denied.
    pub denied: u64,
    /// Its risk now.
    pub risk: RiskRow,
}

/// A risk at an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct RiskRow {
    /// 0-100.
    pub score: u32,
    /// `NONE`, `LOW`, `MEDIUM` or `HIGH`.
    pub level: &'static str,
}

/// An identity with all that is known of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct IdentityDetail {
    /// As in a list.
    #[serde(flatten)]
    pub row: IdentityRow,
    /// When it was made, if an export says.
    pub created: Option<Time>,
    /// The platform's unique id.
    pub unique_id: String,
    /// The peer group that it is compared with.
    pub peer_group: String,
    /// Who may become it.
    pub trusted: Vec<String>,
    /// The groups that it is a member of.
    pub groups: Vec<String>,
    /// Its tags.
    pub tags: std::collections::BTreeMap<String, String>,
    /// The credentials that outlive a session.
    pub credentials: Vec<CredentialRow>,
    /// The policies that it holds.
    pub policies: Vec<String>,
    /// How it belongs together with others.
    pub edges: Vec<EdgeRow>,
    /// The findings about it, by id.
    pub findings: Vec<String>,
    /// The holds on it.
    pub holds: Vec<HoldRow>,
    /// The enforcement points that asked about it in the last seven days.
    pub asked_by: Vec<String>,
}

/// A credential.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CredentialRow {
    /// Its id.
    pub id: String,
    /// `access_key`, `session_key`, `password` or `unknown`.
    pub kind: &'static str,
    /// When it was made or first seen.
    pub since: Time,
}

/// How two identities belong together.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
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
    let control = &state.control;
    let identity = control.identities.get(id)?;
    let credentials = control.credentials.values().filter(|credential| credential.identity == id);
    let policies = control.entitlements.range((id.to_owned(), String::new(), i32::MIN)..);
    let edges = control.edges.values().filter(|edge| edge.from == id || edge.to == id);
    let findings = control.findings.values().filter(|finding| finding.identity == id);
    let holds = control.holds.values().filter(|hold| hold.subject == id);
    Some(IdentityDetail {
        row: identity_row(state, identity, now),
        created: told(identity.created_at_ms),
        unique_id: identity.unique_id.clone(),
        peer_group: identity.peer_group.clone(),
        trusted: identity.trusted.clone(),
        groups: identity.groups.clone(),
        tags: identity.tags.clone(),
        credentials: credentials
            .map(|credential| CredentialRow {
                id: credential.id.clone(),
                kind: credential_word(credential.kind()),
                since: Time::from_ms(credential.created_at_ms),
            })
            .collect(),
        policies: policies
            .take_while(|(holder, ..)| holder == id)
            .map(|(_, policy, _)| policy.clone())
            .collect(),
        edges: edges.take(EDGES_SHOWN).map(edge_row).collect(),
        findings: findings.map(|finding| finding.id.clone()).collect(),
        holds: holds.map(|hold| hold_row(state, hold, now)).collect(),
        asked_by: state.asked(id).map(|asked| asked.bites(now)).unwrap_or_default(),
    })
}

pub(crate) fn identity_row(state: &State, identity: &Identity, now: Time) -> IdentityRow {
    let habits = state.habits(&identity.id);
    let score = state.control.risk(&identity.id).score(now);
    IdentityRow {
        id: identity.id.clone(),
        kind: identity.kind().word(),
        platform: identity.platform.clone(),
        account: identity.account.clone(),
        name: identity.name.clone(),
        first_seen: habits.map(|habits| habits.first_at),
        last_seen: habits.map(|habits| habits.last_at).max(told(identity.last_used_at_ms)),
        events: habits.map_or(0, |habits| habits.events),
        denied: habits.map_or(0, |habits| habits.denied),
        risk: RiskRow { score, level: RiskLevel::of(score).word() },
    }
}

pub(crate) fn edge_row(edge: &Edge) -> EdgeRow {
    EdgeRow {
        kind: match edge.kind() {
            EdgeKind::Unknown => "unknown",
            EdgeKind::Assumed => "assumed",
            EdgeKind::ActsFor => "acts_for",
            EdgeKind::SameAs => "same_as",
        },
        from: edge.from.clone(),
        to: edge.to.clone(),
        confidence_milli: edge.confidence_milli,
        evidence: edge.evidence.clone(),
    }
}

const fn credential_word(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::Unknown => "unknown",
        CredentialKind::AccessKey => "access_key",
        CredentialKind::SessionKey => "session_key",
        CredentialKind::Password => "password",
    }
}

/// An instant that is stored as milliseconds, where 0 says that it is not known.
pub(crate) fn told(ms: i64) -> Option<Time> {
    (ms != 0).then(|| Time::from_ms(ms))
}

const EDGES_SHOWN: usize = 200;
