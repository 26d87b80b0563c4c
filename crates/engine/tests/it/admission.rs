//! Commands: each refusal, and what an admitted one leads to.

use doorward_engine::admit::admit;
use doorward_model::command::{Command, Refusal};
use doorward_model::hold::{Hold, HoldProfile};
use doorward_model::inventory::AccountExport;
use doorward_model::record::{Fact, HoldReleased, ImportCommitted, TokenIssued, TokenRevoked};
use doorward_model::time::Time;

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
    let issue = |id: &str, expires_at_ms| {
        Command::IssueToken(TokenIssued { id: id.into(), expires_at_ms, ..TokenIssued::default() })
    };
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
            identities: 0,
            policies: 0,
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
