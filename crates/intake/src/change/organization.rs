//! AWS Organizations: control policies, where they are attached, and the tree.
//!
//! Sources: "Logging API calls with AWS CloudTrail for AWS Organizations" and the Organizations API reference. Requests
//! name policies and nodes by their ids, and answers to most writes are empty.

use doorward_model::inventory::organisation::OrganisationNode;
use doorward_model::inventory::row::RowKind;

use crate::change::Change;
use crate::change::record::{Reader, Record, Unclear, document_in, needed, shown};
use crate::inventory::aws::{get, text, text_at};
use crate::inventory::organizations::{kind_of, organisation_of, origin};
use crate::json::value::Value;

pub(super) const ACTIONS: &[(&str, Reader)] = &[
    ("CreatePolicy", policy),
    ("UpdatePolicy", policy),
    ("DeletePolicy", policy_gone),
    ("AttachPolicy", |record| attached(record, true)),
    ("DetachPolicy", |record| attached(record, false)),
    ("CreateOrganizationalUnit", unit),
    ("UpdateOrganizationalUnit", unit),
    ("DeleteOrganizationalUnit", |record| gone(record, "organizationalUnitId")),
    ("MoveAccount", moved),
    ("CreateAccountResult", account_created),
    ("RemoveAccountFromOrganization", |record| gone(record, "accountId")),
];

/// The document of a control policy; one of another kind neither allows nor denies anything. An update that only
/// changes a name says nothing of the document.
fn policy(record: &mut Record<'_>) -> Result<(), Unclear> {
    let answer = get(record.response, "policy").unwrap_or(Value::NULL);
    let arn = text_at(answer, &["policySummary", "arn"]);
    let content = document_in(record.request, "content").or_else(|| document_in(answer, "content"));
    if arn.is_empty() {
        let id = record.asked("policyId");
        return match (id.is_empty(), content) {
            (true, _) => Err(Unclear("policySummary is missing in the answer".to_owned())),
            (false, None) => Ok(()),
            (false, Some(_)) => Err(Unclear(format!("nothing tells the ARN of policy {id}"))),
        };
    }
    if origin(&arn).is_none() || (content.is_none() && !record.asked("policyId").is_empty()) {
        return Ok(());
    }
    let text = Some(shown(content));
    record.changes.push(Change::Version { policy: arn, version: String::new(), text, in_force: true });
    Ok(())
}

fn policy_gone(record: &mut Record<'_>) -> Result<(), Unclear> {
    let policy = record.needed("policyId")?;
    record.changes.push(Change::PolicyGone { policy });
    Ok(())
}

fn attached(record: &mut Record<'_>, is_attached: bool) -> Result<(), Unclear> {
    let (policy, node) = (record.needed("policyId")?, record.needed("targetId")?);
    record.changes.push(Change::Control { policy, node, is_attached });
    Ok(())
}

fn unit(record: &mut Record<'_>) -> Result<(), Unclear> {
    let shown = get(record.response, "organizationalUnit").unwrap_or(Value::NULL);
    let id = needed(shown, "id", "the answer")?;
    let arn = text(shown, "arn").into_owned();
    let row = OrganisationNode {
        kind: kind_of(&id).into(),
        parent: record.asked("parentId"),
        name: text(shown, "name").into_owned(),
        organisation: organisation_of(&arn).unwrap_or_default().to_owned(),
        id,
        ..OrganisationNode::default()
    };
    node(record, row);
    Ok(())
}

/// A node stands among the rows of its organisation, or of the account that tells of it.
fn node(record: &mut Record<'_>, row: OrganisationNode) {
    let account =
        if row.organisation.is_empty() { record.event.account.clone() } else { row.organisation.clone() };
    let sheet = record.draft.sheet(&account);
    let seen = Some(sheet.seen);
    sheet.export.nodes.push(OrganisationNode { seen, ..row });
}

fn moved(record: &mut Record<'_>) -> Result<(), Unclear> {
    let (id, parent) = (record.needed("accountId")?, record.needed("destinationParentId")?);
    let row = OrganisationNode { kind: kind_of(&id).into(), id, parent, ..OrganisationNode::default() };
    node(record, row);
    Ok(())
}

/// The account that was asked for is there. The event does not tell its place in the tree, nor its name.
fn account_created(record: &mut Record<'_>) -> Result<(), Unclear> {
    let status = get(record.details, "createAccountStatus").unwrap_or(Value::NULL);
    if !text(status, "state").eq_ignore_ascii_case("SUCCEEDED") {
        return Ok(());
    }
    let id = needed(status, "accountId", "serviceEventDetails")?;
    node(record, OrganisationNode { kind: kind_of(&id).into(), id, ..OrganisationNode::default() });
    Ok(())
}

fn gone(record: &mut Record<'_>, parameter: &str) -> Result<(), Unclear> {
    let named = record.needed(parameter)?;
    let id = named.rsplit('/').next().unwrap_or(&named).to_owned();
    record.changes.push(Change::RowGone { kind: RowKind::OrganisationNode, key: vec![id] });
    Ok(())
}
