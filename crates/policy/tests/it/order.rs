//! The order of inspection: where everything is wrong at once the first cause is told, and mending it uncovers the next.

use doorward_model::decision::{Effect, Mode, Reason};
use doorward_model::finding::Severity;
use doorward_model::hold::HoldProfile;
use doorward_model::risk::Risk;
use doorward_model::time::{Millis, Time};
use doorward_policy::decide;
use doorward_policy::decide::{Authentication, CredentialUse};
use doorward_policy::world::World;
use doorward_views::snapshot::KillEpoch;
use doorward_views::snapshot::overlay::{Denial, Overlay};

use crate::decide::{NOW, POLICIES, Stage, ask, hold, pep};

/// All that can be wrong with a request of alice to pay, in the order in which it is looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Wrong {
    Caller,
    KillEpoch,
    PendingKill,
    Expiry,
    Revocation,
    Hold,
    Action,
    ResourceType,
    Forbid,
    Permit,
    RiskCeiling,
    HoldStepUp,
    PolicyStepUp,
    Nothing,
}

const ORDER: [(Wrong, Effect, Reason); 14] = [
    (Wrong::Caller, Effect::Deny, Reason::UnknownCaller),
    (Wrong::KillEpoch, Effect::Deny, Reason::Killed),
    (Wrong::PendingKill, Effect::Deny, Reason::Killed),
    (Wrong::Expiry, Effect::Deny, Reason::CredentialExpired),
    (Wrong::Revocation, Effect::Deny, Reason::CredentialRevoked),
    (Wrong::Hold, Effect::Deny, Reason::HoldDeny),
    (Wrong::Action, Effect::Deny, Reason::UnknownAction),
    (Wrong::ResourceType, Effect::Deny, Reason::UnknownResourceType),
    (Wrong::Forbid, Effect::Deny, Reason::PolicyForbid),
    (Wrong::Permit, Effect::Deny, Reason::NoPermit),
    (Wrong::RiskCeiling, Effect::Deny, Reason::RiskCeiling),
    (Wrong::HoldStepUp, Effect::StepUp, Reason::HoldStepUp),
    (Wrong::PolicyStepUp, Effect::StepUp, Reason::PolicyStepUp),
    (Wrong::Nothing, Effect::Permit, Reason::PolicyPermit),
];

/// The world in which `first` and all that comes after it is wrong.
fn world(first: Wrong, mode: Mode) -> World {
    let wrong = |what: Wrong| first <= what;
    let mut stage = Stage::new();
    if wrong(Wrong::KillEpoch) {
        stage.writer.set_kill_epoch(stage.alice, KillEpoch::at(NOW));
    }
    if wrong(Wrong::PendingKill) {
        stage.overlay = Overlay::default().with(Denial::Kill("alice".into(), NOW)).unwrap();
    }
    if wrong(Wrong::Revocation) {
        stage.writer.revoke("key");
    }
    if wrong(Wrong::Hold) {
        stage.writer.place_hold(hold(HoldProfile::Deny, |_| {}));
    }
    if wrong(Wrong::HoldStepUp) {
        stage.writer.place_hold(hold(HoldProfile::StepUp, |hold| hold.id = "h2".to_owned()));
    }
    if wrong(Wrong::RiskCeiling) {
        stage.writer.set_risk(stage.alice, Risk::of_finding(Severity::Critical, 1_000, NOW));
        stage.settings.risk_max = 50;
    }
    let forbid = "@id(\"never\") forbid(principal, action == Action::\"pay\", resource);";
    stage.policies = match first {
        _ if wrong(Wrong::Forbid) => format!("{POLICIES}{forbid}"),
        Wrong::Permit => "permit(principal, action == Action::\"read\", resource);".to_owned(),
        _ => POLICIES.to_owned(),
    };
    stage.settings.mode = mode;
    stage.world()
}

fn asked(first: Wrong, mode: Mode) -> (Effect, Effect, Vec<Reason>) {
    let wrong = |what: Wrong| first <= what;
    let either = |what, bad, good| if wrong(what) { bad } else { good };
    let later = NOW + Millis::HOUR;
    let pep = pep(Mode::Enforce);
    let mut request =
        ask(&pep, either(Wrong::Caller, "mallory", "alice"), either(Wrong::Action, "burn", "pay"), "d");
    request.resource.kind = either(Wrong::ResourceType, "Vault", "Doc");
    request.credential = Some(CredentialUse {
        id: "key",
        issued_at: if wrong(Wrong::PendingKill) { None } else { Some(later) },
        expires_at: Some(if wrong(Wrong::Expiry) { NOW } else { later }),
    });
    let proof = |at: Time| Some(Authentication { acr: "phr", at });
    request.authentication = if wrong(Wrong::PolicyStepUp) { None } else { proof(NOW) };
    let decision = decide(&world(first, mode), &request, NOW);
    (decision.effect(), decision.decided(), decision.reasons().collect())
}

#[test]
fn the_first_cause_settles_and_mending_it_uncovers_the_next() {
    for (wrong, effect, reason) in ORDER {
        assert_eq!(asked(wrong, Mode::Enforce), (effect, effect, vec![reason]), "{wrong:?}");
    }
}

#[test]
fn where_nothing_is_enforced_only_what_binds_always_refuses() {
    for mode in [Mode::Shadow, Mode::Learn] {
        for (wrong, decided, reason) in ORDER {
            let binds = matches!(
                wrong,
                Wrong::KillEpoch | Wrong::PendingKill | Wrong::Expiry | Wrong::Revocation | Wrong::Nothing
            );
            let expected = if binds {
                (decided, decided, vec![reason])
            } else {
                (Effect::Permit, decided, vec![reason, Reason::NotEnforced])
            };
            assert_eq!(asked(wrong, mode), expected, "{wrong:?} {mode:?}");
        }
    }
}
