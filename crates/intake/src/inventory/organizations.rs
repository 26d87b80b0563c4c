//! AWS Organizations: the tree of units and accounts, control policies, and where they are attached.
//!
//! The organisation is told by ARNs. Answers that tell a node without its parent, or policies without their target,
//! leave that to what they were asked about.

use doorward_model::inventory::Origin;
use doorward_model::inventory::organisation::{NodeKind, OrganisationNode};
use doorward_model::reject::RejectReason;

use crate::inventory::aws::{Arn, list, needed, text, text_at};
use crate::inventory::draft::{Draft, wrap};
use crate::inventory::form::Top;
use crate::json::value::Value;

/// Whether a value is such an answer.
pub(super) fn recognises(top: &Top<'_>) -> bool {
    let tells = |(field, mark): (&str, &str)| {
        let first = top.get(field).and_then(|value| value.items().next());
        let is_ours = || first.is_none_or(|first| text(first, "Arn").contains(":organizations:"));
        top.holds(field, mark) && is_ours()
    };
    let nodes = ["Roots", "OrganizationalUnits", "OrganizationalUnit", "Accounts", "Account", "Organization"];
    nodes.iter().any(|field| tells((field, "Arn")))
        || tells(("Policies", "AwsManaged"))
        || top.holds("Policy", "PolicySummary")
        || top.holds("Targets", "TargetId")
        || ["Parents", "Children"].iter().any(|field| of_tree(top, field))
}

fn of_tree(top: &Top<'_>, field: &str) -> bool {
    let first = top.get(field).and_then(|value| value.items().next());
    let is_node = |first| matches!(&*text(first, "Type"), "ROOT" | "ORGANIZATIONAL_UNIT" | "ACCOUNT");
    top.holds(field, "Id") && first.is_none_or(is_node)
}

/// Reads an answer.
pub(super) fn read(top: &Top<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    for (field, kind) in NODES {
        for value in top.get(field).into_iter().flat_map(Value::items) {
            node(value, kind, draft)?;
        }
    }
    for child in list(top.value, "Children")? {
        let parent = draft.about(A_NODE)?.to_owned();
        relation(&needed(child, "Id", "Children")?, &parent, draft)?;
    }
    for parent in list(top.value, "Parents")? {
        let child = draft.about(A_NODE)?.to_owned();
        relation(&child, &needed(parent, "Id", "Parents")?, draft)?;
    }
    if !draft.beside.about.is_empty() {
        for policy in list(top.value, "Policies")? {
            let target = draft.beside.about.clone();
            attached(&needed(policy, "Arn", "Policies")?, &target, draft)?;
        }
    }
    for target in list(top.value, "Targets")? {
        let policy = draft.about("\"arn:aws:organizations::111122223333:policy/...\"")?.to_owned();
        let arn = needed(target, "Arn", "Targets")?;
        attached(&policy, &arn, draft)?;
    }
    if let Some(described) = top.get("Policy") {
        policy(described, draft)?;
    }
    Ok(())
}

const NODES: [(&str, NodeKind); 5] = [
    ("Roots", NodeKind::Root),
    ("OrganizationalUnits", NodeKind::Unit),
    ("OrganizationalUnit", NodeKind::Unit),
    ("Accounts", NodeKind::Account),
    ("Account", NodeKind::Account),
];

/// How a node is named to whom an answer does not tell it.
const A_NODE: &str = "\"arn:aws:organizations::111122223333:ou/...\"";

/// A root, a unit or an account, under the node that was asked about if one was.
fn node(value: Value<'_>, kind: NodeKind, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let arn = needed(value, "Arn", "an answer of Organizations")?;
    let id = needed(value, "Id", "an answer of Organizations")?;
    let organisation = organisation(&arn, draft)?;
    let parent = match kind {
        NodeKind::Root | NodeKind::Unknown => "",
        NodeKind::Unit | NodeKind::Account => node_id(&draft.beside.about),
    };
    let row = OrganisationNode {
        kind: kind.into(),
        // One that was asked about itself is not below itself.
        parent: if parent == id { String::new() } else { parent.to_owned() },
        name: text(value, "Name").into_owned(),
        organisation: organisation.clone(),
        is_management: Arn::of(&arn).account == id,
        seen: Some(draft.seen()),
        id,
    };
    draft.sheet(&organisation).export.nodes.push(row);
    Ok(())
}

/// That one node is below another.
fn relation(child: &str, parent: &str, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let organisation = organisation(&draft.beside.about, draft)?;
    let id = node_id(child).to_owned();
    let row = OrganisationNode {
        kind: kind_of(&id).into(),
        parent: node_id(parent).to_owned(),
        organisation: organisation.clone(),
        seen: Some(draft.seen()),
        id,
        ..OrganisationNode::default()
    };
    draft.sheet(&organisation).export.nodes.push(row);
    Ok(())
}

/// That a policy is attached to a node. Policies that neither allow nor deny anything are passed over.
fn attached(policy: &str, target: &str, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let Some(origin) = origin(policy) else { return Ok(()) };
    let organisation = organisation(target, draft).or_else(|_| organisation(policy, draft))?;
    draft.sheet(&organisation).entitle(node_id(target), policy, origin, None);
    Ok(())
}

/// The document of a policy.
fn policy(described: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let arn = text_at(described, &["PolicySummary", "Arn"]);
    if arn.is_empty() {
        return Err(RejectReason::Field("Arn is missing in PolicySummary of the export".to_owned()));
    }
    let Some(content) = described.field("Content").filter(|_| origin(&arn).is_some()) else { return Ok(()) };
    document(&arn, content, draft)
}

/// Keeps the document of a control policy. What AWS owns is under `aws`.
pub(super) fn document(arn: &str, content: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let holder = match Arn::of(arn).account {
        "aws" => "aws".to_owned(),
        _ => organisation(arn, draft)?,
    };
    draft.sheet(&holder).document(arn, content, "");
    Ok(())
}

/// What kind of control policy an ARN names; `None` for one that neither allows nor denies.
pub(crate) fn origin(policy: &str) -> Option<Origin> {
    if policy.contains("/service_control_policy/") {
        Some(Origin::ServiceControl)
    } else if policy.contains("/resource_control_policy/") {
        Some(Origin::ResourceControl)
    } else {
        None
    }
}

/// The organisation that an ARN tells, or what is told beside the value.
fn organisation(arn: &str, draft: &Draft<'_>) -> Result<String, RejectReason> {
    let beside = Some(draft.beside.account.as_str()).filter(|id| is_organisation(id));
    organisation_of(arn).or(beside).map(str::to_owned).ok_or_else(|| {
        let hint = wrap(&format!("\"about\": {A_NODE}"));
        RejectReason::Field(format!("nothing tells the organisation: {hint}"))
    })
}

/// The organisation that an ARN tells.
pub(crate) fn organisation_of(arn: &str) -> Option<&str> {
    Arn::of(arn).resource.split('/').find(|part| is_organisation(part))
}

fn is_organisation(id: &str) -> bool {
    id.starts_with("o-")
}

/// The id of a node, out of that or its ARN.
fn node_id(named: &str) -> &str {
    named.rsplit('/').next().unwrap_or(named)
}

/// What a node is, by its id.
pub(crate) fn kind_of(id: &str) -> NodeKind {
    if id.starts_with("r-") {
        NodeKind::Root
    } else if id.starts_with("ou-") {
        NodeKind::Unit
    } else if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) {
        NodeKind::Account
    } else {
        NodeKind::Unknown
    }
}
