//! Laws of the fold: no map order, no shard count, no repetition and no restart changes what comes out.

use doorward_engine::{Engine, Rules, follows};
use doorward_model::id::TenantId;
use doorward_model::record::{DecisionsMissing, Fact, IdentityKilled, IdentityRevived, PepSet, Record};
use doorward_simulate::Plan;
use doorward_views::checkpoint::FORMAT;

use crate::support::{Driver, events};

fn plan() -> Plan {
    Plan::new(11, 60, 12)
}

#[test]
fn shards_and_seeds_change_no_record() {
    let events = events(&plan());
    let one = Driver::new(1, 1).all(events.clone());
    for (shards, seed) in [(1, 2), (7, 3), (64, u64::MAX)] {
        let other = Driver::new(shards, seed).all(events.clone());
        assert_eq!(one.records.len(), other.records.len(), "{shards} shards");
        let differs = one.records.iter().zip(&other.records).find(|(one, other)| one != other);
        assert_eq!(differs, None, "{shards} shards");
    }
}

#[test]
fn replay_gives_the_same_state_and_repetition_changes_nothing() {
    let whole = Driver::new(3, 1).all(events(&plan()));
    let mut replayed = Engine::new(TenantId::from("test"), Rules::default(), 3, 9);
    for record in &whole.records {
        replayed.step(record);
        assert_eq!(replayed.step(record), [], "a record twice is as once");
    }
    let said = |engine: &Engine| {
        let control = &engine.state.control;
        let habits: Vec<_> = engine
            .state
            .all_habits()
            .into_iter()
            .map(|(id, habits)| {
                (
                    id.to_owned(),
                    habits.events,
                    habits.denied,
                    habits.days,
                    habits.first_at,
                    habits.last_at,
                    habits.bursts.clone(),
                )
            })
            .collect();
        (control.identities.clone(), control.findings.clone(), control.edges.clone(), habits)
    };
    assert_eq!(said(&whole.engine), said(&replayed));
}

#[test]
fn the_facts_of_a_replay_are_those_that_were_recorded() {
    let whole = Driver::new(1, 1).all(events(&plan()));
    let mut replayed = Engine::new(TenantId::from("test"), Rules::default(), 1, 1);
    let mut again = Vec::new();
    for record in &whole.records {
        again.extend(replayed.step(record));
    }
    let recorded = whole.records.iter().filter_map(|record| match record {
        Record::Fact(fact) => fact.fact.clone(),
        Record::Observation(_) => None,
    });
    let recorded: Vec<_> = recorded.filter(follows).collect();
    assert!(recorded.iter().any(|fact| matches!(fact, Fact::FindingRaised(_))));
    assert!(recorded.iter().any(|fact| matches!(fact, Fact::HoldRecommended(_))));
    assert_eq!(again.len(), recorded.len());
    assert_eq!(again.iter().zip(&recorded).find(|(again, recorded)| again != recorded), None);
}

#[test]
fn a_checkpoint_and_the_tail_are_as_the_whole() {
    let mut whole = Driver::new(2, 1).all(events(&plan()));
    let now = whole.engine.state.control.now;
    let ids: Vec<_> = whole.engine.state.control.identities.keys().take(2).map(|id| id.to_string()).collect();
    let [killed, revived] = ids.try_into().unwrap();
    whole.fact(Fact::DecisionsMissing(DecisionsMissing { from_ms: 1, to_ms: 3, flush_ms: 2 }), now);
    for (up_to_ms, by) in [(9, "ann"), (5, "bob")] {
        let (identity, reason) = (killed.clone(), "stolen".to_owned());
        whole.fact(Fact::IdentityKilled(IdentityKilled { identity, up_to_ms, by: by.into(), reason }), now);
        whole.fact(Fact::PepSet(PepSet { by: by.into(), ..PepSet::by_itself("gate") }), now);
    }
    assert!(whole.engine.state.unusual.past().any(|day| !day.rows.is_empty()));
    assert!(!whole.engine.state.unusual_today().rows.is_empty());
    let kill = IdentityKilled { identity: revived.clone(), up_to_ms: 9, ..IdentityKilled::default() };
    whole.fact(Fact::IdentityKilled(kill), now);
    whole.fact(
        Fact::IdentityRevived(IdentityRevived { identity: revived, ..IdentityRevived::default() }),
        now,
    );
    let bytes = whole.engine.checkpoint();
    for cut in [0, 1, whole.records.len() / 3, whole.records.len() / 2, whole.records.len() - 1] {
        let (head, tail) = whole.records.split_at(cut);
        let mut engine = Engine::new(TenantId::from("test"), Rules::default(), 2, 5);
        head.iter().for_each(|record| drop(engine.replay(record)));
        let kept = engine.checkpoint();
        let mut engine = Engine::new(TenantId::from("test"), Rules::default(), 1, 77);
        engine.load(&kept, FORMAT).unwrap();
        assert!(engine.checkpoint() == kept, "what is loaded is what was written, at {cut}");
        tail.iter().for_each(|record| drop(engine.replay(record)));
        assert!(engine.checkpoint() == bytes, "at {cut}");
    }
    let refused = Engine::new(TenantId::from("test"), Rules::default(), 1, 1).load(&bytes, FORMAT + 1);
    assert_eq!(
        refused.map_err(|error| error.to_string()),
        Err(format!("cannot load a checkpoint of format {}, only of format {FORMAT}", FORMAT + 1))
    );
}
