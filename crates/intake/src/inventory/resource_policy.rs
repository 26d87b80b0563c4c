//! Policies of resources, and what else decides whom a resource lets in.
//!
//! Most answers with a policy do not tell whose it is. The resource is then what was asked about, or the one that all
//! statements of the policy name.

use std::collections::BTreeMap;

use doorward_model::inventory::Origin;
use doorward_model::inventory::resource::{Resource, attribute};
use doorward_model::reject::RejectReason;

use crate::inventory::aws::{Arn, date, get, list, needed, partition_of, tags, text};
use crate::inventory::document;
use crate::inventory::draft::{Draft, wrap};
use crate::inventory::form::Top;
use crate::inventory::workload::of_type_name;
use crate::json::value::Value;

/// Whether a value is such an answer.
pub(super) fn recognises(top: &Top<'_>) -> bool {
    let has = |name| top.get(name).is_some();
    let arn = top.get("ARN").map(Value::scalar).unwrap_or_default();
    is_pair(top)
        || is_policy(top)
        || (has("Attributes") && (top.holds("Attributes", "QueueArn") || top.holds("Attributes", "TopicArn")))
        || (has("Name") && Arn::of(&arn).service == "secretsmanager")
        || (has("registryId") && has("policyText"))
        || top.holds("PublicAccessBlockConfiguration", "BlockPublicPolicy")
        || top.holds("Buckets", "CreationDate")
        || top.holds("SecretList", "ARN")
}

/// `{"resource": ARN, "policy": {...}}`
fn is_pair(top: &Top<'_>) -> bool {
    let resource = top.get("resource").map(Value::scalar).unwrap_or_default();
    top.get("policy").is_some()
        && resource.starts_with("arn:")
        && top.names().all(|name| matches!(name, "resource" | "policy" | "account" | "region"))
}

/// `{"Policy": "..."}` of S3, KMS and Lambda.
fn is_policy(top: &Top<'_>) -> bool {
    let is_document = |policy: Value<'_>| policy.text().is_some() || policy.field("Statement").is_some();
    top.get("Policy").is_some_and(is_document)
        && top.names().all(|name| matches!(name, "Policy" | "PolicyName" | "RevisionId" | "ResponseMetadata"))
}

/// Reads an answer.
pub(super) fn read(top: &Top<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let value = top.value;
    if is_pair(top) {
        let told = |name| text(value, name).into_owned();
        (draft.beside.account, draft.beside.region) = (told("account"), told("region"));
        return held(&told("resource"), get(value, "policy"), draft);
    }
    if let Some(attributes) = top.get("Attributes") {
        let topic = text(attributes, "TopicArn");
        let arn = if topic.is_empty() { text(attributes, "QueueArn") } else { topic };
        return held(&arn, get(attributes, "Policy"), draft);
    }
    if let Some(repository) = top.get("repositoryName") {
        let (account, region) = (text(value, "registryId"), draft.beside.region.clone());
        let name = repository.scalar();
        let arn = format!("arn:{}:ecr:{region}:{account}:repository/{name}", partition_of(&region));
        return held(&arn, get(value, "policyText"), draft);
    }
    if let Some(blocked) = top.get("PublicAccessBlockConfiguration") {
        return public_access(blocked, draft);
    }
    if let Some(policy) = top.get("Policy") {
        let arn = resource_of(policy, draft)?;
        return held(&arn, Some(policy), draft);
    }
    if top.get("ARN").is_some() {
        return secret(value, draft);
    }
    for bucket in list(value, "Buckets")? {
        let name = needed(bucket, "Name", "Buckets")?;
        let mut row = row(&format!("arn:{}:s3:::{name}", partition_of(&draft.beside.region)), draft)?;
        row.region = text(bucket, "BucketRegion").into_owned();
        row.created_at_ms = date(bucket, "CreationDate").map_or(0, doorward_model::time::Time::ms);
        put(row, draft);
    }
    list(value, "SecretList")?.try_for_each(|listed| secret(listed, draft))
}

fn secret(value: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let mut row = row(&needed(value, "ARN", "an answer of Secrets Manager")?, draft)?;
    text(value, "Name").as_ref().clone_into(&mut row.name);
    row.tags = tags(value, "Tags")?;
    let id = row.id.clone();
    let account = row.account.clone();
    put(row, draft);
    if let Some(policy) = get(value, "ResourcePolicy").filter(is_there) {
        draft.sheet(&account).own(&id, "resource", Origin::Resource, Some(policy));
    }
    Ok(())
}

/// A resource, and the policy that it has, if it has one.
pub(super) fn held(arn: &str, policy: Option<Value<'_>>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let row = row(arn, draft)?;
    let account = row.account.clone();
    put(row, draft);
    if let Some(policy) = policy.filter(is_there) {
        draft.sheet(&account).own(arn, "resource", Origin::Resource, Some(policy));
    }
    Ok(())
}

fn is_there(policy: &Value<'_>) -> bool {
    !matches!(policy.raw(), "null" | "\"\"" | "{}")
}

fn put(row: Resource, draft: &mut Draft<'_>) {
    let account = row.account.clone();
    draft.sheet(&account).export.resources.push(row);
}

/// What an ARN alone tells of its resource.
pub(super) fn row(arn: &str, draft: &Draft<'_>) -> Result<Resource, RejectReason> {
    if Arn::of(arn).service.is_empty() {
        return Err(RejectReason::Field(format!("{arn:?} is no ARN of a resource")));
    }
    Ok(Resource {
        id: arn.to_owned(),
        kind: kind_of(arn),
        account: draft.account_of(arn)?,
        region: draft.region_of(arn),
        name: Arn::of(arn).name().to_owned(),
        seen: Some(draft.seen()),
        ..Resource::default()
    })
}

/// What kind of resource an ARN names. The ARNs of some services do not tell a type, because they have one only.
pub(crate) fn kind_of(arn: &str) -> String {
    let Arn { service, region, resource, .. } = Arn::of(arn);
    let typed = resource.split_once(['/', ':']).map(|(kind, _)| kind);
    match (service, typed) {
        // Buckets are named without a region.
        ("s3", Some("accesspoint")) if !region.is_empty() => "s3:accesspoint".to_owned(),
        ("s3", _) => "s3:bucket".to_owned(),
        ("sqs", _) => "sqs:queue".to_owned(),
        ("sns", _) => "sns:topic".to_owned(),
        ("lambda", _) => of_type_name("AWS::Lambda::Function").into_owned(),
        (service, Some(kind)) => format!("{service}:{kind}"),
        (service, None) => service.to_owned(),
    }
}

/// The resource that a policy is of: what was asked about, or the only one that its statements name.
fn resource_of(policy: Value<'_>, draft: &Draft<'_>) -> Result<String, RejectReason> {
    let about = draft.beside.about.as_str();
    if about.starts_with("arn:") {
        return Ok(about.to_owned());
    }
    let text = document::text(policy);
    let statements = Value::new(&text).field("Statement").into_iter().flat_map(Value::items);
    let named = statements.filter_map(|statement| statement.field("Resource")).flat_map(Value::items);
    let mut resources: Vec<String> = named.map(|resource| bare(&resource.scalar())).collect();
    resources.sort_unstable();
    resources.dedup();
    match resources.as_slice() {
        [one] if one.starts_with("arn:") && !one.contains(['*', '?', '$']) => Ok(one.clone()),
        _ => Err(RejectReason::Field(format!(
            "nothing tells which resource the policy is of: {}",
            wrap("\"about\": \"arn:aws:...\"")
        ))),
    }
}

/// The bucket of an object.
fn bare(resource: &str) -> String {
    match resource.split_once(":s3:::") {
        Some((arn, path)) => format!("{arn}:s3:::{}", path.split('/').next().unwrap_or(path)),
        None => resource.to_owned(),
    }
}

/// Which public access is blocked, of a bucket or, where none was asked about, of a whole account.
fn public_access(blocked: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let about = draft.beside.about.clone();
    let flags = flags(blocked);
    if about.starts_with("arn:") {
        let mut row = row(&about, draft)?;
        row.attributes = flags;
        put(row, draft);
        return Ok(());
    }
    let account = draft.beside.account.clone();
    if account.is_empty() {
        let hint = wrap("\"account\": \"111122223333\", \"about\": \"arn:aws:s3:::...\"");
        return Err(RejectReason::Field(format!("nothing tells whose public access is blocked: {hint}")));
    }
    put(of_account(&account, flags, draft), draft);
    Ok(())
}

/// What an account blocks for all of its buckets.
pub(super) fn of_account(account: &str, flags: BTreeMap<String, String>, draft: &Draft<'_>) -> Resource {
    Resource {
        id: format!("arn:aws:s3::{account}:account-public-access-block"),
        kind: "s3:account-public-access-block".to_owned(),
        account: account.to_owned(),
        name: account.to_owned(),
        attributes: flags,
        seen: Some(draft.seen()),
        ..Resource::default()
    }
}

/// The four flags, under their names here.
pub(crate) fn flags(blocked: Value<'_>) -> BTreeMap<String, String> {
    let names = [
        ("BlockPublicAcls", attribute::BLOCK_PUBLIC_ACLS),
        ("BlockPublicPolicy", attribute::BLOCK_PUBLIC_POLICY),
        ("IgnorePublicAcls", attribute::IGNORE_PUBLIC_ACLS),
        ("RestrictPublicBuckets", attribute::RESTRICT_PUBLIC_BUCKETS),
    ];
    let told = names.into_iter().map(|(field, name)| (name.to_owned(), text(blocked, field).into_owned()));
    told.filter(|(_, said)| !said.is_empty()).collect()
}
