//! What was acted on.

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
    let targets = resources.items().filter_map(|resource| {
        let arn = [resource.scalar_field("ARN"), resource.scalar_field("arn")];
        let id = arn.into_iter().find(|arn| !arn.is_empty())?;
        let kind = match resource.scalar_field("type") {
            kind if kind.is_empty() => "ARN".to_owned(),
            kind => kept(&kind, NAME_BYTES_MAX),
        };
        Some(Target { kind, id: kept(&id, ARN_BYTES_MAX) })
    });
    targets.min_by_key(|target| target.kind != "AWS::S3::Object")
}

fn of_request(request: Value<'_>) -> Option<Target> {
    let mut best: Option<(usize, &'static str, Value<'_>)> = None;
    let mut object_key = None;
    for (key, value) in request.fields() {
        if key == "key" {
            object_key = Some(value);
        }
        let Some((rank, name)) = rank(&key) else { continue };
        if best.is_none_or(|(least, _, _)| rank < least) && first_scalar(value).is_some() {
            best = Some((rank, name, value));
        }
    }
    let (_, kind, value) = best?;
    let mut id = first_scalar(value)?;
    if kind == "bucketName"
        && let Some(key) = object_key
    {
        id = format!("{id}/{}", key.scalar());
    }
    Some(Target { kind: kind.to_owned(), id: kept(&id, ARN_BYTES_MAX) })
}

fn rank(key: &str) -> Option<(usize, &'static str)> {
    NAMING.iter().enumerate().find(|(_, name)| **name == key).map(|(rank, name)| (rank, *name))
}

/// A scalar itself, or the first one in lists, in `items`, and in the first field of an item.
fn first_scalar(value: Value<'_>) -> Option<String> {
    let first = value.items().next()?;
    let first = first.field("items").and_then(|items| items.items().next()).unwrap_or(first);
    let first = if first.is_object() { first.fields().next()?.1 } else { first };
    let text = first.items().next()?.scalar();
    (!text.is_empty()).then(|| text.into_owned())
}

fn of_insight(insight: Value<'_>) -> Option<Target> {
    let source = insight.scalar_field("eventSource");
    let service = source.split_once(".amazonaws.com").map_or(&*source, |(name, _)| name);
    let name = insight.scalar_field("eventName");
    let id = kept(&format!("{service}:{name}"), ARN_BYTES_MAX);
    (id != ":").then(|| Target { kind: "insight".to_owned(), id })
}
