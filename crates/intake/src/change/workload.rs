//! Workloads that run as a role: functions, instances, tasks, builds, jobs, notebooks, stacks, pods.
//!
//! Sources: "Logging AWS Lambda API calls using AWS CloudTrail", "Log Amazon EC2 API calls using AWS CloudTrail", "Log
//! Amazon ECS API calls using AWS CloudTrail", and the API references of the other services. Answers have the fields
//! of their `describe` answers, with a small first letter; where they do not, the request tells the role.

use doorward_model::inventory::resource::Resource;

use crate::change::record::{Reader, Record, Unclear, needed};
use crate::change::{Change, EXISTS, Holder};
use crate::inventory::aws::{Arn, at, get, text, text_at};
use crate::inventory::workload::{
    APP_RUNNER, DEV_ENDPOINT, FUNCTION, GLUE_JOB, INSTANCE, Kind, NOTEBOOK, POD_IDENTITY, PROJECT, STACK,
    STATE_MACHINE, TASK_DEFINITION, resource,
};
use crate::json::value::Value;

pub(super) const LAMBDA_ACTIONS: &[(&str, Reader)] = &[
    ("CreateFunction", function),
    ("UpdateFunctionConfiguration", function),
    ("UpdateFunctionCode", function),
    ("DeleteFunction", |record| gone(function_arn(record)?, record)),
    ("AddPermission", statement),
    ("RemovePermission", statement_gone),
];

pub(super) const EC2_ACTIONS: &[(&str, Reader)] = &[
    ("RunInstances", instances),
    ("TerminateInstances", instances_gone),
    ("AssociateIamInstanceProfile", associated),
    ("ReplaceIamInstanceProfileAssociation", associated),
    ("DisassociateIamInstanceProfile", disassociated),
];

pub(super) const ECS_ACTIONS: &[(&str, Reader)] = &[
    ("RegisterTaskDefinition", |record| answered(record, "taskDefinition", &TASK_DEFINITION)),
    ("DeregisterTaskDefinition", |record| answered(record, "taskDefinition", &TASK_DEFINITION)),
];

pub(super) const CODEBUILD_ACTIONS: &[(&str, Reader)] = &[
    ("CreateProject", |record| answered(record, "project", &PROJECT)),
    ("UpdateProject", |record| answered(record, "project", &PROJECT)),
    ("DeleteProject", |record| {
        let name = record.needed("name")?;
        let arn =
            if name.starts_with("arn:") { name } else { record.arn("codebuild", &format!("project/{name}")) };
        gone(arn, record)
    }),
];

pub(super) const GLUE_ACTIONS: &[(&str, Reader)] = &[
    ("CreateJob", |record| asked(record, &GLUE_JOB)),
    ("UpdateJob", job_updated),
    ("DeleteJob", |record| gone(record.arn("glue", &format!("job/{}", record.needed("jobName")?)), record)),
    ("CreateDevEndpoint", |record| asked(record, &DEV_ENDPOINT)),
    ("DeleteDevEndpoint", |record| {
        gone(record.arn("glue", &format!("devEndpoint/{}", record.needed("endpointName")?)), record)
    }),
];

pub(super) const SAGEMAKER_ACTIONS: &[(&str, Reader)] = &[
    ("CreateNotebookInstance", |record| notebook(record, true)),
    ("UpdateNotebookInstance", |record| notebook(record, false)),
    ("DeleteNotebookInstance", |record| gone(notebook_arn(record)?, record)),
];

pub(super) const STACK_ACTIONS: &[(&str, Reader)] =
    &[("CreateStack", stack), ("UpdateStack", stack), ("DeleteStack", stack_gone)];

pub(super) const EKS_ACTIONS: &[(&str, Reader)] = &[
    ("CreatePodIdentityAssociation", |record| answered(record, "association", &POD_IDENTITY)),
    ("UpdatePodIdentityAssociation", |record| answered(record, "association", &POD_IDENTITY)),
    ("DeletePodIdentityAssociation", |record| {
        let shown = get(record.response, "association").unwrap_or(Value::NULL);
        gone(needed(shown, "associationArn", "the answer")?, record)
    }),
];

pub(super) const APP_RUNNER_ACTIONS: &[(&str, Reader)] = &[
    ("CreateService", |record| answered(record, "service", &APP_RUNNER)),
    ("UpdateService", |record| answered(record, "service", &APP_RUNNER)),
    ("DeleteService", |record| gone(record.needed("serviceArn")?, record)),
];

pub(super) const STATES_ACTIONS: &[(&str, Reader)] = &[
    ("CreateStateMachine", state_machine),
    ("UpdateStateMachine", state_machine),
    ("DeleteStateMachine", |record| gone(record.needed("stateMachineArn")?, record)),
];

/// What a value that has the fields of a `describe` answer tells of a resource.
pub(super) fn whole(record: &Record<'_>, kind: &Kind, value: Value<'_>) -> Result<Resource, Unclear> {
    Ok(resource(kind, value, &record.draft)?)
}

/// A resource, or the part of it that an update may change.
pub(super) fn put(record: &mut Record<'_>, row: Resource, part: &'static str) {
    record.resource(row, part);
}

/// The part of a workload that says as which role it runs; one that is made is new in all parts.
const RUNS_AS: &str = "runs_as";

fn part_of(record: &Record<'_>) -> &'static str {
    let is_new = ["Create", "Run", "Register"].iter().any(|word| record.event.action.starts_with(word));
    if is_new { "" } else { RUNS_AS }
}

fn gone(arn: String, record: &mut Record<'_>) -> Result<(), Unclear> {
    record.changes.push(Change::Gone(Holder::of(arn)));
    Ok(())
}

/// The answer shows it under a name.
fn answered(record: &mut Record<'_>, name: &str, kind: &Kind) -> Result<(), Unclear> {
    let shown = get(record.response, name).filter(|shown| shown.is_object());
    let shown = shown.ok_or_else(|| Unclear(format!("{name} is missing in the answer")))?;
    let row = whole(record, kind, shown)?;
    let part = part_of(record);
    put(record, row, part);
    Ok(())
}

/// The request shows it.
fn asked(record: &mut Record<'_>, kind: &Kind) -> Result<(), Unclear> {
    let row = whole(record, kind, record.request)?;
    let part = part_of(record);
    put(record, row, part);
    Ok(())
}

/// A resource by its ARN, and the role that a request gives it; one that it does not name stays.
fn given(record: &mut Record<'_>, kind: &Kind, (arn, role): (String, String)) {
    let told = Arn::of(&arn);
    let (account, region) = (told.account.to_owned(), told.region.to_owned());
    let name = told.name().to_owned();
    let is_named = !role.is_empty() && !role.starts_with("arn:");
    let by_name = is_named.then(|| record.called("role", role.trim_start_matches('/')));
    let runs_as = if is_named { String::new() } else { role };
    let row = Resource {
        id: arn,
        kind: kind.kind.to_owned(),
        account,
        region,
        name,
        runs_as,
        ..Resource::default()
    };
    record.changes.push(Change::Resource { row: Box::new(row), part: part_of(record), role: by_name });
}

/// The answer shows it, under an ARN that may name a version.
fn function(record: &mut Record<'_>) -> Result<(), Unclear> {
    if text(record.response, "functionArn").is_empty() {
        let (arn, role) = (function_arn(record)?, record.asked("role"));
        given(record, &FUNCTION, (arn, role));
        return Ok(());
    }
    let shown = whole(record, &FUNCTION, record.response)?;
    let id = unqualified(&shown.id).0;
    let part = part_of(record);
    put(record, Resource { id, ..shown }, part);
    Ok(())
}

/// The ARN of a function without its version or alias, and that.
fn unqualified(arn: &str) -> (String, String) {
    let parts: Vec<&str> = arn.split(':').collect();
    let (own, qualifier) = parts.split_at(parts.len().min(7));
    (own.join(":"), qualifier.join(":"))
}

/// A function is named by its name, a part of its ARN, or all of it.
fn function_arn(record: &Record<'_>) -> Result<String, Unclear> {
    let named = record.needed("functionName")?;
    if named.starts_with("arn:") {
        return Ok(unqualified(&named).0);
    }
    let name = named.split_once(":function:").map_or(&*named, |(_, name)| name);
    let name = name.split(':').next().unwrap_or(name);
    Ok(record.arn("lambda", &format!("function:{name}")))
}

/// The answer shows the statement, which names the function, its version or its alias.
fn statement(record: &mut Record<'_>) -> Result<(), Unclear> {
    let sid = record.needed("statementId")?;
    let shown = text(record.response, "statement").into_owned();
    let own = Value::new(&shown).field("Resource").map(Value::scalar).unwrap_or_default().into_owned();
    let arn = if own.starts_with("arn:") { own } else { of_qualifier(record)? };
    told(record, &arn);
    if shown.is_empty() {
        record.of_resource(&arn, None);
        return Ok(());
    }
    record.changes.push(Change::Statement { holder: Holder::of(arn), sid, statement: Some(shown) });
    Ok(())
}

fn statement_gone(record: &mut Record<'_>) -> Result<(), Unclear> {
    let (holder, sid) = (Holder::of(of_qualifier(record)?), record.needed("statementId")?);
    record.changes.push(Change::Statement { holder, sid, statement: None });
    Ok(())
}

/// The function, or the version or alias of it that the request names.
fn of_qualifier(record: &Record<'_>) -> Result<String, Unclear> {
    let arn = function_arn(record)?;
    Ok(match record.asked("qualifier") {
        qualifier if qualifier.is_empty() => arn,
        qualifier => format!("{arn}:{qualifier}"),
    })
}

fn told(record: &mut Record<'_>, arn: &str) {
    let parts = Arn::of(arn);
    let row = Resource {
        id: arn.to_owned(),
        kind: FUNCTION.kind.to_owned(),
        account: parts.account.to_owned(),
        region: parts.region.to_owned(),
        name: parts.resource.split(':').nth(1).unwrap_or_default().to_owned(),
        ..Resource::default()
    };
    record.resource(row, EXISTS);
}

/// Instances that run as nobody are passed over: they change nothing.
fn instances(record: &mut Record<'_>) -> Result<(), Unclear> {
    let asked = profile(record, get(record.request, "iamInstanceProfile"));
    let shown = at(record.response, &["instancesSet", "items"]);
    let items = get(record.response, "instancesSet").and_then(|set| get(set, "items"));
    if shown.is_none() && asked.is_some() {
        return Err(Unclear("instancesSet is missing in the answer".to_owned()));
    }
    for item in items.unwrap_or(Value::NULL).items() {
        let own = profile(record, get(item, "iamInstanceProfile"));
        let Some(runs_as) = own.or_else(|| asked.clone()) else { continue };
        let id = needed(item, "instanceId", "the answer")?;
        instance(record, &id, runs_as);
    }
    Ok(())
}

/// An instance profile by its ARN, or by its name.
fn profile(record: &Record<'_>, value: Option<Value<'_>>) -> Option<Holder> {
    let value = value?;
    let (arn, name) = (text(value, "arn"), text(value, "name"));
    match (&*arn, &*name) {
        ("", "") => None,
        ("", name) => Some(record.called("instance-profile", name)),
        (arn, _) => Some(Holder::of(arn)),
    }
}

fn instance(record: &mut Record<'_>, id: &str, profile: Holder) {
    let row = Resource {
        id: record.arn("ec2", &format!("instance/{id}")),
        kind: INSTANCE.kind.to_owned(),
        account: record.event.account.clone(),
        region: record.event.region.clone(),
        name: id.to_owned(),
        ..Resource::default()
    };
    record.changes.push(Change::Resource { row: Box::new(row), part: part_of(record), role: Some(profile) });
}

fn instances_gone(record: &mut Record<'_>) -> Result<(), Unclear> {
    let set = get(record.response, "instancesSet").or_else(|| get(record.request, "instancesSet"));
    let items = set.and_then(|set| get(set, "items")).unwrap_or(Value::NULL);
    for item in items.items() {
        let id = needed(item, "instanceId", "the answer")?;
        gone(record.arn("ec2", &format!("instance/{id}")), record)?;
    }
    Ok(())
}

/// The association stands in the answer, and what was asked in the request, each below a name of its own.
fn associated(record: &mut Record<'_>) -> Result<(), Unclear> {
    let shown = association(record).unwrap_or(Value::NULL);
    let asked = record.request.fields().map(|(_, inner)| inner).find(|inner| inner.is_object());
    let asked = asked.unwrap_or(record.request);
    let id = match text(shown, "instanceId") {
        id if id.is_empty() => needed(asked, "instanceId", "the request")?,
        id => id.into_owned(),
    };
    let own = profile(record, get(shown, "iamInstanceProfile"));
    let profile = own.or_else(|| profile(record, get(asked, "iamInstanceProfile")));
    let profile =
        profile.ok_or_else(|| Unclear("iamInstanceProfile is missing in the request".to_owned()))?;
    instance(record, &id, profile);
    Ok(())
}

fn association<'a>(record: &Record<'a>) -> Option<Value<'a>> {
    let inner = record.response.fields().map(|(_, inner)| inner).find(|inner| inner.is_object());
    let all = inner.into_iter().chain([record.response]);
    all.filter_map(|value| get(value, "iamInstanceProfileAssociation")).next()
}

fn disassociated(record: &mut Record<'_>) -> Result<(), Unclear> {
    let id = needed(association(record).unwrap_or(Value::NULL), "instanceId", "the answer")?;
    let arn = record.arn("ec2", &format!("instance/{id}"));
    record.changes.push(Change::RunsAsNobody(Holder::of(arn)));
    Ok(())
}

fn job_updated(record: &mut Record<'_>) -> Result<(), Unclear> {
    let name = record.needed("jobName")?;
    let (arn, role) =
        (record.arn("glue", &format!("job/{name}")), text_at(record.request, &["jobUpdate", "role"]));
    given(record, &GLUE_JOB, (arn, role));
    Ok(())
}

fn notebook_arn(record: &Record<'_>) -> Result<String, Unclear> {
    let name = record.needed("notebookInstanceName")?;
    // Names of notebooks are in lower case in their ARNs.
    Ok(record.arn("sagemaker", &format!("notebook-instance/{}", name.to_ascii_lowercase())))
}

fn notebook(record: &mut Record<'_>, is_new: bool) -> Result<(), Unclear> {
    let shown = text(record.response, "notebookInstanceArn").into_owned();
    let arn = if is_new && !shown.is_empty() { shown } else { notebook_arn(record)? };
    let role = record.asked("roleArn");
    given(record, &NOTEBOOK, (arn, role));
    Ok(())
}

/// A stack that is told no role keeps the one that it has.
fn stack(record: &mut Record<'_>) -> Result<(), Unclear> {
    let arn = needed(record.response, "stackId", "the answer")?;
    let row = Resource {
        kind: STACK.kind.to_owned(),
        account: Arn::of(&arn).account.to_owned(),
        region: Arn::of(&arn).region.to_owned(),
        name: record.asked("stackName"),
        runs_as: record.asked("roleARN"),
        id: arn,
        ..Resource::default()
    };
    let part = part_of(record);
    put(record, row, part);
    Ok(())
}

fn stack_gone(record: &mut Record<'_>) -> Result<(), Unclear> {
    let named = record.needed("stackName")?;
    // A name alone does not tell the id behind it, by which the stack is known.
    if named.starts_with("arn:") { gone(named, record) } else { Ok(()) }
}

fn state_machine(record: &mut Record<'_>) -> Result<(), Unclear> {
    let asked = record.asked("stateMachineArn");
    let arn =
        if asked.is_empty() { needed(record.response, "stateMachineArn", "the answer")? } else { asked };
    let role = record.asked("roleArn");
    given(record, &STATE_MACHINE, (arn, role));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::unqualified;

    #[test]
    fn a_function_is_known_without_its_version() {
        let arn = "arn:aws:lambda:eu-west-1:111122223333:function:f";
        let parts = [arn.to_owned(), format!("{arn}:2")].map(|arn| unqualified(&arn));
        assert_eq!(parts, [(arn.to_owned(), String::new()), (arn.to_owned(), "2".to_owned())]);
    }
}
