//! An explanation: the decision, and all that bears on it.

use std::sync::Arc;

use doorward_model::decision::{Decision, Effect, Mode, PolicyFailure, Reason};
use doorward_model::finding::Severity;
use doorward_model::hold::HoldProfile;
use doorward_model::risk::Risk;
use doorward_policy::decide::{Candidate, CredentialUse, Explanation, HoldInForce, Request};
use doorward_policy::evaluate::EntityRef;
use doorward_policy::{decide, explain};
use doorward_views::snapshot::KillEpoch;
use doorward_views::snapshot::overlay::{Denial, Overlay};

use crate::decide::{NOW, Stage, ask, hold, pep, with_errors};

fn candidate(policy: &str, permits: bool, holds: Result<bool, &str>) -> Candidate {
    Candidate { policy: policy.to_owned(), permits, holds: holds.map_err(str::to_owned) }
}

#[test]
fn holds_and_risk_stand_beside_what_the_policies_say() {
    let mut stage = Stage::new()
        .hold(HoldProfile::StepUp, |hold| hold.id = "b".to_owned())
        .hold(HoldProfile::Deny, |hold| (hold.id, hold.expires_at_ms) = ("over".to_owned(), NOW.ms()));
    let denied = Arc::new(hold(HoldProfile::Deny, |hold| hold.id = "a".to_owned()));
    stage.overlay = Overlay::default().with(Denial::Hold(Arc::clone(&denied))).unwrap();
    stage.settings.mode = Mode::Shadow;
    stage.settings.risk_max = 90;
    stage.writer.set_risk(stage.alice, Risk::of_finding(Severity::High, 1_000, NOW));
    let world = stage.world();
    let pep = pep(Mode::Enforce);
    let request = ask(&pep, "alice", "write", "never-seen");
    let step_up = Arc::new(hold(HoldProfile::StepUp, |hold| hold.id = "b".to_owned()));
    let expected = Explanation {
        decision: Decision {
            effect: Effect::Permit.into(),
            decided: Effect::Deny.into(),
            mode: Mode::Shadow.into(),
            reasons: vec![Reason::HoldDeny.into(), Reason::NotEnforced.into()],
            holds: vec!["a".to_owned(), "b".to_owned()],
            fact_number: 41,
            pending: true,
            risk_score: 75,
            identity: "alice".to_owned(),
            ..Decision::default()
        },
        candidates: Some(vec![candidate("all", true, Ok(true)), candidate("no-strangers", false, Ok(true))]),
        holds: vec![
            HoldInForce { hold: denied, pending: true },
            HoldInForce { hold: step_up, pending: false },
        ],
        risk_max: 60,
    };
    assert_eq!(explain(&world, &request, NOW), expected);
    assert_eq!(decide(&world, &request, NOW), expected.decision);
}

#[test]
fn each_candidate_says_whether_it_holds_or_why_not() {
    let world = with_errors(Stage::new().world());
    let pep = pep(Mode::Enforce);
    let message = "`User::\"alice\"` does not have the attribute `level`";
    let failure = PolicyFailure { policy: "errs".to_owned(), message: message.to_owned() };
    let decision = Decision {
        mode: Mode::Enforce.into(),
        fact_number: 41,
        identity: "alice".to_owned(),
        ..Decision::default()
    };
    let expected = Explanation {
        decision: Decision {
            reasons: vec![Reason::PolicyError.into()],
            failures: vec![failure],
            candidates: 2,
            ..decision.clone()
        },
        candidates: Some(vec![candidate("all", true, Ok(true)), candidate("errs", false, Err(message))]),
        holds: Vec::new(),
        risk_max: 100,
    };
    assert_eq!(explain(&world, &ask(&pep, "alice", "read", "d"), NOW), expected);
    let expected = Explanation {
        decision: Decision {
            effect: Effect::Permit.into(),
            decided: Effect::Permit.into(),
            reasons: vec![Reason::PolicyPermit.into()],
            policies: vec!["all".to_owned()],
            candidates: 2,
            ..decision
        },
        candidates: Some(vec![candidate("all", true, Ok(true)), candidate("calm", false, Ok(false))]),
        holds: Vec::new(),
        risk_max: 100,
    };
    assert_eq!(explain(&world, &ask(&pep, "alice", "open", "d"), NOW), expected);
}

#[test]
fn what_is_settled_before_the_policies_is_put_to_them_where_it_can_be() {
    let mut stage = Stage::new();
    stage.writer.set_kill_epoch(stage.alice, KillEpoch::at(NOW));
    let world = stage.world();
    let pep = pep(Mode::Enforce);
    let told = |request: Request<'_>| {
        let explained = explain(&world, &request, NOW);
        let reasons: Vec<_> = explained.decision.reasons().collect();
        (reasons, explained.candidates.map(|all| all.into_iter().map(|one| one.policy).collect::<Vec<_>>()))
    };
    let all = || Some(vec!["all".to_owned()]);
    assert_eq!(told(ask(&pep, "alice", "read", "d")), (vec![Reason::Killed], all()));
    let credential = Some(CredentialUse { id: "k", issued_at: None, expires_at: Some(NOW) });
    let expired = Request { credential, ..ask(&pep, "bob", "read", "d") };
    assert_eq!(told(expired), (vec![Reason::CredentialExpired], all()));
    assert_eq!(told(ask(&pep, "mallory", "read", "d")), (vec![Reason::UnknownCaller], None));
    assert_eq!(told(ask(&pep, "bob", "burn", "d")), (vec![Reason::UnknownAction], None));
    let strange = Request { resource: EntityRef { kind: "Vault", id: "v" }, ..ask(&pep, "bob", "read", "d") };
    assert_eq!(told(strange), (vec![Reason::UnknownResourceType], None));
}
