//! State that learns event by event, and what is raised meanwhile.

use doorward_detect::{Judging, Parameters, Standard, inspect};
use doorward_model::event::{ActionClass, Event};
use doorward_model::finding::Finding;
use doorward_model::id::TenantId;
use doorward_model::identity::{Identity, IdentityKind};
use doorward_model::record::{Fact, FactRecord, Observation};
use doorward_model::time::{Millis, Time};
use doorward_views::state::State;

/// A Monday, at midnight.
pub(crate) const START: i64 = 1_699_833_600_000;

pub(crate) struct Watch {
    pub(crate) state: State,
    pub(crate) parameters: Parameters,
    /// Who is behind what it sees.
    pub(crate) chain: Vec<String>,
    observations: u64,
    facts: u64,
}

impl Watch {
    pub(crate) fn new() -> Self {
        let state = State::new(TenantId::from("test"), 1, 3);
        Self { state, parameters: Parameters::default(), chain: Vec::new(), observations: 0, facts: 0 }
    }

    pub(crate) fn knows(&mut self, id: &str, kind: IdentityKind, peer_group: &str) {
        let found = Identity {
            id: id.to_owned(),
            kind: kind.into(),
            peer_group: peer_group.to_owned(),
            ..Identity::default()
        };
        self.fact(Fact::IdentityFound(found));
    }

    fn fact(&mut self, fact: Fact) {
        self.facts += 1;
        self.state.fold_fact(&FactRecord { number: self.facts, recorded_at_ms: START, fact: Some(fact) });
    }

    /// Judges an event and learns from it; returns the finding that was raised or has grown.
    pub(crate) fn sees(&mut self, who: &str, event: Event, judging: Judging) -> Option<Finding> {
        self.observations += 1;
        let seen = Observation {
            partition: 1,
            n: self.observations,
            recorded_at_ms: event.happened_at_ms,
            identity: who.to_owned(),
            chain: self.chain.clone(),
            event: Box::new(event),
            ..Observation::default()
        };
        let probe = self.state.probe(&seen, None);
        let threshold_milli = self.parameters.floor_milli;
        let standard = Standard { judging, threshold_milli, parameters: &self.parameters };
        let found = inspect(&self.state, &seen, &probe, &standard);
        self.state.fold_observation(&seen, &probe, found.bursts);
        let pending = self.state.shards_mut()[0].take_pending();
        for summary in pending.into_summaries(&self.state.symbols) {
            self.fact(Fact::Summary(summary));
        }
        found.facts.into_iter().find_map(|fact| match fact {
            Fact::FindingRaised(finding) | Fact::FindingGrown(finding) => Some(finding),
            _ => None,
        })
    }
}

/// So long after the start.
pub(crate) fn at(day: i64, minute: i64) -> Time {
    Time::from_ms(START + day * Millis::DAY.0 + minute * Millis::MINUTE.0)
}

/// An event that does nothing special; its id is its time.
pub(crate) fn event(at: Time, permission: &str) -> Event {
    let (service, action) = permission.split_once(':').unwrap();
    let mut event = Event {
        source: "test".to_owned(),
        id: format!("e{}", at.ms() - START),
        happened_at_ms: at.ms(),
        service: service.to_owned(),
        action: action.to_owned(),
        class: ActionClass::Read.into(),
        ..Event::default()
    };
    event.client.network = "192.0.2.0/24".to_owned();
    event.client.address = "192.0.2.10".to_owned();
    event.client.family = "boto3".to_owned();
    event
}

/// In one line.
pub(crate) fn line(finding: &Finding) -> String {
    let sure = finding.confidence_milli / 10;
    format!("{} {}, sure to {sure} %, {} events", finding.severity().word(), finding.kind, finding.events)
}
