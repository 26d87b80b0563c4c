//! Findings of what the inventory makes possible: each is raised once, grows, is closed, and holds nobody.

use doorward_engine::{Engine, Rules};
use doorward_model::command::{Command, FindingsRaised};
use doorward_model::finding::{Finding, Lineage, Opened, OpenedBy, Severity};
use doorward_model::hold::HoldProfile;
use doorward_model::id::{FactNumber, TenantId};
use doorward_model::inventory::measure::PrivilegeMeasured;
use doorward_model::record::Fact;
use doorward_model::risk::Risk;
use doorward_model::time::{Millis, Time};
use doorward_respond::{Ladder, ResponseMode};

use crate::support::Driver;

const AT: Time = Time::from_ms(1_700_000_000_000);
const GAINED: &str = "arn:aws:iam::111122223333:role/runner";
const MAKER: &str = "arn:aws:iam::111122223333:role/deploy";

/// A way that was opened for so many, by an event.
fn finding(count: u64) -> Finding {
    let change =
        OpenedBy { event: "ev-1".into(), at_ms: AT.ms(), identity: MAKER.into(), ..OpenedBy::default() };
    let opened = Opened { count, sure: count, changes: vec![change], attributed: true, ..Opened::default() };
    Finding {
        id: "f-1".into(),
        kind: "escalation-opened".into(),
        identity: GAINED.into(),
        severity: Severity::High.into(),
        confidence_milli: 900,
        first_at_ms: AT.ms(),
        last_at_ms: AT.ms(),
        lineage: Some(Lineage::Opened(Box::new(opened))),
        ..Finding::default()
    }
}

fn changed(finding: Finding, change: impl FnOnce(&mut Opened)) -> Finding {
    let Some(Lineage::Opened(mut opened)) = finding.lineage else { panic!("{finding:?}") };
    change(&mut opened);
    Finding { lineage: Some(Lineage::Opened(opened)), ..finding }
}

fn raise(driver: &mut Driver, raised: Vec<Finding>, closed: &[&str], now: Time) -> Vec<Fact> {
    let closed = closed.iter().map(|&id| id.to_owned()).collect();
    let command =
        Command::RaiseFindings(Box::new(FindingsRaised { raised, closed, ..FindingsRaised::default() }));
    let facts = driver.engine.admit(&command, now).unwrap();
    facts.iter().cloned().for_each(|fact| driver.fact(fact, now));
    facts
}

#[test]
fn a_finding_is_raised_once_grows_and_is_closed_once() {
    let mut driver = Driver::new(1, 1);
    let found = raise(&mut driver, vec![finding(2), finding(2)], &[], AT);
    assert_eq!(found.first(), Some(&Fact::FindingRaised(finding(2))));
    assert_eq!(found.len(), 2, "and the hold that is recommended");
    assert_eq!(raise(&mut driver, vec![finding(2)], &[], AT), []);
    assert_eq!(raise(&mut driver, vec![finding(3)], &[], AT), [Fact::FindingGrown(finding(3))]);
    let later = AT + Millis::MINUTE;
    let closed = changed(finding(3), |opened| opened.closed_at_ms = later.ms());
    assert_eq!(raise(&mut driver, vec![], &["f-1", "none"], later), [Fact::FindingGrown(closed.clone())]);
    assert_eq!(raise(&mut driver, vec![finding(3)], &["f-1"], later), []);
    assert_eq!(driver.engine.state.control.findings.get("f-1"), Some(&closed));
}

/// What it is, the finding, and who is recommended to be held.
type Case = (&'static str, Finding, &'static [(&'static str, HoldProfile)]);

#[test]
fn whoever_made_the_change_is_recommended_to_be_held_and_nobody_is() {
    let ladder = Ladder { mode: ResponseMode::Enforce, ..Ladder::default() };
    let cases: [Case; 6] = [
        ("an event tells who", finding(2), &[(MAKER, HoldProfile::BaselineOnly)]),
        (
            "a source taken at its word",
            Finding { asserted: true, ..finding(2) },
            &[(MAKER, HoldProfile::StepUp)],
        ),
        ("not known which", changed(finding(2), |opened| opened.attributed = false), &[]),
        ("an export", changed(finding(2), |opened| opened.changes[0].event.clear()), &[]),
        ("closed again", changed(finding(2), |opened| opened.closed_at_ms = 1), &[]),
        ("not bad enough", Finding { severity: Severity::Low.into(), ..finding(2) }, &[]),
    ];
    for (case, finding, expected) in cases {
        let rules = Rules { ladder: ladder.clone(), ..Rules::default() };
        let engine = Engine::new(TenantId::from("test"), rules, 1, 1);
        let found = FindingsRaised { raised: vec![finding], ..FindingsRaised::default() };
        let facts = engine.admit(&Command::RaiseFindings(Box::new(found)), AT).unwrap();
        let holds = facts.iter().skip(1).map(|fact| match fact {
            Fact::HoldRecommended(hold) => (&*hold.subject, hold.profile()),
            other => panic!("{case}: {other:?}"),
        });
        assert_eq!(holds.collect::<Vec<_>>(), expected, "{case}");
    }
}

#[test]
fn what_has_become_possible_carries_no_risk_and_what_is_old_recommends_nothing() {
    let mut driver = Driver::new(1, 1);
    let later = AT + Millis::HOUR + Millis(1);
    let old = Finding { historical: true, ..finding(2) };
    assert_eq!(raise(&mut driver, vec![finding(2)], &[], later), [Fact::FindingRaised(old)]);
    let control = &driver.engine.state.control;
    assert_eq!([GAINED, MAKER].map(|who| control.risk(who)), [Risk::NONE; 2]);
}

#[test]
fn a_finding_says_as_of_which_fact_it_was_seen_so() {
    let mut driver = Driver::new(1, 1);
    for (raised, closed, as_of) in
        [(vec![finding(2)], Vec::new(), 7), (Vec::new(), vec!["f-1".to_owned()], 9)]
    {
        let found = FindingsRaised { raised, closed, as_of_fact: FactNumber(as_of) };
        let facts = driver.engine.admit(&Command::RaiseFindings(Box::new(found)), AT).unwrap();
        facts.into_iter().for_each(|fact| driver.fact(fact, AT));
        let known = driver.engine.state.control.findings["f-1"].opened().unwrap();
        assert_eq!((known.as_of_fact, known.closed_at_ms != 0), (as_of, as_of == 9));
    }
}

#[test]
fn more_findings_than_a_command_may_raise_are_cut() {
    let engine = Engine::new(TenantId::from("test"), Rules::default(), 1, 1);
    let many = (0..FindingsRaised::FINDINGS_MAX + 5).map(|at| Finding {
        id: at.to_string(),
        severity: Severity::Low.into(),
        ..finding(1)
    });
    let found = FindingsRaised { raised: many.collect(), ..FindingsRaised::default() };
    let facts = engine.admit(&Command::RaiseFindings(Box::new(found)), AT).unwrap();
    assert_eq!(facts.len(), FindingsRaised::FINDINGS_MAX);
}

#[test]
fn a_measure_is_a_point_of_the_trend() {
    let mut driver = Driver::new(1, 1);
    let measured = PrivilegeMeasured {
        at_ms: AT.ms(),
        identities: 3,
        administrators: 1,
        ..PrivilegeMeasured::default()
    };
    let facts = driver.engine.admit(&Command::MeasurePrivilege(measured), AT).unwrap();
    assert_eq!(facts, [Fact::PrivilegeMeasured(measured)]);
    facts.into_iter().for_each(|fact| driver.fact(fact, AT));
    assert_eq!(driver.engine.state.control.trend.points().collect::<Vec<_>>(), [&measured]);
}
