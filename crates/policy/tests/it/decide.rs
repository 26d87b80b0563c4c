//! The decision: order of inspection, holds, risk, step-up, modes.

use std::sync::Arc;

use doorward_model::decision::{Decision, Effect, Mode, Obligation, ObligationType, PolicyFailure, Reason};
use doorward_model::finding::Severity;
use doorward_model::hold::{Habit, Hold, HoldProfile, HoldScope};
use doorward_model::id::FactNumber;
use doorward_model::identity::IdentityKind;
use doorward_model::record::TokenSubject;
use doorward_model::risk::Risk;
use doorward_model::time::{Millis, Time};
use doorward_policy::decide::{Authentication, Caller, CredentialUse, Request};
use doorward_policy::evaluate::EntityRef;
use doorward_policy::policy_set::PolicySet;
use doorward_policy::policy_set::load::{Source, Sources};
use doorward_policy::world::{Settings, World};
use doorward_policy::{Properties, decide, explain};
use doorward_proof::Verified;
use doorward_views::snapshot::KillEpoch;
use doorward_views::snapshot::attribute::Record;
use doorward_views::snapshot::entity::{EntityIx, Name};
use doorward_views::snapshot::overlay::{Denial, Overlay};
use doorward_views::snapshot::writer::{EntityRow, Writer};
use serde_json::json;

use crate::support::{asserted, record, verified};

pub(crate) const NOW: Time = Time::from_ms(1_760_000_000_000);

const SCHEMA: &str = r#"
type Context = { risk: { score: Long, level: String }, holds: Set<String>, colour?: String };
entity User { level?: Long };
entity Doc { known: Bool, secret?: Bool };
@class("read") action read appliesTo { principal: User, resource: Doc, context: Context };
@class("data") action open appliesTo { principal: User, resource: Doc, context: Context };
@class("write") @risk_max("60") action write appliesTo { principal: User, resource: Doc, context: Context };
@class("credential") action assume appliesTo { principal: User, resource: Doc, context: Context };
action odd appliesTo { principal: User, resource: Doc, context: Context };
@class("write") action pay appliesTo { principal: User, resource: Doc, context: Context };
@class("write") action close appliesTo { principal: User, resource: Doc, context: Context };
"#;

pub(crate) const POLICIES: &str = r#"
@id("all") permit(principal, action in [Action::"read", Action::"open", Action::"write", Action::"assume", Action::"odd"], resource);
@id("no-strangers") forbid(principal, action == Action::"write", resource) unless { resource.known };
@id("calm") forbid(principal, action == Action::"open", resource) when { context.risk.level == "HIGH" };
@id("pay") @step_up("phr phrh") @max_age("300") @obligation("notification") @obligation_to("books@example.org")
permit(principal, action == Action::"pay", resource);
@id("close") permit(principal, action == Action::"close", resource);
@id("close-later") @step_up("phr") forbid(principal, action == Action::"close", resource);
@id("secret") forbid(principal, action == Action::"odd", resource) when { resource has secret && resource.secret };
"#;

/// A small world, on its way.
pub(crate) struct Stage {
    pub(crate) writer: Writer,
    pub(crate) alice: EntityIx,
    pub(crate) overlay: Overlay,
    pub(crate) settings: Settings,
    pub(crate) policies: String,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let mut writer = Writer::new(3);
        let user = |id: &str| EntityRow {
            name: Name::new("User", id),
            identity: Some(IdentityKind::Human),
            aliases: vec![Name::new("User", &format!("{id}@example.org"))],
            ..EntityRow::default()
        };
        let alice = writer.put_entity(user("alice")).unwrap();
        writer.put_entity(user("bob")).unwrap();
        writer.put_entity(EntityRow { name: Name::new("Doc", "d"), ..EntityRow::default() }).unwrap();
        let settings = Settings { mode: Mode::Enforce, ..Settings::default() };
        Self { writer, alice, overlay: Overlay::default(), settings, policies: POLICIES.to_owned() }
    }

    pub(crate) fn world(&mut self) -> World {
        let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
        let sources = Sources {
            policies: vec![source("p.cedar", &self.policies)],
            schema: vec![source("s.cedarschema", SCHEMA)],
            links: Vec::new(),
        };
        let policy = Arc::new(PolicySet::load(&sources).unwrap());
        World::new(self.writer.publish(FactNumber(41)), Arc::new(self.overlay.clone()), policy, self.settings)
    }

    pub(crate) fn hold(mut self, profile: HoldProfile, change: impl FnOnce(&mut Hold)) -> Self {
        self.writer.place_hold(hold(profile, change));
        self
    }
}

pub(crate) fn hold(profile: HoldProfile, change: impl FnOnce(&mut Hold)) -> Hold {
    let mut hold = Hold {
        id: "h1".to_owned(),
        scope: HoldScope::Identity.into(),
        subject: "alice".to_owned(),
        profile: profile.into(),
        placed_at_ms: (NOW - Millis::HOUR).ms(),
        ..Hold::default()
    };
    change(&mut hold);
    hold
}

/// Who asks: whoever showed a token, in a mode.
pub(crate) struct Gate {
    who: Verified,
    mode: Mode,
}

impl Gate {
    fn about<'a>(&'a self, subject: EntityRef<'a>) -> Caller<'a> {
        asserted(&self.who, self.mode, subject)
    }
}

/// The enforcement point `gate`.
pub(crate) fn pep(mode: Mode) -> Gate {
    Gate { who: verified("gate", None, NOW), mode }
}

pub(crate) fn ask<'a>(pep: &'a Gate, user: &'a str, action: &'a str, doc: &'a str) -> Request<'a> {
    let subject = EntityRef { kind: "User", id: user };
    Request::new(pep.about(subject), action, EntityRef { kind: "Doc", id: doc })
}

/// Effect and reasons of alice doing something to a known document.
fn said(world: &World, action: &str) -> String {
    let pep = pep(Mode::Enforce);
    brief(&decide(world, &ask(&pep, "alice", action, "d"), NOW))
}

pub(crate) fn brief(decision: &Decision) -> String {
    let reasons: Vec<_> = decision.reasons().map(Reason::code).collect();
    format!("{}: {}", decision.effect().word(), reasons.join(", "))
}

#[test]
fn a_decision_names_what_settled_it() {
    let world = Stage::new().world();
    let pep = pep(Mode::Enforce);
    let decision = decide(&world, &ask(&pep, "alice@example.org", "read", "d"), NOW);
    let expected = Decision {
        effect: Effect::Permit.into(),
        decided: Effect::Permit.into(),
        mode: Mode::Enforce.into(),
        reasons: vec![Reason::PolicyPermit.into()],
        policies: vec!["all".to_owned()],
        fact_number: 41,
        identity: "alice".to_owned(),
        candidates: 1,
        ..Decision::default()
    };
    assert_eq!(decision, expected);
}

#[test]
fn unknown_callers_actions_and_types_are_refused_and_unknown_resources_are_marked() {
    let world = Stage::new().world();
    let pep = pep(Mode::Enforce);
    let of = |user, action, doc| brief(&decide(&world, &ask(&pep, user, action, doc), NOW));
    assert_eq!(of("mallory", "read", "d"), "deny: unknown-caller");
    assert_eq!(of("alice", "burn", "d"), "deny: unknown-action");
    let odd = Request { resource: EntityRef { kind: "Vault", id: "v" }, ..ask(&pep, "alice", "read", "d") };
    assert_eq!(brief(&decide(&world, &odd, NOW)), "deny: unknown-resource-type");
    assert_eq!(of("alice", "write", "d"), "permit: policy-permit");
    assert_eq!(of("alice", "write", "never-seen"), "deny: policy-forbid");
    assert_eq!(of("alice", "pay", "d"), "step-up: policy-step-up");
}

#[test]
fn kill_epochs_and_credentials_come_first_and_bind_in_every_mode() {
    let mut stage = Stage::new().hold(HoldProfile::Deny, |_| {});
    stage.settings.mode = Mode::Learn;
    stage.writer.set_kill_epoch(stage.alice, KillEpoch::at(NOW));
    stage.writer.revoke("key-1");
    let world = stage.world();
    let pep = pep(Mode::Learn);
    let with = |user, id, issued_at, expires_at| {
        let credential = Some(CredentialUse { id, issued_at, expires_at });
        brief(&decide(&world, &Request { credential, ..ask(&pep, user, "read", "d") }, NOW))
    };
    let after = Some(NOW + Millis(1));
    assert_eq!(with("alice", "k", Some(NOW), None), "deny: killed");
    assert_eq!(with("alice", "k", None, None), "deny: killed");
    assert_eq!(with("alice", "k", after, Some(NOW)), "deny: credential-expired");
    assert_eq!(with("alice", "key-1", after, after), "deny: credential-revoked");
    assert_eq!(with("alice", "k", after, after), "permit: hold-deny, not-enforced");
    assert_eq!(with("bob", "key-1", None, None), "deny: credential-revoked");
    assert_eq!(with("bob", "k", None, after), "permit: policy-permit");
    let session = Request { session: Some("key-1"), ..ask(&pep, "bob", "read", "d") };
    assert_eq!(brief(&decide(&world, &session, NOW)), "deny: credential-revoked");
}

#[test]
fn each_profile_takes_what_it_says() {
    let table = |profile, change: fn(&mut Hold)| {
        let world = Stage::new().hold(profile, change).world();
        ["read", "open", "write", "assume", "odd"].map(|action| said(&world, action))
    };
    let permit = "permit: policy-permit";
    assert_eq!(table(HoldProfile::Deny, |_| {}), ["deny: hold-deny"; 5]);
    let reading = "deny: hold-read-only";
    assert_eq!(table(HoldProfile::ReadOnly, |_| {}), [permit, reading, reading, reading, reading]);
    let step_up = "step-up: hold-step-up";
    assert_eq!(table(HoldProfile::BaselineOnly, |_| {}), [step_up; 5]);
    let new = "deny: hold-baseline-only";
    let habit = |hold: &mut Hold| {
        let habit = |action: &str, pep: &str| Habit {
            action: action.to_owned(),
            resource_type: "Doc".to_owned(),
            pep: pep.to_owned(),
        };
        hold.habits = vec![habit("open", "gate"), habit("write", "elsewhere")];
    };
    assert_eq!(table(HoldProfile::BaselineOnly, habit), [new, permit, new, new, new]);
    assert_eq!(table(HoldProfile::StepUp, |_| {}), [step_up; 5]);
    let delegation = "deny: hold-no-delegation";
    assert_eq!(table(HoldProfile::NoDelegation, |_| {}), [permit, permit, permit, delegation, permit]);
    assert_eq!(table(HoldProfile::Deny, |hold| hold.subject = "bob".to_owned()), [permit; 5]);
    assert_eq!(table(HoldProfile::Deny, |hold| hold.expires_at_ms = NOW.ms()), [permit; 5]);
    assert_eq!(table(HoldProfile::Deny, |hold| hold.expires_at_ms = NOW.ms() + 1), ["deny: hold-deny"; 5]);
}

/// A hold lets pass what its profile says; a policy may think otherwise of who is held.
#[test]
fn policies_read_which_holds_are_in_force_and_no_request_says_so() {
    let stage = || {
        let mut stage = Stage::new();
        stage.policies.push_str(
            r#"@id("held") forbid(principal, action == Action::"read", resource) when { context.holds.contains("read-only") };"#,
        );
        stage
    };
    let (permit, forbid) = ("permit: policy-permit", "deny: policy-forbid");
    let pending = Denial::Hold(Arc::new(hold(HoldProfile::ReadOnly, |_| {})));
    let mut beside = stage();
    beside.overlay = Overlay::default().with(pending).unwrap();
    let on_session =
        |hold: &mut Hold| (hold.scope, hold.subject) = (HoldScope::Session.into(), "s".to_owned());
    let cases = [
        (stage(), permit),
        (stage().hold(HoldProfile::ReadOnly, |_| {}), forbid),
        (stage().hold(HoldProfile::NoDelegation, |_| {}), permit),
        (stage().hold(HoldProfile::ReadOnly, |hold| hold.expires_at_ms = NOW.ms()), permit),
        (stage().hold(HoldProfile::ReadOnly, on_session), forbid),
        (beside, forbid),
    ];
    let (pep, claimed) = (pep(Mode::Enforce), record(&json!({"holds": ["read-only"], "colour": "red"})));
    for (at, (mut stage, expected)) in cases.into_iter().enumerate() {
        let request = Request { session: Some("s"), ..ask(&pep, "alice", "read", "d") };
        let world = stage.world();
        assert_eq!(brief(&decide(&world, &request, NOW)), expected, "{at}");
        let claiming = Request { context: Some(&claimed), ..request };
        assert_eq!(
            brief(&decide(&world, &claiming, NOW)),
            expected,
            "{at}: what the request brings is not it"
        );
    }
    // Also where a hold settles it before any policy is asked.
    let world =
        stage().hold(HoldProfile::ReadOnly, |_| {}).hold(HoldProfile::Deny, |hold| hold.id = "h2".to_owned());
    let explained = explain(&{ world }.world(), &ask(&pep, "alice", "read", "d"), NOW);
    let held: Vec<_> = explained
        .candidates
        .into_iter()
        .flatten()
        .filter(|row| row.policy == "held")
        .map(|row| row.holds)
        .collect();
    assert_eq!((brief(&explained.decision).as_str(), held), ("deny: hold-deny", vec![Ok(true)]));
}

#[test]
fn acting_for_another_is_delegation() {
    let world = Stage::new().hold(HoldProfile::NoDelegation, |_| {}).world();
    let pep = pep(Mode::Enforce);
    let request = Request { on_behalf_of: Some("bob"), ..ask(&pep, "alice", "read", "d") };
    assert_eq!(brief(&decide(&world, &request, NOW)), "deny: hold-no-delegation");
}

#[test]
fn holds_bite_on_sessions_credentials_tasks_and_tools_and_lift_on_release() {
    for scope in [HoldScope::Session, HoldScope::Credential, HoldScope::Task, HoldScope::Tool] {
        let mut stage = Stage::new().hold(HoldProfile::Deny, |hold| {
            hold.scope = scope.into();
            hold.subject = "x".to_owned();
        });
        let world = stage.world();
        let pep = pep(Mode::Enforce);
        let bare = ask(&pep, "alice", "read", "d");
        let given = |when, id| if scope == when { Some(id) } else { None };
        let request = |id| Request {
            session: given(HoldScope::Session, id),
            credential: given(HoldScope::Credential, id).map(|id| CredentialUse {
                id,
                issued_at: None,
                expires_at: None,
            }),
            task: given(HoldScope::Task, id),
            tool: given(HoldScope::Tool, id),
            ..bare
        };
        assert_eq!(brief(&decide(&world, &request("x"), NOW)), "deny: hold-deny", "{scope:?}");
        assert_eq!(brief(&decide(&world, &request("y"), NOW)), "permit: policy-permit", "{scope:?}");
        assert!(stage.writer.release_hold(scope, "x", "h1"));
        assert_eq!(brief(&decide(&stage.world(), &request("x"), NOW)), "permit: policy-permit", "{scope:?}");
        assert_eq!(brief(&decide(&world, &request("x"), NOW)), "deny: hold-deny", "the older world stays");
    }
}

#[test]
fn a_hold_may_come_before_its_identity() {
    let mut stage = Stage::new().hold(HoldProfile::Deny, |hold| hold.subject = "carol".to_owned());
    let carol = |kind| EntityRow {
        name: Name::new(kind, "carol"),
        identity: Some(IdentityKind::Human),
        ..EntityRow::default()
    };
    stage.writer.put_entity(carol("User")).unwrap();
    stage.writer.put_entity(carol("Doc")).unwrap();
    let pep = pep(Mode::Enforce);
    let world = stage.world();
    let of = |kind| {
        let subject = EntityRef { kind, id: "carol" };
        let request = Request { caller: pep.about(subject), ..ask(&pep, "alice", "read", "d") };
        brief(&decide(&world, &request, NOW))
    };
    assert_eq!((of("User").as_str(), of("Doc").as_str()), ("deny: hold-deny", "deny: hold-deny"));
}

/// Who asks about itself says nothing that counts for it: not its properties, not its credential, not that it has
/// signed in again. Whoever is trusted to say so is answered by it.
#[test]
fn who_asks_about_itself_cannot_vouch_for_itself() {
    let alice = || Some(TokenSubject { kind: "User".to_owned(), id: "alice".to_owned() });
    let itself = |issued_at| Gate { who: verified("own", alice(), issued_at), mode: Mode::Enforce };
    let at = |world: &World, gate: &Gate| {
        let role = record(&json!({"role": "admin"}));
        let properties = Properties { subject: Some(&role), ..Properties::default() };
        let credential = Some(CredentialUse { id: "fresh", issued_at: Some(NOW), expires_at: None });
        let authentication = Some(Authentication { acr: "phr", at: NOW });
        let told = Request { properties, credential, authentication, ..ask(gate, "alice", "read", "d") };
        brief(&decide(world, &told, NOW))
    };
    let whole = Stage::new().world();
    assert_eq!([itself(NOW), pep(Mode::Enforce)].map(|gate| at(&whole, &gate)), ["permit: policy-permit"; 2]);
    let mut step_up = Stage::new().hold(HoldProfile::StepUp, |hold| hold.acr_values = vec!["phr".to_owned()]);
    let step_up = step_up.world();
    let said = [itself(NOW), pep(Mode::Enforce)].map(|gate| at(&step_up, &gate));
    assert_eq!(said, ["step-up: hold-step-up", "permit: policy-permit"]);
    // Its token is its credential: it is held, and a kill ends it if it was issued before.
    let token = itself(NOW).who.token().unwrap().to_owned();
    let mut held = Stage::new().hold(HoldProfile::Deny, |hold| {
        hold.scope = HoldScope::Credential.into();
        hold.subject = token.clone();
    });
    let held = held.world();
    let said = [itself(NOW), pep(Mode::Enforce)].map(|gate| at(&held, &gate));
    assert_eq!(said, ["deny: hold-deny", "permit: policy-permit"]);
    let mut killed = Stage::new();
    killed.writer.set_kill_epoch(killed.alice, KillEpoch::at(NOW - Millis::HOUR));
    let killed = killed.world();
    let said = [NOW - Millis::HOUR.times(2), NOW].map(|issued_at| at(&killed, &itself(issued_at)));
    assert_eq!(said, ["deny: killed", "permit: policy-permit"]);
}

#[test]
fn a_step_up_opens_what_a_hold_or_policy_closed() {
    let world = Stage::new()
        .hold(HoldProfile::StepUp, |hold| {
            hold.acr_values = vec!["phr".to_owned()];
            hold.max_age_s = 600;
        })
        .world();
    let pep = pep(Mode::Enforce);
    let with = |user, action, acr, at| {
        let request =
            Request { authentication: Some(Authentication { acr, at }), ..ask(&pep, user, action, "d") };
        brief(&decide(&world, &request, NOW))
    };
    let ago = |minutes| NOW - Millis::MINUTE.times(minutes);
    assert_eq!(with("alice", "read", "phr", ago(10)), "permit: policy-permit");
    assert_eq!(with("alice", "read", "phr", ago(11)), "step-up: hold-step-up");
    assert_eq!(with("alice", "read", "pwd", ago(1)), "step-up: hold-step-up");
    assert_eq!(with("alice", "read", "phr", NOW + Millis(1)), "step-up: hold-step-up");
    assert_eq!(with("bob", "pay", "phrh", ago(5)), "permit: policy-permit");
    assert_eq!(with("bob", "pay", "phrh", ago(6)), "step-up: policy-step-up");
    assert_eq!(with("bob", "close", "pwd", ago(0)), "step-up: policy-step-up");
    assert_eq!(with("bob", "close", "phr", ago(9_999)), "permit: policy-permit");
}

#[test]
fn a_proof_older_than_the_hold_does_not_lift_it() {
    let world = Stage::new().hold(HoldProfile::StepUp, |_| {}).world();
    let pep = pep(Mode::Enforce);
    let with = |at| {
        let request = Request {
            authentication: Some(Authentication { acr: "any", at }),
            ..ask(&pep, "alice", "read", "d")
        };
        brief(&decide(&world, &request, NOW))
    };
    assert_eq!(with(NOW - Millis::HOUR), "permit: policy-permit");
    assert_eq!(with(NOW - Millis::HOUR - Millis(1)), "step-up: hold-step-up");
}

#[test]
fn obligations_carry_what_must_be_done() {
    let world =
        Stage::new().hold(HoldProfile::StepUp, |hold| hold.acr_values = vec!["phr".to_owned()]).world();
    let pep = pep(Mode::Enforce);
    let decision = decide(&world, &ask(&pep, "alice", "pay", "d"), NOW);
    let step_up = |id: &str, acr_values: &[&str], max_age_s| Obligation {
        id: id.to_owned(),
        kind: ObligationType::StepUp.into(),
        acr_values: acr_values.iter().map(|acr| (*acr).to_owned()).collect(),
        max_age_s,
        ..Obligation::default()
    };
    let notify = Obligation {
        id: "pay".to_owned(),
        kind: ObligationType::Notification.into(),
        properties: [("to".to_owned(), "books@example.org".to_owned())].into(),
        ..Obligation::default()
    };
    assert_eq!(
        decision.obligations,
        [step_up("h1", &["phr"], 0), step_up("pay", &["phr", "phrh"], 300), notify]
    );
    assert_eq!((brief(&decision).as_str(), decision.holds), ("step-up: hold-step-up", vec!["h1".to_owned()]));
}

/// A hold that only asks for a step-up is not what settles a refusal.
#[test]
fn a_refusal_by_policy_or_risk_names_no_hold() {
    let mut stage = Stage::new().hold(HoldProfile::StepUp, |_| {});
    let pending = Arc::new(hold(HoldProfile::StepUp, |hold| hold.id = "h2".to_owned()));
    stage.overlay = Overlay::default().with(Denial::Hold(pending)).unwrap();
    stage.settings.risk_max = 0;
    let world = stage.world();
    let pep = pep(Mode::Enforce);
    let of = |world: &World, action, doc| {
        let decision = decide(world, &ask(&pep, "alice", action, doc), NOW);
        (brief(&decision), decision.holds, decision.pending)
    };
    let named = vec!["h1".to_owned(), "h2".to_owned()];
    assert_eq!(of(&world, "read", "d"), ("step-up: hold-step-up".to_owned(), named, true));
    let none = |said: &str| (said.to_owned(), Vec::new(), false);
    assert_eq!(of(&world, "burn", "d"), none("deny: unknown-action"));
    assert_eq!(of(&world, "write", "never-seen"), none("deny: policy-forbid"));
    stage.writer.set_risk(stage.alice, Risk::of_finding(Severity::Low, 1_000, NOW));
    assert_eq!(of(&stage.world(), "read", "d"), none("deny: risk-ceiling"));
}

#[test]
fn risk_fades_and_closes_by_policy_and_by_ceiling() {
    let mut stage = Stage::new();
    stage.writer.set_risk(stage.alice, Risk::of_finding(Severity::Critical, 900, NOW));
    let world = stage.world();
    let pep = pep(Mode::Enforce);
    let after = |action, hours| {
        let decision = decide(&world, &ask(&pep, "alice", action, "d"), NOW + Millis::HOUR.times(hours));
        (decision.risk_score, brief(&decision))
    };
    assert_eq!(after("open", 0), (90, "deny: policy-forbid".to_owned()));
    assert_eq!(after("open", 5), (78, "permit: policy-permit".to_owned()));
    assert_eq!(after("write", 5), (78, "deny: risk-ceiling".to_owned()));
    assert_eq!(after("write", 15), (58, "permit: policy-permit".to_owned()));
    stage.settings.risk_max = 50;
    let world = stage.world();
    let later = decide(&world, &ask(&pep, "alice", "read", "d"), NOW + Millis::HOUR.times(15));
    assert_eq!(brief(&later), "deny: risk-ceiling");
}

/// The same world with a forbid on reading that errs, as no schema would let pass.
pub(crate) fn with_errors(world: World) -> World {
    let mut policies = world.policy.stable().clone();
    let errs = cedar_policy::Policy::parse(
        Some(cedar_policy::PolicyId::new("errs")),
        "forbid(principal, action == Action::\"read\", resource) when { principal.level > 3 };",
    );
    policies.add(errs.unwrap()).unwrap();
    let (schema, _) = cedar_policy::Schema::from_cedarschema_str(SCHEMA).unwrap();
    let policy = Arc::new(PolicySet::without_validation(policies, Some(&schema)));
    World::new(world.snapshot, world.overlay, policy, world.settings)
}

#[test]
fn a_policy_that_errs_is_a_refusal() {
    let world = with_errors(Stage::new().world());
    let pep = pep(Mode::Enforce);
    let decision = decide(&world, &ask(&pep, "alice", "read", "d"), NOW);
    let failure = PolicyFailure {
        policy: "errs".to_owned(),
        message: "`User::\"alice\"` does not have the attribute `level`".to_owned(),
    };
    assert_eq!((brief(&decision).as_str(), decision.failures), ("deny: policy-error", vec![failure]));
    assert_eq!(said(&world, "open"), "permit: policy-permit");
}

#[test]
fn the_weakest_mode_is_in_force_and_says_what_it_let_pass() {
    for (policy, at_pep, expected) in [
        (Mode::Enforce, Mode::Enforce, "deny: no-permit"),
        (Mode::Shadow, Mode::Enforce, "permit: no-permit, not-enforced"),
        (Mode::Enforce, Mode::Shadow, "permit: no-permit, not-enforced"),
        (Mode::Learn, Mode::Shadow, "permit: no-permit, not-enforced"),
    ] {
        let mut stage = Stage::new();
        stage.settings.mode = policy;
        stage.policies = POLICIES.replace("Action::\"read\", ", "");
        let pep = pep(at_pep);
        let decision = decide(&stage.world(), &ask(&pep, "alice", "read", "d"), NOW);
        assert_eq!(brief(&decision), expected);
        assert_eq!((decision.decided(), decision.mode()), (Effect::Deny, policy.max(at_pep)));
        let strange = decide(&stage.world(), &ask(&pep, "alice", "pay", "d"), NOW);
        assert_eq!(
            strange.obligations.is_empty(),
            expected.starts_with("permit"),
            "what is not enforced asks for nothing"
        );
    }
    assert_eq!(doorward_model::decision::Pep::new("new").mode(), Mode::Shadow);
}

#[test]
fn the_overlay_denies_at_once_and_says_pending() {
    let stage = |denial| {
        let mut stage = Stage::new();
        stage.overlay = Overlay::default().with(denial).unwrap();
        stage.world()
    };
    let pep = pep(Mode::Enforce);
    let session = Request { session: Some("s"), ..ask(&pep, "alice", "read", "d") };
    for (denial, expected) in [
        (Denial::Hold(Arc::new(hold(HoldProfile::Deny, |_| {}))), "deny: hold-deny"),
        (Denial::Kill("alice".into(), NOW), "deny: killed"),
        (Denial::Revoke("s".into()), "deny: credential-revoked"),
    ] {
        let world = stage(denial.clone());
        let decision = decide(&world, &session, NOW);
        assert_eq!((brief(&decision).as_str(), decision.pending, decision.fact_number), (expected, true, 41));
        let calm = world.later(Arc::clone(&world.snapshot), Arc::new(world.overlay.without(&denial)));
        let decision = decide(&calm, &session, NOW);
        assert_eq!((brief(&decision).as_str(), decision.pending), ("permit: policy-permit", false));
    }
}

#[test]
fn a_later_world_knows_entities_that_policies_named_before() {
    let mut stage = Stage::new();
    stage.policies =
        format!("{POLICIES}@id(\"carol\") forbid(principal == User::\"carol\", action, resource);");
    let world = stage.world();
    let carol = EntityRow {
        name: Name::new("User", "carol"),
        identity: Some(IdentityKind::Human),
        ..EntityRow::default()
    };
    stage.writer.put_entity(carol).unwrap();
    let later = world.later(stage.writer.publish(FactNumber(42)), Arc::new(Overlay::default()));
    let pep = pep(Mode::Enforce);
    let decision = decide(&later, &ask(&pep, "carol", "read", "d"), NOW);
    assert_eq!((brief(&decision).as_str(), decision.fact_number), ("deny: policy-forbid", 42));
    assert_eq!(brief(&decide(&world, &ask(&pep, "carol", "read", "d"), NOW)), "deny: unknown-caller");
}

#[test]
fn nothing_that_a_request_brings_replaces_what_we_add() {
    let mut stage = Stage::new();
    stage.writer.set_risk(stage.alice, Risk::of_finding(Severity::Critical, 900, NOW));
    let world = stage.world();
    let pep = pep(Mode::Enforce);
    let given: Record = serde_json::from_str(
        r#"{"risk": {"score": 0, "level": "NONE"}, "request": {"resource": {"known": true}}}"#,
    )
    .unwrap();
    let properties = Properties { subject: Some(&given), resource: Some(&given), action: Some(&given) };
    let with = |action, doc| {
        let request = Request { context: Some(&given), properties, ..ask(&pep, "alice", action, doc) };
        brief(&decide(&world, &request, NOW))
    };
    assert_eq!(with("open", "d"), "deny: policy-forbid");
    assert_eq!(with("write", "never-seen"), "deny: policy-forbid");
}
