//! Commands: each refusal, and what an admitted one leads to.

use doorward_engine::admit::{PEPS_MAX, TOKENS_MAX, admit};
use doorward_engine::{Engine, Rules};
use doorward_model::command::{Command, Refusal};
use doorward_model::decision::{Mode, Pep};
use doorward_model::hold::{Hold, HoldProfile};
use doorward_model::id::TenantId;
use doorward_model::identity::Identity;
use doorward_model::inventory::AccountExport;
use doorward_model::record::{
    CONFIGURATION, Fact, HoldReleased, IdentityKilled, IdentityRevived, ImportCommitted, PepSet,
    PolicyPublished, Tick, TokenIssued, TokenRevoked,
};
use doorward_model::time::Time;
use doorward_views::checkpoint::{FORMAT, facts};
use doorward_views::publish::Publisher;

use crate::support::Driver;

const NOW: Time = Time::from_ms(1_000_000);

fn hold(id: &str, expires_at_ms: i64) -> Command {
    Command::PlaceHold(Hold {
        id: id.into(),
        subject: "alice".into(),
        profile: HoldProfile::StepUp.into(),
        expires_at_ms,
        ..Hold::default()
    })
}

fn issue(id: &str, expires_at_ms: i64) -> Command {
    Command::IssueToken(TokenIssued { id: id.into(), expires_at_ms, ..TokenIssued::default() })
}

/// Admits a command and records what follows.
fn run(driver: &mut Driver, command: &Command) -> Result<Vec<Fact>, Refusal> {
    let facts = admit(&driver.engine.state, command, NOW)?;
    facts.iter().cloned().for_each(|fact| driver.fact(fact, NOW));
    Ok(facts)
}

#[test]
fn a_hold_is_placed_once_and_released_once() {
    let mut driver = Driver::new(1, 1);
    let placed = run(&mut driver, &hold("h1", 2_000_000)).unwrap();
    let [Fact::HoldPlaced(kept)] = placed.as_slice() else { panic!("{placed:?}") };
    assert_eq!((kept.placed_at_ms, kept.expires_at_ms), (NOW.ms(), 2_000_000));
    assert_eq!(run(&mut driver, &hold("h1", 0)), Err(Refusal::Exists { what: "hold", id: "h1".into() }));
    let over = Refusal::AlreadyOver { what: "hold", ends: NOW };
    assert_eq!(run(&mut driver, &hold("h2", NOW.ms())), Err(over));
    let released = HoldReleased { id: "h1".into(), by: "bob".into(), reason: "known".into() };
    let release = Command::ReleaseHold(released.clone());
    assert_eq!(run(&mut driver, &release), Ok(vec![Fact::HoldReleased(released)]));
    assert_eq!(run(&mut driver, &release), Err(Refusal::NotFound { what: "hold", id: "h1".into() }));
}

#[test]
fn a_token_is_issued_and_revoked() {
    let mut driver = Driver::new(1, 1);
    run(&mut driver, &issue("t1", 0)).unwrap();
    assert_eq!(run(&mut driver, &issue("t1", 0)), Err(Refusal::Exists { what: "token", id: "t1".into() }));
    assert_eq!(
        run(&mut driver, &issue("t2", 5)),
        Err(Refusal::AlreadyOver { what: "token", ends: Time::from_ms(5) })
    );
    let revoke = Command::RevokeToken(TokenRevoked { id: "t1".into(), by: "bob".into() });
    run(&mut driver, &revoke).unwrap();
    assert_eq!(driver.engine.state.control.tokens.len(), 0);
    assert_eq!(run(&mut driver, &revoke), Err(Refusal::NotFound { what: "token", id: "t1".into() }));
}

#[test]
fn tokens_that_have_ended_make_room() {
    let mut driver = Driver::new(1, 1);
    run(&mut driver, &issue("stays", 0)).unwrap();
    for at in 1..TOKENS_MAX {
        run(&mut driver, &issue(&at.to_string(), 2_000_000)).unwrap();
    }
    let full = Refusal::TooMany { what: "tokens", max: TOKENS_MAX };
    assert_eq!(run(&mut driver, &issue("more", 0)), Err(full.clone()));
    driver.fact(Fact::Tick(Tick { at_ms: 1_999_999 }), NOW);
    assert_eq!(run(&mut driver, &issue("more", 0)), Err(full));
    driver.fact(Fact::Tick(Tick { at_ms: 2_000_000 }), NOW);
    run(&mut driver, &issue("more", 0)).unwrap();
    let known: Vec<_> = driver.engine.state.control.tokens.keys().cloned().collect();
    assert_eq!(known, ["more", "stays"]);
}

/// The tokens that are known as revoked: to commands, and to decisions.
fn revoked(engine: &Engine) -> (Vec<String>, Vec<&'static str>) {
    let control = &engine.state.control;
    let mut publisher = Publisher::new(1);
    facts(&engine.state).iter().for_each(|fact| publisher.fold(fact, control));
    let snapshot = publisher.publish(control.fact_number);
    let decided = ["t1", "t2", "t3"].into_iter().filter(|id| snapshot.is_revoked(id));
    (control.revoked.keys().cloned().collect(), decided.collect())
}

#[test]
fn a_token_is_of_the_tenant_that_admits_it_whatever_is_asked_for() {
    let state = Driver::new(1, 1).engine.state;
    for tenant in ["", "test", "other"] {
        let token = TokenIssued { id: "t".into(), tenant: tenant.into(), ..TokenIssued::default() };
        let expected = TokenIssued { tenant: "test".into(), issued_at_ms: NOW.ms(), ..token.clone() };
        let admitted = admit(&state, &Command::IssueToken(token), NOW);
        assert_eq!(admitted, Ok(vec![Fact::TokenIssued(expected)]), "{tenant:?}");
    }
}

#[test]
fn a_revoked_token_is_known_as_such_until_it_would_have_ended() {
    let mut driver = Driver::new(1, 1);
    for (id, expires_at_ms) in [("t1", 0), ("t2", 2_000_000), ("t3", 0)] {
        let token = TokenIssued { id: id.into(), expires_at_ms, ..TokenIssued::default() };
        run(&mut driver, &Command::IssueToken(token)).unwrap();
    }
    for id in ["t1", "t2"] {
        let revoke = TokenRevoked { id: id.into(), by: "bob".into() };
        run(&mut driver, &Command::RevokeToken(revoke)).unwrap();
    }
    let before = (vec!["t1".to_owned(), "t2".to_owned()], vec!["t1", "t2"]);
    assert_eq!(revoked(&driver.engine), before);
    let again = Command::IssueToken(TokenIssued { id: "t1".into(), ..TokenIssued::default() });
    assert_eq!(run(&mut driver, &again), Err(Refusal::Exists { what: "token", id: "t1".into() }));
    let mut loaded = Driver::new(1, 9);
    loaded.engine.load(&driver.engine.checkpoint(), FORMAT).unwrap();
    assert_eq!(revoked(&loaded.engine), before);
    assert_eq!(loaded.engine.state.control.revoked, driver.engine.state.control.revoked);
    driver.fact(Fact::Tick(Tick { at_ms: 2_000_000 }), Time::from_ms(2_000_000));
    assert_eq!(revoked(&driver.engine), (vec!["t1".to_owned()], vec!["t1"]));
}

#[test]
fn a_snapshot_forgets_a_revocation_that_matters_no_more() {
    let mut driver = Driver::new(1, 1);
    let token = TokenIssued { id: "t1".into(), expires_at_ms: 2_000_000, ..TokenIssued::default() };
    let revoke = TokenRevoked { id: "t1".into(), by: "bob".into() };
    let mut publisher = Publisher::new(1);
    let mut seen = Vec::new();
    let tick = |at_ms| Fact::Tick(Tick { at_ms });
    for fact in [Fact::TokenIssued(token), Fact::TokenRevoked(revoke), tick(1_999_999), tick(2_000_000)] {
        driver.fact(fact.clone(), NOW);
        let control = &driver.engine.state.control;
        publisher.fold(&fact, control);
        seen.push(publisher.publish(control.fact_number).is_revoked("t1"));
    }
    assert_eq!(seen, [false, true, true, false]);
}

#[test]
fn an_older_export_never_overwrites() {
    let mut driver = Driver::new(1, 1);
    let export = |newest_at_ms| {
        Command::Import(Box::new(AccountExport {
            account: "111122223333".into(),
            newest_at_ms,
            ..AccountExport::default()
        }))
    };
    let committed = |newest_at_ms| {
        Fact::ImportCommitted(ImportCommitted {
            account: "111122223333".into(),
            newest_at_ms,
            ..ImportCommitted::default()
        })
    };
    assert_eq!(run(&mut driver, &export(2_000)), Ok(vec![committed(2_000)]));
    assert_eq!(run(&mut driver, &export(2_000)), Ok(vec![committed(2_000)]));
    let refused = run(&mut driver, &export(1_000)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "export of account 111122223333 is as of 1970-01-01T00:00:01Z, and one as of 1970-01-01T00:00:02Z is known: import the newer one"
    );
}

#[test]
fn a_kill_ends_what_has_begun_by_now_and_an_earlier_one_takes_nothing_back() {
    let mut driver = Driver::new(1, 1);
    let kill = |identity: &str, up_to_ms| {
        let (by, reason) = ("bob".into(), "stolen".into());
        IdentityKilled { identity: identity.into(), up_to_ms, by, reason }
    };
    let command = |identity, up_to_ms| Command::KillIdentity(kill(identity, up_to_ms));
    let unknown = Refusal::NotFound { what: "identity", id: "alice".into() };
    assert_eq!(run(&mut driver, &command("alice", 5)), Err(unknown));
    driver.fact(Fact::IdentityFound(Identity { id: "alice".into(), ..Identity::default() }), NOW);
    let ended = |up_to_ms| Ok(vec![Fact::IdentityKilled(kill("alice", up_to_ms))]);
    assert_eq!(run(&mut driver, &command("alice", NOW.ms() + 60_000)), ended(NOW.ms()));
    assert_eq!(run(&mut driver, &command("alice", 7)), ended(7));
    assert_eq!(driver.engine.state.control.kills["alice"], kill("alice", NOW.ms()));
}

#[test]
fn a_kill_is_lifted_once_and_a_later_one_stands() {
    let mut driver = Driver::new(1, 1);
    driver.fact(Fact::IdentityFound(Identity { id: "alice".into(), ..Identity::default() }), NOW);
    let kill = |up_to_ms| IdentityKilled { identity: "alice".into(), up_to_ms, ..IdentityKilled::default() };
    let revived = IdentityRevived { identity: "alice".into(), by: "bob".into(), reason: "found".into() };
    let revive = Command::ReviveIdentity(revived.clone());
    let unknown = Refusal::NotFound { what: "kill", id: "alice".into() };
    assert_eq!(run(&mut driver, &revive), Err(unknown.clone()));
    run(&mut driver, &Command::KillIdentity(kill(9))).unwrap();
    assert_eq!(run(&mut driver, &revive), Ok(vec![Fact::IdentityRevived(revived)]));
    assert_eq!(run(&mut driver, &revive), Err(unknown));
    // What was lifted is as if it had never been: an earlier instant is one again.
    run(&mut driver, &Command::KillIdentity(kill(5))).unwrap();
    let mut loaded = Engine::new(TenantId::from("test"), Rules::default(), 1, 2);
    loaded.load(&driver.engine.checkpoint(), FORMAT).unwrap();
    for engine in [&driver.engine, &loaded] {
        assert_eq!(engine.state.control.kills, [("alice".to_owned(), kill(5))].into());
    }
}

#[test]
fn what_the_settings_said_last_is_remembered_whoever_has_changed_it_since() {
    let mut driver = Driver::new(1, 1);
    let policy =
        |hash: &str, by: &str| PolicyPublished { hash: hash.into(), by: by.into(), ..Default::default() };
    let pep =
        |mode: Mode, by: &str| PepSet { pep: Pep { name: "gate".into(), mode: mode.into() }, by: by.into() };
    for command in [
        Command::PublishPolicy(policy("folder", CONFIGURATION)),
        Command::PublishPolicy(policy("pushed", "ann")),
        Command::SetPep(PepSet::by_itself("gate")),
        Command::SetPep(pep(Mode::Shadow, CONFIGURATION)),
        Command::SetPep(pep(Mode::Enforce, "ann")),
    ] {
        run(&mut driver, &command).unwrap();
    }
    let mut loaded = Engine::new(TenantId::from("test"), Rules::default(), 1, 2);
    loaded.load(&driver.engine.checkpoint(), FORMAT).unwrap();
    for engine in [&driver.engine, &loaded] {
        let control = &engine.state.control;
        assert_eq!(control.policy, Some(policy("pushed", "ann")));
        assert_eq!(control.configured.policy, Some(policy("folder", CONFIGURATION)));
        assert_eq!(control.peps["gate"], pep(Mode::Enforce, "ann"));
        assert_eq!(control.configured.peps["gate"], pep(Mode::Shadow, CONFIGURATION).pep);
    }
}

#[test]
fn enforcement_points_have_a_limit_and_known_ones_can_be_set_beyond_it() {
    let mut driver = Driver::new(1, 1);
    for at in 0..PEPS_MAX {
        run(&mut driver, &Command::SetPep(PepSet::by_itself(&at.to_string()))).unwrap();
    }
    let full = Refusal::TooMany { what: "enforcement points", max: PEPS_MAX };
    assert_eq!(run(&mut driver, &Command::SetPep(PepSet::by_itself("more"))), Err(full));
    let set = PepSet { by: "ann".into(), ..PepSet::by_itself("0") };
    assert_eq!(run(&mut driver, &Command::SetPep(set.clone())), Ok(vec![Fact::PepSet(set)]));
}
