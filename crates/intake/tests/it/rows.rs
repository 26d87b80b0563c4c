//! The rows of exports as lines, so that a test can compare all of them and a person can read them.

use doorward_model::identity::CredentialState;
use doorward_model::inventory::{AccountExport, Seen};

use crate::support::{Outcome, read};

/// The rows of one source, in a line each; nothing of it may be a reject.
pub(crate) fn rows_of(bytes: &[u8]) -> Vec<String> {
    let outcome = read(bytes);
    assert_eq!(outcome.lines_but_exports(), Vec::<String>::new());
    outcome.exports.iter().flat_map(rows).collect()
}

/// The rows of answers in a file, which say the same in whichever order they come.
pub(crate) fn rows_in_any_order(answers: Vec<String>) -> Vec<String> {
    let told = rows_of(answers.join("\n").as_bytes());
    let mut turned = answers;
    turned.reverse();
    assert_eq!(rows_of(turned.join("\n").as_bytes()), told);
    told
}

/// All rows, in the order in which they stand.
pub(crate) fn rows(export: &AccountExport) -> Vec<String> {
    let mut lines =
        vec![format!("export {} {:?} newest {}", export.account, export.scope, export.newest_at_ms)];
    lines.extend(export.gone.iter().map(|gone| format!("gone {} at {}", gone.id, gone.at_ms)));
    lines.extend(export.identities.iter().map(|row| {
        format!("identity {} {} {}{}", row.id, row.kind().word(), row.name, seen(row.seen.as_ref()))
    }));
    lines.extend(export.groups.iter().map(|row| format!("group {} {}", row.id, row.name)));
    lines.extend(export.entitlements.iter().map(|row| {
        let own = if row.document.is_empty() { "" } else { " own" };
        format!("entitlement {} -> {} {:?}{own}", row.holder, row.policy, row.origin())
    }));
    lines.extend(
        export.policies.iter().map(|row| format!("policy {} {} {}", row.name, row.version, row.text)),
    );
    lines.extend(export.credentials.iter().map(|row| {
        let state = match row.state() {
            CredentialState::Unknown => "",
            CredentialState::Active => " active",
            CredentialState::Inactive => " inactive",
        };
        let times = (row.created_at_ms, row.rotated_at_ms, row.last_used_at_ms, row.expires_at_ms);
        format!("credential {} of {}{state} {times:?} {}", row.id, row.identity, row.last_used_for)
    }));
    lines.extend(export.resources.iter().map(|row| {
        format!(
            "resource {} {} {} {:?} {} runs as {:?} {:?} {:?}{}",
            row.id,
            row.kind,
            row.account,
            row.region,
            row.name,
            row.runs_as,
            row.attributes,
            row.tags,
            seen(row.seen.as_ref())
        )
    }));
    lines.extend(of_organisations(export));
    lines.extend(export.findings.iter().map(|row| format!("{row:?}")));
    lines.extend(export.last_uses.iter().map(|row| {
        let (seen, actions) = (seen(row.seen.as_ref()), &row.actions);
        format!(
            "last use {} of {} {} {:?} {actions:?}{seen}",
            row.identity, row.service, row.used_at_ms, row.region
        )
    }));
    lines.extend(export.rejects.iter().map(|row| format!("reject {}", row.reason)));
    lines
}

/// Nodes, and what there is of Identity Center.
fn of_organisations(export: &AccountExport) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(export.nodes.iter().map(|row| {
        let management = if row.is_management { " management" } else { "" };
        format!(
            "node {} {:?} below {:?} {} of {}{management}",
            row.id,
            row.kind(),
            row.parent,
            row.name,
            row.organisation
        )
    }));
    lines.extend(export.permission_sets.iter().map(|row| {
        format!("permission set {} {} of {} {}", row.id, row.name, row.instance, row.session_duration)
    }));
    lines.extend(export.assignments.iter().map(|row| {
        format!(
            "assignment {:?} {} x {} x {}",
            row.principal_kind(),
            row.principal,
            row.permission_set,
            row.account
        )
    }));
    lines.extend(
        export
            .memberships
            .iter()
            .map(|row| format!("membership {} in {} of {}", row.member, row.group, row.store)),
    );
    lines
}

fn seen(seen: Option<&Seen>) -> String {
    seen.map_or_else(String::new, |seen| format!(" seen by {} at {}", seen.source().word(), seen.at_ms))
}

impl Outcome {
    /// What is not an export: it should be nothing.
    pub(crate) fn lines_but_exports(&self) -> Vec<String> {
        self.lines().into_iter().filter(|line| !line.starts_with("export ")).collect()
    }
}
