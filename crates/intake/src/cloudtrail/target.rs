//! What was acted on.

use std::borrow::Cow;

use doorward_model::event::Target;

use crate::cloudtrail::{ARN_BYTES_MAX, Fields, NAME_BYTES_MAX, kept};
use crate::json::value::Value;

/// Request parameters that name what is acted on, the most telling first.
const NAMING: [&str; 48] = [
    "roleArn",
    "userName",
    "roleName",
    "groupName",
    "functionName",
    "secretId",
    "keyId",
    "bucketName",
    "trailName",
    "detectorId",
    "policyArn",
    "instanceProfileName",
    "instanceId",
    "instancesSet",
    "instanceIds",
    "dBSnapshotIdentifier",
    "dBInstanceIdentifier",
    "dBClusterIdentifier",
    "snapshotId",
    "imageId",
    "volumeId",
    "groupId",
    "vpcId",
    "subnetId",
    "modelId",
    "modelIdentifier",
    "agentRuntimeArn",
    "agentRuntimeId",
    "agentId",
    "gatewayId",
    "documentName",
    "targets",
    "tableName",
    "queueUrl",
    "topicArn",
    "stackName",
    "clusterName",
    "cluster",
    "logGroupName",
    "repositoryName",
    "stateMachineArn",
    "permissionSetArn",
    "trustAnchorId",
    "profileId",
    "resourceArn",
    "resourceARN",
    "target",
    "name",
];

/// Resources first, then the request parameters, then what an insight is of.
pub(super) fn target(fields: &Fields<'_>) -> Option<Target> {
    fields
        .resources
        .and_then(of_resources)
        .or_else(|| fields.request.and_then(of_request))
        .or_else(|| fields.insight.and_then(of_insight))
}

/// The most special resource: of an object and its bucket, the object.
fn of_resources(resources: Value<'_>) -> Option<Target> {
    let named = resources.items().filter_map(resource);
    let (kind, id) = named.min_by_key(|(kind, _)| kind != "AWS::S3::Object")?;
    let kind = if kind.is_empty() { "ARN".to_owned() } else { kept(&kind, NAME_BYTES_MAX) };
    Some(Target { kind, id: kept(&id, ARN_BYTES_MAX) })
}

/// Kind and ARN of a resource that has one.
fn resource(value: Value<'_>) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let (mut kind, mut upper, mut lower) = (Cow::default(), Cow::default(), Cow::default());
    for (key, value) in value.fields() {
        match &*key {
            "type" => kind = value.scalar(),
            "ARN" => upper = value.scalar(),
            "arn" => lower = value.scalar(),
            _ => {}
        }
    }
    let arn = if upper.is_empty() { lower } else { upper };
    (!arn.is_empty()).then_some((kind, arn))
}

fn of_request(request: Value<'_>) -> Option<Target> {
    let mut best: Option<(usize, &'static str, Cow<'_, str>)> = None;
    let mut object_key = None;
    for (key, value) in request.fields() {
        if key == "key" {
            object_key = Some(value);
        }
        let Some((rank, name)) = rank(&key) else { continue };
        if best.as_ref().is_none_or(|(least, _, _)| rank < *least)
            && let Some(id) = first_scalar(value)
        {
            best = Some((rank, name, id));
        }
    }
    let (_, kind, mut id) = best?;
    if kind == "bucketName"
        && let Some(key) = object_key
    {
        id = Cow::Owned(format!("{id}/{}", key.scalar()));
    }
    Some(Target { kind: kind.to_owned(), id: kept(&id, ARN_BYTES_MAX) })
}

/// For each length of a name, which names have it: a bit each.
const OF_LENGTH: [u64; 24] = of_length();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, where a wrong index is an error")]
const fn of_length() -> [u64; 24] {
    let mut names = [0; 24];
    let mut at = 0;
    while at < NAMING.len() {
        names[NAMING[at].len()] |= 1 << at;
        at += 1;
    }
    names
}

/// The place of a name among those that tell, and the name.
fn rank(key: &str) -> Option<(usize, &'static str)> {
    let mut left = OF_LENGTH.get(key.len()).copied().unwrap_or_default();
    while left != 0 {
        let rank = left.trailing_zeros() as usize;
        let name = NAMING.get(rank).filter(|name| **name == key);
        if let Some(name) = name {
            return Some((rank, name));
        }
        left &= left - 1;
    }
    None
}

/// A scalar itself, or the first one in lists, in `items`, and in the first field of an item.
fn first_scalar(value: Value<'_>) -> Option<Cow<'_, str>> {
    let first = value.items().next()?;
    let first = first.field("items").and_then(|items| items.items().next()).unwrap_or(first);
    let first = if first.is_object() { first.fields().next()?.1 } else { first };
    let text = first.items().next()?.scalar();
    (!text.is_empty()).then_some(text)
}

fn of_insight(insight: Value<'_>) -> Option<Target> {
    let source = insight.scalar_field("eventSource");
    let service = source.split_once(".amazonaws.com").map_or(&*source, |(name, _)| name);
    let name = insight.scalar_field("eventName");
    let id = kept(&format!("{service}:{name}"), ARN_BYTES_MAX);
    (id != ":").then(|| Target { kind: "insight".to_owned(), id })
}
