//! Events and records to append.

use doorward_journal::{Content, Head, Position, Row};
use doorward_model::event::{Actor, Client, Event};
use doorward_model::hash::Fingerprint;
use doorward_model::id::{FactNumber, Partition};
use doorward_model::record::{Fact, FactRecord, ImportCommitted, Observation, Record};
use doorward_model::time::{Millis, Time};

/// The beginning of the samples' time: a full hour.
pub(crate) const START: Time = Time::from_ms(1_764_000_000_000);

/// An event with an id and content of its own, `minutes` after [`START`].
pub(crate) fn event(id: &str, content: &str, minutes: i64) -> Event {
    Event {
        source: "cloudtrail".to_owned(),
        id: id.to_owned(),
        content: Some(Fingerprint::of(content.as_bytes())),
        happened_at_ms: (START + Millis::MINUTE.times(minutes)).ms(),
        account: "111122223333".to_owned(),
        actor: Actor { arn: "arn:aws:iam::111122223333:role/deploy".to_owned(), ..Actor::default() },
        service: "s3".to_owned(),
        action: "GetObject".to_owned(),
        client: Client { address: "10.0.0.1".to_owned(), ..Client::default() },
        raw: content.as_bytes().to_vec(),
        ..Event::default()
    }
}

/// A row as it is read back.
pub(crate) fn row(position: u64, facts_seen: u64, recorded_at: Time, content: Content) -> Row {
    Row { position: Position(position), facts_seen: FactNumber(facts_seen), recorded_at, content }
}

/// Gives records the numbers and times that follow a head.
pub(crate) struct Numbering(Head, Vec<u64>);

impl Numbering {
    pub(crate) fn after(head: &Head) -> Self {
        let numbers = (0..Partition::COUNT).map(|partition| head.last_n(Partition(partition))).collect();
        Self(head.clone(), numbers)
    }

    /// How many observations there are so far.
    pub(crate) fn count(&self) -> u64 {
        self.1.iter().sum()
    }

    pub(crate) fn fact(&mut self, at: Time) -> Record {
        self.0.fact = self.0.fact.next();
        let fact = Fact::ImportCommitted(ImportCommitted {
            account: format!("account {}", self.0.fact),
            newest_at_ms: at.ms(),
            identities: self.0.fact.0,
            policies: 2,
            ..ImportCommitted::default()
        });
        let record = FactRecord { number: self.0.fact.0, recorded_at_ms: at.ms(), fact: Some(fact) };
        Record::Fact(Box::new(record))
    }

    pub(crate) fn observation(&mut self, partition: u16, event: Event, at: Time) -> Record {
        let n = &mut self.1[usize::from(partition)];
        *n += 1;
        Record::Observation(Box::new(Observation {
            partition: partition.into(),
            n: *n,
            recorded_at_ms: at.ms(),
            identity: event.actor.arn.clone(),
            event: Box::new(event),
            ..Observation::default()
        }))
    }

    /// A decision of our own.
    pub(crate) fn decision(&mut self, partition: u16, at: Time) -> Record {
        match self.observation(partition, event("decided", "", 0), at) {
            Record::Observation(seen) => {
                Record::Observation(Box::new(Observation { decision: Some(Box::default()), ..*seen }))
            }
            fact @ Record::Fact(_) => fact,
        }
    }

    /// So many observations of small events, a second apart, in turn of three partitions.
    pub(crate) fn observations(&mut self, ids: std::ops::Range<u32>, at: Time) -> Vec<Record> {
        ids.map(|id| {
            let partition = u16::try_from(id % 3).unwrap();
            let event = event(&format!("id-{id}"), &format!("content of {id}"), i64::from(id) / 60);
            self.observation(partition, event, at)
        })
        .collect()
    }
}
