//! AWS Config: items as advanced queries give them, one per line or in one answer, of one account or of all; and as
//! snapshots and histories hold them, which it delivers into a bucket.
//!
//! An item tells its account, region and type, the configuration in the words of its service, and beside it what else
//! belongs to it, such as the policy of a bucket.

use doorward_model::inventory::Origin;
use doorward_model::inventory::gone::Gone;
use doorward_model::inventory::resource::Resource;
use doorward_model::reject::RejectReason;
use doorward_model::time::Time;

use crate::inventory::aws::{Arn, date, get, list, tags, text};
use crate::inventory::draft::Draft;
use crate::inventory::form::Top;
use crate::inventory::workload::{self, of_config_type, of_type_name, version_of_template};
use crate::inventory::{document, resource_policy};
use crate::json::value::Value;

mod organization;

/// Whether a value is an item.
pub(super) fn is_item(top: &Top<'_>) -> bool {
    let kind = top.get("resourceType").map(Value::scalar).unwrap_or_default();
    let whose = ["accountId", "awsAccountId", "arn", "ARN"];
    kind.contains("::") && whose.iter().any(|name| top.get(name).is_some())
}

/// Whether a value is an answer with items.
pub(super) fn is_answer(top: &Top<'_>) -> bool {
    let first = top.get("Results").and_then(|results| results.items().next());
    let is_item = |first: Value<'_>| first.text().is_some_and(|text| text.contains("\"resourceType\""));
    first.is_some_and(is_item) || ANSWERS.iter().any(|field| top.holds(field, "resourceType"))
}

const ANSWERS: [&str; 2] = ["BaseConfigurationItems", "baseConfigurationItems"];

/// Reads an answer.
pub(super) fn answer(top: &Top<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    for result in list(top.value, "Results")? {
        let text = result.text().unwrap_or_default();
        let cleaned = document::clean(&text)?;
        item(Value::new(&cleaned), draft)?;
    }
    for field in ANSWERS {
        top.get(field).into_iter().flat_map(Value::items).try_for_each(|one| item(one, draft))?;
    }
    draft.thing = None;
    Ok(())
}

/// Reads an item.
pub(super) fn item(value: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let kind = text(value, "resourceType").into_owned();
    let arn = text(value, "arn").into_owned();
    let account = whose(value, &arn)?;
    draft.sheet(&account);
    draft.at_ms = date(value, "configurationItemCaptureTime").map_or(0, Time::ms);
    draft.thing = Some(format!("{kind} {arn} {} {account}", text(value, "resourceId")));
    let told = text(value, "configurationItemStatus").into_owned();
    if told.starts_with("ResourceDeleted") {
        // Other sources of the same import may tell how it was before.
        let (id, at_ms) = (arn, draft.at_ms);
        draft.sheet(&account).export.gone.extend((!id.is_empty()).then_some(Gone { id, at_ms }));
        return Ok(());
    }
    if told == "ResourceNotRecorded" {
        return Ok(());
    }
    if kind.contains("::Organizations::") {
        return organization::item(&kind, value, draft);
    }
    let configuration = opened(value, "configuration", &kind)?;
    let beside = opened(value, "supplementaryConfiguration", &kind)?;
    let item = Item { kind: &kind, arn: &arn, account: &account, value };
    item.read(Value::new(&configuration), Value::new(&beside), draft)?;
    let at_ms = draft.at_ms;
    draft.sheet(&account).export.newest_at_ms = at_ms;
    Ok(())
}

/// The account of an item.
fn whose(value: Value<'_>, arn: &str) -> Result<String, RejectReason> {
    let told = ["accountId", "awsAccountId"].map(|name| text(value, name));
    let account =
        told.iter().map(AsRef::as_ref).chain([Arn::of(arn).account]).find(|account| !account.is_empty());
    let missing =
        || RejectReason::Field("accountId is missing in an item of AWS Config: select it".to_owned());
    account.map(str::to_owned).ok_or_else(missing)
}

/// A part of an item, which is an object, or JSON in a string.
fn opened(value: Value<'_>, name: &str, kind: &str) -> Result<String, RejectReason> {
    let Some(part) = get(value, name).filter(|part| part.raw() != "null") else { return Ok("{}".to_owned()) };
    let cleaned = match part.text() {
        None => part.raw().to_owned(),
        Some(text) => document::clean(&text)?,
    };
    if cleaned.starts_with('{') {
        return Ok(cleaned);
    }
    Err(RejectReason::Field(format!("{name} of an item {kind} is no object")))
}

struct Item<'a> {
    kind: &'a str,
    arn: &'a str,
    account: &'a str,
    value: Value<'a>,
}

impl Item<'_> {
    fn read(
        &self,
        configuration: Value<'_>,
        beside: Value<'_>,
        draft: &mut Draft<'_>,
    ) -> Result<(), RejectReason> {
        let mut sheet = draft.sheet(self.account);
        match self.kind {
            "AWS::IAM::User" => return sheet.user(configuration),
            "AWS::IAM::Group" => return sheet.group(configuration),
            "AWS::IAM::Role" => return sheet.role(configuration),
            "AWS::IAM::Policy" => return sheet.managed_policy(configuration),
            "AWS::S3::AccountPublicAccessBlock" => {
                let row =
                    resource_policy::of_account(self.account, resource_policy::flags(configuration), draft);
                draft.sheet(self.account).export.resources.push(row);
                return Ok(());
            }
            _ => {}
        }
        let region = self.region()?;
        let mut row = draft.beside((self.account, &region), |draft| self.resource(configuration, draft))?;
        if row.region.is_empty() && region != "global" {
            row.region = region;
        }
        if let Some(blocked) = get(beside, "PublicAccessBlockConfiguration") {
            let cleaned = blocked.text().map(|text| document::clean(&text)).transpose()?;
            let blocked = cleaned.as_deref().map_or(blocked, Value::new);
            row.attributes.extend(resource_policy::flags(blocked));
        }
        let id = row.id.clone();
        let mut sheet = draft.sheet(self.account);
        sheet.export.resources.push(row);
        if let Some(policy) = self.policy(configuration, beside)? {
            sheet.own(&id, "resource", Origin::Resource, Some(Value::new(&policy)));
        }
        Ok(())
    }

    /// The region, which is a text or nothing.
    fn region(&self) -> Result<String, RejectReason> {
        match get(self.value, "awsRegion") {
            None => Ok(String::new()),
            Some(region) if region.raw() == "null" => Ok(String::new()),
            Some(region) => region
                .text()
                .map(std::borrow::Cow::into_owned)
                .ok_or_else(|| RejectReason::Field(format!("awsRegion of {} is no text", self.arn))),
        }
    }

    /// What the configuration tells, in so far as it is known how; the rest is told by the item.
    fn resource(&self, configuration: Value<'_>, draft: &Draft<'_>) -> Result<Resource, RejectReason> {
        let known = of_config_type(self.kind).map(|kind| workload::resource(kind, configuration, draft));
        let mut row = known
            .and_then(Result::ok)
            .map_or_else(Resource::default, |row| version_of_template(row, configuration));
        if row.id.is_empty() || (!self.arn.is_empty() && !row.id.contains(' ')) {
            row.id = self.id()?;
        }
        let name = text(self.value, "resourceName").into_owned();
        if row.name.is_empty() && name.is_empty() {
            Arn::of(&row.id).name().clone_into(&mut row.name);
        }
        row.join(Resource {
            kind: of_type_name(self.kind).into_owned(),
            account: self.account.to_owned(),
            name,
            tags: tags(self.value, "tags")?,
            created_at_ms: date(self.value, "resourceCreationTime").map_or(0, Time::ms),
            seen: Some(draft.seen()),
            ..Resource::default()
        });
        Ok(row)
    }

    fn id(&self) -> Result<String, RejectReason> {
        if !self.arn.is_empty() {
            return Ok(self.arn.to_owned());
        }
        let kind = self.kind;
        Err(RejectReason::Field(format!("arn is missing in an item {kind} of AWS Config: select it")))
    }

    /// The policy of the resource, wherever its kind has it.
    fn policy(&self, configuration: Value<'_>, beside: Value<'_>) -> Result<Option<String>, RejectReason> {
        let Some((_, place, path)) = POLICIES.iter().find(|(kind, ..)| *kind == self.kind) else {
            return Ok(None);
        };
        let part = match place {
            Place::Configuration => configuration,
            Place::Beside => beside,
        };
        let (first, rest) = path.split_first().unwrap_or((&"", &[]));
        let Some(mut found) = get(part, first) else { return Ok(None) };
        let opened;
        if let (false, Some(text)) = (rest.is_empty(), found.text()) {
            opened = document::clean(&text)?;
            found = Value::new(&opened);
        }
        let found = rest.iter().try_fold(found, |found, name| get(found, name));
        let is_there = |policy: &Value<'_>| !matches!(policy.raw(), "null" | "\"\"" | "{}");
        let Some(policy) = found.filter(is_there) else { return Ok(None) };
        // The configuration interface writes each part as JSON, a string as well. What is none is no policy.
        let inner =
            policy.text().filter(|text| text.starts_with('"')).and_then(|text| document::clean(&text).ok());
        Ok(Some(inner.unwrap_or_else(|| policy.raw().to_owned())))
    }
}

enum Place {
    Configuration,
    Beside,
}

/// Where AWS Config keeps the policies of resources.
const POLICIES: [(&str, Place, &[&str]); 9] = [
    ("AWS::S3::Bucket", Place::Beside, &["BucketPolicy", "policyText"]),
    ("AWS::KMS::Key", Place::Beside, &["Policy"]),
    ("AWS::Lambda::Function", Place::Beside, &["Policy"]),
    ("AWS::DynamoDB::Table", Place::Beside, &["Policy"]),
    ("AWS::SQS::Queue", Place::Configuration, &["Policy"]),
    ("AWS::SNS::Topic", Place::Configuration, &["Policy"]),
    ("AWS::SecretsManager::Secret", Place::Beside, &["ResourcePolicy"]),
    ("AWS::ECR::Repository", Place::Configuration, &["RepositoryPolicyText"]),
    ("AWS::EFS::FileSystem", Place::Configuration, &["FileSystemPolicy"]),
];
