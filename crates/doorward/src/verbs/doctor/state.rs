//! What a server or a data folder says of itself: policies, enforcement points, tokens, sources, checkpoints.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use anyhow::Result;
use doorward_model::time::{Millis, Time};
use doorward_serve::policy_files;
use serde_json::Value;

use super::{Findings, counted, some};
use crate::cli::Span;
use crate::serve::clock;
use crate::verbs::grid::text;
use crate::verbs::source::{Noun, Source};
use crate::verbs::world;

/// Looks at the state.
pub(super) fn look(source: &Source, silent: Span, found: &mut Findings) {
    let looked = [
        status(source, silent, found),
        head(source, found),
        policy(source, found),
        peps(source, found),
        tokens(source, found),
    ];
    for error in looked.into_iter().filter_map(Result::err) {
        found.fail("state", format!("{error:#}"), "read what the server logs");
    }
}

fn status(source: &Source, Span(silent): Span, found: &mut Findings) -> Result<()> {
    let status = source.status()?;
    let rows = status.get("rows_since_checkpoint").and_then(Value::as_u64).unwrap_or_default();
    if rows > ROWS_MAX {
        let fix = "start the server, and stop it in order: it leaves a checkpoint then";
        found.warn("checkpoint", format!("{rows} rows are newer: the next start reads them"), fix);
    } else {
        found.ok("checkpoint", format!("{rows} rows are newer"));
    }
    let accounts = status.get("accounts").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if accounts.is_empty() {
        let fix = "push events to /v1/events/SOURCE, or serve --import PATH";
        found.warn("sources", "no event has come from any account", fix);
        return Ok(());
    }
    let since = clock() - silent;
    let mut quiet: Vec<_> = accounts.iter().filter(|account| newest(account) < since).collect();
    quiet.sort_by_key(|account| newest(account));
    if quiet.is_empty() {
        found.ok("sources", format!("{}, none silent", counted(accounts.len(), ("account", "accounts"))));
        return Ok(());
    }
    let names: Vec<_> = (quiet.iter())
        .map(|account| format!("{} since {}", text(account, "/account"), text(account, "/newest")))
        .collect();
    let said = format!("{} of {} accounts are silent: {}", quiet.len(), accounts.len(), some(&names));
    found.warn("sources", said, "see whether their logs are still delivered; --silent says how long is long");
    Ok(())
}

/// What the newest signed head is, or that there is none.
fn head(source: &Source, found: &mut Findings) -> Result<()> {
    let said = match source.head()? {
        None => "none yet: the first is signed with the first checkpoint".to_owned(),
        Some(head) => format!(
            "the last of row {}, of {}, by key {}",
            text(&head, "/row"),
            text(&head, "/recorded_at"),
            text(&head, "/key")
        ),
    };
    found.ok("signed heads", said);
    Ok(())
}

fn newest(account: &Value) -> Time {
    Time::parse(&text(account, "/newest")).unwrap_or(Time::MIN)
}

fn policy(source: &Source, found: &mut Findings) -> Result<()> {
    let publish = "doorward policy publish FOLDER --schema FILE --mode enforce";
    let Some(policy) = source.policy()? else {
        found.warn("policy", "no policy set is published: whoever asks is refused", publish);
        return Ok(());
    };
    let files: BTreeMap<String, String> = policy
        .get("files")
        .map(|files| serde_json::from_value(files.clone()))
        .transpose()?
        .unwrap_or_default();
    match policy_files::read(&files) {
        Err(errors) => found.fail("policy", format!("{:#}", world::joined(&errors)), publish),
        Ok((set, _)) if text(&policy, "/mode") == "enforce" => {
            found.ok("policy", format!("{}, enforced", counted(set.len(), POLICIES)));
        }
        Ok((set, _)) => {
            let (count, mode) = (counted(set.len(), POLICIES), text(&policy, "/mode"));
            let said = format!("{count} in mode {mode}: nobody is refused");
            found.warn("policy", said, "publish them with --mode enforce when what they would do is right");
        }
    }
    Ok(())
}

fn peps(source: &Source, found: &mut Findings) -> Result<()> {
    let peps = all(source, Noun::Pep)?;
    let weak: Vec<_> = (peps.iter())
        .filter(|pep| text(pep, "/in_force") != "enforce")
        .map(|pep| format!("{} ({})", text(pep, "/name"), text(pep, "/in_force")))
        .collect();
    match (peps.len(), weak.is_empty()) {
        (0, _) => found.ok("enforcement points", "none is known yet"),
        (count, true) => found.ok("enforcement points", format!("{count}, all enforce")),
        (count, false) => found.warn(
            "enforcement points",
            format!("{} of {count} refuse nobody: {}", weak.len(), some(&weak)),
            "doorward pep set NAME --mode enforce",
        ),
    }
    Ok(())
}

fn tokens(source: &Source, found: &mut Findings) -> Result<()> {
    let (now, soon) = (clock(), clock() + EXPIRES_SOON);
    let tokens = all(source, Noun::Token)?;
    let ends = |token: &Value| Time::parse(&text(token, "/expires_at")).ok();
    let named = |token: &Value| format!("{} ({})", text(token, "/name"), text(token, "/expires_at"));
    let ending: Vec<_> = tokens
        .iter()
        .filter(|token| ends(token).is_some_and(|at| at > now && at < soon))
        .map(named)
        .collect();
    let valid = tokens.iter().filter(|token| ends(token).is_none_or(|at| at > now)).count();
    if ending.is_empty() {
        found.ok("tokens", format!("{valid} valid, none expires within 7 days"));
    } else {
        let fix = "doorward token issue NAME --scope SCOPE, and hand it out before then";
        found.warn("tokens", format!("expire within 7 days: {}", some(&ending)), fix);
    }
    Ok(())
}

fn all(source: &Source, noun: Noun) -> Result<Vec<Value>> {
    let page = source.list(noun, &[], (LISTED_MAX, None))?;
    Ok(page.get("items").and_then(Value::as_array).cloned().unwrap_or_default())
}

/// With more rows than this a start takes noticeably longer.
const ROWS_MAX: u64 = 20_000;
const POLICIES: (&str, &str) = ("policy", "policies");
const EXPIRES_SOON: Millis = Millis::DAY.times(7);
const LISTED_MAX: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();
