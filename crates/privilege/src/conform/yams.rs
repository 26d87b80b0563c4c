//! Questions of yams: who may use which permission on which resource of the accounts that AWS Config items describe.

use std::collections::BTreeMap;

use serde_json::Value;

use super::held::{Held, lend, lend_levels, named, shown};
use super::json::{self, either, entries, list, text, text_or};
use super::{ConformError, File, Format, Outcome, Report};
use crate::catalog::Catalog;
use crate::evaluate::{Policies, evaluate};
use crate::request::{
    Caller, Context, Known, Membership, Permission, PublicAccess, Request, Resource, Which,
};

pub(super) fn run(files: &[File], catalog: &Catalog, report: &mut Report) -> Result<(), ConformError> {
    let mut accounts = Accounts::default();
    let mut asked = Vec::new();
    for file in files.iter().filter(|file| file.name.ends_with(".json") || file.name.ends_with(".jsonl")) {
        let items = match read(file) {
            // What only lies beside the cases may be something else.
            Err(_) if !file.is_asked => continue,
            read => read?,
        };
        let (questions, items): (Vec<Value>, Vec<Value>) =
            items.into_iter().partition(|item| item.get("principal").is_some());
        for item in items {
            match accounts.take(item) {
                Err(what) if file.is_asked => return Err(file.error(Format::Yams, what)),
                Ok(()) | Err(_) => {}
            }
        }
        if file.is_asked {
            let names = questions.into_iter().enumerate();
            asked.extend(names.map(|(place, case)| (file.case_name(&case, place), case)));
        }
    }
    for (name, case) in asked {
        let expected = case.get("expected").and_then(Value::as_bool);
        let shown = if expected == Some(true) { "allowed" } else { "denied" };
        let outcome = one(&accounts, &case, expected, catalog);
        report.take(name, shown, outcome);
    }
    Ok(())
}

/// The items of a file: a JSON list, or one on each line.
fn read(file: &File) -> Result<Vec<Value>, ConformError> {
    let wrong = |what: serde_json::Error| file.error(Format::Yams, what);
    if file.last_name().ends_with(".jsonl") {
        let lines = file.text.lines().filter(|line| !line.trim().is_empty());
        return lines.map(|line| serde_json::from_str(line).map_err(wrong)).collect();
    }
    match serde_json::from_str(&file.text).map_err(wrong)? {
        Value::Array(items) => Ok(items),
        item => Ok(vec![item]),
    }
}

/// What the items describe.
#[derive(Default)]
struct Accounts {
    /// By their ARNs.
    items: BTreeMap<String, Value>,
    /// Groups by account and name.
    groups: BTreeMap<(String, String), String>,
    /// Accounts of the organisation by their numbers.
    members: BTreeMap<String, Value>,
    /// When the newest of them was taken: a request always has a time, and cases that name none are of that one.
    newest: Option<String>,
}

impl Accounts {
    fn take(&mut self, item: Value) -> Result<(), String> {
        let kind = text(&item, "resourceType")?;
        let account = text_or(&item, "accountId", "").to_owned();
        if kind == "Yams::Organizations::Account" {
            self.members.insert(account, item);
            return Ok(());
        }
        let taken = item.get("configurationItemCaptureTime").and_then(Value::as_str).map(str::to_owned);
        self.newest = std::mem::take(&mut self.newest).max(taken);
        let arn = text(&item, "arn")?.to_owned();
        if kind == "AWS::IAM::Group" {
            let name = text_or(configuration(&item), "groupName", text_or(&item, "resourceName", ""));
            self.groups.insert((account, name.to_owned()), arn.clone());
        }
        self.items.insert(arn, item);
        Ok(())
    }

    /// The item of a resource: its own, or that of the bucket that holds it.
    fn of_resource(&self, arn: &str) -> Option<&Value> {
        let holder = || arn.starts_with("arn:aws:s3:").then(|| arn.split_once('/')).flatten();
        self.items.get(arn).or_else(|| self.items.get(holder()?.0))
    }

    /// Whether an account is in the organisation.
    fn membership(&self, account: &str) -> Membership<'_> {
        let Some(item) = self.members.get(account) else {
            return if self.members.is_empty() { Membership::Unknown } else { Membership::Outside };
        };
        let of = configuration(item);
        Membership::Of {
            id: text_or(of, "orgId", ""),
            path: list(of, "orgPaths").last().and_then(Value::as_str).unwrap_or(""),
            management: text_or(item, "arn", "").split(':').nth(4).unwrap_or(""),
        }
    }

    /// The control policies of an account, from the root down.
    fn control(&self, account: &str, field: &str) -> Vec<Vec<Held>> {
        let nodes = self.members.get(account).map_or(&[][..], |item| list(configuration(item), "orgNodes"));
        let level = |node: &Value| {
            let arns = list(node, field).iter().filter_map(Value::as_str);
            arns.map(|arn| self.managed(arn)).collect()
        };
        nodes.iter().map(level).collect()
    }

    /// A policy that is an item of its own.
    fn managed(&self, arn: &str) -> Held {
        let Some(item) = self.items.get(arn) else {
            let known = MANAGED.iter().find(|(own, _)| *own == arn);
            return Held::new(arn, known.map(|(_, text)| Value::from(*text)).as_ref());
        };
        let of = configuration(item);
        let default =
            |version: &&Value| version.get("isDefaultVersion").and_then(Value::as_bool) == Some(true);
        let version = list(of, "policyVersionList").iter().find(default);
        Held::new(arn, version.unwrap_or(of).get("document"))
    }

    /// The policies of a user, role or group, without those of its groups.
    fn own(&self, item: &Value) -> Vec<Held> {
        let of = configuration(item);
        let mut held = Vec::new();
        for field in ["userPolicyList", "rolePolicyList", "groupPolicyList"] {
            for policy in list(of, field) {
                held.push(Held::new(text_or(policy, "policyName", ""), policy.get("policyDocument")));
            }
        }
        let attached = list(of, "attachedManagedPolicies").iter();
        held.extend(attached.map(|policy| self.managed(text_or(policy, "policyArn", ""))));
        held
    }

    /// The policies of a user or role and of its groups.
    fn identity(&self, item: &Value) -> Vec<Held> {
        let mut held = self.own(item);
        let account = text_or(item, "accountId", "");
        for name in list(configuration(item), "groupList").iter().filter_map(Value::as_str) {
            let arn = self.groups.get(&(account.to_owned(), name.to_owned()));
            match arn.and_then(|arn| self.items.get(arn)) {
                Some(group) => held.extend(self.own(group)),
                None => held.push(Held::new(name, None)),
            }
        }
        held
    }

    /// What limits a user or role.
    fn boundary(&self, item: &Value) -> Vec<Held> {
        let boundary = configuration(item).get("permissionsBoundary");
        let arn = boundary.and_then(|boundary| boundary.get("permissionsBoundaryArn")?.as_str());
        arn.into_iter().map(|arn| self.managed(arn)).collect()
    }
}

fn configuration(item: &Value) -> &Value {
    item.get("configuration").unwrap_or(&Value::Null)
}

/// The policy of a resource, wherever its kind of item has it.
fn resource_policy(item: &Value) -> Option<Held> {
    let name = text_or(item, "arn", "");
    let more = item.get("supplementaryConfiguration").unwrap_or(&Value::Null);
    let of = configuration(item);
    let bucket = more.get("BucketPolicy").and_then(|policy| policy.get("policyText"));
    let own = bucket.or_else(|| either(of, &["assumeRolePolicyDocument", "Policy", "policy"]));
    let policy = own.or_else(|| either(more, &["Policy", "policy"])).filter(|policy| !policy.is_null())?;
    Some(Held::new(name, Some(policy)))
}

fn one(
    accounts: &Accounts,
    case: &Value,
    expected: Option<bool>,
    catalog: &Catalog,
) -> Result<Outcome, String> {
    let (principal, action, arn) = (text(case, "principal")?, text(case, "action")?, text(case, "resource")?);
    let expected = expected.ok_or("expected is missing or no truth value")?;
    let item = accounts.items.get(principal).ok_or_else(|| format!("there is no item of {principal}"))?;
    let owner = accounts.of_resource(arn);
    let tags = |item: &Value| item.get("tags").map(json::tags).unwrap_or_default();
    let (own_tags, resource_tags) = (tags(item), owner.map(tags).unwrap_or_default());
    let mut caller = Caller::of(principal).ok_or_else(|| format!("{principal} is no principal"))?;
    caller.tags = Some(&own_tags);
    caller.organisation = accounts.membership(caller.account);
    // A role's own id is not that of its sessions.
    caller.user_id = configuration(item).get("userId").and_then(Value::as_str);
    let mut resource = Resource::new(arn);
    let account = owner.and_then(|owner| owner.get("accountId")?.as_str()).or(resource.account);
    let account = account.unwrap_or(caller.account);
    resource.account = Some(account);
    resource.organisation = accounts.membership(account);
    resource.tags = Some(&resource_tags);
    resource.public_access = owner.map_or(PublicAccess::Open, public_access);
    if catalog.find(action).is_some_and(|permission| catalog.acts_on(permission).is_empty()) {
        resource.which = Which::None;
    }
    let mut context = Context::known();
    if let Some(now) = &accounts.newest {
        context.set("aws:CurrentTime", Known::Values(vec![now.as_str().into()]));
    }
    for (key, value) in entries(case, "context") {
        context.set(key, Known::Values(json::values(value)?));
    }
    let permission = Permission::new(action);
    let request = Request { caller, permission: &permission, resource, context: &context };
    let all = All::of(accounts, item, owner, &request);
    let verdict = all.ask(&request, true);
    let got = verdict == "allowed";
    let wrong = (got != expected).then(|| format!("the answer is: {verdict}"));
    // What a resource gives to a role by its ARN, whatever the role's own policies say.
    let is_of_resource = || expected && caller.role().is_some() && all.ask(&request, false) == "allowed";
    let contradicts = (wrong.is_some() && is_of_resource()).then_some(ROLE_IS_LIMITED);
    Ok(Outcome { got: verdict, wrong, contradicts })
}

/// Whether a bucket lets in the public.
fn public_access(item: &Value) -> PublicAccess {
    let block =
        item.get("supplementaryConfiguration").and_then(|more| more.get("PublicAccessBlockConfiguration"));
    match block.and_then(|block| block.get("restrictPublicBuckets")?.as_bool()) {
        Some(true) => PublicAccess::Restricted,
        _ => PublicAccess::Open,
    }
}

/// All policies of a request.
struct All {
    identity: Vec<Held>,
    boundary: Vec<Held>,
    resource: Vec<Held>,
    service: Vec<Vec<Held>>,
    control: Vec<Vec<Held>>,
}

impl All {
    fn of(accounts: &Accounts, item: &Value, owner: Option<&Value>, request: &Request<'_>) -> Self {
        let account = request.resource.account.unwrap_or_default();
        Self {
            identity: accounts.identity(item),
            boundary: accounts.boundary(item),
            resource: owner.and_then(resource_policy).into_iter().collect(),
            service: accounts.control(request.caller.account, "serviceControlPolicies"),
            control: accounts.control(account, "resourceControlPolicies"),
        }
    }

    /// Asks with the caller's own policies and boundary, or without.
    fn ask(&self, request: &Request<'_>, with_own: bool) -> String {
        let (service, control) = (lend_levels(&self.service), lend_levels(&self.control));
        let mut own = [lend(&self.identity), lend(&self.boundary)];
        if !with_own {
            own = Default::default();
        }
        let [identity, boundary] = own;
        let policies = Policies {
            identity: &identity,
            boundary: &boundary,
            service_control: &named(&service),
            resource_control: &named(&control),
            resource: &lend(&self.resource),
            ..Policies::default()
        };
        shown(&evaluate(request, &policies))
    }
}

/// Why a case is wrong that expects a boundary not to limit what a resource gives to a role by its ARN.
const ROLE_IS_LIMITED: &str = "the resource names the role by its ARN, and what it gives is limited by an implicit deny of \
    the role's permissions boundary: IAM User Guide, \"Permissions boundaries for IAM entities\", on resource-based \
    policies for IAM roles";

/// Managed policies that each account has without an item of its own: AWS Managed Policy Reference Guide.
const MANAGED: [(&str, &str); 1] = [(
    "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*",
        "Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"]}]}"#,
)];
