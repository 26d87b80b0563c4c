//! Surprise gathers: many small novelties within hours become one finding, which then grows.

use doorward_model::event::{ActionClass, Event};
use doorward_model::finding::{EVIDENCE_MAX, Evidence, Finding, Lineage, Severity};
use doorward_model::hash::Hash16;
use doorward_model::record::Fact;
use doorward_model::time::{Millis, Time};
use doorward_views::fixed::decayed;
use doorward_views::habits::Burst;

use crate::inspect::{Judging, Subject};

/// One reason to look, from one event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Notice {
    /// The type of finding it belongs to.
    pub kind: &'static str,
    /// The detector and its version.
    pub detector: &'static str,
    /// The weighted surprise, thousandths of a bit; 0 for hard evidence.
    pub score_milli: u64,
    /// From which gathered surprise it is raised; 0 raises at once.
    pub threshold_milli: u64,
    /// How bad, at least.
    pub severity: Severity,
    /// How sure, in thousandths.
    pub confidence_milli: u32,
    /// The hard fact, if it is one.
    pub lineage: Option<Lineage>,
    /// Control and technique ids.
    pub controls: &'static [&'static str],
}

impl Notice {
    /// New behaviour of some weight.
    pub(crate) fn novelty(score_milli: u64, threshold_milli: u64, event: &Event) -> Self {
        Self {
            kind: NEW_BEHAVIOUR,
            detector: "novelty/1",
            score_milli,
            threshold_milli,
            severity: severity_of(event.class()),
            confidence_milli: 0,
            lineage: None,
            controls: controls_of(event.class()),
        }
    }
}

/// The type of a finding of gathered novelty.
pub(crate) const NEW_BEHAVIOUR: &str = "new-behaviour";

/// Adds a notice to the burst of its kind, and says which fact follows, if one does.
pub(crate) fn gather(
    subject: &Subject<'_>,
    notice: Notice,
    evidence: &Evidence,
    judging: Judging,
) -> (Burst, Option<Fact>) {
    let now = subject.event().happened_at();
    let known = subject.habits.and_then(|habits| {
        habits.bursts.iter().find(|burst| burst.is_alive(now) && burst.finding.kind == notice.kind)
    });
    let mut burst = known.cloned().unwrap_or_else(|| begin(subject, &notice));
    burst.pressure_milli = leaked(burst.pressure_milli, now - burst.last_at, subject.parameters.leak_minutes)
        + notice.score_milli;
    burst.last_at = burst.last_at.max(now);
    let threshold_milli = notice.threshold_milli;
    add(&mut burst, notice, evidence.clone(), now);
    let raise = judging != Judging::Learn && burst.pressure_milli >= threshold_milli;
    let fact = if raise { publish(&mut burst, subject, threshold_milli) } else { None };
    (burst, fact)
}

fn begin(subject: &Subject<'_>, notice: &Notice) -> Burst {
    let event = subject.event();
    let finding = Finding {
        detector: notice.detector.to_owned(),
        kind: notice.kind.to_owned(),
        identity: subject.seen.identity.clone(),
        first_at_ms: event.happened_at_ms,
        last_at_ms: event.happened_at_ms,
        ..Finding::default()
    };
    Burst { finding, pressure_milli: 0, last_at: event.happened_at(), raised_milli: None, raised_events: 0 }
}

fn add(burst: &mut Burst, notice: Notice, evidence: Evidence, now: Time) {
    let finding = &mut burst.finding;
    finding.last_at_ms = finding.last_at_ms.max(now.ms());
    finding.events += 1;
    finding.severity = finding.severity.max(notice.severity.into());
    finding.confidence_milli = finding.confidence_milli.max(notice.confidence_milli);
    finding.lineage = finding.lineage.take().or(notice.lineage);
    for control in notice.controls {
        if !finding.controls.iter().any(|known| known == control) {
            finding.controls.push((*control).to_owned());
        }
    }
    finding.evidence.push(evidence);
    if finding.evidence.len() > EVIDENCE_MAX {
        drop_least_telling(&mut finding.evidence);
    }
}

/// Makes the burst a fact when it is raised, and again whenever it has grown by a quarter.
fn publish(burst: &mut Burst, subject: &Subject<'_>, threshold_milli: u64) -> Option<Fact> {
    let (score, events) = (burst.pressure_milli, burst.finding.events);
    let enough = |before: u64| before + before * u64::from(subject.parameters.growth_percent) / 100;
    let grown = burst.raised_milli.is_none_or(|raised| {
        score > enough(raised) || threshold_milli == 0 && events > enough(burst.raised_events)
    });
    if !grown {
        return None;
    }
    let finding = &mut burst.finding;
    let is_new = finding.id.is_empty();
    if is_new {
        let seen = subject.seen;
        let parts = [&finding.detector, &finding.kind, &seen.event.source, &seen.event.id]
            .map(|part| part.as_bytes());
        finding.id = Hash16::of_parts(&parts).to_string();
        finding.session.clone_from(&seen.session);
        finding.chain.clone_from(&seen.chain);
    }
    finding.score_milli = score;
    if threshold_milli > 0 {
        finding.confidence_milli = confidence_milli(score, threshold_milli);
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

/// Keeps the first event, and drops of the others the one that surprised least.
fn drop_least_telling(evidence: &mut Vec<Evidence>) {
    let bits = |evidence: &Evidence| evidence.novelties.iter().map(|novelty| novelty.bits_milli).sum::<u32>();
    let least =
        evidence.iter().enumerate().skip(1).min_by_key(|(_, one)| (consequence(one.class()), bits(one)));
    if let Some(at) = least.map(|(at, _)| at) {
        evidence.remove(at);
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
