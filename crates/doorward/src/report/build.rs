//! From state to report.

use std::collections::BTreeMap;

use doorward_detect::narrative::narrative;
use doorward_journal::Journal;
use doorward_model::finding::{Evidence, Feature, Finding};
use doorward_model::identity::{CredentialKind, EdgeKind, Identity, IdentityKind};
use doorward_model::time::Time;
use doorward_views::habits::Habits;
use doorward_views::state::State;

use super::{
    AgentRow, Coverage, CredentialRow, Events, EvidenceRow, FindingRow, IdentityRow, NoveltyRow, RejectRow,
    Report, SourceRow, SourceStatus,
};
use crate::scan::rejects::Rejects;
use crate::scan::tally::Tally;
use crate::writer::Writer;

/// The report of what a writer has folded.
pub(crate) fn of<J: Journal>(
    writer: &Writer<J>,
    tally: Tally,
    rejects: &Rejects,
    coverage: Coverage,
) -> Report {
    let state = &writer.engine().state;
    let counts = writer.counts;
    let rejected = rejects.count;
    let rejects = rejects.listed().map(|(source, record, reason)| RejectRow {
        source: source.to_owned(),
        record,
        reason: reason.to_owned(),
    });
    Report {
        events: Events {
            read: counts.accepted + counts.duplicate + rejected,
            accepted: counts.accepted,
            duplicate: counts.duplicate,
            rejected,
            conflicting: counts.conflict,
        },
        rejects: rejects.collect(),
        coverage,
        identities: identities(state),
        findings: findings(state),
        notes: notes(&tally, &coverage),
        sources: sources(tally),
    }
}

fn sources(tally: Tally) -> Vec<SourceRow> {
    let row = |kind, status, count| SourceRow {
        kind,
        status,
        count,
        accounts: Vec::new(),
        first: None,
        last: None,
    };
    let read = tally.sources.into_iter().map(|(kind, source)| SourceRow {
        accounts: source.accounts.into_iter().collect(),
        first: Some(source.first),
        last: Some(source.last),
        ..row(kind, SourceStatus::Read, source.events)
    });
    let exports = (!tally.exports.is_empty()).then(|| SourceRow {
        accounts: tally.exports.keys().cloned().collect(),
        ..row("iam export".to_owned(), SourceStatus::Read, tally.exports.values().sum())
    });
    let unsupported =
        tally.unsupported.into_iter().map(|(kind, count)| row(kind, SourceStatus::NotSupported, count));
    let skipped = tally.skipped.into_iter().map(|(kind, count)| row(kind, SourceStatus::Skipped, count));
    read.chain(exports).chain(unsupported).chain(skipped).collect()
}

fn notes(tally: &Tally, coverage: &Coverage) -> Vec<String> {
    let mut notes = tally.notes.clone();
    if coverage.short_history && coverage.first.is_some() {
        notes.push(
            "less than 7 days of events, or less than 3 of them before the judged part: nobody knows yet what is \
             normal, so only hard evidence and firsts against peers are reported"
                .to_owned(),
        );
    }
    let judged = coverage.judged_events;
    if judged.saturating_mul(JUDGED_SHARE_MIN) < tally.events {
        notes.push(format!(
            "the judged part holds only {judged} of {} events: --judge SPAN, such as --judge 7d, widens it",
            tally.events
        ));
    }
    if !tally.wrappers.is_empty() {
        let names: Vec<_> = tally.wrappers.iter().map(String::as_str).collect();
        notes.push(format!("records were found one level down, under {}", names.join(", ")));
    }
    notes
}

fn identities(state: &State) -> Vec<IdentityRow> {
    let mut credentials: BTreeMap<&str, Vec<CredentialRow>> = BTreeMap::new();
    for credential in state.control.credentials.values() {
        credentials.entry(&credential.identity).or_default().push(CredentialRow {
            id: credential.id.clone(),
            kind: credential_word(credential.kind()),
            since: Time::from_ms(credential.created_at_ms),
        });
    }
    let mut hops = Hops::default();
    for edge in state.control.edges.values().filter(|edge| edge.kind() == EdgeKind::Assumed) {
        hops.to.entry(&edge.from).or_default().push(edge.to.clone());
        hops.from.entry(&edge.to).or_default().push(edge.from.clone());
    }
    let mut policies: BTreeMap<&str, u64> = BTreeMap::new();
    for (holder, ..) in &state.control.entitlements {
        *policies.entry(holder).or_insert(0) += 1;
    }
    let rows = state.control.identities.values().map(|identity| {
        let id = identity.id.as_str();
        let mut row = identity_row(state, identity);
        row.credentials = credentials.remove(id).unwrap_or_default();
        row.assumed = hops.to.remove(id).unwrap_or_default();
        row.assumed_by = hops.from.remove(id).unwrap_or_default();
        row.policies = policies.get(id).copied().unwrap_or(0);
        row
    });
    rows.collect()
}

/// Who assumed whom.
#[derive(Default)]
struct Hops<'a> {
    to: BTreeMap<&'a str, Vec<String>>,
    from: BTreeMap<&'a str, Vec<String>>,
}

fn identity_row(state: &State, identity: &Identity) -> IdentityRow {
    let habits = state.habits(&identity.id);
    let used = Some(identity.last_used_at_ms).filter(|ms| *ms != 0).map(Time::from_ms);
    IdentityRow {
        id: identity.id.clone(),
        kind: identity.kind().word(),
        platform: identity.platform.clone(),
        account: identity.account.clone(),
        name: identity.name.clone(),
        credentials: Vec::new(),
        created: Some(identity.created_at_ms).filter(|ms| *ms != 0).map(Time::from_ms),
        first_seen: habits.map(|habits| habits.first_at),
        last_seen: habits.map(|habits| habits.last_at).max(used),
        events: habits.map_or(0, |habits| habits.events),
        denied: habits.map_or(0, |habits| habits.denied),
        services: usual(state, habits, Feature::Service),
        networks: usual(state, habits, Feature::Network),
        peer_group: identity.peer_group.clone(),
        policies: 0,
        assumed: Vec::new(),
        assumed_by: Vec::new(),
        agent: agent(state, identity),
    }
}

fn usual(state: &State, habits: Option<&Habits>, feature: Feature) -> Vec<String> {
    let symbols = habits.map(|habits| habits.usual(feature, USUAL_MAX)).unwrap_or_default();
    symbols.into_iter().map(|symbol| state.symbols.name(symbol).to_owned()).collect()
}

fn agent(state: &State, identity: &Identity) -> Option<AgentRow> {
    if identity.kind() != IdentityKind::Agent {
        return None;
    }
    let edges = state.control.edges.range((EdgeKind::ActsFor, identity.id.clone(), String::new())..);
    let edge = edges.map(|(_, edge)| edge).next().filter(|edge| edge.from == identity.id);
    let product = identity.id.rsplit('/').next().unwrap_or_default();
    Some(match edge {
        Some(edge) => AgentRow {
            product: product.to_owned(),
            acts_for: Some(edge.to.clone()),
            confidence: f64::from(edge.confidence_milli) / 1_000.0,
            evidence: edge.evidence.clone(),
        },
        None => AgentRow {
            product: identity.name.clone(),
            acts_for: None,
            confidence: 1.0,
            evidence: format!("trusted: {}", identity.trusted.join(", ")),
        },
    })
}

fn findings(state: &State) -> Vec<FindingRow> {
    let mut findings: Vec<_> = state.control.findings.values().collect();
    findings.sort_by_key(|finding| {
        let urgency = u64::from(finding.severity().points()) * u64::from(finding.confidence_milli);
        (std::cmp::Reverse(urgency), std::cmp::Reverse(finding.score_milli), &finding.id)
    });
    findings.into_iter().map(finding_row).collect()
}

fn finding_row(finding: &Finding) -> FindingRow {
    FindingRow {
        id: finding.id.clone(),
        r#type: finding.kind.clone(),
        identity: finding.identity.clone(),
        severity: finding.severity().word(),
        confidence: f64::from(finding.confidence_milli) / 1_000.0,
        narrative: narrative(finding),
        first: Time::from_ms(finding.first_at_ms),
        last: Time::from_ms(finding.last_at_ms),
        events: finding.events,
        score: finding.score_milli / 1_000,
        chain: finding.chain.clone(),
        controls: finding.controls.clone(),
        detector: finding.detector.clone(),
        evidence: finding.evidence.iter().map(evidence_row).collect(),
    }
}

fn evidence_row(evidence: &Evidence) -> EvidenceRow {
    EvidenceRow {
        event: evidence.event.clone(),
        time: Time::from_ms(evidence.happened_at_ms),
        permission: evidence.permission.clone(),
        target: evidence.target.clone(),
        address: evidence.address.clone(),
        client: evidence.family.clone(),
        error: evidence.error_code.clone(),
        new: (evidence.novelties.iter())
            .map(|novelty| NoveltyRow {
                feature: novelty.feature().word(),
                value: novelty.value.clone(),
                own_count: novelty.own_count,
                own_events: novelty.own_events,
                peers_with: novelty.peers_with,
                peers: novelty.peers,
                bits: f64::from(novelty.bits_milli) / 1_000.0,
            })
            .collect(),
    }
}

fn credential_word(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::AccessKey => "access_key",
        CredentialKind::SessionKey => "session_key",
        CredentialKind::Password => "password",
        CredentialKind::Unknown => "unknown",
    }
}

/// If less than one in so many events is judged, that is worth a note.
const JUDGED_SHARE_MIN: u64 = 100;
/// How many usual values are listed.
const USUAL_MAX: usize = 5;
