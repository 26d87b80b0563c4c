//! State and decisions in the words of a scenario.

use std::collections::BTreeMap;

use doorward_engine::Engine;
use doorward_model::decision::{Decision, Effect, Obligation, Reason};
use doorward_model::finding::{Finding, Severity};
use doorward_model::hold::{Hold, HoldProfile, HoldScope};
use doorward_model::risk::RiskLevel;
use doorward_model::time::{Millis, Time};
use doorward_respond::{Ladder, ResponseMode, Rung};
use doorward_views::control::Control;
use doorward_views::state::State;

use crate::scenarios::START;
use crate::scenarios::form::{Answer, Response};

/// What there is to tell.
pub(crate) struct Told<'a>(&'a State);

impl<'a> Told<'a> {
    pub(crate) fn of(engine: &'a Engine) -> Self {
        Self(&engine.state)
    }

    /// Every finding: `SEVERITY KIND on IDENTITY, sure to PERCENT %, from N events`.
    pub(crate) fn findings(&self) -> Vec<String> {
        let mut findings: Vec<_> = self.0.control.findings.values().map(finding).collect();
        findings.sort();
        findings
    }

    /// The holds in force: `PROFILE on SUBJECT until TIME for REASON, bites at POINTS`.
    pub(crate) fn holds(&self, now: Time) -> Vec<String> {
        self.each(&self.0.control.holds, now)
    }

    pub(crate) fn recommended(&self, now: Time) -> Vec<String> {
        self.each(&self.0.control.recommended, now)
    }

    fn each(&self, holds: &BTreeMap<String, Hold>, now: Time) -> Vec<String> {
        let mut holds: Vec<_> =
            holds.values().filter(|hold| hold.in_force(now)).map(|hold| self.hold(hold, now)).collect();
        holds.sort();
        holds
    }

    fn hold(&self, hold: &Hold, now: Time) -> String {
        let until = match hold.expires_at_ms {
            0 => "released".to_owned(),
            ms => clock(Time::from_ms(ms)),
        };
        let bites = self.0.bites(hold, now);
        let bites = if bites.is_empty() { "nowhere".to_owned() } else { bites.join(", ") };
        let scope = match hold.scope() {
            HoldScope::Identity => String::new(),
            scope => format!("{} ", scope.word()),
        };
        format!(
            "{} on {scope}{} until {until} for {}, bites at {bites}",
            hold.profile().word(),
            hold.subject,
            hold.reason
        )
    }
}

fn finding(finding: &Finding) -> String {
    assert!(!finding.evidence.is_empty(), "a finding without evidence: {finding:?}");
    let historical = if finding.historical { ", historical" } else { "" };
    let asserted = if finding.asserted { ", asserted" } else { "" };
    format!(
        "{} {} on {}, sure to {} %, from {} events{historical}{asserted}",
        finding.severity().word(),
        finding.kind,
        finding.identity,
        finding.confidence_milli / 10,
        finding.events
    )
}

/// An instant as scenarios write it.
pub(crate) fn clock(at: Time) -> String {
    let since = at - START;
    let [days, hours, minutes, seconds] =
        [Millis::DAY, Millis::HOUR, Millis::MINUTE, Millis::SECOND].map(|unit| since.0 / unit.0);
    let (hours, minutes, seconds) = (hours % 24, minutes % 60, seconds % 60);
    let seconds = if seconds == 0 { String::new() } else { format!(":{seconds:02}") };
    format!("{days}d {hours:02}:{minutes:02}{seconds}")
}

/// A decision in words; what was not asked for is left out.
pub(crate) fn answer(decision: &Decision, control: &Control, asked: &Answer) -> Answer {
    let because = decision.holds.iter().map(|id| {
        let hold = &control.holds[id];
        format!("{} on {}: {}", hold.profile().word(), hold.subject, hold.reason)
    });
    let mut because: Vec<_> = because.collect();
    because.sort();
    let reasons = decision.reasons.iter().map(|reason| Reason::try_from(*reason).unwrap().code().to_owned());
    let effect: Effect = decision.effect();
    Answer {
        effect: effect.word().to_owned(),
        reasons: reasons.collect(),
        obligations: decision.obligations.iter().map(obligation).collect(),
        because,
        policies: asked.policies.as_ref().map(|_| decision.policies.clone()),
        risk: asked.risk.as_ref().map(|_| RiskLevel::of(decision.risk_score).word().to_owned()),
    }
}

/// `TYPE [acr A B] [max_age S] [KEY=VALUE]`.
fn obligation(obligation: &Obligation) -> String {
    let mut told = obligation.kind().word().to_owned();
    if !obligation.acr_values.is_empty() {
        told += &format!(" acr {}", obligation.acr_values.join(" "));
    }
    if obligation.max_age_s > 0 {
        told += &format!(" max_age {}", obligation.max_age_s);
    }
    for (key, value) in &obligation.properties {
        told += &format!(" {key}={value}");
    }
    told
}

/// The ladder that a scenario asks for.
pub(crate) fn ladder(response: &Response) -> Ladder {
    let default = Ladder::default();
    let rungs = response.rungs.iter().map(|rung| Rung {
        severity_min: severity(&rung.severity),
        confidence_min_milli: rung.confidence * 10,
        profile: HoldProfile::ALL.into_iter().find(|profile| profile.word() == rung.profile).unwrap(),
        lasts: Millis::HOUR.times(rung.hours),
    });
    Ladder {
        mode: match response.mode.as_deref() {
            None | Some("shadow") => ResponseMode::Shadow,
            Some("record") => ResponseMode::Record,
            Some("enforce") => ResponseMode::Enforce,
            Some(word) => panic!("{word:?} is no mode of response"),
        },
        rungs: if response.rungs.is_empty() { default.rungs } else { rungs.collect() },
        exempt: response.exempt.clone(),
        holds_per_hour_max: response.holds_per_hour_max.unwrap_or(default.holds_per_hour_max),
    }
}

fn severity(word: &str) -> Severity {
    let all = [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    all.into_iter().find(|severity| severity.word() == word).unwrap()
}
