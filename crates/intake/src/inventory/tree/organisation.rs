//! The folder of an organisation: its nodes, and the control policies with their targets.

use std::borrow::Cow;
use std::collections::BTreeSet;

use doorward_model::inventory::organisation::{NodeKind, OrganisationNode};
use doorward_model::inventory::{AccountExport, Origin, Scope, Seen, Source};
use doorward_model::reject::RejectReason;

use crate::inventory::above::Above;
use crate::inventory::aws::{list, needed, text};
use crate::inventory::draft::Draft;
use crate::inventory::organizations::{document, kind_of, organisation_of};
use crate::inventory::tree::{Folder, Thing};
use crate::json::value::Value;

/// The folders of control policies.
const POLICIES: [&str; 2] = ["scps/", "rcps/"];

/// Reads the files of an organisation.
pub(super) fn read(things: &[Thing<'_>], folder: &mut Folder<'_>) -> Result<(), RejectReason> {
    let itself = itself(things);
    let metadata = itself("metadata").unwrap_or(Value::NULL);
    if let Some(other) = other(metadata, folder.id) {
        let said = format!("metadata.json is of {other}, and the folder of {}", folder.id);
        return Err(RejectReason::Field(said));
    }
    for file in ["metadata", "ous", "accounts"] {
        if itself(file).is_none() {
            folder.missing.push(format!("{file}.json is not there"));
        }
    }
    let mut nodes = Nodes { management: text(metadata, "rootAccountId").into_owned(), ..Nodes::default() };
    let id = folder.id.to_owned();
    folder.write(Source::Organizations, |draft| {
        if let Some(units) = itself("ous") {
            for (name, unit) in units.fields() {
                let thing = things.iter().find(|thing| thing.place.strip_prefix("ous/") == Some(&*name));
                let said = thing.and_then(|thing| thing.part("metadata")).unwrap_or(Value::NULL);
                nodes.put((&name, &text(unit, "parent"), &text(said, "name")), unit, &id, draft)?;
            }
            nodes.lead_up()?;
        }
        let accounts = itself("accounts").unwrap_or(Value::NULL);
        for (name, account) in accounts.fields() {
            nodes.put((&name, &text(account, "ou"), ""), account, &id, draft)?;
        }
        // Without the units nobody knows whether they are there.
        if itself("ous").is_some() { nodes.lead_up() } else { Ok(()) }
    })?;
    let of_policies =
        things.iter().filter(|thing| POLICIES.iter().any(|place| thing.place.starts_with(place)));
    for thing in of_policies {
        policy(thing, folder, &mut nodes)?;
    }
    folder.missing.extend(nodes.missing());
    Ok(())
}

/// Which accounts are in the organisation, of a folder of which nothing else counts; none where it is of another.
pub(super) fn members(things: &[Thing<'_>], id: &str) -> Option<AccountExport> {
    let itself = itself(things);
    if other(itself("metadata").unwrap_or(Value::NULL), id).is_some() {
        return None;
    }
    let accounts = itself("accounts").unwrap_or(Value::NULL);
    let member = |name: Cow<'_, str>| OrganisationNode {
        kind: NodeKind::Account.into(),
        id: name.into_owned(),
        organisation: id.to_owned(),
        seen: Some(Seen::by(Source::Organizations)),
        ..OrganisationNode::default()
    };
    let named = accounts.fields().map(|(name, _)| name).filter(|name| kind_of(name) == NodeKind::Account);
    let nodes: Vec<_> = named.map(member).collect();
    let account = id.to_owned();
    (!nodes.is_empty()).then(|| AccountExport {
        account,
        scope: Scope::Rows,
        nodes,
        ..AccountExport::default()
    })
}

/// The parts of the organisation itself, by name.
fn itself<'a>(things: &'a [Thing<'a>]) -> impl Fn(&str) -> Option<Value<'a>> {
    let itself = things.iter().find(|thing| thing.place.is_empty());
    move |name| itself.and_then(|itself| itself.part(name))
}

/// Of which other organisation than that of the folder it says that it is.
fn other(metadata: Value<'_>, id: &str) -> Option<String> {
    let told = text(metadata, "id");
    (!told.is_empty() && !told.eq_ignore_ascii_case(id)).then(|| told.into_owned())
}

/// What the tree names.
#[derive(Default)]
struct Nodes {
    /// The account that manages it.
    management: String,
    above: Above,
    attached: BTreeSet<String>,
    documents: BTreeSet<String>,
}

impl Nodes {
    /// Writes a node with what is attached to it.
    fn put(
        &mut self,
        (id, parent, name): (&str, &str, &str),
        told: Value<'_>,
        organisation: &str,
        draft: &mut Draft<'_>,
    ) -> Result<(), RejectReason> {
        let seen = Some(draft.seen());
        let node = OrganisationNode {
            id: id.to_owned(),
            kind: kind_of(id).into(),
            parent: parent.to_owned(),
            name: name.to_owned(),
            organisation: organisation.to_owned(),
            is_management: id == self.management,
            seen,
        };
        self.above.put(&node).map_err(|said| contradiction(id, &said))?;
        let mut sheet = draft.sheet(organisation);
        sheet.export.nodes.push(node);
        for (field, origin) in [("scps", Origin::ServiceControl), ("rcps", Origin::ResourceControl)] {
            for policy in list(told, field)? {
                let arn = policy.scalar();
                sheet.entitle(id, &arn, origin, None);
                self.attached.insert(arn.into_owned());
            }
        }
        Ok(())
    }

    /// That every node leads up to the root.
    fn lead_up(&self) -> Result<(), RejectReason> {
        self.above.astray().map_or(Ok(()), |(id, said)| Err(contradiction(id, &said)))
    }

    /// Nodes and policies that others name, and which are not there.
    fn missing(&self) -> Vec<String> {
        let nodes: BTreeSet<&str> = self.above.missing().collect();
        let nodes = nodes.into_iter().map(|id| format!("node {id} is not here"));
        let policies = self.attached.difference(&self.documents).map(|arn| format!("{arn} is not here"));
        nodes.chain(policies).collect()
    }
}

/// What cannot be of a node, with the file that says so.
fn contradiction(id: &str, said: &str) -> RejectReason {
    let file = if kind_of(id) == NodeKind::Account { "accounts.json" } else { "ous.json" };
    RejectReason::Field(format!("{file}: {said}"))
}

fn policy(thing: &Thing<'_>, folder: &mut Folder<'_>, nodes: &mut Nodes) -> Result<(), RejectReason> {
    let Some(metadata) = thing.part("metadata") else {
        folder.misses("metadata", thing.place);
        return Ok(());
    };
    let Some(content) = thing.part("policy") else {
        folder.misses("policy", thing.place);
        return Ok(());
    };
    let arn = needed(metadata, "arn", thing.place)?;
    if let Some(other) = organisation_of(&arn).filter(|other| *other != folder.id) {
        let said = format!("{arn} in {} is of {other}, and the folder of {}", thing.place, folder.id);
        return Err(RejectReason::Field(said));
    }
    nodes.documents.insert(arn.clone());
    folder.write(Source::Organizations, |draft| document(&arn, content, draft))
}
