//! One organisation by one variant: what is found of the attacks, how soon, and what else is raised.

use std::collections::{BTreeMap, BTreeSet};

use doorward_detect::narrative::narrative;
use doorward_engine::Engine;
use doorward_model::finding::Finding;
use doorward_model::id::TenantId;
use doorward_model::identity::IdentityKind;
use doorward_model::record::{Fact, FactRecord, Record, Tick};
use doorward_model::time::{Millis, Time};
use doorward_simulate::{Label, Side};

use crate::ablation_report::{Found, Judged};
use crate::variants::Variant;
use crate::world::{DAYS, LEARNED, Moment, TENANT, World, rules};

/// What a variant did over all organisations.
pub(crate) struct Outcome {
    pub(crate) judged: Judged,
    /// What was raised in quiet organisations, in words.
    pub(crate) false_findings: Vec<String>,
}

impl Outcome {
    pub(crate) fn new(variant: &Variant) -> Self {
        let judged = Judged {
            number: variant.number.to_owned(),
            how: variant.how.to_owned(),
            value: variant.value,
            ..Judged::default()
        };
        Self { judged, false_findings: Vec::new() }
    }

    /// In one line.
    pub(crate) fn line(&self) -> String {
        let Self { judged, .. } = self;
        let Judged { number, how, value, same_place, quiet_days, .. } = judged;
        let Judged { false_of_machines: machines, false_of_people: people, .. } = judged;
        let sum = |counts: &BTreeMap<String, u32>| counts.values().sum::<u32>();
        let attacks: Vec<_> =
            judged.attacks.iter().map(|(name, one)| format!("{name} {}/{}", one.found, one.of)).collect();
        format!(
            "{number} {how} {}: found {}, same place {}, median {} min, false a day {:.2} ({} machines {machines:?}, {} people {people:?}, {quiet_days} days, {:.0} machine years); {}",
            value.unwrap_or_default(),
            judged.found().shown(),
            same_place.shown(),
            judged.median_minutes(),
            judged.false_a_day(),
            sum(machines),
            sum(people),
            machine_years(judged),
            attacks.join(", "),
        )
    }

    fn attack(&mut self, label: &Label, found_at: Option<Time>) {
        let Judged { attacks, same_place, minutes_to_detection, .. } = &mut self.judged;
        let same = label.network == Side::Same && label.agent == Side::Same;
        let count = |found: &mut Found| {
            found.of += 1;
            found.found += u32::from(found_at.is_some());
        };
        count(attacks.entry(label.name.to_owned()).or_default());
        if same {
            count(same_place);
        }
        minutes_to_detection.extend(found_at.map(|at| (at - label.from).0 / Millis::MINUTE.0));
    }
}

/// How many years of a machine were judged and held no attack.
pub(crate) fn machine_years(judged: &Judged) -> f64 {
    f64::from(u32::try_from(judged.machine_days).unwrap()) / 365.0
}

/// Judges an organisation, and adds what came of it.
pub(crate) fn judge(world: &World, variant: &Variant, outcome: &mut Outcome) {
    let mut run = Run::new(world, variant);
    world.moments.iter().for_each(|moment| run.take(moment));
    let Outcome { judged, false_findings } = outcome;
    if world.labels.is_empty() {
        judged.quiet_days += DAYS - LEARNED;
        judged.machine_days += u64::from(world.machines) * u64::from(DAYS - LEARNED);
        for finding in run.raised {
            false_findings.push(narrative(&finding));
            let person = run.engine.state.kind(&finding.identity) == IdentityKind::Human;
            let counts = if person { &mut judged.false_of_people } else { &mut judged.false_of_machines };
            *counts.entry(finding.kind).or_insert(0) += 1;
        }
    }
    for (at, label) in world.labels.iter().enumerate() {
        outcome.attack(label, run.found_at.get(&at).copied());
    }
}

/// An engine, with what it has found so far.
struct Run<'a> {
    world: &'a World,
    engine: Engine,
    facts: u64,
    /// As they were raised.
    raised: Vec<Finding>,
    /// When each label was first in the evidence of a finding.
    found_at: BTreeMap<usize, Time>,
}

impl<'a> Run<'a> {
    fn new(world: &'a World, variant: &Variant) -> Self {
        Self {
            world,
            engine: Engine::new(TenantId::from(TENANT), rules(world.judged_from, variant.settings), 1, 7),
            facts: 0,
            raised: Vec::new(),
            found_at: BTreeMap::new(),
        }
    }

    fn take(&mut self, moment: &Moment) {
        let now = moment.at;
        if self.engine.is_tick_due(now) {
            self.facts(vec![Fact::Tick(Tick { at_ms: now.ms() })], now);
        }
        if !moment.facts.is_empty() {
            self.facts(moment.facts.clone(), now);
        }
        let facts = self.engine.step(&moment.seen);
        self.facts(facts, now);
    }

    /// Records facts, and what follows from them.
    fn facts(&mut self, mut facts: Vec<Fact>, now: Time) {
        while !facts.is_empty() {
            let mut follow = Vec::new();
            for fact in facts {
                match &fact {
                    Fact::FindingRaised(finding) => {
                        self.raised.push(finding.clone());
                        self.note(finding, now);
                    }
                    Fact::FindingGrown(finding) => self.note(finding, now),
                    _ => {}
                }
                self.facts += 1;
                let record = FactRecord { number: self.facts, recorded_at_ms: now.ms(), fact: Some(fact) };
                follow.extend(self.engine.step(&Record::Fact(Box::new(record))));
            }
            facts = follow;
        }
    }

    fn note(&mut self, finding: &Finding, now: Time) {
        let labels: BTreeSet<_> =
            finding.evidence.iter().filter_map(|one| self.world.label_of.get(&one.event)).collect();
        for label in labels {
            self.found_at.entry(*label).or_insert(now);
        }
    }
}
