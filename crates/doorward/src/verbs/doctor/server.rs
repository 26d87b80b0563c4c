//! A running server: whether it answers, whether it can keep what it is given, and what it had to refuse.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use doorward_model::time::{Millis, Time};
use serde_json::Value;

use super::{Findings, state};
use crate::cli::Span;
use crate::cli::verbs::Api;
use crate::client::Client;
use crate::serve::clock;
use crate::verbs::source::Source;

/// Looks at a server.
pub(super) fn look(api: &Api, silent: Span, found: &mut Findings) {
    token_file(api, found);
    let client = match Client::new(api) {
        Ok(client) => client,
        Err(error) => {
            found.fail("server", format!("{error:#}"), "name server and token as doorward --help says");
            return;
        }
    };
    match client.text(&["health", "readyz"], &[]) {
        Ok(_) => found.ok("server", format!("{} is ready", client.name())),
        Err(error) => {
            found.fail("server", format!("{error:#}"), "start it with doorward serve, or read what it logs");
            return;
        }
    }
    let status = match client.get(&["v1", "status"], &[]) {
        Ok(status) => status,
        Err(error) => {
            found.fail("token", format!("{error:#}"), "name a token with the scope read or admin");
            return;
        }
    };
    found.ok("token", "may read");
    skew(&status, found);
    privilege(&status, found);
    if let Ok(counts) = client.text(&["metrics"], &[]) {
        refused(&counts, found);
    }
    state::look(&Source::Server(Box::new(client), None), silent, found);
}

fn token_file(api: &Api, found: &mut Findings) {
    let Some(file) = &api.token_file else { return };
    let Ok(data) = fs::metadata(file) else { return };
    if data.permissions().mode() & OTHERS == 0 {
        found.ok("token file", "nobody but its owner may read it");
        return;
    }
    let (said, fix) =
        (format!("others may read {}", file.display()), format!("chmod go= {}", file.display()));
    found.fail("token file", said, fix);
}

fn skew(status: &Value, found: &mut Findings) {
    let theirs = status.get("now").and_then(Value::as_str).and_then(|text| Time::parse(text).ok());
    let Some(theirs) = theirs else { return };
    let ours = clock();
    if theirs < ours + SKEW_MAX && ours < theirs + SKEW_MAX {
        found.ok("clock", format!("the server says {theirs}, as this machine does"));
    } else {
        let fix = "set both clocks by one source: expiry goes by that of the server";
        found.warn("clock", format!("the server says {theirs}, this machine {ours}"), fix);
    }
}

/// How far what could be done is derived from the inventory. Without an inventory there is nothing to derive.
fn privilege(status: &Value, found: &mut Findings) {
    let Some(derived) = status.get("privilege") else { return };
    let seen = derived.get("seen").and_then(Value::as_u64).unwrap_or_default();
    match derived.get("error").and_then(Value::as_str) {
        None => found.ok("privilege", format!("derived from the inventory as of fact {seen}")),
        Some(error) => {
            let said = if seen == 0 {
                format!("nothing could be derived from the inventory: {error}")
            } else {
                format!("answers are as of fact {seen}, what came since could not be derived: {error}")
            };
            found.fail(
                "privilege",
                said,
                "mend the inventory by another import, or read what the server logs",
            );
        }
    }
}

/// What the server counts of what it could not do.
fn refused(counts: &str, found: &mut Findings) {
    let mut limits = Vec::new();
    for line in counts.lines() {
        let Some((name, count)) = line.rsplit_once(' ').filter(|(_, count)| *count != "0") else { continue };
        match name.split('{').next() {
            Some("doorward_decisions_shed_total" | "doorward_decisions_refused_total") => found.warn(
                "decisions",
                format!("{count} decisions had no room for their record since the start"),
                "look for a slow disk; [decisions] overflow says what happens to them",
            ),
            Some("doorward_limits_reached_total") => {
                let which = name.split('"').nth(1).unwrap_or_default();
                limits.push(format!("{which} {count} times"));
            }
            _ => {}
        }
    }
    if limits.is_empty() {
        found.ok("limits", "none was reached since the start");
    } else {
        let fix = "see whether callers send too much, or raise the limit in [limits]";
        found.warn("limits", format!("reached since the start: {}", super::some(&limits)), fix);
    }
}

const OTHERS: u32 = 0o077;
const SKEW_MAX: Millis = Millis::MINUTE;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Findings, privilege, refused, skew};

    fn told(look: impl FnOnce(&mut Findings)) -> Vec<(&'static str, super::super::Verdict, String)> {
        let mut found = Findings::default();
        look(&mut found);
        found.checks.into_iter().map(|check| (check.check, check.verdict, check.found)).collect()
    }

    #[test]
    fn what_was_refused_is_told() {
        use super::super::Verdict::{Ok, Warn};
        let quiet = "# TYPE doorward_limits_reached counter\ndoorward_decisions_shed_total 0\n";
        assert_eq!(
            told(|found| refused(quiet, found)),
            [("limits", Ok, "none was reached since the start".to_owned())]
        );
        let busy = "doorward_decisions_shed_total 3\ndoorward_limits_reached_total{reason=\"body_bytes\"} 7\n# EOF\n";
        assert_eq!(
            told(|found| refused(busy, found)),
            [
                ("decisions", Warn, "3 decisions had no room for their record since the start".to_owned()),
                ("limits", Warn, "reached since the start: body_bytes 7 times".to_owned()),
            ]
        );
    }

    #[test]
    fn how_far_privilege_is_derived_is_told() {
        use super::super::Verdict::{Fail, Ok};
        let told = |derived| told(|found| privilege(&json!({ "privilege": derived }), found));
        assert_eq!(
            told(json!({"seen": 7})),
            [("privilege", Ok, "derived from the inventory as of fact 7".to_owned())]
        );
        let said = "answers are as of fact 7, what came since could not be derived: too large";
        assert_eq!(told(json!({"seen": 7, "error": "too large"})), [("privilege", Fail, said.to_owned())]);
        let said = "nothing could be derived from the inventory: too large";
        assert_eq!(told(json!({"seen": 0, "error": "too large"})), [("privilege", Fail, said.to_owned())]);
        let mut found = Findings::default();
        privilege(&json!({}), &mut found);
        assert_eq!(found.checks.len(), 0);
    }

    #[test]
    fn clocks_that_differ_are_told() {
        let verdicts = |now: &str| told(|found| skew(&json!({"now": now}), found)).len();
        assert_eq!(verdicts("2020-01-01T00:00:00Z"), 1);
        let told = told(|found| skew(&json!({"now": "2020-01-01T00:00:00Z"}), found));
        assert_eq!(told.first().map(|line| line.1), Some(super::super::Verdict::Warn));
    }
}
