//! Resources, and workloads with the role they run as, out of `list` and `describe` answers of their services.
//!
//! One table says of each kind where its ARN, its name and its role stand. AWS Config tells the same fields, so that
//! [`super::config`] uses the table, too.

mod ec2;
mod kinds;

use doorward_model::inventory::resource::Resource;
use doorward_model::reject::RejectReason;
use doorward_model::time::Time;

use crate::inventory::aws::{Arn, at, date, partition_of, tags, text_at};
use crate::inventory::draft::{Draft, wrap};
use crate::inventory::form::Top;
use crate::inventory::workload::kinds::{ANSWERS, Answer};
use crate::json::value::Value;

pub(super) use crate::inventory::workload::ec2::version_of_template;
pub(crate) use crate::inventory::workload::kinds::{
    APP_RUNNER, DEV_ENDPOINT, FUNCTION, GLUE_JOB, INSTANCE, KEY, Kind, NOTEBOOK, POD_IDENTITY, PROFILE,
    PROJECT, STACK, STATE_MACHINE, TASK_DEFINITION,
};
pub(super) use crate::inventory::workload::kinds::{of_config_type, of_type_name};

/// Whether a value is such an answer.
pub(super) fn recognises(top: &Top<'_>) -> bool {
    answer(top).is_some() || ec2::recognises(top)
}

/// Reads an answer.
pub(super) fn read(top: &Top<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let Some(answer) = answer(top) else { return ec2::read(top, draft) };
    let items = match answer.field {
        "" => top.value.items(),
        field => top.get(field).unwrap_or(Value::NULL).items(),
    };
    for item in items {
        let found = resource(answer.kind, item, draft)?;
        let account = found.account.clone();
        draft.sheet(&account).export.resources.push(found);
    }
    Ok(())
}

fn answer(top: &Top<'_>) -> Option<&'static Answer> {
    ANSWERS.iter().find(|answer| match answer.field {
        "" => top.get(answer.mark).is_some(),
        field => top.holds(field, answer.mark),
    })
}

/// What a value tells of a resource of a kind.
pub(crate) fn resource(kind: &Kind, value: Value<'_>, draft: &Draft<'_>) -> Result<Resource, RejectReason> {
    let name = text_at(value, kind.name);
    let role = text_at(value, kind.runs_as);
    let id = match text_at(value, kind.arn) {
        arn if !arn.is_empty() => arn,
        _ => built_arn(kind, &name, &role, draft)?,
    };
    let account = draft.account_of(&id)?;
    let told = kind.attributes.iter().map(|(attribute, path)| (*attribute, text_at(value, path)));
    let present =
        kind.present.filter(|(_, path)| at(value, path).is_some_and(|found| !found.scalar().is_empty()));
    let present = present.map(|(attribute, _)| (attribute, "true".to_owned()));
    let attributes = told.chain(present).filter(|(_, said)| !said.is_empty());
    Ok(Resource {
        kind: kind.kind.to_owned(),
        region: draft.region_of(&id),
        name: if name.is_empty() { Arn::of(&id).name().to_owned() } else { name },
        tags: tags(value, "Tags")?,
        runs_as: role_arn(kind, role, &id, &account),
        attributes: attributes.map(|(name, said)| (name.to_owned(), said)).collect(),
        created_at_ms: date(value, kind.created).map_or(0, Time::ms),
        seen: Some(draft.seen()),
        account,
        id,
    })
}

/// The ARN of what does not tell its own.
fn built_arn(kind: &Kind, name: &str, role: &str, draft: &Draft<'_>) -> Result<String, RejectReason> {
    if name.is_empty() {
        let field = kind.name.last().copied().unwrap_or("name");
        return Err(RejectReason::Field(format!("{field} is missing in a {} of the answer", kind.kind)));
    }
    let role = Arn::of(role);
    let account = if draft.beside.account.is_empty() { role.account } else { &draft.beside.account };
    if account.is_empty() {
        return Err(RejectReason::Field(format!(
            "nothing tells the account of the {} {name:?}: {}",
            kind.kind,
            wrap("\"account\": \"111122223333\", \"region\": \"eu-central-1\"")
        )));
    }
    let region = &draft.beside.region;
    let partition = if role.partition.is_empty() { partition_of(region) } else { role.partition };
    let (service, kind) = kind.kind.split_once(':').unwrap_or((kind.kind, ""));
    Ok(format!("arn:{partition}:{service}:{region}:{account}:{kind}/{name}"))
}

/// Some services tell only the name of the role or of the profile.
fn role_arn(kind: &Kind, role: String, id: &str, account: &str) -> String {
    if role.is_empty() || role.starts_with("arn:") {
        return role;
    }
    let kind = if kind.by_profile { "instance-profile" } else { "role" };
    format!("arn:{}:iam::{account}:{kind}/{}", Arn::of(id).partition, role.trim_start_matches('/'))
}
