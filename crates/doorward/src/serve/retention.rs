//! How long what is kept: once an hour what has expired is dropped, a few rows at a time, between the rounds of the
//! writer.

use std::sync::Arc;

use doorward_journal::{Expired, Journal, JournalError, Kept as Kind, Pruned};
use doorward_model::time::{Millis, Time};
use doorward_serve::metrics::Metrics;
use doorward_serve::upkeep::set_instant;

use crate::serve::kept::Kept;
use crate::writer::Writer;

/// How long what is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Retention {
    /// Audit events.
    pub(crate) events: Millis,
    /// Decisions of our own.
    pub(crate) decisions: Millis,
    /// What could not be read.
    pub(crate) rejects: Millis,
    /// What happens when the journal comes near its limit.
    pub(crate) when_full: WhenFull,
}

/// What happens when the journal comes near its limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum WhenFull {
    /// Nothing before it is reached; then nothing is taken in any more, and what denies goes on denying.
    #[default]
    Refuse,
    /// The oldest events and decisions make room before their time, but never those of the last day.
    Prune,
}

/// Drops what has expired.
#[derive(Debug)]
pub(crate) struct Pruner {
    retention: Retention,
    metrics: Arc<Metrics>,
    /// What is still to be looked at in this hour.
    left: Vec<Kind>,
    /// When it is looked at all again.
    due: Time,
    /// When the next few rows may be dropped.
    next: Time,
}

impl Pruner {
    pub(crate) fn new(retention: Retention, metrics: Arc<Metrics>) -> Self {
        Self { retention, metrics, left: Vec::new(), due: Time::MIN, next: Time::MIN }
    }

    /// Does a little, if something is to be done: a failure is told to the log, and tried again in its turn.
    pub(crate) fn step<J: Journal>(&mut self, writer: &mut Writer<J>, kept: &Kept, now: Time) {
        if now < self.next {
            return;
        }
        self.next = now + STEP_EVERY;
        if let Err(error) = self.slice(writer, kept, now) {
            tracing::warn!(%error, "what has expired could not be dropped; that is tried again in an hour");
            self.left.clear();
            self.due = now + Millis::HOUR;
        }
    }

    fn slice<J: Journal>(
        &mut self,
        writer: &mut Writer<J>,
        kept: &Kept,
        now: Time,
    ) -> Result<(), JournalError> {
        let room = writer.journal().room()?;
        self.metrics.upkeep.journal_bytes.set(i64::try_from(room.used).unwrap_or(i64::MAX));
        if self.retention.when_full == WhenFull::Prune && room.is_nearly_full() {
            // One after the other, so that neither keeps the other's place.
            for kind in [Kind::Events, Kind::Decisions] {
                self.prune(writer, kind, now - KEPT_MIN)?;
            }
        }
        if self.left.is_empty() && now >= self.due {
            self.left = vec![Kind::Decisions, Kind::Events];
            self.due = now + Millis::HOUR;
        }
        let Some(kind) = self.left.last().copied() else { return Ok(()) };
        let age = match kind {
            Kind::Events => self.retention.events,
            Kind::Decisions => self.retention.decisions,
        };
        if !self.prune(writer, kind, now - age)?.more {
            self.left.pop();
        }
        if self.left.is_empty() {
            self.rejects(kept, now);
            set_instant(&self.metrics.upkeep.pruned_at, now);
        }
        Ok(())
    }

    fn prune<J: Journal>(
        &self,
        writer: &mut Writer<J>,
        kind: Kind,
        before: Time,
    ) -> Result<Pruned, JournalError> {
        // What no checkpoint has folded is kept for the next start.
        let Some(through) = writer.journal().checkpoints()?.last().copied() else {
            return Ok(Pruned::default());
        };
        let pruned = writer.prune(&Expired { kind, before, through, rows_max: ROWS_MAX })?;
        let word = match kind {
            Kind::Events => "event",
            Kind::Decisions => "decision",
        };
        self.metrics.upkeep.count_pruned(word, pruned.observations);
        Ok(pruned)
    }

    fn rejects(&self, kept: &Kept, now: Time) {
        match kept.expire(now - self.retention.rejects) {
            Ok(files) => self.metrics.upkeep.count_pruned("reject_file", files),
            Err(error) => tracing::warn!(%error, "rejects that have expired could not be dropped"),
        }
    }
}

/// How often a few rows are dropped at most: the writer has other things to do.
const STEP_EVERY: Millis = Millis(200);
/// How many rows are looked at in one step.
const ROWS_MAX: usize = 64;
/// What is never dropped to make room.
const KEPT_MIN: Millis = Millis::DAY;

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::path::Path;

    use doorward_engine::{Engine, Rules};
    use doorward_journal::{Content, Log, Options, Position, Sqlite};
    use doorward_model::event::Event;
    use doorward_model::hash::Hash16;
    use doorward_model::id::TenantId;
    use doorward_model::record::{Observation, Record};
    use doorward_serve::answers::status::status;

    use super::*;
    use crate::writer::Moment;

    const NOW: Time = Time::from_ms(1_800_000_000_000);
    const RETENTION: Retention = Retention {
        events: Millis::DAY.times(30),
        decisions: Millis::DAY.times(10),
        rejects: Millis::DAY.times(5),
        when_full: WhenFull::Refuse,
    };

    fn open(folder: &Path, options: Options) -> Writer<Sqlite> {
        let tenant = TenantId::from("test");
        let journal = Sqlite::open(folder, &tenant, options).unwrap();
        Writer::open(journal, Engine::new(tenant, Rules::default(), 1, 7)).unwrap()
    }

    /// One event and one decision on each of so many days, a minute after this time of the day.
    fn days(writer: &mut Writer<Sqlite>, days: i64, raw: &[u8]) {
        for day in 0..days {
            let at = NOW + Millis::MINUTE - Millis::DAY.times(days - 1 - day);
            let event = Event {
                source: "trail".to_owned(),
                id: format!("day-{day}"),
                happened_at_ms: at.ms(),
                raw: raw.to_vec(),
                ..Event::default()
            };
            writer.take(Box::new(event), Moment::filed(at)).unwrap();
            writer.flush().unwrap();
            let decision = Some(Box::default());
            let recorded_at_ms = at.ms();
            writer.take_decision(Observation { recorded_at_ms, decision, ..Observation::default() }).unwrap();
            writer.flush().unwrap();
        }
    }

    /// Steps as the server does, until there is nothing left to do; tells how often.
    fn run(pruner: &mut Pruner, writer: &mut Writer<Sqlite>, kept: &Kept) -> u32 {
        let (mut at, mut steps) = (NOW, 0);
        loop {
            pruner.step(writer, kept, at);
            steps += 1;
            if pruner.left.is_empty() {
                return steps;
            }
            at = at + STEP_EVERY;
        }
    }

    /// How many events and decisions still have their content.
    fn left(writer: &Writer<Sqlite>) -> (usize, usize) {
        let mut all = Vec::new();
        let read = writer.journal().read_from(Position(0), &mut |row| {
            if let Content::Records(records) = row.content {
                all.extend(records);
            }
            ControlFlow::Continue(())
        });
        read.unwrap();
        let observations = all.iter().filter_map(|record| match record {
            Record::Observation(seen) => Some(seen.decision.is_some()),
            Record::Fact(_) => None,
        });
        let decided: Vec<_> = observations.collect();
        let decisions = decided.iter().filter(|decided| **decided).count();
        (decided.len() - decisions, decisions)
    }

    #[test]
    fn each_kind_expires_after_its_time_once_a_checkpoint_has_it_and_the_chain_holds() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = open(folder.path(), Options::default());
        days(&mut writer, 60, b"{}");
        let metrics = Arc::new(Metrics::default());
        let mut pruner = Pruner::new(RETENTION, Arc::clone(&metrics));
        let kept = Kept::new(folder.path(), 1 << 20);
        assert_eq!(run(&mut pruner, &mut writer, &kept), 2);
        assert_eq!(left(&writer), (60, 60), "no checkpoint has folded them");

        writer.checkpoint().unwrap();
        pruner.due = NOW;
        pruner.next = NOW;
        assert!(run(&mut pruner, &mut writer, &kept) > 2, "a bounded number of rows at a time");
        assert_eq!(left(&writer), (31, 11));
        writer.journal().verify().unwrap();
        // What is counted and no longer there is told by its time.
        let state = &writer.engine().state;
        let all = &state.all_habits();
        let counted: u64 = all.iter().map(|(_, habits)| habits.events).sum();
        let expired = status(state, writer.journal(), NOW).unwrap().expired;
        let ends = [expired.events, expired.decisions].map(|at| at.map(|at| NOW + Millis::MINUTE - at));
        assert_eq!((counted, ends), (60, [31, 11].map(|days| Some(Millis::DAY.times(days)))));
        let told = metrics.upkeep.pruned();
        assert_eq!((told.events, told.decisions, told.reject_files), (29, 49, 0));
        assert!(told.at.is_some_and(|at| at >= NOW), "{told:?}");
        assert!(metrics.upkeep.journal_bytes.get() > 0);
        // Not again before an hour is over.
        pruner.step(&mut writer, &kept, NOW + Millis::MINUTE.times(59));
        assert!(pruner.left.is_empty());
        pruner.step(&mut writer, &kept, NOW + Millis::MINUTE.times(61));
        assert!(!pruner.left.is_empty());
    }

    #[test]
    fn near_the_limit_the_oldest_make_room_only_where_that_is_asked_for() {
        for when_full in [WhenFull::Refuse, WhenFull::Prune] {
            let folder = tempfile::tempdir().unwrap();
            let mut writer = open(folder.path(), Options::default());
            let noise: Vec<u8> = (0..10_000_u32).flat_map(|at| Hash16::of(&at.to_le_bytes()).0).collect();
            days(&mut writer, 29, &noise);
            writer.checkpoint().unwrap();
            let used = writer.journal().room().unwrap().used;
            drop(writer);
            let pages = u32::try_from(used / u64::from(doorward_journal::sqlite::PAGE_BYTES)).unwrap();
            let mut writer =
                open(folder.path(), Options { page_limit: Some(pages + 4), ..Options::default() });
            let retention = Retention { when_full, decisions: RETENTION.events, ..RETENTION };
            let mut pruner = Pruner::new(retention, Arc::default());
            let kept = Kept::new(folder.path(), 1 << 20);
            for step in 0..10 {
                pruner.step(&mut writer, &kept, NOW + STEP_EVERY.times(step));
            }
            let (events, decisions) = left(&writer);
            let made_room = events < 29 && decisions < 29;
            assert_eq!(
                (made_room, events + decisions == 58),
                match when_full {
                    WhenFull::Refuse => (false, true),
                    WhenFull::Prune => (true, false),
                }
            );
            assert!(events > 0 && decisions > 0, "no more than is needed");
            assert_eq!(writer.journal().room().unwrap().is_nearly_full(), when_full == WhenFull::Refuse);
        }
    }
}
