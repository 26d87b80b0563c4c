//! Surprise gathers: many small novelties within hours become one finding, which then grows.

use doorward_model::event::{ActionClass, Event};
use doorward_model::finding::{EVIDENCE_BYTES_MAX, EVIDENCE_MAX, Evidence, Finding, Lineage, Severity};
use doorward_model::hash::Hash16;
use doorward_model::record::{Fact, Trust};
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
    let (known, mut head, mut course) = match same_cause(subject, &notice, now) {
        Some((burst, head)) => (Some(burst), head, burst.course),
        None => {
            let (head, course) = begin(subject, &notice);
            (None, head, course)
        }
    };
    let leaked = leaked(course.pressure_milli, now - course.last_at, standard.parameters.leak_minutes);
    course.pressure_milli = leaked + notice.score_milli;
    course.last_at = course.last_at.max(now);
    course.judged = standard.judging != Judging::Learn;
    add(&mut head, notice, now);
    let enough = head.lineage.is_some() || course.pressure_milli >= standard.threshold_milli;
    let raise = standard.judging != Judging::Learn && enough;
    let is_new = course.raised_milli.is_none();
    let told = raise && is_told(&mut head, &mut course, subject, standard);
    let burst = with_evidence(known, head, evidence, course);
    let fact = told.then(|| match is_new {
        true => Fact::FindingRaised(burst.finding()),
        false => Fact::FindingGrown(burst.finding()),
    });
    (burst, fact)
}

/// The burst with one more event, as far as there is room for events.
fn with_evidence(known: Option<&Burst>, head: Finding, evidence: Evidence, course: Course) -> Burst {
    if let Some(known) = known.filter(|known| known.has_room(head.events, &evidence)) {
        return known.with(&head, evidence, course);
    }
    let mut all = known.map(|known| known.finding().evidence).unwrap_or_default();
    all.push(evidence);
    cut(&mut all);
    Burst::new(Finding { evidence: all, ..head }, course)
}

/// The burst that a notice goes on with, and its finding without evidence: one of its kind, or one that the same
/// credential or session has caused. There new behaviour joins what is proven, and what is proven gives its name to new
/// behaviour.
fn same_cause<'a>(subject: &Subject<'a>, notice: &Notice, now: Time) -> Option<(&'a Burst, Finding)> {
    let bursts = subject.habits.into_iter().flat_map(|habits| &habits.bursts);
    let alive = bursts.filter(|burst| burst.course.is_alive(now));
    let alive = alive.map(|burst| (burst, burst.head()));
    // What is only asserted gathers apart, so that it can neither add to what is known nor weaken it.
    let asserted = subject.seen.trust() == Trust::Asserted;
    let mut alive: Vec<_> = alive.filter(|(_, finding)| finding.asserted == asserted).collect();
    let of_its_kind = || alive.iter().position(|(_, finding)| finding.kind == notice.kind);
    let at = if notice.lineage.is_some() {
        let joined = |(burst, finding): &(&Burst, Finding)| {
            finding.lineage.is_none() && shares_credential(burst, finding, subject)
        };
        of_its_kind().or_else(|| alive.iter().position(joined))
    } else {
        let proven = |(burst, finding): &(&Burst, Finding)| {
            finding.lineage.is_some()
                && burst.course.is_open(now)
                && shares_credential(burst, finding, subject)
        };
        alive.iter().position(proven).or_else(of_its_kind)
    };
    at.map(|at| alive.swap_remove(at))
}

fn shares_credential(burst: &Burst, head: &Finding, subject: &Subject<'_>) -> bool {
    let (seen, key) = (subject.seen, &subject.event().actor.access_key_id);
    let same_session = !seen.session().is_empty() && head.session == seen.session();
    let used = || burst.finding().evidence.iter().any(|one| one.access_key_id == *key);
    same_session || !key.is_empty() && used()
}

fn begin(subject: &Subject<'_>, notice: &Notice) -> (Finding, Course) {
    let event = subject.event();
    let finding = Finding {
        kind: notice.kind.to_owned(),
        identity: subject.seen.identity.clone(),
        session: subject.seen.session().to_owned(),
        chain: subject.seen.chain.clone(),
        asserted: subject.seen.trust() == Trust::Asserted,
        first_at_ms: event.happened_at_ms,
        last_at_ms: event.happened_at_ms,
        ..Finding::default()
    };
    (finding, Course::begin(&event.id, event.happened_at()))
}

fn add(finding: &mut Finding, notice: Notice, now: Time) {
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
}

/// Whether the burst becomes a fact: when it is raised, and again whenever it has grown enough.
fn is_told(
    finding: &mut Finding,
    course: &mut Course,
    subject: &Subject<'_>,
    standard: &Standard<'_>,
) -> bool {
    let (score, events) = (course.pressure_milli, finding.events);
    let percent = u64::from(standard.parameters.growth_percent);
    let enough = |before: u64| before.saturating_add(before.saturating_mul(percent) / 100);
    let proven = finding.lineage.is_some();
    let grown = course
        .raised_milli
        .is_none_or(|raised| score > enough(raised) || proven && events > enough(course.raised_events));
    if !grown {
        return false;
    }
    if course.raised_milli.is_none() {
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
    true
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
