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
use serde::Serialize;

use crate::variants::Variant;
use crate::world::{DAYS, LEARNED, Moment, TENANT, World, rules};

/// What a variant did over all organisations.
#[derive(Clone, Serialize)]
pub(crate) struct Judged {
    number: &'static str,
    how: &'static str,
    value: Option<u64>,
    /// By name of the attack: how many were found, of how many.
    attacks: BTreeMap<&'static str, Found>,
    /// The same for those that came with the victim's own network and client.
    same_place: Found,
    /// From the first event of an attack to the finding, of those that were found.
    minutes_to_detection: Vec<i64>,
    /// Days of quiet organisations.
    quiet_days: u32,
    /// Days of machines in quiet organisations, and of people.
    machine_days: u64,
    /// Findings of machines in quiet organisations, by type.
    false_of_machines: BTreeMap<String, u32>,
    /// Findings of people in quiet organisations, by type.
    false_of_people: BTreeMap<String, u32>,
    /// In words.
    #[serde(skip)]
    pub(crate) shown: Vec<String>,
}

#[derive(Clone, Copy, Default, Serialize)]
pub(crate) struct Found {
    found: u32,
    of: u32,
}

impl Judged {
    pub(crate) fn new(variant: &Variant) -> Self {
        Self {
            number: variant.number,
            how: variant.how,
            value: variant.value,
            attacks: BTreeMap::new(),
            same_place: Found::default(),
            minutes_to_detection: Vec::new(),
            quiet_days: 0,
            machine_days: 0,
            false_of_machines: BTreeMap::new(),
            false_of_people: BTreeMap::new(),
            shown: Vec::new(),
        }
    }

    /// How many years of a machine were judged and held no attack.
    pub(crate) fn machine_years(&self) -> f64 {
        f64::from(u32::try_from(self.machine_days).unwrap()) / 365.0
    }

    /// In one line.
    pub(crate) fn line(&self) -> String {
        let (found, of) = self.attacks.values().fold((0, 0), |sum, one| (sum.0 + one.found, sum.1 + one.of));
        let machines: u32 = self.false_of_machines.values().sum();
        let people: u32 = self.false_of_people.values().sum();
        let attacks: Vec<_> =
            self.attacks.iter().map(|(name, one)| format!("{name} {}/{}", one.found, one.of)).collect();
        let mut minutes = self.minutes_to_detection.clone();
        minutes.sort_unstable();
        format!(
            "{} {} {}: found {found}/{of}, same place {}/{}, median {:?} min, false a day {:.2} ({machines} machines {:?}, {people} people {:?}, {} days, {:.0} machine years); {}",
            self.number,
            self.how,
            self.value.unwrap_or_default(),
            self.same_place.found,
            self.same_place.of,
            minutes.get(minutes.len() / 2),
            f64::from(machines + people) / f64::from(self.quiet_days.max(1)),
            self.false_of_machines,
            self.false_of_people,
            self.quiet_days,
            self.machine_years(),
            attacks.join(", "),
        )
    }

    fn attack(&mut self, label: &Label, found_at: Option<Time>) {
        let same = label.network == Side::Same && label.agent == Side::Same;
        let count = |found: &mut Found| {
            found.of += 1;
            found.found += u32::from(found_at.is_some());
        };
        count(self.attacks.entry(label.name).or_default());
        if same {
            count(&mut self.same_place);
        }
        self.minutes_to_detection.extend(found_at.map(|at| (at - label.from).0 / Millis::MINUTE.0));
    }
}

/// Judges an organisation, and adds what came of it.
pub(crate) fn judge(world: &World, variant: &Variant, judged: &mut Judged) {
    let mut run = Run::new(world, variant);
    world.moments.iter().for_each(|moment| run.take(moment));
    if world.labels.is_empty() {
        judged.quiet_days += DAYS - LEARNED;
        judged.machine_days += u64::from(world.machines) * u64::from(DAYS - LEARNED);
        for finding in run.raised {
            judged.shown.push(narrative(&finding));
            let person = run.engine.state.kind(&finding.identity) == IdentityKind::Human;
            let counts = if person { &mut judged.false_of_people } else { &mut judged.false_of_machines };
            *counts.entry(finding.kind).or_insert(0) += 1;
        }
    }
    for (at, label) in world.labels.iter().enumerate() {
        judged.attack(label, run.found_at.get(&at).copied());
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
