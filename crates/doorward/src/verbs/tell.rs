//! Commands: told to a server, which has the one writer.

use anyhow::Result;
use doorward_model::time::Millis;
use serde_json::{Value, json};

use crate::cli::verbs::{
    Entity, HoldPlaceArgs, HoldReleaseArgs, HoldVerb, IdentityArgs, PepSetArgs, PepVerb, Telling,
    TokenIssueArgs, TokenRevokeArgs, TokenVerb,
};
use crate::client::Client;
use crate::serve::clock;
use crate::verbs::grid::text;
use crate::verbs::print::print;
use crate::verbs::source::Noun;
use crate::verbs::{self, tables};

/// What is restricted, or is to be.
pub(crate) fn hold(verb: HoldVerb) -> Result<()> {
    match verb {
        HoldVerb::List(args) => verbs::holds(args),
        HoldVerb::Show(args) => verbs::hold(&args),
        HoldVerb::Place(args) => place(&args),
        HoldVerb::Release(args) => release(&args),
    }
}

/// Who enforces, and how.
pub(crate) fn pep(verb: PepVerb) -> Result<()> {
    match verb {
        PepVerb::List(args) => verbs::peps(args),
        PepVerb::Set(args) => set(&args),
    }
}

/// Who may call.
pub(crate) fn token(verb: TokenVerb) -> Result<()> {
    match verb {
        TokenVerb::List(args) => verbs::tokens(args),
        TokenVerb::Issue(args) => issue(&args),
        TokenVerb::Revoke(args) => revoke(&args),
    }
}

fn place(args: &HoldPlaceArgs) -> Result<()> {
    let mut asked = json!({
        "subject": args.subject,
        "scope": args.scope,
        "profile": args.profile,
        "reason": args.reason,
    });
    if let (Some(lasts), Some(members)) = (args.lasts, asked.as_object_mut()) {
        members.insert("ttl_s".to_owned(), json!(lasts.0.0 / Millis::SECOND.0));
    }
    let placed = client(&args.telling)?.post(&["v1", Noun::Hold.path()], &[], &asked)?;
    print(&placed, args.telling.output, |hold| tables::show(Noun::Hold, hold))
}

fn release(args: &HoldReleaseArgs) -> Result<()> {
    let path = ["v1", Noun::Hold.path(), &args.id, "release"];
    let done = client(&args.telling)?.post(&path, &[], &json!({"reason": args.reason}))?;
    carried(&done, &args.telling, &format!("Released hold {}", args.id))
}

fn set(args: &PepSetArgs) -> Result<()> {
    let path = ["v1", Noun::Pep.path(), &args.name];
    let done = client(&args.telling)?.put(&path, &json!({"mode": args.mode}))?;
    carried(&done, &args.telling, &format!("Set {} to {}", args.name, args.mode))
}

fn issue(args: &TokenIssueArgs) -> Result<()> {
    let scopes: Vec<_> = args.scope.iter().map(ToString::to_string).collect();
    let mut asked = json!({"name": args.name, "scopes": scopes});
    if let (Some(lasts), Some(members)) = (args.lasts, asked.as_object_mut()) {
        members.insert("expires_at".to_owned(), json!((clock() + lasts.0).to_string()));
    }
    if let (Some(Entity { kind, id }), Some(members)) = (&args.subject, asked.as_object_mut()) {
        members.insert("subject".to_owned(), json!({"type": kind, "id": id}));
    }
    let issued = client(&args.telling)?.post(&["v1", Noun::Token.path()], &[], &asked)?;
    print(&issued, args.telling.output, |issued| {
        format!(
            "Issued token {}; its text is shown this once:\n{}\n",
            text(issued, "/id"),
            text(issued, "/token")
        )
    })
}

fn revoke(args: &TokenRevokeArgs) -> Result<()> {
    let path = ["v1", Noun::Token.path(), &args.id, "revoke"];
    let done = client(&args.telling)?.post(&path, &[], &json!({}))?;
    carried(&done, &args.telling, &format!("Revoked token {}", args.id))
}

/// Ends all sessions of an identity.
pub(crate) fn kill(args: &IdentityArgs) -> Result<()> {
    let asked = json!({"identity": args.id, "reason": args.reason});
    let killed = client(&args.telling)?.post(&["v1", "kills"], &[], &asked)?;
    print(&killed, args.telling.output, tables::kill)
}

/// Takes that back.
pub(crate) fn revive(args: &IdentityArgs) -> Result<()> {
    let path = ["v1", "kills", &args.id, "revive"];
    let done = client(&args.telling)?.post(&path, &[], &json!({"reason": args.reason}))?;
    carried(&done, &args.telling, &format!("Revived {}", args.id))
}

fn client(telling: &Telling) -> Result<Client> {
    Client::new(&telling.api)
}

fn carried(done: &Value, telling: &Telling, said: &str) -> Result<()> {
    print(done, telling.output, |done| format!("{said} (fact {}).\n", text(done, "/fact")))
}
