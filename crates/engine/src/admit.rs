//! Commands: what a person or program asks for, and the facts that follow, or why not.

use doorward_model::command::{Command, Refusal};
use doorward_model::hold::Hold;
use doorward_model::record::{
    Fact, HoldReleased, IdentityKilled, IdentityRevived, PepSet, TokenIssued, TokenRevoked,
};
use doorward_model::time::Time;
use doorward_views::control::Control;
use doorward_views::state::State;

use crate::import::import;
use crate::opened::raise_findings;

/// How many holds may be in force.
pub const HOLDS_MAX: usize = 100_000;
/// How many enforcement points may be known.
pub const PEPS_MAX: usize = 10_000;
/// How many tokens may be valid.
pub const TOKENS_MAX: usize = 10_000;
/// How many revoked tokens that have not ended by themselves are known. A revocation is never refused, so past this
/// no further token is issued.
pub const REVOKED_MAX: usize = 100_000;

/// Admits a command against the state before it: the one door to the facts that it leads to. `now` is when it would
/// be recorded.
///
/// # Errors
/// [`Refusal`]: then nothing changes.
pub fn admit(state: &State, command: &Command, now: Time) -> Result<Vec<Fact>, Refusal> {
    let control = &state.control;
    match command {
        Command::Import(export) => import(control, export, now),
        Command::PlaceHold(hold) => place_hold(control, hold, now).map(one),
        Command::ReleaseHold(released) => release_hold(control, released).map(one),
        Command::PublishPolicy(published) => Ok(one(Fact::PolicyPublished(published.clone()))),
        Command::SetPep(set) => set_pep(control, set).map(one),
        Command::IssueToken(token) => issue_token(state, token, now).map(one),
        Command::RevokeToken(revoked) => revoke_token(control, revoked).map(one),
        Command::KillIdentity(killed) => kill_identity(control, killed, now).map(one),
        Command::ReviveIdentity(revived) => revive_identity(control, revived).map(one),
        Command::RaiseFindings(found) => Ok(raise_findings(control, found, now)),
        Command::MeasurePrivilege(measured) => Ok(one(Fact::PrivilegeMeasured(*measured))),
    }
}

fn one(fact: Fact) -> Vec<Fact> {
    vec![fact]
}

fn place_hold(control: &Control, hold: &Hold, now: Time) -> Result<Fact, Refusal> {
    if !hold.in_force(now) {
        return Err(Refusal::AlreadyOver { what: "hold", ends: Time::from_ms(hold.expires_at_ms) });
    }
    if control.holds.contains_key(&hold.id) {
        return Err(Refusal::Exists { what: "hold", id: hold.id.clone() });
    }
    if control.holds.len() >= HOLDS_MAX {
        return Err(Refusal::TooMany { what: "holds", max: HOLDS_MAX });
    }
    Ok(Fact::HoldPlaced(Hold { placed_at_ms: now.ms(), ..hold.clone() }))
}

fn release_hold(control: &Control, released: &HoldReleased) -> Result<Fact, Refusal> {
    let known = control.holds.contains_key(&released.id) || control.recommended.contains_key(&released.id);
    let not_found = || Refusal::NotFound { what: "hold", id: released.id.clone() };
    known.then(|| Fact::HoldReleased(released.clone())).ok_or_else(not_found)
}

fn issue_token(state: &State, token: &TokenIssued, now: Time) -> Result<Fact, Refusal> {
    let control = &state.control;
    if token.expires_at_ms != 0 && token.expires_at_ms <= now.ms() {
        return Err(Refusal::AlreadyOver { what: "token", ends: Time::from_ms(token.expires_at_ms) });
    }
    if control.tokens.contains_key(&token.id) || control.revoked.contains_key(&token.id) {
        return Err(Refusal::Exists { what: "token", id: token.id.clone() });
    }
    if control.tokens.len() >= TOKENS_MAX {
        return Err(Refusal::TooMany { what: "tokens", max: TOKENS_MAX });
    }
    if control.tokens.len() + control.revoked.len() >= TOKENS_MAX + REVOKED_MAX {
        return Err(Refusal::TooMany { what: "revoked tokens", max: REVOKED_MAX });
    }
    let tenant = state.tenant().to_string();
    Ok(Fact::TokenIssued(TokenIssued { issued_at_ms: now.ms(), tenant, ..token.clone() }))
}

fn revoke_token(control: &Control, revoked: &TokenRevoked) -> Result<Fact, Refusal> {
    let known = control.tokens.contains_key(&revoked.id);
    let not_found = || Refusal::NotFound { what: "token", id: revoked.id.clone() };
    known.then(|| Fact::TokenRevoked(revoked.clone())).ok_or_else(not_found)
}

fn set_pep(control: &Control, set: &PepSet) -> Result<Fact, Refusal> {
    if control.peps.len() >= PEPS_MAX && !control.peps.contains_key(&set.pep.name) {
        return Err(Refusal::TooMany { what: "enforcement points", max: PEPS_MAX });
    }
    Ok(Fact::PepSet(set.clone()))
}

/// Nothing is ended that is still to begin.
fn kill_identity(control: &Control, killed: &IdentityKilled, now: Time) -> Result<Fact, Refusal> {
    if !control.identities.contains_key(killed.identity.as_str()) {
        return Err(Refusal::NotFound { what: "identity", id: killed.identity.clone() });
    }
    let up_to_ms = killed.up_to_ms.min(now.ms());
    Ok(Fact::IdentityKilled(IdentityKilled { up_to_ms, ..killed.clone() }))
}

fn revive_identity(control: &Control, revived: &IdentityRevived) -> Result<Fact, Refusal> {
    let known = control.kills.contains_key(&revived.identity);
    let not_found = || Refusal::NotFound { what: "kill", id: revived.identity.clone() };
    known.then(|| Fact::IdentityRevived(revived.clone())).ok_or_else(not_found)
}
