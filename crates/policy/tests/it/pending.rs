//! What is stricter and not durable yet: a mode of an enforcement point, a mode and a ceiling of the policy set.

use std::sync::Arc;

use doorward_model::decision::{Mode, Pep};
use doorward_model::finding::Severity;
use doorward_model::risk::Risk;
use doorward_policy::decide;
use doorward_policy::world::World;
use doorward_views::snapshot::overlay::{Denial, Overlay};

use crate::decide::{NOW, POLICIES, Stage, ask, brief, pep};

/// A world in which nothing permits that alice reads, with a mode of the set and what denies beside it.
fn world(mode: Mode, denials: &[Denial]) -> World {
    let mut stage = Stage::new();
    stage.settings.mode = mode;
    stage.policies = POLICIES.replace("Action::\"read\", ", "");
    let with = |overlay: Overlay, denial: &Denial| overlay.with(denial.clone()).unwrap();
    stage.overlay = denials.iter().fold(Overlay::default(), with);
    stage.world()
}

fn at(name: &str, mode: Mode) -> Denial {
    Denial::Pep(Pep { name: name.to_owned(), mode: mode.into() })
}

/// The modes of the set and the point, what is stricter, and the mode in force with whether it is pending.
type Case<'a> = (Mode, Mode, &'a [Denial], (Mode, bool));

#[test]
fn a_stricter_mode_bites_before_it_is_durable_and_the_decision_says_so() {
    let (enforce, shadow, learn) = (Mode::Enforce, Mode::Shadow, Mode::Learn);
    let cases: [Case<'_>; 8] = [
        (enforce, shadow, &[], (shadow, false)),
        (enforce, shadow, &[at("gate", enforce)], (enforce, true)),
        (enforce, learn, &[at("gate", shadow)], (shadow, true)),
        // Another point, what is in force already, and what is weaker change nothing.
        (enforce, shadow, &[at("other", enforce)], (shadow, false)),
        (enforce, enforce, &[at("gate", enforce)], (enforce, false)),
        (enforce, enforce, &[at("gate", learn)], (enforce, false)),
        // It takes both, as ever.
        (shadow, shadow, &[at("gate", enforce)], (shadow, false)),
        (shadow, shadow, &[at("gate", enforce), Denial::Policy(enforce, 100)], (enforce, true)),
    ];
    for (of_set, of_pep, denials, (mode, pending)) in cases {
        let pep = pep(of_pep);
        let decision = decide(&world(of_set, denials), &ask(&pep, "alice", "read", "d"), NOW);
        let expected = if mode == enforce { "deny: no-permit" } else { "permit: no-permit, not-enforced" };
        let found = (brief(&decision), decision.mode(), decision.pending, decision.fact_number);
        assert_eq!(found, (expected.to_owned(), mode, pending, 41), "{of_set:?} {of_pep:?} {denials:?}");
    }
}

#[test]
fn a_lower_ceiling_bites_before_it_is_durable() {
    let mut stage = Stage::new();
    stage.writer.set_risk(stage.alice, Risk::of_finding(Severity::High, 900, NOW));
    let calm = stage.world();
    let pep = pep(Mode::Enforce);
    // The ceiling of `write` is 60, that of `read` the set's.
    let said = |risk_max| {
        let overlay = Overlay::default().with(Denial::Policy(Mode::Enforce, risk_max)).unwrap();
        let world = calm.later(Arc::clone(&calm.snapshot), Arc::new(overlay));
        ["read", "write"].map(|action| {
            let decision = decide(&world, &ask(&pep, "alice", action, "d"), NOW);
            (brief(&decision), decision.pending)
        })
    };
    let permit = ("permit: policy-permit".to_owned(), false);
    let deny = |pending| ("deny: risk-ceiling".to_owned(), pending);
    assert_eq!(said(100), [permit.clone(), deny(false)]);
    assert_eq!(said(50), [deny(true), deny(false)]);
    assert_eq!(said(70), [permit, deny(false)]);
}
