//! Surprise gathers: many small novelties within hours become one finding, which then grows.

use doorward_model::event::{ActionClass, Event};
use doorward_model::finding::{EVIDENCE_BYTES_MAX, EVIDENCE_MAX, Evidence, Finding, Lineage, Severity};
use doorward_model::hash::Hash16;
use doorward_model::record::Fact;
use doorward_model::time::{Millis, Time};
use doorward_views::bursts::{Burst, Course};
use doorward_views::fixed::decayed;
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
    let (mut finding, mut course) = known.unwrap_or_else(|| begin(subject, &notice));
    let leaked = leaked(course.pressure_milli, now - course.last_at, standard.parameters.leak_minutes);
    course.pressure_milli = leaked + notice.score_milli;
    course.last_at = course.last_at.max(now);
    course.judged = standard.judging != Judging::Learn;
    add(&mut finding, notice, evidence, now);
    let enough = finding.lineage.is_some() || course.pressure_milli >= standard.threshold_milli;
    let raise = standard.judging != Judging::Learn && enough;
    let fact = if raise { publish(&mut finding, &mut course, subject, standard) } else { None };
    (Burst::new(&finding, course), fact)
}

/// The burst that a notice goes on with: one of its kind, or one that the same credential or session has caused.
/// There new behaviour joins what is proven, and what is proven gives its name to new behaviour.
fn same_cause(subject: &Subject<'_>, notice: &Notice, now: Time) -> Option<(Finding, Course)> {
    let bursts = subject.habits.into_iter().flat_map(|habits| &habits.bursts);
    let alive = bursts.filter(|burst| burst.course.is_alive(now));
    let mut alive: Vec<_> = alive.map(|burst| (burst.finding(), burst.course)).collect();
    let of_its_kind = || alive.iter().position(|(finding, _)| finding.kind == notice.kind);
    let shared = |finding: &Finding| shares_credential(finding, subject);
    let at = if notice.lineage.is_some() {
        let joined = || alive.iter().position(|(finding, _)| finding.lineage.is_none() && shared(finding));
        of_its_kind().or_else(joined)
    } else {
        let proven = |(finding, course): &(Finding, Course)| {
            finding.lineage.is_some() && course.is_open(now) && shared(finding)
        };
        alive.iter().position(proven).or_else(of_its_kind)
    };
    at.map(|at| alive.swap_remove(at))
}

fn shares_credential(finding: &Finding, subject: &Subject<'_>) -> bool {
    let (seen, key) = (subject.seen, &subject.event().actor.access_key_id);
    let same_session = !seen.session().is_empty() && finding.session == seen.session();
    same_session || !key.is_empty() && finding.evidence.iter().any(|one| one.access_key_id == *key)
}

fn begin(subject: &Subject<'_>, notice: &Notice) -> (Finding, Course) {
    let event = subject.event();
    let finding = Finding {
        kind: notice.kind.to_owned(),
        identity: subject.seen.identity.clone(),
        session: subject.seen.session().to_owned(),
        chain: subject.seen.chain.clone(),
        first_at_ms: event.happened_at_ms,
        last_at_ms: event.happened_at_ms,
        ..Finding::default()
    };
    (finding, Course::begin(&event.id, event.happened_at()))
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
fn publish(
    finding: &mut Finding,
    course: &mut Course,
    subject: &Subject<'_>,
    standard: &Standard<'_>,
) -> Option<Fact> {
    let (score, events) = (course.pressure_milli, finding.events);
    let percent = u64::from(standard.parameters.growth_percent);
    let enough = |before: u64| before.saturating_add(before.saturating_mul(percent) / 100);
    let proven = finding.lineage.is_some();
    let grown = course
        .raised_milli
        .is_none_or(|raised| score > enough(raised) || proven && events > enough(course.raised_events));
    if !grown {
        return None;
    }
    let is_new = course.raised_milli.is_none();
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
    course.raised_milli = Some(score);
    course.raised_events = events;
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
