//! Items in the form of AWS Config that tell of an organisation. AWS Config itself has none: tools that query it write
//! them beside its own, as `Yams::Organizations::Account`, `...::ServiceControlPolicy`, `...::ResourceControlPolicy`.

use doorward_model::inventory::Origin;
use doorward_model::inventory::organisation::OrganisationNode;
use doorward_model::reject::RejectReason;

use crate::inventory::aws::{Arn, get, list, needed, text};
use crate::inventory::draft::Draft;
use crate::inventory::organizations::{document, kind_of};
use crate::json::value::Value;

/// Reads an item.
pub(super) fn item(kind: &str, value: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    // Whose the item is says who manages the organisation, not what it is about.
    draft.accounts.clear();
    let configuration = get(value, "configuration").unwrap_or(Value::NULL);
    if kind.ends_with("::Account") {
        return account(configuration, draft);
    }
    let arn = needed(value, "arn", kind)?;
    let content = get(configuration, "document")
        .ok_or_else(|| RejectReason::Field(format!("document is missing in {arn}")))?;
    document(&arn, content, draft)
}

/// An account with the nodes above it, from the root down, each with its policies.
fn account(configuration: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let organisation = needed(configuration, "orgId", "an account of an organisation")?;
    let seen = draft.seen();
    let mut sheet = draft.sheet(&organisation);
    let mut parent = String::new();
    for node in list(configuration, "orgNodes")? {
        let id = needed(node, "id", "orgNodes")?;
        let arn = text(node, "arn");
        sheet.export.nodes.push(OrganisationNode {
            kind: kind_of(&id).into(),
            parent: std::mem::replace(&mut parent, id.clone()),
            name: text(node, "name").into_owned(),
            organisation: organisation.clone(),
            is_management: Arn::of(&arn).account == id,
            seen: Some(seen),
            id: id.clone(),
        });
        let kinds = [
            ("serviceControlPolicies", Origin::ServiceControl),
            ("resourceControlPolicies", Origin::ResourceControl),
        ];
        for (field, origin) in kinds {
            for policy in list(node, field)? {
                sheet.entitle(&id, &policy.scalar(), origin, None);
            }
        }
    }
    Ok(())
}
