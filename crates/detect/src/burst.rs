//! Surprise gathers: many small novelties within hours become one finding, which then grows.

use doorward_model::event::{ActionClass, Event};
use doorward_model::finding::{EVIDENCE_BYTES_MAX, EVIDENCE_MAX, Evidence, Finding, Lineage, Severity};
use doorward_model::hash::Hash16;
use doorward_model::record::Fact;
use doorward_model::time::{Millis, Time};
use doorward_views::fixed::decayed;
use doorward_views::habits::Burst;
use prost::Message;

use crate::catalogue::NEW_BEHAVIOUR;
use crate::inspect::{Judging, Standard, Subject};

/// The reason to look at an event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Notice {
    /// The type of finding it belongs to.
    pub kind: &'static str,
    /// The detector and its version.
    pub detector: &'static str,
    /// The weighted surprise, thousandths of a bit.
    pub score_milli: u64,
    /// How bad, at least.
    pub severity: Severity,
    /// How sure, in thousandths; of new behaviour nobody is sure before it has gathered.
    pub confidence_milli: u32,
    /// The hard fact, if it is one: it is raised at once.
    pub lineage: Option<Lineage>,
    /// Control and technique ids.
    pub controls: &'static [&'static str],
}

impl Notice {
    /// New behaviour of some weight.
    pub(crate) fn novelty(score_milli: u64, event: &Event) -> Self {
        Self {
            kind: NEW_BEHAVIOUR.name,
            detector: NEW_BEHAVIOUR.detector,
            score_milli,
            severity: severity_of(event.class()),
            confidence_milli: 0,
            lineage: None,
            controls: controls_of(event.class()),
        }
    }
}

/// Adds a notice to the burst that it belongs to, and says which fact follows, if one does.
pub(crate) fn gather(
    subject: &Subject<'_>,
    notice: Notice,
    evidence: Evidence,
    standard: &Standard<'_>,
) -> (Burst, Option<Fact>) {
    let now = subject.event().happened_at();
    let known = same_cause(subject, &notice, now);
    let mut burst = known.cloned().unwrap_or_else(|| begin(subject, &notice));
    let leaked = leaked(burst.pressure_milli, now - burst.last_at, standard.parameters.leak_minutes);
    burst.pressure_milli = leaked + notice.score_milli;
    burst.last_at = burst.last_at.max(now);
    add(&mut burst.finding, notice, evidence, now);
    let enough = burst.finding.lineage.is_some() || burst.pressure_milli >= standard.threshold_milli;
    let raise = standard.judging != Judging::Learn && enough;
    let fact = if raise { publish(&mut burst, subject, standard) } else { None };
    (burst, fact)
}

/// The burst that a notice goes on with: one of its kind, or one that the same credential or session has caused.
/// There new behaviour joins what is proven, and what is proven gives its name to new behaviour.
fn same_cause<'a>(subject: &Subject<'a>, notice: &Notice, now: Time) -> Option<&'a Burst> {
    let bursts =
        || subject.habits.into_iter().flat_map(|habits| &habits.bursts).filter(|burst| burst.is_alive(now));
    let of_its_kind = || bursts().find(|burst| burst.finding.kind == notice.kind);
    let shared = |burst: &&Burst| shares_credential(&burst.finding, subject);
    if notice.lineage.is_some() {
        let joined = || bursts().find(|burst| burst.finding.lineage.is_none() && shared(burst));
        return of_its_kind().or_else(joined);
    }
    let proven =
        bursts().find(|burst| burst.finding.lineage.is_some() && burst.is_open(now) && shared(burst));
    proven.or_else(of_its_kind)
}

fn shares_credential(finding: &Finding, subject: &Subject<'_>) -> bool {
    let (seen, key) = (subject.seen, &subject.event().actor.access_key_id);
    let same_session = !seen.session.is_empty() && finding.session == seen.session;
    same_session || !key.is_empty() && finding.evidence.iter().any(|one| one.access_key_id == *key)
}

fn begin(subject: &Subject<'_>, notice: &Notice) -> Burst {
    let event = subject.event();
    let finding = Finding {
        kind: notice.kind.to_owned(),
        identity: subject.seen.identity.clone(),
        session: subject.seen.session.clone(),
        chain: subject.seen.chain.clone(),
        first_at_ms: event.happened_at_ms,
        last_at_ms: event.happened_at_ms,
        ..Finding::default()
    };
    Burst { finding, pressure_milli: 0, last_at: event.happened_at(), raised_milli: None, raised_events: 0 }
}

fn add(finding: &mut Finding, notice: Notice, evidence: Evidence, now: Time) {
    finding.last_at_ms = finding.last_at_ms.max(now.ms());
    finding.events += 1;
    finding.severity = finding.severity.max(notice.severity.into());
    finding.confidence_milli = finding.confidence_milli.max(notice.confidence_milli);
    if finding.lineage.is_none() && (notice.lineage.is_some() || finding.detector.is_empty()) {
        notice.kind.clone_into(&mut finding.kind);
        notice.detector.clone_into(&mut finding.detector);
        finding.lineage = notice.lineage;
    }
    for control in notice.controls {
        if !finding.controls.iter().any(|known| known == control) {
            finding.controls.push((*control).to_owned());
        }
    }
    finding.evidence.push(evidence);
    cut(&mut finding.evidence);
}

/// Makes the burst a fact when it is raised, and again whenever it has grown enough.
fn publish(burst: &mut Burst, subject: &Subject<'_>, standard: &Standard<'_>) -> Option<Fact> {
    let (score, events) = (burst.pressure_milli, burst.finding.events);
    let percent = u64::from(standard.parameters.growth_percent);
    let enough = |before: u64| before.saturating_add(before.saturating_mul(percent) / 100);
    let finding = &mut burst.finding;
    let proven = finding.lineage.is_some();
    let grown = burst
        .raised_milli
        .is_none_or(|raised| score > enough(raised) || proven && events > enough(burst.raised_events));
    if !grown {
        return None;
    }
    let is_new = burst.raised_milli.is_none();
    if is_new {
        let seen = subject.seen;
        let parts = [&finding.detector, &finding.kind, &seen.event.source, &seen.event.id]
            .map(|part| part.as_bytes());
        finding.id = Hash16::of_parts(&parts).to_string();
    }
    finding.score_milli = score;
    if score >= standard.threshold_milli {
        let gathered = confidence_milli(score, standard.threshold_milli);
        // Surprise that has leaked makes new behaviour less sure again; what is proven stays so.
        finding.confidence_milli = if proven { finding.confidence_milli.max(gathered) } else { gathered };
    }
    burst.raised_milli = Some(score);
    burst.raised_events = events;
    let finding = finding.clone();
    Some(if is_new { Fact::FindingRaised(finding) } else { Fact::FindingGrown(finding) })
}

/// What is left of gathered surprise.
fn leaked(pressure_milli: u64, elapsed: Millis, leak_minutes: u32) -> u64 {
    let minutes = u32::try_from(elapsed.0.max(0) / Millis::MINUTE.0).unwrap_or(u32::MAX);
    let pressure = u32::try_from(pressure_milli).unwrap_or(u32::MAX);
    u64::from(decayed(pressure, minutes, leak_minutes))
}

/// Half sure at the threshold, three quarters at twice of it, and so on; never above 0.95 from novelty alone.
fn confidence_milli(score_milli: u64, threshold_milli: u64) -> u32 {
    let doubt = 500_u64.saturating_mul(threshold_milli) / score_milli.max(1);
    u32::try_from(1_000_u64.saturating_sub(doubt)).unwrap_or(0).min(950)
}

/// Keeps the first event, and drops of the others what surprised least, until the rest is few and small enough.
fn cut(evidence: &mut Vec<Evidence>) {
    let mut bytes: usize = evidence.iter().map(Message::encoded_len).sum();
    let bits = |evidence: &Evidence| evidence.novelties.iter().map(|novelty| novelty.bits_milli).sum::<u32>();
    while evidence.len() > EVIDENCE_MAX || bytes > EVIDENCE_BYTES_MAX {
        let others = evidence.iter().enumerate().skip(1);
        let least = others.min_by_key(|(_, one)| (consequence(one.class()), bits(one))).map(|(at, _)| at);
        let Some(at) = least else { return };
        bytes -= evidence.remove(at).encoded_len();
    }
}

fn consequence(class: ActionClass) -> u8 {
    match class {
        ActionClass::Read | ActionClass::List => 0,
        ActionClass::Unknown | ActionClass::Write => 1,
        ActionClass::Data | ActionClass::Execute => 2,
        ActionClass::Permissions | ActionClass::Credential => 3,
    }
}

fn severity_of(class: ActionClass) -> Severity {
    match consequence(class) {
        0 => Severity::Low,
        1 | 2 => Severity::Medium,
        _ => Severity::High,
    }
}

fn controls_of(class: ActionClass) -> &'static [&'static str] {
    match class {
        ActionClass::Read | ActionClass::List => &["attack:T1580"],
        ActionClass::Unknown | ActionClass::Write => &["attack:T1078.004"],
        ActionClass::Permissions => &["attack:T1098"],
        ActionClass::Credential => &["attack:T1098.001"],
        ActionClass::Data => &["attack:T1530"],
        ActionClass::Execute => &["attack:T1651"],
    }
}
