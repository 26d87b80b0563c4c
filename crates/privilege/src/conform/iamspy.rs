//! Calls of IAMSpy: whether a principal can do something, by the authorization details of accounts, policies of
//! resources and trees of organisations, each in a file of its own that a case names.

use serde_json::Value;

use super::held::{Held, lend, lend_levels, named, shown};
use super::json::{self, either, list, text_or};
use super::{ConformError, File, Format, Outcome, Report};
use crate::catalog::Catalog;
use crate::evaluate::{Policies, evaluate};
use crate::request::{Caller, Context, Known, Membership, Permission, Request, Resource, Which};

pub(super) fn run(files: &[File], catalog: &Catalog, report: &mut Report) -> Result<(), ConformError> {
    for file in files.iter().filter(|file| file.is_asked && file.last_name().ends_with(".json")) {
        let cases: Value =
            serde_json::from_str(&file.text).map_err(|error| file.error(Format::IamSpy, error))?;
        let calls = cases.as_array().map_or(&[][..], Vec::as_slice).iter().enumerate();
        for (place, case) in calls.filter(|(_, case)| case.get("values").is_some()) {
            let expected = list(case, "values").get(2).and_then(Value::as_bool);
            let shown = if expected == Some(true) { "allowed" } else { "denied" };
            report.take(file.case_name(case, place), shown, one(files, case, expected, catalog));
        }
    }
    Ok(())
}

/// A question: `principal, action, resource, conditions, file of conditions, whether other conditions fail`.
struct Call<'c> {
    principal: &'c str,
    action: &'c str,
    resource: &'c str,
    context: Context,
    /// Whether a condition that the call does not meet may still be met.
    is_open: bool,
}

fn one(files: &[File], case: &Value, expected: Option<bool>, catalog: &Catalog) -> Result<Outcome, String> {
    let values = list(case, "values");
    let (Some(sources), Some(call)) = (values.first(), values.get(1)) else {
        return Err("values is not a list of files, a call and what is expected".to_owned());
    };
    let expected = expected.ok_or("what is expected is no truth value")?;
    let world = World::read(files, sources)?;
    let call = Call::read(files, call)?;
    let verdict = world.ask(&call, catalog);
    let got = verdict == "allowed" || (call.is_open && verdict.starts_with("only if"));
    let wrong = (got != expected).then(|| format!("the answer is: {verdict}"));
    Ok(Outcome { got: verdict, wrong, contradicts: None })
}

impl<'c> Call<'c> {
    fn read(files: &[File], call: &'c Value) -> Result<Self, String> {
        let part = |place: usize| call.get(place).filter(|part| !part.is_null());
        let name = |place: usize, what: &str| {
            part(place).and_then(Value::as_str).ok_or_else(|| format!("the call names no {what}"))
        };
        let is_open = !part(5).and_then(Value::as_bool).unwrap_or(false);
        let mut context = if is_open { Context::unknown() } else { Context::known() };
        for condition in part(3).and_then(Value::as_array).into_iter().flatten() {
            let (key, value) = condition
                .as_str()
                .and_then(|condition| condition.split_once('='))
                .ok_or_else(|| format!("{condition} is no condition: write it as key=value"))?;
            context.set(key, Known::Values(vec![value.into()]));
        }
        if let Some(file) = part(4).and_then(Value::as_str) {
            let conditions = content(files, file)?;
            for (key, value) in conditions.as_object().into_iter().flatten() {
                context.set(key, Known::Values(json::values(value)?));
            }
        }
        Ok(Self {
            principal: name(0, "principal")?,
            action: name(1, "action")?,
            resource: name(2, "resource")?,
            context,
            is_open,
        })
    }
}

/// A file that a case names.
fn content(files: &[File], name: &str) -> Result<Value, String> {
    let last = name.rsplit('/').next().unwrap_or(name);
    let file = files.iter().find(|file| file.last_name() == last);
    let file = file.ok_or_else(|| format!("there is no file {name}"))?;
    serde_json::from_str(&file.text).map_err(|error| format!("{name}: {error}"))
}

/// What the files of a case describe.
struct World {
    details: Vec<Value>,
    resources: Vec<Value>,
    organisations: Vec<Value>,
}

impl World {
    fn read(files: &[File], sources: &Value) -> Result<Self, String> {
        let read = |field: &str| {
            let names = list(sources, field).iter().filter_map(Value::as_str);
            names.map(|name| content(files, name)).collect::<Result<Vec<_>, _>>()
        };
        let resources = read("resources")?.into_iter();
        Ok(Self {
            details: read("gaads")?,
            resources: resources.flat_map(|file| file.as_array().cloned().unwrap_or_default()).collect(),
            organisations: read("scps")?,
        })
    }

    /// The entry of a user or role.
    fn principal(&self, arn: &str) -> Option<&Value> {
        let lists = ["UserDetailList", "RoleDetailList"];
        let mut entries =
            self.details.iter().flat_map(|page| lists.into_iter().flat_map(|name| list(page, name)));
        entries.find(|entry| text_or(entry, "Arn", "") == arn)
    }

    fn managed(&self, arn: &str) -> Held {
        let mut policies = self.details.iter().flat_map(|page| list(page, "Policies"));
        let policy = policies.find(|policy| text_or(policy, "Arn", "") == arn);
        let default =
            |version: &&Value| version.get("IsDefaultVersion").and_then(Value::as_bool) == Some(true);
        let version = policy.and_then(|policy| list(policy, "PolicyVersionList").iter().find(default));
        Held::new(arn, version.and_then(|version| version.get("Document")))
    }

    /// The policies of a user, role or group, without those of its groups.
    fn own(&self, entry: &Value) -> Vec<Held> {
        let inline = ["UserPolicyList", "RolePolicyList", "GroupPolicyList"].into_iter();
        let inline = inline.flat_map(|field| list(entry, field));
        let mut held: Vec<Held> = inline
            .map(|policy| Held::new(text_or(policy, "PolicyName", ""), policy.get("PolicyDocument")))
            .collect();
        let attached = list(entry, "AttachedManagedPolicies").iter();
        held.extend(attached.map(|policy| self.managed(text_or(policy, "PolicyArn", ""))));
        held
    }

    fn identity(&self, entry: &Value) -> Vec<Held> {
        let mut held = self.own(entry);
        let account = |entry: &Value| text_or(entry, "Arn", "").split(':').nth(4).unwrap_or("").to_owned();
        let of = account(entry);
        for name in list(entry, "GroupList").iter().filter_map(Value::as_str) {
            let mut groups = self.details.iter().flat_map(|page| list(page, "GroupDetailList"));
            let is_it = |group: &&Value| text_or(group, "GroupName", "") == name && account(group) == of;
            match groups.find(is_it) {
                Some(group) => held.extend(self.own(group)),
                None => held.push(Held::new(name, None)),
            }
        }
        held
    }

    fn boundary(&self, entry: &Value) -> Vec<Held> {
        let arn = entry
            .get("PermissionsBoundary")
            .and_then(|boundary| boundary.get("PermissionsBoundaryArn")?.as_str());
        arn.into_iter().map(|arn| self.managed(arn)).collect()
    }

    /// The entry of a resource, or of the bucket that holds it.
    fn resource(&self, arn: &str) -> Option<&Value> {
        let own = |entry: &&Value| text_or(entry, "Resource", "") == arn;
        let holds = |entry: &&Value| {
            let rest = arn.strip_prefix(text_or(entry, "Resource", "?"));
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        self.resources.iter().find(own).or_else(|| self.resources.iter().find(holds))
    }

    fn resource_policy(&self, arn: &str) -> Vec<Held> {
        let trust = self.principal(arn).and_then(|entry| entry.get("AssumeRolePolicyDocument"));
        let own = self.resource(arn).and_then(|entry| either(entry, &["Policy"]));
        trust.or(own).into_iter().map(|policy| Held::new(arn, Some(policy))).collect()
    }

    /// Where an account is, with the control policies of one kind from the root down.
    fn place<'w>(&'w self, account: &str, kind: &str) -> (Membership<'w>, Vec<Vec<Held>>) {
        for root in &self.organisations {
            let mut levels = Vec::new();
            if descend(root, account, kind, &mut levels) {
                levels.reverse();
                let mut parts = text_or(root, "Arn", "").split([':', '/']).skip(4);
                let management = parts.next().unwrap_or("");
                let id = parts.nth(1).unwrap_or("");
                return (Membership::Of { id, path: "", management }, levels);
            }
        }
        let is_alone = if self.organisations.is_empty() { Membership::Unknown } else { Membership::Outside };
        (is_alone, Vec::new())
    }

    fn ask(&self, call: &Call<'_>, catalog: &Catalog) -> String {
        let Some(entry) = self.principal(call.principal) else {
            return "denied: the principal is in no file".to_owned();
        };
        let Some(mut caller) = Caller::of(call.principal) else { return "denied: no principal".to_owned() };
        let tags = entry.get("Tags").map(json::tags).unwrap_or_default();
        let (membership, service) = self.place(caller.account, "SERVICE_CONTROL_POLICY");
        (caller.tags, caller.organisation) = (Some(&*tags), membership);
        // A role's own id is not that of its sessions.
        caller.user_id = entry.get("UserId").and_then(Value::as_str);
        let mut resource = Resource::new(call.resource);
        let own = self.resource(call.resource).and_then(|entry| entry.get("Account")?.as_str());
        resource.account = own.or(resource.account).or(Some(caller.account));
        let (membership, control) =
            self.place(resource.account.unwrap_or_default(), "RESOURCE_CONTROL_POLICY");
        resource.organisation = membership;
        if catalog.find(call.action).is_some_and(|permission| catalog.acts_on(permission).is_empty()) {
            resource.which = Which::None;
        }
        let permission = Permission::new(call.action);
        let request = Request { caller, permission: &permission, resource, context: &call.context };
        let lists = [self.identity(entry), self.boundary(entry), self.resource_policy(call.resource)];
        let [identity, boundary, own] = lists.each_ref().map(|one| lend(one));
        let (service, control) = (lend_levels(&service), lend_levels(&control));
        let policies = Policies {
            identity: &identity,
            boundary: &boundary,
            service_control: &named(&service),
            resource_control: &named(&control),
            resource: &own,
            ..Policies::default()
        };
        shown(&evaluate(&request, &policies))
    }
}

/// Whether an account is below a node; then its policies and those of the nodes above it are taken, from below.
fn descend(node: &Value, account: &str, kind: &str, levels: &mut Vec<Vec<Held>>) -> bool {
    let is_it = text_or(node, "Id", "") == account;
    if !is_it && !list(node, "Children").iter().any(|child| descend(child, account, kind, levels)) {
        return false;
    }
    let of_kind = list(node, "Policies").iter().filter(|policy| text_or(policy, "Type", "") == kind);
    let held: Vec<Held> =
        of_kind.map(|policy| Held::new(text_or(policy, "Name", ""), policy.get("Content"))).collect();
    // Resource control policies are not part of every tree.
    if kind == "SERVICE_CONTROL_POLICY" || !held.is_empty() {
        levels.push(held);
    }
    true
}
