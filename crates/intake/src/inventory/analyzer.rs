//! Findings of IAM Access Analyzer, of both versions of its interface.

use std::collections::BTreeMap;

use doorward_model::inventory::finding::{AccessFinding, Unused};
use doorward_model::reject::RejectReason;
use doorward_model::time::Time;

use crate::inventory::aws::{date, get, needed, text};
use crate::inventory::draft::Draft;
use crate::inventory::form::Top;
use crate::json::value::Value;

/// Whether a value is such an answer.
pub(super) fn recognises(top: &Top<'_>) -> bool {
    top.holds("findings", "resourceOwnerAccount")
        || top.holds("finding", "resourceOwnerAccount")
        || (top.get("resourceOwnerAccount").is_some() && top.get("findingDetails").is_some())
}

/// Reads an answer.
pub(super) fn read(top: &Top<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let listed = ["findings", "finding"].iter().find_map(|field| top.get(field));
    listed.unwrap_or(top.value).items().try_for_each(|one| finding(one, draft))
}

fn finding(value: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let of = "a finding of Access Analyzer";
    let account = needed(value, "resourceOwnerAccount", of)?;
    draft.sheet(&account);
    let kind = text(value, "findingType");
    draft.at_ms = ["analyzedAt", "updatedAt"].iter().find_map(|name| date(value, name)).map_or(0, Time::ms);
    let mut row = AccessFinding {
        id: needed(value, "id", of)?,
        // The first version knows no other.
        kind: if kind.is_empty() { "ExternalAccess".to_owned() } else { kind.into_owned() },
        resource: text(value, "resource").into_owned(),
        resource_type: text(value, "resourceType").into_owned(),
        account: account.clone(),
        status: text(value, "status").into_owned(),
        created_at_ms: date(value, "createdAt").map_or(0, Time::ms),
        seen: Some(draft.seen()),
        ..AccessFinding::default()
    };
    access(value, &mut row);
    for detail in get(value, "findingDetails").into_iter().flat_map(Value::items) {
        for (name, detail) in detail.fields() {
            match &*name {
                "externalAccessDetails" | "internalAccessDetails" => access(detail, &mut row),
                _ => unused(&name, detail, &mut row),
            }
        }
    }
    draft.sheet(&account).export.findings.push(row);
    Ok(())
}

/// Who may do what.
fn access(detail: Value<'_>, row: &mut AccessFinding) {
    let pairs = |name: &str| get(detail, name).into_iter().flat_map(Value::fields);
    row.principals.extend(pairs("principal").map(|(kind, id)| format!("{kind}:{}", id.scalar())));
    let actions = get(detail, "action").into_iter().flat_map(Value::items);
    row.actions.extend(actions.map(|action| action.scalar().into_owned()));
    let condition: BTreeMap<String, String> =
        pairs("condition").map(|(key, said)| (key.into_owned(), said.scalar().into_owned())).collect();
    row.condition.extend(condition);
    row.is_public |= text(detail, "isPublic") == "true";
    if let Some(restriction) = get(detail, "resourceControlPolicyRestriction") {
        restriction.scalar().as_ref().clone_into(&mut row.restriction);
    }
}

/// What is not used.
fn unused(name: &str, detail: Value<'_>, row: &mut AccessFinding) {
    let service = text(detail, "serviceNamespace");
    let key = text(detail, "accessKeyId");
    let what = match name {
        "unusedPermissionDetails" => service.as_ref(),
        "unusedIamUserAccessKeyDetails" => key.as_ref(),
        "unusedIamUserPasswordDetails" => "password",
        "unusedIamRoleDetails" => "role",
        _ => return,
    };
    let entry = |what: String, value| {
        let last_used_at_ms = date(value, "lastAccessed").map_or(0, Time::ms);
        Unused { what, last_used_at_ms }
    };
    row.unused.push(entry(what.to_owned(), detail));
    for action in get(detail, "actions").into_iter().flat_map(Value::items) {
        let name = text(action, "action");
        let name = if name.contains(':') { name.into_owned() } else { format!("{service}:{name}") };
        row.unused.push(entry(name, action));
    }
}
