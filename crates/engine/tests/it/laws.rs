//! Laws of the fold: no map order, no shard count, no repetition and no restart changes what comes out.

use doorward_engine::{Arrival, Engine, Rules, follows};
use doorward_model::event::{ActorKind, Event};
use doorward_model::finding::{Finding, Severity};
use doorward_model::hold::{Hold, HoldScope};
use doorward_model::id::TenantId;
use doorward_model::identity::{Credential, Edge, EdgeKind, Identity, IdentityKind};
use doorward_model::inventory::center::{Assignment, Membership, PermissionSet};
use doorward_model::inventory::change::{ChangedRow, InventoryChanged};
use doorward_model::inventory::finding::AccessFinding;
use doorward_model::inventory::last_use::LastUse;
use doorward_model::inventory::measure::PrivilegeMeasured;
use doorward_model::inventory::organisation::OrganisationNode;
use doorward_model::inventory::resource::Resource;
use doorward_model::inventory::row::{PolicyFound, Withdrawn};
use doorward_model::inventory::{Entitlement, Group};
use doorward_model::record::{
    DecisionsMissing, Fact, FactRecord, IdentityKilled, IdentityRevived, ImportCommitted, PepSet, Record,
    TokenIssued,
};
use doorward_model::risk::Risk;
use doorward_model::time::{Millis, Time};
use doorward_simulate::Plan;
use doorward_views::checkpoint::FORMAT;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_assert, proptest};

use crate::support::{Driver, events, exports};

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

/// Where holds on what was told of would bite: a session, a task, a tool.
fn told(engine: &Engine, now: Time) -> [Vec<String>; 3] {
    [(HoldScope::Session, "s-1"), (HoldScope::Task, "t-1"), (HoldScope::Tool, "mail")].map(
        |(scope, subject)| {
            let hold = Hold { scope: scope.into(), subject: subject.to_owned(), ..Hold::default() };
            engine.state.bites(&hold, now)
        },
    )
}

#[test]
fn a_checkpoint_and_the_tail_are_as_the_whole() {
    let mut whole = Driver::new(2, 1);
    let exports = exports(&plan());
    exports.iter().for_each(|export| drop(whole.import(export, Time::from_ms(0))));
    let mut whole = whole.all(events(&plan()));
    let now = whole.engine.state.control.now;
    let mut fewer = exports[0].clone();
    fewer.identities.truncate(1);
    let gone = whole.import(&fewer, now);
    assert!(gone.iter().any(|fact| matches!(fact, Fact::Withdrawn(_))));
    let ids: Vec<_> = whole.engine.state.control.identities.keys().take(2).map(|id| id.to_string()).collect();
    let [killed, revived] = ids.try_into().unwrap();
    whole.fact(Fact::DecisionsMissing(DecisionsMissing { from_ms: 1, to_ms: 3, flush_ms: 2 }), now);
    for identities in 1..3 {
        let measured = PrivilegeMeasured { at_ms: now.ms(), identities, ..PrivilegeMeasured::default() };
        whole.fact(Fact::PrivilegeMeasured(measured), now);
    }
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
    for (day, told) in [
        (0, ["gate", "s-1", "t-1", "mail"]),
        (0, ["proxy", "", "t-1", "mail"]),
        (1, ["gate", "s-2", "t-2", ""]),
        (8, ["gate", "", "t-3", "mail"]),
    ] {
        whole.decided(&killed, told, now + Millis::DAY.times(day));
    }
    let bytes = whole.engine.checkpoint();
    for cut in
        [0, 1, whole.records.len() / 3, whole.records.len() / 2, whole.records.len() - 1, whole.records.len()]
    {
        let (head, tail) = whole.records.split_at(cut);
        let mut engine = Engine::new(TenantId::from("test"), Rules::default(), 2, 5);
        head.iter().for_each(|record| drop(engine.replay(record)));
        let kept = engine.checkpoint();
        let mut engine = Engine::new(TenantId::from("test"), Rules::default(), 1, 77);
        engine.load(&kept, FORMAT).unwrap();
        assert!(engine.checkpoint() == kept, "what is loaded is what was written, at {cut}");
        tail.iter().for_each(|record| drop(engine.replay(record)));
        assert!(engine.checkpoint() == bytes, "at {cut}");
        assert_eq!(told(&engine, now), told(&whole.engine, now), "at {cut}");
    }
    // What no checkpoint has is missing in none of them: this is what there is.
    let asked = told(&whole.engine, now);
    assert!(asked.iter().all(|points| !points.is_empty()), "{asked:?}");
    let refused = Engine::new(TenantId::from("test"), Rules::default(), 1, 1).load(&bytes, FORMAT + 1);
    assert_eq!(
        refused.map_err(|error| error.to_string()),
        Err(format!("cannot load a checkpoint of format {}, only of format {FORMAT}", FORMAT + 1))
    );
}

/// Facts of which none speaks of what another says: a few of each kind, for people and their agents.
fn independent() -> Vec<Fact> {
    (0..4_u32)
        .flat_map(|at| {
            let (id, agent) = (format!("person-{at}"), format!("agent-{at}"));
            let found = |id: &str, kind: IdentityKind| {
                Fact::IdentityFound(Identity { id: id.to_owned(), kind: kind.into(), ..Identity::default() })
            };
            let credential =
                Credential { id: format!("key-{at}"), identity: id.clone(), ..Credential::default() };
            let confidence_milli = 850 + 50 * at;
            let kind = if at % 2 == 0 { EdgeKind::ActsFor } else { EdgeKind::SameAs };
            let (from, to) = (agent.clone(), id.clone());
            let edge = Edge { kind: kind.into(), from, to, confidence_milli, evidence: "seen".to_owned() };
            let entitlement = Entitlement {
                holder: id.clone(),
                policy: "read".to_owned(),
                origin: 1,
                ..Entitlement::default()
            };
            let import = ImportCommitted { account: format!("account-{at}"), ..ImportCommitted::default() };
            let finding = Finding {
                id: format!("finding-{at}"),
                identity: id.clone(),
                severity: Severity::High.into(),
                confidence_milli: 900,
                last_at_ms: i64::from(at),
                ..Finding::default()
            };
            let hold =
                |id: &str| Hold { id: format!("{id}-{at}"), subject: agent.clone(), ..Hold::default() };
            let killed = IdentityKilled { identity: agent.clone(), up_to_ms: 9, ..IdentityKilled::default() };
            let name = |kind: &str| format!("{kind}-{at}");
            let token = TokenIssued { id: format!("token-{at}"), ..TokenIssued::default() };
            [
                found(&id, IdentityKind::Human),
                found(&agent, IdentityKind::Agent),
                Fact::CredentialFound(credential),
                Fact::EdgeFound(edge),
                Fact::EntitlementObserved(entitlement),
                Fact::ImportCommitted(import),
                Fact::PolicyFound(PolicyFound { name: name("policy"), ..PolicyFound::default() }),
                Fact::GroupFound(Group { id: name("group"), ..Group::default() }),
                Fact::ResourceFound(Resource { id: name("resource"), ..Resource::default() }),
                Fact::OrganisationNodeFound(OrganisationNode { id: name("ou"), ..Default::default() }),
                Fact::PermissionSetFound(PermissionSet { id: name("ps"), ..PermissionSet::default() }),
                Fact::AssignmentFound(Assignment { account: name("account"), ..Assignment::default() }),
                Fact::MembershipFound(Membership { group: name("group"), ..Membership::default() }),
                Fact::AccessFindingFound(AccessFinding { id: name("found"), ..AccessFinding::default() }),
                Fact::LastUseFound(LastUse { identity: name("who"), ..LastUse::default() }),
                Fact::Withdrawn(Withdrawn { key: vec![name("gone")], ..Withdrawn::default() }),
                Fact::InventoryChanged(change(&name("event"))),
                Fact::FindingRaised(finding),
                Fact::HoldPlaced(hold("placed")),
                Fact::HoldRecommended(hold("recommended")),
                Fact::IdentityKilled(killed),
                Fact::PepSet(PepSet::by_itself(&format!("gate-{at}"))),
                Fact::TokenIssued(token),
            ]
        })
        .collect()
}

fn change(event: &str) -> InventoryChanged {
    let row = ChangedRow { key: vec![event.to_owned()], ..ChangedRow::default() };
    InventoryChanged { event: event.to_owned(), rows: vec![row], ..InventoryChanged::default() }
}

/// The state that facts lead to in this order, and the risks in it.
fn folded(facts: Vec<Fact>) -> (Vec<u8>, Vec<Risk>) {
    let mut engine = Engine::new(TenantId::from("test"), Rules::default(), 1, 1);
    for (number, fact) in (1..).zip(facts) {
        engine.step(&Record::Fact(Box::new(FactRecord { number, recorded_at_ms: 0, fact: Some(fact) })));
    }
    let control = &engine.state.control;
    let risks = control.identities.keys().map(|id| control.risk(id)).collect();
    (engine.checkpoint(), risks)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_independent_facts_makes_no_difference(facts in Just(independent()).prop_shuffle()) {
        let (expected, found) = (folded(independent()), folded(facts));
        prop_assert!(expected.1.iter().any(|risk| *risk != Risk::NONE));
        prop_assert!(found == expected);
    }
}

#[test]
fn in_whatever_order_two_names_of_a_role_are_found_the_shown_one_counts() {
    let shown = "arn:aws:iam::111122223333:role/ci/deploy";
    let found = ["arn:aws:iam::111122223333:role/deploy", shown].map(|id| {
        let unique_id = "AROADEPLOYDEPLOYDEP1".to_owned();
        Fact::IdentityFound(Identity { id: id.to_owned(), unique_id, ..Identity::default() })
    });
    let mut event = Event::default();
    event.actor.set_kind(ActorKind::AwsAccount);
    event.actor.principal_id = "AROADEPLOYDEPLOYDEP1:night".to_owned();
    let named = |mut engine: Engine| {
        engine.identify(Box::new(event.clone()), Time::from_ms(0), Arrival::Filed).seen.identity
    };
    let [guessed, shown_fact] = found;
    for facts in [[guessed.clone(), shown_fact.clone()], [shown_fact, guessed]] {
        let mut driver = Driver::new(1, 1);
        facts.into_iter().for_each(|fact| driver.fact(fact, Time::from_ms(0)));
        let mut loaded = Engine::new(TenantId::from("test"), Rules::default(), 1, 2);
        loaded.load(&driver.engine.checkpoint(), FORMAT).unwrap();
        assert_eq!([driver.engine, loaded].map(named), [shown, shown]);
    }
}
