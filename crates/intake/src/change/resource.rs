//! Resources that have policies: buckets, keys, queues, topics, secrets, repositories.
//!
//! Sources: "Amazon S3 CloudTrail events" (policies of buckets are objects there, not text), "Logging AWS KMS API calls
//! with AWS CloudTrail", "Logging Amazon SQS API calls using AWS CloudTrail", "Logging AWS SNS API calls using AWS
//! CloudTrail", "Log AWS Secrets Manager events with AWS CloudTrail", "Logging Amazon ECR actions with AWS CloudTrail".

use doorward_model::inventory::resource::{Resource, attribute};

use crate::change::record::{Reader, Record, Unclear, document_in, needed};
use crate::change::workload::{put, whole};
use crate::change::{Change, EXISTS, Holder};
use crate::inventory::aws::{Arn, get, text};
use crate::inventory::resource_policy::{flags, kind_of};
use crate::inventory::workload::KEY;
use crate::json::value::Value;

pub(super) const S3_ACTIONS: &[(&str, Reader)] = &[
    ("CreateBucket", bucket_created),
    ("DeleteBucket", |record| gone(bucket(record)?, record)),
    ("PutBucketPolicy", bucket_policy),
    ("DeleteBucketPolicy", bucket_policy_gone),
    ("PutBucketPublicAccessBlock", |record| bucket_block(record, true)),
    ("DeleteBucketPublicAccessBlock", |record| bucket_block(record, false)),
    ("PutAccountPublicAccessBlock", |record| account_block(record, true)),
    ("DeleteAccountPublicAccessBlock", |record| account_block(record, false)),
    ("PutPublicAccessBlock", |record| either_block(record, true)),
    ("DeletePublicAccessBlock", |record| either_block(record, false)),
];

pub(super) const KMS_ACTIONS: &[(&str, Reader)] = &[("CreateKey", key_created), ("PutKeyPolicy", key_policy)];

pub(super) const SQS_ACTIONS: &[(&str, Reader)] = &[
    ("CreateQueue", queue_created),
    ("DeleteQueue", |record| gone(queue(record)?, record)),
    ("SetQueueAttributes", queue_policy),
    ("AddPermission", |record| hidden(&queue(record)?, record)),
    ("RemovePermission", |record| hidden(&queue(record)?, record)),
];

pub(super) const SNS_ACTIONS: &[(&str, Reader)] = &[
    ("CreateTopic", topic_created),
    ("DeleteTopic", |record| gone(record.needed("topicArn")?, record)),
    ("SetTopicAttributes", topic_policy),
    ("AddPermission", |record| hidden(&record.needed("topicArn")?, record)),
    ("RemovePermission", |record| hidden(&record.needed("topicArn")?, record)),
];

pub(super) const SECRET_ACTIONS: &[(&str, Reader)] = &[
    ("CreateSecret", secret_created),
    ("DeleteSecret", |record| gone(secret(record)?, record)),
    ("PutResourcePolicy", secret_policy),
    ("DeleteResourcePolicy", |record| {
        let arn = secret(record)?;
        record.no_policy_of_resource(&arn);
        Ok(())
    }),
];

pub(super) const ECR_ACTIONS: &[(&str, Reader)] = &[
    ("CreateRepository", |record| {
        let arn = repository(record)?;
        created(record, &arn);
        Ok(())
    }),
    ("DeleteRepository", |record| gone(repository(record)?, record)),
    ("SetRepositoryPolicy", |record| {
        let arn = repository(record)?;
        told(record, &arn);
        let request = record.request;
        record.of_resource(&arn, document_in(request, "policyText"));
        Ok(())
    }),
    ("DeleteRepositoryPolicy", |record| {
        let arn = repository(record)?;
        record.no_policy_of_resource(&arn);
        Ok(())
    }),
];

/// A resource by its ARN, with what that tells. The ARN of a bucket tells no account.
fn row(record: &Record<'_>, arn: &str) -> Resource {
    let told = Arn::of(arn);
    Resource {
        id: arn.to_owned(),
        kind: kind_of(arn),
        account: if told.account.is_empty() { owner(record, arn) } else { told.account.to_owned() },
        region: told.region.to_owned(),
        name: told.name().to_owned(),
        ..Resource::default()
    }
}

/// Who owns a resource: the account that the record lists with it, else the one whose log it is. A caller of another
/// account has a record of its own, in which the resource is listed.
fn owner(record: &Record<'_>, arn: &str) -> String {
    let listed =
        record.listed("AWS::S3::Bucket").filter(|(listed, owner)| listed == arn && !owner.is_empty());
    listed.map_or_else(|| record.event.account.clone(), |(_, owner)| owner)
}

fn told(record: &mut Record<'_>, arn: &str) {
    let row = row(record, arn);
    record.resource(row, EXISTS);
}

fn created(record: &mut Record<'_>, arn: &str) {
    let row = row(record, arn);
    record.resource(row, "");
}

fn gone(arn: String, record: &mut Record<'_>) -> Result<(), Unclear> {
    record.changes.push(Change::Gone(Holder::of(arn)));
    Ok(())
}

/// The policy has changed, and the event does not show what it says now.
fn hidden(arn: &str, record: &mut Record<'_>) -> Result<(), Unclear> {
    told(record, arn);
    record.of_resource(arn, None);
    Ok(())
}

fn bucket(record: &Record<'_>) -> Result<String, Unclear> {
    Ok(format!("arn:{}:s3:::{}", record.partition(), record.needed("bucketName")?))
}

fn bucket_created(record: &mut Record<'_>) -> Result<(), Unclear> {
    let arn = bucket(record)?;
    let row = Resource {
        region: record.event.region.clone(),
        created_at_ms: record.event.happened_at_ms,
        ..row(record, &arn)
    };
    record.resource(row, "");
    Ok(())
}

fn bucket_policy(record: &mut Record<'_>) -> Result<(), Unclear> {
    let arn = bucket(record)?;
    told(record, &arn);
    // An empty `policy` names what is put, and is no document.
    let request = record.request;
    let document = document_in(request, "bucketPolicy");
    record.of_resource(&arn, document);
    Ok(())
}

fn bucket_policy_gone(record: &mut Record<'_>) -> Result<(), Unclear> {
    let arn = bucket(record)?;
    record.no_policy_of_resource(&arn);
    Ok(())
}

fn bucket_block(record: &mut Record<'_>, is_put: bool) -> Result<(), Unclear> {
    let arn = bucket(record)?;
    let blocked = Resource { attributes: blocked(record, is_put)?, ..row(record, &arn) };
    record.resource(blocked, BLOCK);
    Ok(())
}

fn account_block(record: &mut Record<'_>, is_put: bool) -> Result<(), Unclear> {
    let asked = record.asked("accountId");
    let account = if asked.is_empty() { record.event.account.clone() } else { asked };
    let row = Resource {
        id: format!("arn:aws:s3::{account}:account-public-access-block"),
        kind: "s3:account-public-access-block".to_owned(),
        name: account.clone(),
        account,
        attributes: blocked(record, is_put)?,
        ..Resource::default()
    };
    record.resource(row, BLOCK);
    Ok(())
}

/// S3 and S3 Control have an action of this name each.
fn either_block(record: &mut Record<'_>, is_put: bool) -> Result<(), Unclear> {
    if record.asked("bucketName").is_empty() {
        account_block(record, is_put)
    } else {
        bucket_block(record, is_put)
    }
}

/// The part of a bucket or account that says what public access is blocked.
const BLOCK: &str = "public-access-block";

/// What is blocked: a flag that is not put is off, by "Blocking public access to your Amazon S3 storage".
fn blocked(record: &Record<'_>, is_put: bool) -> Result<std::collections::BTreeMap<String, String>, Unclear> {
    let names = [
        attribute::BLOCK_PUBLIC_ACLS,
        attribute::BLOCK_PUBLIC_POLICY,
        attribute::IGNORE_PUBLIC_ACLS,
        attribute::RESTRICT_PUBLIC_BUCKETS,
    ];
    let mut all: std::collections::BTreeMap<String, String> =
        names.map(|name| (name.to_owned(), "false".to_owned())).into();
    if is_put {
        let put = get(record.request, "PublicAccessBlockConfiguration").filter(|put| put.is_object());
        let put = put
            .ok_or_else(|| Unclear("PublicAccessBlockConfiguration is missing in the request".to_owned()))?;
        all.extend(flags(put));
    }
    Ok(all)
}

fn key_created(record: &mut Record<'_>) -> Result<(), Unclear> {
    let made = get(record.response, "keyMetadata").unwrap_or(Value::NULL);
    let row = whole(record, &KEY, made)?;
    let arn = row.id.clone();
    put(record, row, "");
    // A key that is made without a policy gets one that lets in the account.
    let request = record.request;
    if let Some(document) = document_in(request, "policy").filter(|document| !document.scalar().is_empty()) {
        record.of_resource(&arn, Some(document));
    } else {
        let account = &record.event.account;
        let text = format!(
            r#"{{"Version":"2012-10-17","Id":"key-default-1","Statement":[{{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{{"AWS":"arn:{}:iam::{account}:root"}},"Action":"kms:*","Resource":"*"}}]}}"#,
            record.partition()
        );
        let (holder, policy) = (Holder::of(arn), "resource".to_owned());
        let origin = doorward_model::inventory::Origin::Resource;
        record.changes.push(Change::Own { holder, policy, origin, text });
    }
    Ok(())
}

/// The answer or the list of resources tells the ARN; the request may name an alias, which tells none.
fn key(record: &Record<'_>) -> Result<String, Unclear> {
    let answered = text(record.response, "keyId").into_owned();
    let asked = record.needed("keyId")?;
    let told = [answered, record.listed("AWS::KMS::Key").unwrap_or_default().0, asked.clone()];
    if let Some(arn) = told.into_iter().find(|told| told.contains(":key/")) {
        return Ok(arn);
    }
    if asked.contains("alias/") {
        return Err(Unclear(format!("{asked} names a key by an alias, and nothing tells which key that is")));
    }
    Ok(record.arn("kms", &format!("key/{asked}")))
}

fn key_policy(record: &mut Record<'_>) -> Result<(), Unclear> {
    let arn = key(record)?;
    told(record, &arn);
    let request = record.request;
    record.of_resource(&arn, document_in(request, "policy"));
    Ok(())
}

/// `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`
fn queue(record: &Record<'_>) -> Result<String, Unclear> {
    queue_of(record, &record.needed("queueUrl")?)
}

fn queue_of(record: &Record<'_>, url: &str) -> Result<String, Unclear> {
    let mut parts = url.rsplit('/');
    let (name, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if name.is_empty() || account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Unclear(format!("{url:?} is no URL of a queue")));
    }
    Ok(format!("arn:{}:sqs:{}:{account}:{name}", record.partition(), record.event.region))
}

fn queue_created(record: &mut Record<'_>) -> Result<(), Unclear> {
    let arn = queue_of(record, &needed(record.response, "queueUrl", "the answer")?)?;
    created(record, &arn);
    attribute_policy(record, &arn);
    Ok(())
}

fn queue_policy(record: &mut Record<'_>) -> Result<(), Unclear> {
    let arn = queue(record)?;
    match get(record.request, "attributes") {
        Some(attributes) if attributes.is_object() => attribute_policy(record, &arn),
        _ => return hidden(&arn, record),
    }
    Ok(())
}

/// The policy among attributes, if they have one.
fn attribute_policy(record: &mut Record<'_>, arn: &str) {
    let request = record.request;
    let attributes = get(request, "attributes").unwrap_or(Value::NULL);
    if let Some(document) = document_in(attributes, "Policy") {
        told(record, arn);
        record.of_resource(arn, Some(document));
    }
}

fn topic_created(record: &mut Record<'_>) -> Result<(), Unclear> {
    let arn = needed(record.response, "topicArn", "the answer")?;
    created(record, &arn);
    attribute_policy(record, &arn);
    Ok(())
}

fn topic_policy(record: &mut Record<'_>) -> Result<(), Unclear> {
    let arn = record.needed("topicArn")?;
    if record.needed("attributeName")?.eq_ignore_ascii_case("Policy") {
        told(record, &arn);
        let request = record.request;
        record.of_resource(&arn, document_in(request, "attributeValue"));
    }
    Ok(())
}

fn secret(record: &Record<'_>) -> Result<String, Unclear> {
    let told = [text(record.response, "arn").into_owned(), record.needed("secretId")?];
    let arn = told.into_iter().find(|told| told.starts_with("arn:"));
    arn.ok_or_else(|| Unclear("nothing tells the ARN of the secret".to_owned()))
}

fn secret_created(record: &mut Record<'_>) -> Result<(), Unclear> {
    let arn = needed(record.response, "arn", "the answer")?;
    let row = Resource {
        name: record.asked("name"),
        created_at_ms: record.event.happened_at_ms,
        ..row(record, &arn)
    };
    record.resource(row, "");
    Ok(())
}

fn secret_policy(record: &mut Record<'_>) -> Result<(), Unclear> {
    let arn = secret(record)?;
    told(record, &arn);
    let request = record.request;
    record.of_resource(&arn, document_in(request, "resourcePolicy"));
    Ok(())
}

fn repository(record: &Record<'_>) -> Result<String, Unclear> {
    let name = record.needed("repositoryName")?;
    let told = [record.response, record.request].map(|value| text(value, "registryId").into_owned());
    let account =
        told.into_iter().find(|told| !told.is_empty()).unwrap_or_else(|| record.event.account.clone());
    Ok(format!("arn:{}:ecr:{}:{account}:repository/{name}", record.partition(), record.event.region))
}

#[cfg(test)]
mod tests {
    use crate::change::NOT_SHOWN;
    use crate::inventory::document::trusted;

    #[test]
    fn what_is_not_shown_lets_nobody_in_and_is_no_json() {
        assert_eq!((trusted(NOT_SHOWN), crate::record::clean(NOT_SHOWN, 8).is_err()), (Vec::new(), true));
    }
}
